"""The swarm driver on three machines: three real engines in network namespaces, and a real registry."""

import json
import shutil

import pytest

import docker_support
from docker_support import change
from support import wait_for
from swarm_support import Cluster
from wheels import wheel

REASON = docker_support.unusable()
if REASON is None and not shutil.which("docker-registry"):
    REASON = "docker-registry is missing: apt-get install docker-registry (scripts/setup test does)"
pytestmark = pytest.mark.skipif(bool(REASON), reason=f"no private swarm: {REASON}")


@pytest.fixture(scope="module")
def cluster():
    with docker_support.short_folder("nodes-e2e-") as folder:
        cluster = Cluster(folder, user="agent")
        try:
            yield cluster.start()
        finally:
            cluster.stop()


@pytest.fixture
def swarm(cluster):
    return cluster.manager


@pytest.fixture
def folder():
    with docker_support.short_folder("nodes-agent-") as path:
        yield path


@pytest.fixture
def agent(cluster, swarm, folder, tmp_path):
    agent = docker_support.agent_of(swarm, "swarm", folder, tmp_path)
    agent.settings |= {
        "runtime.registry": f"{cluster.registry.address}/python-utils", "runtime.replicas": 3,
        "runtime.registry_credentials": cluster.registry.credentials(tmp_path / "registry.json"),
    }  # fmt: skip
    agent.patience = 120
    yield agent
    agent.close()
    swarm.clear()


@pytest.fixture
def demo(agent):
    tenant = agent.tenant()
    tenant.write("which", "'v1'")
    tenant.commit("First utility")
    return tenant


@pytest.fixture
def live(agent, demo):
    agent.start()
    agent.applied(demo.push(), phase="synced")
    return demo


def image(swarm):
    return swarm.service()["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"]


def nodes(swarm):
    return {each["NodeID"] for each in swarm.running()}


def test_releases_are_images_that_every_machine_serves(cluster, swarm, agent, demo, folder):
    wheel(f"{folder}/wheels", "shapes", "1.0")
    shutil.copymode("/usr", folder)
    agent.settings["runtime.packages.wheels"] = f"{folder}/wheels"
    # A path that the header of an archive has no room for.
    deep = "/".join(["folder" * 5] * 4)
    demo.put(f"lib/{deep}/words.py", "WORD = 'deep'\n")
    demo.write("one", code="import shapes\n\n\ndef one(data, filter):\n    return shapes.VERSION\n",
               packages=["shapes"])  # fmt: skip
    demo.write("two", code=f"from lib.{deep.replace('/', '.')} import words\n\n\n"
                           "def two(data, filter):\n    return words.WORD\n")  # fmt: skip
    agent.start()
    status = agent.applied(demo.commit_and_push(), phase="synced")
    container = swarm.service()["Spec"]["TaskTemplate"]["ContainerSpec"]
    assert container["Image"].startswith(f"{cluster.registry.address}/python-utils/demo@sha256:")
    # Nothing of a machine is mounted: the release, its packages and its shared modules are in the image.
    assert [each["Type"] for each in container["Mounts"]] == ["tmpfs"]
    assert len(nodes(swarm)) == 3
    for name, value in (("which", "v1"), ("one", "1.0"), ("two", "deep")):
        answers = [swarm.call(name) for _ in range(3)]
        assert all(code == 200 and body["data"] == value for code, body in answers), answers
    tag = swarm.ask("GET", f"/images/{container['Image']}/json")["RepoTags"][0].split(":")[-1]
    assert tag.startswith(status["release"])


def test_calls_on_any_machine_are_recorded_and_ended(swarm, agent, demo):
    demo.write("long", code="import time\n\n\ndef long(data, filter):\n    time.sleep(60)\n", timeout=90)
    agent.start()
    agent.applied(demo.commit_and_push(), phase="synced")
    assert len(nodes(swarm)) == 3
    # The name resolves to the tasks in turn: these reach all of them.
    code = (
        "import http.client, socket\nfor user, entry in enumerate(socket.getaddrinfo('python-utils', 8110, type=1), 1):\n"
        "    c = http.client.HTTPConnection(entry[4][0], 8110)\n"
        "    c.request('POST', '/which', b'{\"data\": 1, \"filter\": \"\"}', {'Content-Type': 'application/json', 'X-User-Id': str(user)})\n"
        "    print(c.getresponse().status)"
    )
    assert swarm.output(swarm.run("each", "-c", code, network="zona-demo")).count("200") == 3

    def users():
        return sorted(each["userid"] for each in agent.get("/utils/v1/executions/demo")["data"])

    agent.wait(lambda: users() == [1, 2, 3], "the calls of all machines are recorded")
    calls = [swarm.begin("long", 9) for _ in range(3)]
    ended = []

    def cancel():
        text = agent.cli("executions cancel demo --user 9").stdout
        ended.append(int(text.split(" call")[0].split()[-1]))
        return sum(ended) == 3

    agent.wait(cancel, "all are ended")
    assert [swarm.outcome(each)[1]["error"] for each in calls] == ["CANCELLED"] * 3
    agent.wait(lambda: users() == [1, 2, 3, 9, 9, 9], "they are recorded, too")


