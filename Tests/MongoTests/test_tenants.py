"""Tenants over MongoDB: records and removals, seen by another driver."""

import json

import pytest

pytestmark = pytest.mark.usefixtures("agent")


def test_a_removed_tenant_leaves_what_is_not_the_agents(agent, databases):
    tenant = agent.tenant()
    tenant.write("one", "1")
    tenant.write("two", "2")
    agent.start()
    agent.applied(tenant.commit_and_push())
    database, core = databases
    foreign = {"name": "foreign", "id": 7, "type": "task", "status": "active", "customutils": False}
    database.tasks.insert_one(foreign)
    core.tenants.update_one({"tenantcode": "demo"}, {"$set": {"plan": "gold"}})
    answer = agent.cli("tenant remove", "demo", "--confirm", "--as", "olga")
    assert answer.returncode == 0 and "2 active" in answer.stdout, answer
    assert list(database.tasks.find()) == [foreign]
    assert database.sync_state.count_documents({}) == 0 and database.task_execution.count_documents({}) == 0
    record = core.tenants.find_one({"tenantcode": "demo"})
    assert (record["status"], record["plan"]) == ("removed", "gold")
    assert core.audit.find_one({"action": "remove"})["actor"] == "olga"
    assert agent.cli("tenant add", "demo").returncode == 0
    agent.applied(tenant.head())
    assert core.tenants.find_one({"tenantcode": "demo"})["status"] == "active"
    owned = {"sync.revision": {"$exists": True}}
    assert {document["id"] for document in database.tasks.find(owned)} == {1003, 1004}
    tenant.bare.rename(agent.folder / "away.git")
    agent.failed()
    assert core.tenants.find_one({"tenantcode": "demo"})["status"] == "orphaned"
    assert agent.cli("tenant remove", "demo", "--confirm").returncode == 0
    assert core.tenants.count_documents({}) == 0 and database.tasks.count_documents({}) == 1


def test_a_tenant_that_the_catalog_does_not_take_holds_no_other_up(agent):
    """A database of that name is the core database."""
    core = agent.settings["catalog.core_database"].removeprefix(agent.prefix)
    refused, other = agent.tenant(core), agent.tenant("other")
    for tenant in (refused, other):
        tenant.write("one", "1")
        tenant.commit_and_push()
    agent.start()
    agent.applied(other.head(), "other")
    assert agent.http(f"/utils/v1/sync/{core}").status == 404
    assert agent.log.read_text().count("the catalog does not take a tenant") == 1
    newcomer = agent.tenant("newcomer")
    newcomer.write("one", "1")
    agent.applied(newcomer.commit_and_push(), "newcomer")


def test_a_tenant_whose_index_is_another_holds_no_other_up(agent, databases):
    tasks = databases[0].tasks
    tasks.create_index([("name", 1)], name="idx_tenant_user")
    demo, other = agent.tenant(), agent.tenant("other")
    for tenant in (demo, other):
        tenant.write("one", "1")
        tenant.commit_and_push()
    agent.start()
    agent.applied(other.head(), "other")
    assert agent.http("/utils/v1/sync/demo").status == 404
    said = agent.log.read_text()
    assert said.count("the catalog does not take a tenant") == 1
    assert f"make the index idx_tenant_user of {agent.prefix}demo.tasks" in said
    tasks.drop_index("idx_tenant_user")
    demo.write("two", "2")
    agent.applied(demo.commit_and_push())


def test_a_tenant_that_cannot_be_read_holds_no_other_up(agent, databases):
    """A damaged entry, and a record of the platform whose database would be the core database."""
    database, core = databases
    demo, other = agent.tenant(), agent.tenant("other")
    for tenant in (demo, other):
        tenant.write("one", "1")
        tenant.commit_and_push()
    agent.start()
    agent.applied(demo.head())
    agent.applied(other.head(), "other")
    agent.stop()
    database.tasks.update_one({"name": "one"}, {"$set": {"fields": 7}})
    reserved = agent.settings["catalog.core_database"].removeprefix(agent.prefix)
    core.tenants.insert_one({"tenantcode": reserved, "status": "active"})
    nothing = {"$set": {"utils_used": None, "playbook_name": None}}
    database.client[agent.prefix + "other"].tasks.update_one({"name": "one"}, nothing)
    agent.start()
    entry = agent.entry("one", "other")
    assert entry["utils_used"] is False and entry["playbook_name"] == []
    other.write("two", "2")
    agent.applied(other.commit_and_push(), "other")
    assert "a tenant's entries cannot be read" in agent.log.read_text()
    assert core.tenants.find_one({"tenantcode": reserved})["status"] == "active"
    listed = agent.cli("tenant list")
    assert listed.returncode == 0 and "other" in listed.stdout, listed.stderr


def test_decisions_and_their_records(agent):
    tenant = agent.tenant()
    tenant.write("one", "1")
    first = tenant.commit_and_push()
    assert agent.cli("sync").returncode == 0
    for command, place in (("suspend", "suspension.decided"), ("resume", "resumption.shown")):
        killed = agent.cli(f"tenant {command}", "demo", env={"SYNC_AGENT_FAULT": place})
        assert killed.returncode == -9
        assert "suspended" in agent.cli("tenant list").stdout
        assert agent.cli("sync").returncode == 3
    assert agent.cli("tenant resume", "demo").returncode == 0
    tenant.git("commit", "-q", "--amend", "-m", "Another way")
    commit = tenant.push("--force")
    assert agent.cli("sync").returncode == 3
    assert agent.cli("approve", "demo", commit).returncode == 0
    assert agent.cli("sync").returncode == 0
    records = json.loads(agent.cli("audit", "--format", "json").stdout)["records"]
    assert [record["action"] for record in records] == ["approve", "hold", "resume", "suspend"]
    assert records[0]["before"] == f"main@sha1:{first}" and records[0]["after"] == f"main@sha1:{commit}"
