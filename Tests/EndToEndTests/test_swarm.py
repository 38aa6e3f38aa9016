"""The swarm driver: the real agent, a real engine that is a swarm of one machine, real services."""

import shutil

import pytest

import docker_support
from docker_support import LABEL, change
from support import wait_for
from swarm_support import Swarm
from wheels import wheel

REASON = docker_support.unusable()
pytestmark = pytest.mark.skipif(bool(REASON), reason=f"no private container engine: {REASON}")


@pytest.fixture(scope="module")
def swarm():
    with docker_support.short_folder("swarm-e2e-") as folder:
        engine = Swarm(folder)
        try:
            engine.start()
            docker_support.engine.images(folder)
            engine.ask("POST", "/swarm/init", {"ListenAddr": "127.0.0.1:2377", "AdvertiseAddr": "127.0.0.1"})
            yield engine
        finally:
            engine.stop()


@pytest.fixture
def folder():
    with docker_support.short_folder("swarm-agent-") as path:
        yield path


@pytest.fixture
def agent(swarm, folder, tmp_path):
    agent = docker_support.agent_of(swarm, "swarm", folder, tmp_path)
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
    agent.applied(demo.push())
    return demo


def test_a_hardened_service_serves_and_is_updated_without_a_failed_request(swarm, agent, live):
    [service] = swarm.services().values()
    assert service["Spec"]["Name"] == "zona-demo-python-utils"
    template = service["Spec"]["TaskTemplate"]
    container = template["ContainerSpec"]
    assert container["ReadOnly"] and container["User"] == "65532:65532"
    assert container["CapabilityDrop"] == ["ALL"] and template["Resources"]["Limits"]["Pids"] == 256
    assert service["Spec"]["EndpointSpec"]["Mode"] == "dnsrr"
    assert service["Spec"]["Labels"][f"{LABEL}revision"].startswith("main@sha1:")
    assert swarm.value("which") == "v1" and agent.entry("which")["rest_url"] == "http://python-utils:8110/which"
    client = swarm.client()
    for number in (2, 3):
        change(agent, live, f"v{number}", phase="synced")
    result = swarm.result(client)
    assert result["failures"] == [] and result["count"] > 100, result
    assert result["answers"] == ["v1", "v2", "v3"]
    assert agent.branch()["release"] == swarm.healthz()["release"]


def test_identical_specs_cause_no_update(swarm, agent, live):
    def version():
        return swarm.services()["zona-demo-python-utils"]["Version"]["Index"]

    before = version()
    live.put("README.md", "Only words.\n")
    agent.applied(live.commit_and_push(), phase="synced")
    assert agent.cli("sync --tenant demo").returncode == 0
    # Another agent adopts it.
    agent.kill()
    agent.start()
    agent.wait(lambda: agent.branch()["phase"] == "synced", "it is known again")
    assert version() == before


def test_a_release_that_does_not_become_healthy_is_a_failure_and_never_success(swarm, agent, live):
    before = swarm.healthz()["release"]
    agent.stop()
    live.write("which", "'v2'")
    commit = live.commit_and_push()
    agent.start(ready=False, runtime__image=swarm.broken_image())
    wait_for(agent.is_ready, "it is ready", patience=90)
    status = agent.failed(having="went back to the former release")
    assert status["attempted"].endswith(commit) and not status["applied"].endswith(commit)
    assert swarm.healthz()["release"] == before and swarm.value("which") == "v1"
    agent.stop()
    agent.start()
    agent.applied(commit, phase="synced")
    assert swarm.value("which") == "v2"


def test_drift_is_repaired(swarm, agent, live):
    service = swarm.services()["zona-demo-python-utils"]
    # Changed by hand.
    spec = service["Spec"]
    spec["Mode"]["Replicated"]["Replicas"] = 2
    swarm.ask("POST", f"/services/{service['ID']}/update?version={service['Version']['Index']}", spec)
    agent.wait(
        lambda: swarm.services()["zona-demo-python-utils"]["Spec"]["Mode"]["Replicated"]["Replicas"] == 1,
        "the change is taken back")  # fmt: skip
    agent.wait(lambda: agent.cli("sync --tenant demo").returncode == 0, "the agent is content")
    assert swarm.services()["zona-demo-python-utils"]["Spec"]["Mode"]["Replicated"]["Replicas"] == 1
    # What the agent never sets, too.
    service = swarm.services()["zona-demo-python-utils"]
    service["Spec"]["TaskTemplate"]["Placement"] = {"Constraints": ["node.role == manager"]}
    swarm.ask("POST", f"/services/{service['ID']}/update?version={service['Version']['Index']}", service["Spec"])
    agent.wait(lambda: not swarm.service()["Spec"]["TaskTemplate"].get("Placement", {}).get("Constraints"),
               "the constraint is taken back")  # fmt: skip
    agent.wait(lambda: agent.cli("sync --tenant demo").returncode == 0, "the agent is content again")
    # Removed by hand.
    swarm.ask("DELETE", f"/services/{service['ID']}")
    agent.wait(lambda: swarm.services().get("zona-demo-python-utils"), "it is there again")
    agent.wait(lambda: agent.branch()["phase"] == "synced" and any(
        each["Status"]["State"] == "running" for each in swarm.tasks()), "it runs")  # fmt: skip
    assert swarm.value("which") == "v1"


