"""Catalogs that move between the embedded store and MongoDB, compared by other drivers."""

import base64
import hashlib
import json
import os
import sqlite3
import subprocess

import pymongo
import pytest
from bson.int64 import Int64

from support import BINARY, git_environment

pytestmark = pytest.mark.usefixtures("agent")


def sqlite_url(agent, name):
    return f"sqlite:{agent.data}/{name}.sqlite"


def rows(agent, name):
    """Every row of an embedded catalog but the numbers of its rows, table by table."""
    with sqlite3.connect(agent.data / f"{name}.sqlite") as database:
        return {
            table: sorted(map(repr, database.execute(f"SELECT {columns} FROM {table}")))
            for table, columns in {
                "tasks": "tenantcode, document, filecontents", "tenants": "*", "sync_state": "*",
                "counters": "*", "audit": "tenantcode, document", "task_execution": "tenantcode, document",
            }.items()
        }  # fmt: skip


def documents(agent, name, table):
    with sqlite3.connect(agent.data / f"{name}.sqlite") as database:
        return [json.loads(row[0]) for row in database.execute(f"SELECT document FROM {table}")]


def move(agent, source, target, *, name="catalog.jsonl"):
    """Export and import; the dump."""
    answer = agent.cli("catalog export", name, catalog__url=source)
    assert answer.returncode == 0, answer.stderr
    dump = agent.folder / name
    assert dump.stat().st_mode & 0o777 == 0o600
    answer = agent.cli("catalog import", name, catalog__url=target)
    assert answer.returncode == 0 and "imported and compared" in answer.stdout, answer.stderr
    return dump


