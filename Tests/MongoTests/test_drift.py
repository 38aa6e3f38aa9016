"""What others do to the entries in MongoDB is undone by the next look."""

import pytest

pytestmark = pytest.mark.usefixtures("agent")


def spoil(tasks):
    """An entry goes, one becomes another's code, and one is doubled."""
    assert tasks.delete_one({"name": "alpha"}).deleted_count == 1
    tasks.update_one({"name": "beta"}, {"$set": {"filehash": "0" * 64, "displayname": "Nobody's"}})
    copy = tasks.find_one({"name": "gamma"})
    tasks.insert_one({**{key: value for key, value in copy.items() if key != "_id"}, "name": "ghost", "id": 5000})


def live(agent):
    return {entry["name"]: entry for entry in agent.entries(status="active").values()}


def begin(agent, databases):
    """An agent with three utilities: their collection, the tenant's clone, and what is served."""
    tenant = agent.tenant()
    for name in ("alpha", "beta", "gamma"):
        tenant.write(name)
    agent.start()
    agent.applied(tenant.commit_and_push())
    return databases[0].tasks, tenant, live(agent)


def mended(agent, tasks, before):
    def found():
        entries = live(agent)
        return set(entries) == set(before) and all(
            entries[name]["filehash"] == before[name]["filehash"] for name in before)  # fmt: skip

    agent.wait(found, "the entries are those of git")
    documents = {document["name"]: document for document in tasks.find({"status": "active"})}
    assert set(documents) == set(before)
    for name, entry in before.items():
        assert documents[name]["filehash"] == entry["filehash"]
        assert documents[name]["displayname"] == entry["displayname"]
        assert name == "alpha" or documents[name]["id"] == entry["id"], "the others keep their numbers"
    assert documents["beta"]["filecontents"]


@pytest.mark.parametrize("how", ["sync", "restart", "alone"])
def test_what_others_change_in_the_catalog_is_mended(agent, databases, how):
    tasks, _, before = begin(agent, databases)
    if how != "sync":
        agent.stop()
    spoil(tasks)
    if how != "restart":
        assert agent.cli("sync").returncode == 0
    if how != "sync":
        agent.start()
    mended(agent, tasks, before)
    again = list(tasks.find({}, {"filecontents": 0}))
    assert agent.cli("sync").returncode == 0
    assert list(tasks.find({}, {"filecontents": 0})) == again, "nothing is left to do"


def test_what_others_change_is_mended_together_with_a_push(agent, databases):
    tasks, tenant, before = begin(agent, databases)
    agent.stop()
    spoil(tasks)
    tenant.write("delta")
    pushed = tenant.commit_and_push()
    agent.start()
    agent.applied(pushed)
    added = live(agent)["delta"]
    mended(agent, tasks, {**before, "delta": added})
