"""The docker driver on Podman: the real agent, Podman's own service, real containers.

What Podman does otherwise than a Docker Engine is asserted as docs/docker.md tells it.
"""

import json
import os
import time

import pytest

import docker_support
from docker_support import LABEL, Engine, StrictLoad, change
from wheels import wheel

REASON = docker_support.unusable(podman=True)
pytestmark = pytest.mark.skipif(bool(REASON), reason=f"no private Podman: {REASON}")
RESYNC = 2


class Podman(Engine):
    """One private Podman, asked through Docker's API as the agent does."""

    command = staticmethod(docker_support.engine.podman)

    def clear(self):
        """Removes every container of an agent, those that have joined another one first, and all networks."""
        for container in sorted(self.containers(), key=lambda each: each["Labels"][LABEL + "role"] == "pause"):
            self.remove(container["Id"])
        self.ask("POST", "/networks/prune")

    def pauses(self):
        return [container["Id"] for container in self.containers(role="pause")]

    def networks(self):
        return {network["Name"] for network in self.ask("GET", "/networks")}

    def execute(self, number, script):
        """What a script of Python prints in a running container, as its user."""
        made = self.ask(
            "POST", f"/containers/{number}/exec",
            {"Cmd": ["/usr/bin/python3", "-c", script], "AttachStdout": True},
        )  # fmt: skip
        status, answer = docker_support.engine.call(
            self.folder, "POST", f"/v1.41/exec/{made['Id']}/start", json.dumps({"Detach": False, "Tty": False})
        )
        assert status == 200, answer
        return answer[8:].decode()  # one frame: its header, then the text


@pytest.fixture(scope="module")
def podman():
    """One for the module."""
    with docker_support.short_folder("podman-e2e-") as folder:
        engine = Podman(folder)
        try:
            engine.start()
            docker_support.engine.images(folder)
            yield engine
        finally:
            engine.stop()


@pytest.fixture
def agent(podman, tmp_path):
    with docker_support.short_folder("podman-agent-") as folder:
        agent = docker_support.agent_of(podman, "docker", folder, tmp_path)
        agent.settings["repositories.resync_interval"] = RESYNC
        yield agent
        agent.close()
        podman.clear()


@pytest.fixture
def live(agent):
    tenant = docker_support.first_utilities(agent)
    agent.start()
    agent.applied(tenant.push())
    return tenant


def serves(podman, text="v1"):
    """Whether one container serves, in its network and under its name."""
    try:
        network = podman.pause()["NetworkSettings"]["Networks"].get("zona-demo")
        return (len(podman.releases()) == 1 and "python-utils" in network["Aliases"]
                and podman.value("which") == text)  # fmt: skip
    except (OSError, AssertionError, AttributeError, KeyError, TypeError, ValueError):
        return False


def test_a_commit_becomes_a_container_and_a_removed_tenant_leaves_nothing(agent, podman, live):
    entry, status = agent.entry("which"), agent.branch()
    assert entry["rest_url"] == "http://python-utils:8110/which" and podman.value("which") == "v1"
    container = podman.release()
    labels = container["Labels"]
    assert labels[LABEL + "tenant"] == "demo" and labels[LABEL + "release"] == status["release"]
    assert labels[LABEL + "revision"] == status["applied"]
    assert podman.healthz()["utilities"]["which"] == entry["filehash"]
    assert json.loads(agent.http("/health").body)["checks"]["docker"]["status"] == "healthy"
    assert agent.cli("config check").returncode == 0
    # The alias, for whoever is in the tenant's network and nobody else.
    code = "import urllib.request as r; print(r.urlopen('http://python-utils:8110/healthz', timeout=5).status)"
    assert "200" in podman.output(podman.run("client", "-c", code, network="zona-demo"))
    podman.ask("POST", "/networks/create", {"Name": "elsewhere"})
    assert "200" not in podman.output(podman.run("stranger", "-c", code, network="elsewhere"))
    # Calls are recorded.
    agent.wait(lambda: agent.get("/utils/v1/executions/demo")["data"], "the call is recorded")
    # Another tenant, which stays.
    other = agent.tenant("second")
    other.write("which", "'second'")
    agent.applied(other.commit_and_push(), tenant="second")
    assert podman.value("which", tenant="second") == "second" and podman.value("which") == "v1"
    answer = agent.cli("tenant remove", "demo", "--confirm")
    assert answer.returncode == 0, answer
    agent.wait(lambda: not podman.containers(tenant="demo"), "the tenant's containers are gone")
    agent.wait(lambda: "zona-demo" not in podman.networks(), "the tenant's network is gone")
    assert podman.value("which", tenant="second") == "second"


