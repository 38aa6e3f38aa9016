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
    tenant = history(agent)
    agent.start()
    agent.applied(tenant.head("main"))
    agent.applied(tenant.head("trial"), branch="trial")
    agent.stop()
    commit = second_push(tenant)
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