def test_trial_packages_and_foreign_services(swarm, agent, demo, folder):
    wheel(f"{folder}/wheels", "shapes", "1.0")
    shutil.copymode("/usr", folder)
    agent.settings["runtime.packages.wheels"] = f"{folder}/wheels"
    demo.write("one", code="import shapes\n\n\ndef one(data, filter):\n    return shapes.VERSION\n",
               packages=["shapes"])  # fmt: skip
    agent.start()
    agent.applied(demo.commit_and_push(), phase="synced")
    assert swarm.value("one") == "1.0"
    demo.git("checkout", "-q", "-b", "trial")
    demo.write("which", "'tried'")
    agent.applied(demo.commit_and_push(branch="trial"), branch="trial")
    assert swarm.value("which", kind="trial") == "tried" and swarm.value("which") == "v1"
    demo.git("push", "-q", "origin", ":refs/heads/trial")
    agent.wait(lambda: list(swarm.services()) == ["zona-demo-python-utils"], "the trial service is gone")
    # What the agent did not make it does not touch.
    spec = swarm.services()["zona-demo-python-utils"]["Spec"]
    spec |= {"Name": "zona-other-python-utils", "Labels": {}}
    swarm.ask("POST", "/services/create", spec)
    other = agent.tenant("other")
    other.write("mine", "1")
    other.commit_and_push()
    status = agent.failed("other", having="another program")
    assert "runtime.service" in status["report"]["error"]
    assert swarm.services()["zona-other-python-utils"]["Spec"]["Labels"] == {}


def lines(swarm):
    return swarm.containers(role="line")


def test_calls_are_recorded_once_and_ended_on_request(swarm, agent, live):
    def users():
        return sorted(each["userid"] for each in agent.get("/utils/v1/executions/demo")["data"])

    assert swarm.call("which", 1)[0] == 200
    agent.wait(lambda: users() == [1], "it is recorded")
    # The old task tells its last calls before it ends.
    assert swarm.call("which", 2)[0] == 200
    change(agent, live, "v2", phase="synced")
    agent.wait(lambda: users() == [1, 2], "the last call of the old task is recorded")
    # An agent that is killed gets again what it had not kept, and nothing twice, over the same line.
    [line] = lines(swarm)
    agent.kill()
    assert swarm.call("which", 3)[0] == 200
    agent.start()
    agent.wait(lambda: users() == [1, 2, 3], "what was called meanwhile is recorded")
    assert [each["Id"] for each in lines(swarm)] == [line["Id"]]
    # A running call is ended; another user's is not.
    live.write("long", code="import time\n\n\ndef long(data, filter):\n    time.sleep(60)\n", timeout=90)
    agent.applied(live.commit_and_push(), phase="synced")
    call = swarm.begin("long", 4)
    assert "0 calls" in agent.cli("executions cancel demo --user 5").stdout
    agent.wait(lambda: "1 call " in agent.cli("executions cancel demo --user 4").stdout, "it is ended")
    status, body = swarm.outcome(call)
    assert status == 500 and body["error"] == "CANCELLED"
    agent.wait(lambda: users() == [1, 2, 3, 4], "it is recorded")
    # A line that somebody removes is made again; who has not the key is refused.
    swarm.remove(line["Id"])
    assert swarm.call("which", 6)[0] == 200
    agent.wait(lambda: 6 in users() and len(lines(swarm)) == 1, "the line is there again")
    arguments = swarm.service()["Spec"]["TaskTemplate"]["ContainerSpec"]["Args"]
    port = arguments[arguments.index("--control-port") + 1]
    refused = swarm.run(
        "stranger", "-c", "import sys, urllib.request as r\ntry:\n    r.urlopen(f'http://python-utils:{sys.argv[1]}/healthz')\n"
        "except r.HTTPError as e:\n    print(e.code)", port, network="zona-demo")  # fmt: skip
    assert "403" in swarm.output(refused)
    # What stands in the service is the key's digest: nobody who reads it has the key.
    host = swarm.inspect(lines(swarm)[0]["Id"])["HostConfig"]
    assert host["ReadonlyRootfs"] and host["CapDrop"] == ["ALL"] and host["SecurityOpt"] == ["no-new-privileges:true"]


def test_removed_names_are_retired_without_another_update(swarm, agent, live):
    live.write("gone", "'here'")
    agent.applied(live.commit_and_push(), phase="synced")
    assert swarm.call("gone")[1]["data"] == "here"
    live.remove("gone")
    agent.applied(live.commit_and_push(), phase="synced")
    agent.wait(lambda: swarm.call("gone")[0] == 404, "the removed name is retired")
    version = swarm.service()["Version"]["Index"]
    # A task that Swarm starts anew is told again.
    [task] = swarm.running()
    swarm.remove(task["Status"]["ContainerStatus"]["ContainerID"])
    agent.wait(lambda: [each["ID"] for each in swarm.running()] not in ([], [task["ID"]]), "another task runs")

    def retired():
        assert agent.cli("sync --tenant demo").returncode == 0
        return swarm.call("gone")[0] == 404

    agent.wait(retired, "the new task is told")
    assert swarm.call("which")[1]["data"] == "v1" and swarm.service()["Version"]["Index"] == version


def test_a_tenant_that_goes_leaves_nothing(swarm, agent, live):
    assert swarm.call("which", 1)[0] == 200
    agent.wait(lambda: lines(swarm), "the line is there")
    live.remove("which")
    agent.applied(live.commit_and_push())
    agent.wait(lambda: not swarm.services() and not swarm.containers(), "service and line are gone")
    agent.wait(lambda: swarm.ask("GET", "/networks/zona-demo", ok=None).get("message"), "and the network")


def test_config_check_says_that_there_is_no_swarm(agent, swarm):
    assert agent.cli("config check").returncode == 0
    swarm.ask("POST", "/swarm/leave?force=1")
    try:
        found = agent.cli("config check")
        assert found.returncode == 1 and "docker swarm init" in found.stderr
    finally:
        swarm.ask("POST", "/swarm/init", {"ListenAddr": "127.0.0.1:2377", "AdvertiseAddr": "127.0.0.1"})