def test_what_a_container_may_do(agent, podman, live):
    for container in podman.containers(tenant="demo"):
        made = podman.inspect(container["Id"])
        host, config = made["HostConfig"], made["Config"]
        assert host["ReadonlyRootfs"] is True and host["SecurityOpt"] == ["no-new-privileges"]
        # Podman lists what it would have given.
        assert {"SETUID", "NET_RAW", "CHOWN"} < set(host["CapDrop"]) and not host["CapAdd"]
        assert not host["Privileged"] and config["User"] == "65532:65532"
        assert host["Memory"] == host["MemorySwap"] > 0 and host["NanoCpus"] == 1_000_000_000
        assert 0 < host["PidsLimit"] <= 256 and host["RestartPolicy"]["Name"] == "no"
        assert not any("docker.sock" in mount["Source"] for mount in made["Mounts"])
        assert not [name for name in config["Env"] if "PASSWORD" in name or "MONGO" in name or "TOKEN" in name]
        # Docker's inspection has no room for the size, Podman's own has.
        libpod = docker_support.engine.call(podman.folder, "GET", f"/v4.0.0/libpod/containers/{made['Id']}/json")
        assert json.loads(libpod[1])["HostConfig"]["LogConfig"]["Size"] == "10MB"
    release = podman.inspect(podman.release()["Id"])
    assert release["HostConfig"]["Memory"] == 512 << 20 and release["HostConfig"]["PidsLimit"] == 256
    assert [mount["Destination"] for mount in release["Mounts"] if mount["RW"]] == ["/run/python-utils"]
    script = """
import json, os, subprocess
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
found = {key: status[key].strip() for key in ("CapEff", "CapBnd", "NoNewPrivs", "Seccomp")}
for folder in ("/", "/etc", "/run", "/run/python-utils", "/release", "/tmp", "/var/tmp"):
    path = folder + "/x"
    try:
        with open(path, "w") as file:
            file.write("#!/usr/bin/python3")
        os.chmod(path, 0o755)
        found[folder] = "written"
        subprocess.run([path], check=True)
        found[folder] = "run"
    except OSError:
        pass
print(json.dumps(found))
"""
    assert json.loads(podman.execute(release["Id"], script)) == {
        "CapEff": "0" * 16, "CapBnd": "0" * 16, "NoNewPrivs": "1", "Seccomp": "2",
        "/tmp": "written",
    }  # fmt: skip


def test_rollouts_fail_no_request(agent, podman, live):
    """New connections, keep-alive and calls in flight."""
    podman.value("which"), podman.value("slow")
    with StrictLoad(podman) as load:
        for number in range(2, 6):
            change(agent, live, f"v{number}")
            assert podman.value("which") == f"v{number}"
        time.sleep(0.3)
    assert not load.failures, (len(load.failures), load.count, load.failures[:5])
    assert all(load.counts.values()) and load.count > 200 and json.dumps("v5") in load.answers
    podman.settled()


def test_a_release_that_is_not_healthy_changes_nothing(agent, podman, live):
    before = podman.settled()
    program = "open('/opt/python-utils/serve.py', 'w').write('raise SystemExit(\"no good\")')"
    bad = podman.run("broken", "-c", program, user="0")
    podman.ask("POST", f"/containers/{bad}/wait")
    podman.ask("POST", f"/commit?container={bad}&repo=broken&tag=1", {})
    podman.remove(bad)
    agent.stop()
    agent.start(runtime__image="broken:1")
    error = agent.failed(having="ended before it was ready")["report"]["error"]
    assert "its last words: no good" in error, error
    assert podman.release()["Id"] == before and podman.value("which") == "v1"
    agent.wait(lambda: len(podman.releases(everything=True)) == 1, "the broken container is removed")
    agent.stop()
    agent.start()
    agent.applied(live.head())
    assert podman.settled() == before


