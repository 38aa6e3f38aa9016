"""Looks at a catalog in MongoDB for `mongo_bench.py`, with another driver.

Waits until three agents have settled and divided the tenants, and says so; then reads `TENANT COMMIT HASH` lines, waits
until each commit is applied and its hash is in the entry, and prints when the last one was (seconds since 1970) and
how many tenants wrote more often than a take-over and one push make them.
"""

import sys
import time

import pymongo

uri, prefix, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
client = pymongo.MongoClient(uri)
leases = client[prefix + "core"].leases


def divided():
    found = list(leases.find({"owner": {"$ne": ""}}))
    owners = {}
    for lease in found:
        owners[lease["owner"]] = owners.get(lease["owner"], 0) + 1
    live = sum(lease.get("live") == lease["epoch"] for lease in found)
    return len(found) == count == live and len(owners) == 3


deadline = time.time() + 180
steady = 0
while steady < 5:
    steady = steady + 1 if divided() else 0
    if time.time() > deadline:
        sys.exit("never divided")
    time.sleep(0.5)
updated = {
    database: client[database].tasks.find_one({"name": "util_00000"})["id"]
    for database in (f"{prefix}t{index:03}" for index in range(count))
}
writes = {lease["_id"]: lease["writes"] for lease in leases.find()}
print("divided", flush=True)
waiting = [line.split() for line in sys.stdin]
wanted = dict((tenant, (commit, digest)) for tenant, commit, digest in waiting)
last = time.time()
while wanted:
    for tenant, (commit, digest) in list(wanted.items()):
        state = client[prefix + tenant].sync_state.find_one({"_id": "main"}, {"applied": 1})
        entry = client[prefix + tenant].tasks.find_one({"name": "util_00000"}, {"filehash": 1, "id": 1})
        if state["applied"].endswith(commit) and entry["filehash"] == digest:
            assert entry["id"] == updated[prefix + tenant]
            last = time.time()
            del wanted[tenant]
    if time.time() > deadline + 120:
        sys.exit("never live")
after = {lease["_id"]: lease["writes"] for lease in leases.find()}
print(last, sum(after[tenant] - writes[tenant] > 1 for tenant in writes))
