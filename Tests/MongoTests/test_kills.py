"""The agent is killed after each write to the server; the next one ends where an undisturbed one does."""

import signal

import pymongo
import pytest

from conftest import GIVEN

pytestmark = pytest.mark.skipif(bool(GIVEN), reason="MONGODB_URI names a server that is not ours to stop")
# Every write of a change, in its order; `lease` and `fence` belong to the division among agents. A standalone server
# has no transactions: there the change is first written down (`intent`), and then done.
CHANGE = ["counter", "delete", "park", "tasks", "audit", "state"]
STEPS = {
    "replica set": ["lease", *CHANGE, "fence"],
    "standalone": ["lease", "intent", "intent:3", "ready", *CHANGE, "done", "fence"],
}
TIMES = {"_id", "createddate", "updateddate", "port", "rest_url"}


def history(agent):
    """A tenant with a trial branch; the second push moves names, removes, publishes and adds."""
    tenant = agent.tenant()
    for name in "abcd":
        tenant.write(name, f"'{name}'")
    tenant.commit_and_push()
    tenant.git("checkout", "-q", "-b", "trial")
    tenant.write("d", "'tried'")
    tenant.write("x", "'x'")
    tenant.commit_and_push(branch="trial")
    tenant.git("checkout", "-q", "main")
    return tenant


def second_push(tenant):
    for name in "abc":
        tenant.remove(name)
    tenant.write("b", "'a'", renamed_from="a")
    tenant.write("e", "'b'", renamed_from="b")
    tenant.write("f", "'f'")
    tenant.write("d", "'d2'")
    commit = tenant.commit_and_push()
    tenant.git("push", "-q", "origin", ":refs/heads/trial")
    return commit


def first_applied(agent):
    """The tenant with its first push applied and its second one waiting; that one's commit."""
    tenant = history(agent)
    agent.start()
    agent.applied(tenant.head("main"))
    agent.applied(tenant.head("trial"), branch="trial")
    agent.stop()
    return tenant, second_push(tenant)


def end_state(client, prefix):
    """All that is stored, but for moments and the numbers that a server gives."""
    demo, core = client[prefix + "demo"], client[prefix + "core"]

    def without_times(document):
        document = {key: value for key, value in document.items() if key not in TIMES}
        document["sync"] = {key: value for key, value in document["sync"].items() if key != "synced_at"}
        return document

    tasks = [without_times(document) for document in demo.tasks.find()]
    return {
        "tasks": sorted(tasks, key=lambda document: (document["id"], document["status"])),
        "branches": {
            document["_id"]: {key: document.get(key) for key in ("applied", "observed", "phase", "release", "pins")}
            for document in demo.sync_state.find()
        },
        "counter": [document["value"] for document in demo.counters.find()],
        "audit": sorted(
            tuple(document[key] for key in ("actor", "action", "subject", "reason", "before", "after"))
            for document in core.audit.find()
        ),
    }


def run(server, agent, fault=None):
    """Both pushes, the second one with a fault; whether it struck, and the end state."""
    tenant, commit = first_applied(agent)
    struck = False
    if fault:
        agent.start(fault=fault, ready=False)
        agent.process.wait(60)
        struck = agent.process.returncode == -signal.SIGKILL
    agent.start()
    agent.applied(commit)
    agent.wait(lambda: agent.branch(branch="trial") is None, "the trial branch is forgotten")
    assert agent.value("b") == "a" and agent.value("e") == "b" and agent.value("f") == "f"
    agent.stop()
    with pymongo.MongoClient(server.uri) as client:
        return struck, end_state(client, agent.prefix)


@pytest.fixture(scope="module")
def undisturbed():
    return {}