def typed(value):
    """A document with its types, for a comparison that tells 1 from 1.0 and Int32 from Int64."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    return (type(value).__name__, value)


@pytest.fixture
def embedded(agent, sample):
    """An embedded catalog with entries of every status, a quarantine, calls and two tenants."""
    uri = agent.settings["catalog.url"]
    agent.settings["catalog.url"] = sqlite_url(agent, "first")
    tenant, other = agent.tenant(), agent.tenant("other")
    tenant.copy(sample)
    tenant.write("gone", "1")
    tenant.commit_and_push()
    other.write("one", "'one'")
    agent.start()
    agent.applied(other.commit_and_push(), "other")
    agent.applied(tenant.head())
    tenant.remove("gone")
    tenant.commit_and_push()
    tenant.write("bad", "1")
    agent.applied(tenant.commit_and_push())
    tenant.write("bad", code="import os\n\n\ndef bad(data, filter):\n    return os.name\n")
    agent.applied(tenant.commit_and_push(), phase="degraded")
    tenant.git("checkout", "-q", "-b", "trial")
    tenant.write("draft_only", "1")
    tenant.commit_and_push(branch="trial")
    agent.applied(tenant.head(), branch="trial")
    for count in range(3):
        assert agent.value("one", tenant="other") == "one"
    agent.wait(lambda: agent.get("/utils/v1/executions/other")["count"] == 3, "the calls are recorded")
    assert agent.cli("tenant suspend", "other", "--reason", "é").returncode == 0
    agent.stop()
    agent.tenants_of_test = tenant, other
    return uri


@pytest.mark.parametrize("encrypted", [False, True])
def test_embedded_to_mongo_and_back_with_every_field(agent, databases, embedded, encrypted):
    uri, (demo, core) = embedded, databases
    if encrypted:
        key = agent.folder / "key"
        secret = base64.b64encode(os.urandom(32))
        key.touch(0o600)
        key.write_bytes(secret)
        agent.settings["catalog.encryption_key_file"] = key
        assert agent.cli("catalog reencrypt").returncode == 0
    dump = move(agent, sqlite_url(agent, "first"), uri)
    if encrypted:
        assert secret not in dump.read_bytes()
    # The dump is Extended JSON that another implementation reads, with the digest that it says.
    lines = dump.read_bytes().splitlines(keepends=True)
    assert json.loads(lines[-1])["sha256"] == hashlib.sha256(b"".join(lines[:-1])).hexdigest()
    stored = {(entry["id"], entry["status"]): entry for entry in documents(agent, "first", "tasks")
              if entry["tenantcode"] == "demo"}  # fmt: skip
    assert {status for _, status in stored} == {"active", "draft", "inactive"}
    assert any(entry["quarantine"] for entry in stored.values())
    found = list(demo.tasks.find())
    assert len(found) == len(stored)
    with sqlite3.connect(agent.data / "first.sqlite") as database:
        files = {row[:2]: row[2] for row in database.execute(
            "SELECT id, status, filecontents FROM tasks WHERE tenantcode = 'demo'")}  # fmt: skip
    for document in found:
        place = document["id"], document["status"]
        del document["_id"]
        assert document.pop("filecontents", None) == files[place]
        assert document == stored[place] and list(document) == list(stored[place])
        assert type(document["id"]) is int and type(document["createddate"]) is Int64
        assert type(document["userid"]) is Int64 and type(document["sync"]["synced_at"]) is Int64
    with sqlite3.connect(agent.data / "first.sqlite") as database:
        tenants = [dict(zip(("tenantcode", "status", "createddate"), row)) for row in database.execute(
            "SELECT tenantcode, status, createddate FROM tenants ORDER BY tenantcode")]  # fmt: skip
        counters = dict(database.execute("SELECT tenantcode, value FROM counters"))
    assert list(core.tenants.find({}, {"_id": 0}).sort("tenantcode")) == tenants
    assert [tenant["status"] for tenant in tenants] == ["active", "suspended"]
    assert demo.counters.find_one()["value"] == counters["demo"]
    assert list(core.audit.find({}, {"_id": 0}).sort("_id")) == documents(agent, "first", "audit")
    other = demo.client[agent.prefix + "other"]
    calls = [{**call, "_id": str(call["_id"])} for call in other.task_execution.find()]
    assert sorted(calls, key=lambda call: call["_id"]) == sorted(
        documents(agent, "first", "task_execution"), key=lambda call: call["_id"])
    states = {state["branch"]: {**state, "_id": None} for state in demo.sync_state.find()}
    assert states == {state["branch"]: {**state, "_id": None} for state in documents(agent, "first", "sync_state")
                      if state["branch"] == "trial" or len(state.get("pins") or {})}  # fmt: skip
    # And back.
    back = move(agent, uri, sqlite_url(agent, "second"), name="back.jsonl")
    assert rows(agent, "second") == rows(agent, "first")
    assert json.loads(back.read_bytes().splitlines()[-1]) == json.loads(lines[-1]) | {
        "sha256": json.loads(back.read_bytes().splitlines()[-1])["sha256"]}  # fmt: skip
    # An agent goes on over MongoDB, and has nothing to do.
    tenant, _ = agent.tenants_of_test
    before = list(demo.tasks.find())
    agent.settings["catalog.url"] = uri
    agent.start()
    agent.applied(tenant.head("trial"), branch="trial")
    assert list(demo.tasks.find()) == before
    tenant.write("newcomer", "1")
    tenant.git("checkout", "-q", "main")
    tenant.write("newcomer", "1")
    agent.applied(tenant.commit_and_push(), phase="degraded")
    assert agent.entry("newcomer")["id"] == counters["demo"] + 1


def test_what_others_have_in_mongo_stays_theirs_and_types_survive_a_move(agent, databases, embedded):
    uri, (demo, core) = embedded, databases
    foreign = {"name": "foreign", "id": 7, "type": "task", "status": "active", "customutils": False}
    demo.tasks.insert_one(foreign)
    core.tenants.insert_one({"tenantcode": "demo", "plan": "gold", "status": "active", "createddate": Int64(1)})
    stranger = {"tenantcode": "stranger", "plan": "none"}
    core.tenants.insert_one(stranger)
    move(agent, sqlite_url(agent, "first"), uri)
    assert core.tenants.find_one({"tenantcode": "stranger"}) == stranger, "it is in no dump"
    assert demo.tasks.find_one({"id": 7}) == foreign
    record = core.tenants.find_one({"tenantcode": "demo"})
    assert record["plan"] == "gold" and record["createddate"] > 1
    mark = {"platform": {"small": Int64(1), "double": 1.0, "id": foreign["_id"], "list": [1, None]}}
    demo.tasks.update_one({"id": 1001}, {"$set": mark})
    prefix = agent.prefix + "again_"
    other = {"catalog__core_database": prefix + "core", "catalog__database_prefix": prefix}
    assert agent.cli("catalog export", "a.jsonl", catalog__url=uri).returncode == 0
    answer = agent.cli("catalog import", "a.jsonl", catalog__url=uri, **other)
    assert answer.returncode == 0, answer.stderr
    moved = demo.client[prefix + "demo"]
    owned = {"sync.revision": {"$exists": True}}
    def bare(tasks):
        return [typed({**document, "_id": 0}) for document in tasks.find(owned).sort([("id", 1), ("status", 1)])]
    assert bare(moved.tasks) == bare(demo.tasks)
    assert moved.tasks.count_documents({"id": 7}) == 0
    assert set(moved.tasks.index_information()) == set(demo.tasks.index_information())


def test_what_is_not_empty_or_in_use_is_left_alone(agent, databases, embedded):
    uri, (demo, core) = embedded, databases
    move(agent, sqlite_url(agent, "first"), uri)
    counts = demo.tasks.count_documents({}), core.audit.count_documents({})
    answer = agent.cli("catalog import", "catalog.jsonl", catalog__url=uri)
    assert answer.returncode == 1 and "not empty" in answer.stderr
    answer = agent.cli("catalog import", "catalog.jsonl")
    assert answer.returncode == 1 and "not empty" in answer.stderr
    assert (demo.tasks.count_documents({}), core.audit.count_documents({})) == counts
    agent.settings["catalog.url"] = uri
    agent.start()
    answer = agent.cli("catalog import", "catalog.jsonl", catalog__url=sqlite_url(agent, "third"))
    assert answer.returncode == 1 and "stop it" in answer.stderr
    # Reading beside the agent is fine.
    answer = agent.cli("catalog export", "beside.jsonl")
    assert answer.returncode == 0, answer.stderr
    def content(name):
        return json.loads((agent.folder / name).read_text().splitlines()[-1])["records"]["tasks"]
    assert content("beside.jsonl") == content("catalog.jsonl")


@pytest.mark.parametrize("place", ["mongo.marked", "mongo.imported"])
def test_an_import_that_was_killed_is_told_and_repeated(agent, databases, embedded, place):
    uri, (demo, core) = embedded, databases
    assert agent.cli("catalog export", "a.jsonl").returncode == 0
    answer = agent.cli("catalog import", "a.jsonl", catalog__url=uri, env={"SYNC_AGENT_FAULT": place})
    assert answer.returncode == -9
    answer = agent.cli("status", catalog__url=uri)
    assert answer.returncode == 1 and "import" in answer.stderr and "again" in answer.stderr
    answer = agent.cli("sync", catalog__url=uri)
    assert answer.returncode == 1, answer.stdout
    other = agent.folder / "b.jsonl"
    assert agent.cli("catalog export", "b.jsonl").returncode == 0
    lines = other.read_text().splitlines()
    if lines != (agent.folder / "a.jsonl").read_text().splitlines():
        answer = agent.cli("catalog import", "b.jsonl", catalog__url=uri)
        assert answer.returncode == 1 and "another dump" in answer.stderr
    answer = agent.cli("catalog import", "a.jsonl", catalog__url=uri)
    assert answer.returncode == 0, answer.stderr
    assert core.tenants.count_documents({}) == 2
    assert core.audit.count_documents({}) == len(documents(agent, "first", "audit"))
    answer = agent.cli("status", catalog__url=uri)
    assert answer.returncode == 3, answer.stderr


def test_an_altered_dump_changes_nothing(agent, databases, embedded):
    uri, (demo, core) = embedded, databases
    assert agent.cli("catalog export", "a.jsonl").returncode == 0
    dump = (agent.folder / "a.jsonl").read_bytes()
    for name, bad in {
        "cut": dump[:-100], "short": b"".join(dump.splitlines(keepends=True)[:-1]),
        "other": dump.replace(b"Indicators", b"indicators", 1), "none": b"hello\n", "empty": b"",
    }.items():  # fmt: skip
        (agent.folder / name).write_bytes(bad)
        answer = agent.cli("catalog import", name, catalog__url=uri)
        assert answer.returncode == 1 and "nothing was changed" in answer.stderr, (name, answer)
    assert core.list_collection_names() == [] and demo.list_collection_names() == []
    answer = agent.cli("catalog import", "missing.jsonl", catalog__url=uri)
    assert answer.returncode == 1 and "No such file" in answer.stderr


def test_a_pipe_from_one_to_the_other_in_bounded_memory(agent, embedded):
    """2,000 entries with 64 KiB each, which are 131 MB, through `export - | import -`."""
    count, size = 2000, 64 << 10
    with sqlite3.connect(agent.data / "first.sqlite") as database:
        (text,) = database.execute("SELECT document FROM tasks WHERE tenantcode = 'other'").fetchone()
        def entry(number):
            file = (b"# %d " % number).ljust(size, b"x")
            document = json.loads(text) | {"id": number, "name": f"many_{number}",
                                           "filehash": hashlib.sha256(file).hexdigest()}  # fmt: skip
            return json.dumps(document, separators=(",", ":"), ensure_ascii=False), file, "other"
        database.executemany("INSERT INTO tasks (document, filecontents, tenantcode) VALUES (?, ?, ?)",
                             map(entry, range(5000, 5000 + count)))  # fmt: skip
    database.close()
    environment = git_environment()
    export = subprocess.Popen([BINARY, "catalog", "export", "-", *agent.arguments()], cwd=agent.folder,
                              stdout=subprocess.PIPE, env=environment)  # fmt: skip
    target = agent.arguments(catalog__url=sqlite_url(agent, "second"), agent__state=agent.data / "other-state")
    result = subprocess.Popen([BINARY, "catalog", "import", "-", *target], cwd=agent.folder,
                              stdin=export.stdout, stdout=subprocess.PIPE, env=environment)  # fmt: skip
    export.stdout.close()
    said = result.stdout.read().decode()
    result.stdout.close()
    for process in (export, result):
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        assert usage.ru_maxrss < 160_000, "kilobytes"
    assert "imported and compared" in said
    assert list((agent.data / "other-state").glob("import*")) == []
    assert rows(agent, "second") == rows(agent, "first")