def test_updates_fail_no_request_and_old_images_go(cluster, swarm, agent, live):
    images = {image(swarm)}
    client = swarm.client()
    for number in (2, 3):
        change(agent, live, f"v{number}", phase="synced")
        images.add(image(swarm))
        assert len(swarm.running()) >= 3
    result = swarm.result(client)
    assert result["failures"] == [] and result["count"] > 100, result
    assert result["answers"] == ["v1", "v2", "v3"] and len(images) == 3
    # Of this engine's images those of the release and of the one before it stay.
    label = json.dumps({"label": ["io.sync-agent.image=release"]})

    def kept():
        found = swarm.ask("GET", "/images/json?filters=" + docker_support.quote(label))
        return [tag for each in found for tag in each["RepoTags"] or []]

    # One more may be of a task that still ended.
    assert len(kept()) <= 3
    change(agent, live, "v4", phase="synced")
    assert len(kept()) <= 3


def test_a_release_has_one_image(cluster, swarm, agent, live):
    first = image(swarm)
    change(agent, live, "v2", phase="synced")
    pushes, version = cluster.registry.pushes, swarm.service()["Version"]["Index"]
    # Nothing is changed for words, a sync, or another agent's start.
    live.put("README.md", "Only words.\n")
    agent.applied(live.commit_and_push(), phase="synced")
    agent.stop()
    agent.start()
    agent.wait(lambda: agent.branch()["phase"] == "synced", "it is known again")
    assert agent.cli("sync --tenant demo").returncode == 0
    assert swarm.service()["Version"]["Index"] == version
    # The release of the first commit once more: the registry has it.
    change(agent, live, "v1", phase="synced")
    assert image(swarm) == first and cluster.registry.pushes == pushes
    # Made anew it is the same, byte by byte.
    agent.stop()
    swarm.clear()
    for each in swarm.ask("GET", "/images/json"):
        if any("/python-utils/demo" in name for name in (each["RepoTags"] or []) + (each["RepoDigests"] or [])):
            swarm.ask("DELETE", f"/images/{each['Id']}?force=1", ok=(200, 404, 409))
    cluster.registry.forget()
    agent.start()
    agent.wait(lambda: "zona-demo-python-utils" in swarm.services() and len(swarm.running()) == 3, "it serves again")
    assert image(swarm) == first and cluster.registry.pushes == 1


def test_a_registry_that_is_away_or_refuses_is_told_and_nothing_stops(cluster, swarm, agent, live, tmp_path):
    cluster.registry.stop()
    try:
        live.write("which", "'v2'")
        commit = live.commit_and_push()
        status = agent.failed(having="the registry")
        assert "runtime.registry" in status["report"]["error"]
        assert swarm.call("which")[1]["data"] == "v1"
    finally:
        cluster.registry.start()
    agent.applied(commit, phase="synced")
    assert swarm.call("which")[1]["data"] == "v2"
    agent.stop()
    (tmp_path / "registry.json").write_text('{"auths": {"%s": {"auth": "YWdlbnQ6d3Jvbmc="}}}' % cluster.registry.address)
    live.write("which", "'v3'")
    commit = live.commit_and_push()
    agent.start(ready=False)
    wait_for(agent.is_ready, "it is ready", patience=90)
    error = agent.failed(having="the registry")["report"]["error"]
    assert "wrong" not in error and "YWdlbnQ6" not in error
    cluster.registry.credentials(tmp_path / "registry.json")
    agent.applied(commit, phase="synced")


def test_without_a_registry_several_machines_are_refused(swarm, agent, demo):
    for key in ("runtime.registry", "runtime.registry_credentials"):
        agent.settings.pop(key)
    demo.push()
    agent.start()
    assert "set runtime.registry" in agent.failed(having="several machines")["report"]["error"]
    found = agent.cli("config check", runtime__registry="https://Registry/x")
    assert found.returncode == 1 and "runtime.registry" in found.stderr


def test_a_rollback_is_a_failure_of_that_revision(swarm, agent, live):
    before = image(swarm)
    agent.stop()
    live.write("which", "'v2'")
    commit = live.commit_and_push()
    agent.start(ready=False, runtime__image=swarm.broken_image())
    wait_for(agent.is_ready, "it is ready", patience=120)
    status = agent.failed(having="went back to the former release")
    assert status["attempted"].endswith(commit) and not status["applied"].endswith(commit)
    assert image(swarm) == before and swarm.call("which")[1]["data"] == "v1"
    agent.stop()
    agent.start()
    agent.applied(commit, phase="synced")
    assert swarm.call("which")[1]["data"] == "v2"


def test_a_machine_that_is_lost_is_done_without(cluster, swarm, agent, live):
    """The last test: the machine does not come back."""
    assert len(nodes(swarm)) == 3
    cluster.nodes[2].stop()
    wait_for(lambda: len(cluster.ready()) == 2, "the manager has noticed", patience=120)
    agent.wait(lambda: len(nodes(swarm)) == 2 and len(swarm.running()) == 3, "its task runs elsewhere")
    # Looking at it while a task was missing has not taken anything back.
    agent.wait(lambda: agent.cli("sync --tenant demo").returncode == 0, "the agent is content")
    assert swarm.call("which")[1]["data"] == "v1"
    change(agent, live, "v2", phase="synced")
    assert swarm.call("which")[1]["data"] == "v2"