@pytest.mark.parametrize("topology, step", [(topology, step) for topology in STEPS for step in STEPS[topology]])
def test_a_kill_after_any_write_ends_where_an_undisturbed_run_does(
    new_server, new_agent, undisturbed, topology, step
):
    server = new_server(*(["--standalone"] if topology == "standalone" else []))
    if topology not in undisturbed:
        undisturbed[topology] = run(server, new_agent(server.uri, "undisturbed"))[1]
    struck, state = run(server, new_agent(server.uri, "killed"), fault=f"mongo.{step}")
    assert struck, "the step was reached"
    assert state == undisturbed[topology]


def test_a_journal_that_lost_a_part_is_given_up_and_the_change_planned_anew(new_server, new_agent):
    server = new_server("--standalone")
    agent = new_agent(server.uri)
    tenant, commit = first_applied(agent)
    agent.start(fault="mongo.ready", ready=False)
    assert agent.process.wait(60) == -signal.SIGKILL
    with pymongo.MongoClient(server.uri) as client:
        intents = client[agent.prefix + "demo"].intents
        (part,) = intents.find({"step": "tasks"})
        intents.delete_one({"_id": part["_id"]})
        agent.start()
        agent.applied(commit, phase="synced")
        agent.wait(lambda: agent.branch(branch="trial") is None, "the trial branch is forgotten")
        assert agent.value("b") == "a" and agent.value("e") == "b" and agent.value("f") == "f"
        tasks = {document["name"]: document for document in client[agent.prefix + "demo"].tasks.find({"status": "active"})}
        assert set(tasks) == {"b", "d", "e", "f"}
        for name, document in tasks.items():
            assert document["filecontents"] == tenant.git("show", f"main:utils/{name}.py").encode(), name
        assert client[agent.prefix + "demo"].tasks.count_documents({"status": {"$nin": ["active", "draft", "inactive"]}}) == 0
        assert intents.count_documents({}) == 0


# More than one transaction is given: a first sync in parts, and then a journal over all of it.
MANY = 2100
PARTS = [("first", "tasks:3"), ("second", "ready"), ("second", "tasks:3")]


def write_many(tenant, answer, *, besides=()):
    for number in range(MANY):
        name = f"m{number:04}"
        if name not in besides:
            tenant.write(name, f"{answer} + {number}")


def run_many(server, agent, when=None, fault=None):
    """A first sync of many, and a change of all of them with a swap and a removal; killed in one of the two."""
    agent.patience = 120
    tenant = agent.tenant()
    write_many(tenant, 1)
    commits = [tenant.commit_and_push()]
    write_many(tenant, 2, besides=("m0000", "m0001", "m0002"))
    tenant.write("m0000", "'one'", renamed_from="m0001")
    tenant.write("m0001", "'zero'", renamed_from="m0000")
    tenant.remove("m0002")
    tenant.commit("All of them")

    def sync(is_killed):
        if is_killed:
            agent.start(fault=f"mongo.{fault}", ready=False)
            assert agent.process.wait(agent.patience) == -signal.SIGKILL, "the step was reached"
        agent.start()
        agent.applied(commits[-1])
        agent.stop()

    sync(when == "first")
    commits.append(tenant.push())
    sync(when == "second")
    with pymongo.MongoClient(server.uri) as client:
        state = end_state(client, agent.prefix)
        assert client[agent.prefix + "demo"].intents.count_documents({}) == 0
    # Numbers that a killed first sync had taken are not used again: the order tells who is who.
    for place, document in enumerate(state["tasks"]):
        document["id"] = document["integration_id"] = place
    state.pop("counter")
    return state


@pytest.fixture(scope="module")
def undisturbed_many():
    return {}


@pytest.mark.parametrize("when, step", PARTS)
def test_a_kill_in_a_change_too_large_for_a_transaction(new_server, new_agent, undisturbed_many, when, step):
    server = new_server()
    if not undisturbed_many:
        undisturbed_many.update(run_many(server, new_agent(server.uri, "undisturbed")))
    state = run_many(server, new_agent(server.uri, "killed"), when, step)
    assert [task["name"] for task in state["tasks"]] == [task["name"] for task in undisturbed_many["tasks"]]
    assert state == undisturbed_many
