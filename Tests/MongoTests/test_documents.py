"""What another driver finds in MongoDB, compared with what the repository says."""

import hashlib
import json

import pytest
from bson.int64 import Int64

from model import expected_entries

pytestmark = pytest.mark.usefixtures("agent")
LONG = {"createddate", "updateddate", "userid"}
LLD_INDEXES = {
    "tasks": {
        "idx_name_type_status": [("name", 1), ("type", 1), ("status", 1)],
        "idx_tenant_user": [("tenantcode", 1), ("userid", 1)],
        "idx_type_status_updated": [("type", 1), ("status", 1), ("updateddate", -1)],
    },
    "task_execution": {
        "idx_task_user_created": [("taskid", 1), ("userid", 1), ("createddate", -1)],
        "idx_tenant_created": [("tenantcode", 1), ("createddate", -1)],
    },
}  # fmt: skip


def synced(agent, sample):
    tenant = agent.tenant()
    tenant.copy(sample)
    commit = tenant.commit_and_push("First")
    agent.start()
    agent.applied(commit)
    return tenant


def test_every_document_is_what_the_repository_says_type_by_type(agent, databases, sample):
    tasks, core = databases[0].tasks, databases[1]
    tenant = synced(agent, sample)
    model = expected_entries(tenant, agent.active_port, agent.trial_port)
    found = {document["name"]: document for document in tasks.find()}
    assert len(model) >= 10 and set(found) == {entry["name"] for entry in model}
    for entry in model:
        document = found[entry["name"]]
        del document["_id"]
        contents = document.pop("filecontents")
        assert type(contents) is bytes, "BinData of subtype 0"
        assert hashlib.sha256(contents).hexdigest() == entry["filehash"]
        for key in LONG & set(document):
            assert type(document[key]) is Int64, key
        for key in ("authored_at", "synced_at"):
            assert type(document["sync"][key]) is Int64, key
        assert type(document["id"]) is int and type(document["integration_id"]) is int, "Int32"
        created, updated = document.pop("createddate"), document.pop("updateddate")
        written = document["sync"].pop("synced_at")
        assert created == updated and abs(written - created) < 60_000
        assert document == entry
        assert list(document) == list(entry), "the LLD's order of fields"
    record = core.tenants.find_one({"tenantcode": "demo"})
    assert record["status"] == "active" and type(record["createddate"]) is Int64
    state = databases[0].sync_state.find_one({"_id": "main"})
    assert state["applied"] == f"main@sha1:{tenant.head()}"
    for collection, indexes in LLD_INDEXES.items():
        there = databases[0][collection].index_information()
        assert {name: there[name]["key"] for name in indexes} == indexes


def test_indexes_that_were_there_before_serve_or_are_made_anew(agent, databases):
    """That of an agent before it minded MongoDB 4.4, and an equal one under the name that a shell gives."""
    tasks = databases[0].tasks
    drafts = {"customutils": True, "sync.revision": {"$exists": True}, "status": "draft"}
    tasks.create_index([("name", 1)], name="uniq_draft_name", unique=True, partialFilterExpression=drafts,
                       collation={"locale": "en", "strength": 2})  # fmt: skip
    equal = tasks.create_index([("name", 1), ("type", 1), ("status", 1)])
    tenant = agent.tenant()
    tenant.write("one", "1")
    commit = tenant.commit_and_push()
    agent.start()
    agent.applied(commit)
    there = tasks.index_information()
    assert there["uniq_draft_name"]["key"] == [("name", 1), ("status", 1)] and there["uniq_draft_name"]["unique"]
    assert there["uniq_active_name"]["key"] == [("name", 1)]
    assert equal in there and "idx_name_type_status" not in there
    assert "idx_type_status_updated" in there and "uniq_id_status" in there


def test_what_others_put_on_an_entry_survives(agent, databases, sample):
    tasks = databases[0].tasks
    tenant = synced(agent, sample)
    name = tasks.find_one({"playbook_name": [], "status": "active"})["name"]
    foreign = [
        {"name": name, "id": 1002, "type": "task", "status": "active", "customutils": False},
        {"name": "handmade", "id": 5000, "type": "customutils", "status": "active", "customutils": True},
    ]
    tasks.insert_many(foreign)
    own = {"name": name, "customutils": True}
    mark = {"platform": {"note": [1, 2.5, None], "at": Int64(1 << 40)}, "utils_used": True,
            "playbook_name": ["triage"]}  # fmt: skip
    assert tasks.update_one(own, {"$set": mark}).modified_count == 1
    before = tasks.find_one(own)
    path = next(tenant.clone.rglob(f"{name}.py"))
    path.write_text(path.read_text() + "\n# another version\n")
    tenant.write("brand_new", "1")
    agent.applied(tenant.commit_and_push())
    after = tasks.find_one(own)
    assert after["_id"] == before["_id"] and after["filehash"] != before["filehash"]
    assert {key: after[key] for key in mark} == mark
    assert type(after["platform"]["at"]) is Int64
    assert hashlib.sha256(after["filecontents"]).hexdigest() == after["filehash"]
    assert [tasks.find_one({"_id": document["_id"]}) for document in foreign] == foreign
    assert tasks.find_one({"name": "brand_new"})["id"] == 5001, "foreign numbers are passed over"
    served = agent.entry(name)
    assert served["platform"] == json.loads(json.dumps(mark["platform"]))


def test_a_sync_that_changes_nothing_writes_nothing(agent, databases, sample):
    tenant = synced(agent, sample)
    before = list(databases[0].tasks.find())
    agent.stop()
    agent.start()
    agent.applied(tenant.head())
    assert list(databases[0].tasks.find()) == before


def test_removal_rename_and_revival_keep_the_number(agent, databases, sample):
    tasks = databases[0].tasks
    tenant = synced(agent, sample)
    number = tasks.find_one({"name": "defang_urls"})["id"]
    path = next(tenant.clone.rglob("defang_urls.py")).parent
    texts = {end: (path / f"defang_urls{end}").read_text() for end in (".py", ".yaml", ".yml")
             if (path / f"defang_urls{end}").exists()}  # fmt: skip
    for end in texts:
        (path / f"defang_urls{end}").unlink()
    agent.applied(tenant.commit_and_push())
    gone = tasks.find_one({"id": number})
    assert gone["status"] == "inactive" and "filecontents" not in gone
    for end, text in texts.items():
        (path / f"defang_urls{end}").write_text(text)
    agent.applied(tenant.commit_and_push())
    back = tasks.find_one({"id": number})
    assert back["status"] == "active" and back["filecontents"] == texts[".py"].encode()
    assert tasks.count_documents({"id": number}) == 1


def test_names_are_swapped_in_one_transaction(agent, databases):
    tasks = databases[0].tasks
    tenant = agent.tenant()
    bodies = {name: "\n".join(f"# {name} {line}" for line in range(30)) for name in ("one", "two")}

    def put(name, body):
        tenant.write(name, code=f"{body}\ndef {name}(data, filter):\n    return 1\n")

    for name, body in bodies.items():
        put(name, body)
    agent.start()
    agent.applied(tenant.commit_and_push())
    numbers = {document["name"]: document["id"] for document in tasks.find()}
    put("one", bodies["two"])
    put("two", bodies["one"])
    agent.applied(tenant.commit_and_push())
    after = {document["name"]: document for document in tasks.find()}
    assert {document["status"] for document in after.values()} == {"active"}
    assert set(after) == set(numbers) and {d["id"] for d in after.values()} == set(numbers.values())