def test_the_next_agent_adopts_what_runs(agent, podman, live):
    before, pause = podman.settled(), podman.pause()["Id"]
    with StrictLoad(podman, slow=0) as load:
        for end in (agent.kill, agent.stop):
            end()
            assert podman.value("which") == "v1"
            agent.start()
            agent.applied(live.head())
            assert podman.release()["Id"] == before and podman.pause()["Id"] == pause
    assert not load.failures, load.failures[:5]
    # What changed while nobody looked is applied.
    agent.kill()
    live.write("which", "'v2'")
    commit = live.commit_and_push()
    agent.start()
    agent.applied(commit)
    assert podman.value("which") == "v2" and podman.settled() != before


def test_what_somebody_breaks_is_repaired(agent, podman, live):
    def leave():
        podman.ask("POST", "/networks/zona-demo/disconnect", {"Container": podman.pause()["Id"]})

    def lose_the_alias():
        leave()
        podman.ask("POST", "/networks/zona-demo/connect", {"Container": podman.pause()["Id"]})

    for what, damage in {
        "a removed container": lambda: podman.remove(podman.release()["Id"]),
        "a stopped container": lambda: podman.ask("POST", f"/containers/{podman.release()['Id']}/stop?t=5"),
        "a paused container": lambda: podman.ask("POST", f"/containers/{podman.release()['Id']}/pause"),
        # Podman tells nobody of these: they wait for repositories.resync_interval.
        "a left network": leave,
        "a lost alias": lose_the_alias,
    }.items():
        damage()
        agent.wait(lambda: serves(podman), f"{what} is repaired")
        agent.applied(live.head())


def test_a_stopped_pause_container_is_replaced(agent, podman, live):
    """Podman keeps a container that another one has joined, stopped or not: that one has to go first."""
    refused = podman.ask("DELETE", f"/containers/{podman.pause()['Id']}?force=1", ok=(500,))
    assert "dependent containers" in refused["message"] and serves(podman)
    podman.settled()
    pause = podman.pause()["Id"]
    podman.ask("POST", f"/containers/{pause}/stop?t=5")
    agent.wait(lambda: podman.pauses() not in ([], [pause]) and serves(podman), "the runtime is made anew")


def test_an_engine_restart_is_repaired(agent, podman, live):
    podman.stop(keep=True)
    agent.wait(lambda: json.loads(agent.http("/health").body)["checks"]["docker"]["status"] == "degraded", "told")
    live.write("which", "'v2'")
    commit = live.commit_and_push()
    agent.failed(having="engine")
    podman.start()
    agent.applied(commit)
    assert podman.value("which") == "v2"
    podman.settled()


def test_packages_are_installed_in_the_image_and_mounted(agent, podman, live):
    # Readable for the user of the container that installs.
    with docker_support.short_folder("podman-wheels-") as wheels:
        wheel(wheels, "shapes", "1.0")
        os.chmod(wheels, 0o755)
        agent.stop()
        agent.settings["runtime.packages.wheels"] = wheels
        agent.start()
        code = "import shapes\n\n\ndef one(data, filter):\n    return shapes.VERSION\n"
        live.write("one", code=code, packages=["shapes==1.0"])
        agent.applied(live.commit_and_push(), phase="synced")
    assert podman.value("one") == "1.0" and podman.containers(role="packages") == []
    mounts = podman.inspect(podman.release()["Id"])["Mounts"]
    [environment] = [each for each in mounts if each["Destination"].startswith("/environments/")]
    assert environment["RW"] is False


def test_the_trial_branch_has_a_runtime_of_its_own(agent, podman, live):
    live.git("checkout", "-q", "-B", "trial")
    live.write("which", "'trial'")
    agent.applied(live.commit_and_push("Try", branch="trial"), branch="trial", phase="synced")
    assert agent.entry("which", status="draft")["rest_url"] == "http://python-utils-trial:8111/which"
    assert podman.value("which", kind="trial") == "trial" and podman.value("which") == "v1"
    pause = podman.pause()["Id"]
    live.git("push", "-q", "origin", ":trial")
    agent.wait(lambda: not podman.containers(kind="trial"), "the trial runtime is removed")
    assert podman.value("which") == "v1"
    # Podman 4.3 removes a network by its id although a container is in it: the agent gives the name.
    assert "zona-demo" in podman.networks() and podman.pause()["Id"] == pause
