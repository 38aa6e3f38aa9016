"""The docker driver: the real agent, a real engine, real containers."""

import http.client
import json
import os
import shutil
import signal
import threading
import time

import pytest

import docker_support
from docker_support import LABEL, Engine, StrictLoad, change
from support import wait_for
from wheels import wheel

REASON = docker_support.unusable()
pytestmark = pytest.mark.skipif(bool(REASON), reason=f"no private container engine: {REASON}")


@pytest.fixture(scope="module")
def docker():
    """One engine for the module."""
    with docker_support.short_folder("docker-e2e-") as folder:
        engine = Engine(folder)
        try:
            engine.start()
            docker_support.engine.images(folder)
            yield engine
        finally:
            engine.stop()


@pytest.fixture
def folder():
    with docker_support.short_folder("docker-agent-") as path:
        yield path


@pytest.fixture
def agent(docker, folder, tmp_path):
    agent = docker_support.agent_of(docker, "docker", folder, tmp_path)
    yield agent
    agent.close()
    try:
        for container in docker.containers():
            docker.remove(container["Id"])
        docker.ask("POST", "/networks/prune")
    except OSError:
        pass  # a test that ended with the engine


@pytest.fixture
def demo(agent):
    return docker_support.first_utilities(agent)


@pytest.fixture
def live(agent, demo):
    agent.start()
    agent.applied(demo.push())
    return demo


def docker_health(agent):
    return json.loads(agent.http("/health").body)["checks"]["docker"]["status"]


def test_a_commit_becomes_a_container(agent, docker, live):
    entry = agent.entry("which")
    assert entry["rest_url"] == "http://python-utils:8110/which"
    assert docker.value("which") == "v1"
    status = agent.branch()
    container = docker.release()
    labels = container["Labels"]
    assert labels[LABEL + "tenant"] == "demo" and labels[LABEL + "kind"] == "active"
    assert labels[LABEL + "release"] == status["release"]
    assert labels[LABEL + "revision"] == status["applied"]
    assert status["release"][:12] in container["Names"][0] and "demo" in container["Names"][0]
    health = docker.healthz()
    assert health["utilities"]["which"] == entry["filehash"]
    assert docker_health(agent) == "healthy"


def test_the_alias_resolves_in_the_tenants_network_alone(agent, docker, live):
    code = "import urllib.request as r; print(r.urlopen('http://python-utils:8110/healthz', timeout=5).status)"
    assert "200" in docker.output(docker.run("client", "-c", code, network="zona-demo"))
    docker.ask("POST", "/networks/create", {"Name": "elsewhere"})
    try:
        assert "200" not in docker.output(docker.run("stranger", "-c", code, network="elsewhere"))
    finally:
        docker.ask("DELETE", "/networks/elsewhere")


def test_what_a_container_may_do(agent, docker, live):
    for container in docker.containers(tenant="demo"):
        made = docker.inspect(container["Id"])
        host, config = made["HostConfig"], made["Config"]
        assert host["ReadonlyRootfs"] is True
        assert host["CapDrop"] == ["ALL"] and not host["CapAdd"] and not host["Privileged"]
        assert host["SecurityOpt"] == ["no-new-privileges:true"]
        assert config["User"] == "65532:65532"
        assert host["Memory"] == host["MemorySwap"] > 0
        assert host["NanoCpus"] == 1_000_000_000 and 0 < host["PidsLimit"] <= 256
        assert not any("docker.sock" in mount["Source"] for mount in made["Mounts"])
        assert not [name for name in config["Env"] if "PASSWORD" in name or "MONGO" in name or "TOKEN" in name]
    release = docker.inspect(docker.release()["Id"])
    assert release["HostConfig"]["Memory"] == 512 << 20 and release["HostConfig"]["PidsLimit"] == 256
    writable = [mount["Destination"] for mount in release["Mounts"] if mount["RW"]]
    assert writable == ["/run/python-utils"] and set(release["HostConfig"]["Tmpfs"]) == {"/tmp", "/var/tmp"}
    # The one folder of the machine that is mounted writable is closed before any call.
    [channel] = [mount["Source"] for mount in release["Mounts"] if mount["RW"]]
    assert os.stat(channel).st_mode & 0o222 == 0
    assert os.stat(os.path.dirname(os.path.dirname(channel))).st_mode & 0o077 == 0


def test_a_utility_cannot_leave_its_container(agent, docker, live):
    code = (
        "import os, socket\n\n\ndef which(data, filter):\n    found = []\n"
        "    for path in ('/release/utils/which.py', '/run/python-utils/x', '/x', '/etc/x'):\n"
        "        try:\n            open(path, 'a').close()\n            found.append(path)\n"
        "        except OSError:\n            pass\n"
        "    answer = b''\n"
        "    try:\n"
        "        s = socket.socket(socket.AF_UNIX)\n        s.connect('/run/python-utils/s')\n"
        "        s.sendall(b'POST /drain HTTP/1.0\\r\\n\\r\\n')\n        answer = s.recv(64)\n"
        "    except OSError as error:\n        answer = str(error).encode()\n"
        "    return [found, os.getuid(), answer.decode()]\n"
    )
    # The rules would quarantine it, as they should: it stands for one that got past them.
    live.put("utils/which.py", code)
    commit = live.commit_and_push("Naughty")
    agent.applied(commit, phase="degraded")
    assert docker.value("which") == "v1"
    release = next(
        mount["Source"] for mount in docker.inspect(docker.release()["Id"])["Mounts"]
        if mount["Destination"] == "/release"
    )
    script = f"{code}\nprint(which(None, None))"
    name = docker.release()["Id"]
    # `docker exec` stands for the utility: same user, same namespaces, same mounts.
    made = docker.ask(
        "POST", f"/containers/{name}/exec",
        {"Cmd": ["/usr/bin/python3", "-c", script], "AttachStdout": True, "AttachStderr": True},
    )
    output = docker.ask("POST", f"/exec/{made['Id']}/start", {"Detach": False, "Tty": False})
    text = output.decode(errors="replace")
    assert "[[], 65532," in text and "403" in text, text
    assert os.path.isdir(release) and docker.value("which") == "v1"


def test_rollouts_fail_no_request(agent, docker, live):
    """New connections, keep-alive and calls in flight, through ten rollouts."""
    docker.value("which"), docker.value("slow")
    with StrictLoad(docker) as load:
        for number in range(2, 12):
            change(agent, live, f"v{number}")
            assert docker.value("which") == f"v{number}"
        time.sleep(0.3)
    assert not load.failures, (len(load.failures), load.count, load.failures[:5])
    assert load.count > 500 and json.dumps("v11") in load.answers
    assert load.counts["slow"] > 5
    docker.settled()
    # What drained at the last prune goes with the next one.
    change(agent, live, "v12")
    assert docker.value("which") == "v12"
    docker.settled()
    assert len(agent.releases()) <= 8  # five, the running one, and the one before it


def test_a_release_that_is_not_healthy_changes_nothing(agent, docker, live, folder):
    before = docker.settled()
    # The engine has an image whose server never becomes ready.
    program = "open('/opt/python-utils/serve.py', 'w').write('raise SystemExit(\"no good\")')"
    bad = docker.run("broken", "-c", program, user="0")
    docker.ask("POST", f"/containers/{bad}/wait")
    docker.ask("POST", f"/commit?container={bad}&repo=broken&tag=1", {})
    docker.remove(bad)
    agent.stop()
    agent.start(runtime__image="broken:1")
    status = agent.failed(having="ended before it was ready")
    assert "its last words: no good" in status["report"]["error"], status["report"]["error"]
    assert docker.release()["Id"] == before and docker.value("which") == "v1"
    agent.wait(lambda: len(docker.releases(everything=True)) == 1, "the broken container is removed")
    agent.stop()
    agent.start()
    agent.applied(live.head())
    assert docker.settled() == before
    docker.ask("DELETE", "/images/broken:1?force=1")


def test_a_missing_image_is_told_with_the_way_out(agent, docker, demo):
    demo.push()
    agent.start(runtime__image="absent:1")
    error = agent.failed()["report"]["error"]
    assert "no image absent:1" in error and "docker build --target python-utils" in error
    check = agent.cli("config check", runtime__image="absent:1")
    assert check.returncode == 1 and "no image absent:1" in check.stderr
    assert agent.cli("config check").returncode == 0
    check = agent.cli("config check", runtime__network="shared", runtime__docker_host="tcp://x:1")
    assert check.returncode == 1 and "runtime.network" in check.stderr and "runtime.docker_host" in check.stderr


def test_the_next_agent_adopts_what_runs(agent, docker, live):
    before, pause = docker.settled(), docker.pause()["Id"]
    with StrictLoad(docker, slow=0) as load:
        for end in (agent.kill, agent.stop):
            end()
            assert docker.value("which") == "v1"
            agent.start()
            agent.applied(live.head())
            assert docker.release()["Id"] == before and docker.pause()["Id"] == pause
    assert not load.failures, load.failures[:5]
    # What changed while nobody looked is applied.
    agent.kill()
    live.write("which", "'v2'")
    commit = live.commit_and_push()
    agent.start()
    agent.applied(commit)
    assert docker.value("which") == "v2" and docker.settled() != before


def test_another_limit_makes_another_container(agent, docker, live):
    before = docker.settled()
    with StrictLoad(docker, slow=0) as load:
        agent.stop()
        agent.start(runtime__memory=256)
        after = agent.wait(lambda: docker.release()["Id"] if len(docker.releases()) == 1
                           and docker.release()["Id"] != before else None, "a container with other limits")
    assert not load.failures, load.failures[:5]
    assert docker.inspect(after)["HostConfig"]["Memory"] == 256 << 20


@pytest.mark.parametrize("fault", ["release.published", "rollout.active", "catalog.applied", "snapshot.published"])
def test_killed_on_the_way_converges(agent, docker, live, fault):
    agent.stop()
    live.write("which", "'v2'")
    live.remove("slow")
    commit = live.commit_and_push()
    agent.start(fault=fault, ready=False)
    agent.ended()
    docker.value("which")
    agent.start()
    agent.applied(commit)
    assert docker.value("which") == "v2"
    agent.wait(lambda: docker.request("POST", "/slow", "{}")[0] == 404, "the removed name is retired")
    docker.settled()
    assert docker.healthz()["release"] == agent.branch()["release"]


def test_what_somebody_breaks_is_repaired(agent, docker, live):
    def attached():
        network = docker.pause()["NetworkSettings"]["Networks"].get("zona-demo")
        return network and "python-utils" in (network["Aliases"] or [])

    def repaired(what):
        def serves():
            try:
                return len(docker.releases()) == 1 and docker.value("which") == "v1"
            except (OSError, AssertionError, KeyError, ValueError):
                return False

        agent.wait(serves, f"{what} is repaired")

    for what, damage in {
        "a removed container": lambda: docker.remove(docker.release()["Id"]),
        "a stopped container": lambda: docker.ask("POST", f"/containers/{docker.release()['Id']}/stop?t=5"),
        "a paused container": lambda: docker.ask("POST", f"/containers/{docker.release()['Id']}/pause"),
        "a removed pause container": lambda: docker.remove(docker.pause()["Id"]),
        "a left network": lambda: docker.ask(
            "POST", "/networks/zona-demo/disconnect", {"Container": docker.pause()["Id"]}),
        "a lost alias": lambda: (
            docker.ask("POST", "/networks/zona-demo/disconnect", {"Container": docker.pause()["Id"]}),
            docker.ask("POST", "/networks/zona-demo/connect", {"Container": docker.pause()["Id"]}, ok=None)),
    }.items():  # fmt: skip
        damage()
        repaired(what)
        agent.wait(attached, f"the alias after {what}")
        agent.applied(live.head())


def test_another_container_in_its_place_is_replaced(agent, docker, live):
    """A server whose hashes are not the catalog's, however it came there."""
    agent.stop()
    old = docker.inspect(docker.settled())
    release = next(m["Source"] for m in old["Mounts"] if m["Destination"] == "/release")
    channel = next(m["Source"] for m in old["Mounts"] if m["Destination"] == "/run/python-utils")
    other = f"{release}-other"
    shutil.copytree(release, other)
    manifest = json.loads(open(f"{other}/release.json").read())
    import hashlib

    source = "def which(data, filter):\n    return 'forged'\n"
    os.chmod(f"{other}/utils/which.py", 0o644)
    open(f"{other}/utils/which.py", "w").write(source)
    manifest["utilities"]["which"]["sha256"] = hashlib.sha256(source.encode()).hexdigest()
    os.chmod(f"{other}/release.json", 0o644)
    open(f"{other}/release.json", "w").write(json.dumps(manifest))
    docker.remove(old["Id"])
    os.chmod(channel, 0o777)
    os.unlink(f"{channel}/s")
    spec = {**old["Config"], "HostConfig": {
        **old["HostConfig"], "Mounts": [
            {"Type": "bind", "Source": other, "Target": "/release", "ReadOnly": True},
            {"Type": "bind", "Source": channel, "Target": "/run/python-utils"}],
    }}  # fmt: skip
    for key in ("Hostname", "Domainname", "ExposedPorts"):
        spec.pop(key, None)
    forged = docker.ask("POST", "/containers/create?name=forged", spec)["Id"]
    docker.ask("POST", f"/containers/{forged}/start")
    wait_for(lambda: os.path.exists(f"{channel}/s"), "the forged server is up")
    import http.client

    def listen():
        connection = docker_support.engine.UnixConnection(f"{channel}/s")
        connection.request("POST", "/listen")
        return connection.getresponse().status

    try:
        wait_for(lambda: listen() == 200, "the forged server listens")
    except (OSError, http.client.HTTPException):
        time.sleep(0.2)
        listen()
    assert docker.value("which") == "forged"
    agent.start()
    agent.wait(lambda: docker.value("which") == "v1", "the forged server is replaced")
    assert docker.settled() != forged
    shutil.rmtree(other)


def test_an_engine_that_hangs_is_noticed_and_its_containers_serve_on(agent, docker, live):
    host, port = docker.address()
    dockerd = docker_support.engine.init(docker.folder)
    os.kill(dockerd, signal.SIGSTOP)
    try:
        live.write("which", "'v2'")
        commit = live.commit_and_push()
        agent.wait(lambda: docker_health(agent) == "degraded", "the health says so")
        assert agent.http("/health").status == 200
        agent.failed(having="engine")
        with StrictLoad(docker, slow=0, where=(host, port)) as load:
            time.sleep(0.5)
        assert load.count and not load.failures and load.answers == {'"v1"'}
    finally:
        os.kill(dockerd, signal.SIGCONT)
    agent.applied(commit)
    assert docker.value("which") == "v2"
    agent.wait(lambda: docker_health(agent) == "healthy", "the health is good again")


def test_an_engine_restart_is_repaired(agent, docker, live):
    docker.stop(keep=True)
    agent.wait(lambda: docker_health(agent) == "degraded", "the health says so")
    assert agent.http("/health").status == 200
    assert agent.entry("which")["status"] == "active"
    live.write("which", "'v2'")
    commit = live.commit_and_push()
    agent.failed(having="engine")
    docker.start()
    agent.applied(commit)
    assert docker.value("which") == "v2"
    docker.settled()
    agent.wait(lambda: docker_health(agent) == "healthy", "the health is good again")


def test_what_the_agent_did_not_make_it_never_touches(agent, docker, demo):
    sleep = ("-c", "import time; time.sleep(600)")
    docker.ask("POST", "/networks/create", {"Name": "zona-demo"})
    foreign = docker.run("foreign", *sleep, network="zona-demo")
    # One of another agent, with the same labels but for the owner.
    spec = {
        "Image": "python-utils:latest", "Entrypoint": ["/usr/bin/python3"], "Cmd": list(sleep),
        "Labels": {LABEL + "owner": "another", LABEL + "tenant": "demo", LABEL + "kind": "active",
                   LABEL + "role": "release"},
    }  # fmt: skip
    other = docker.ask("POST", "/containers/create?name=other", spec)["Id"]
    docker.ask("POST", f"/containers/{other}/start")
    agent.start()
    agent.applied(demo.push())
    change(agent, demo, "v2")
    assert docker.value("which") == "v2"
    for number in (foreign, other):
        state = docker.inspect(number)
        assert state["State"]["Running"] and state["RestartCount"] == 0
        docker.remove(number)


def test_the_trial_branch_has_a_runtime_of_its_own(agent, docker, live):
    live.git("checkout", "-q", "-B", "trial")
    live.write("which", "'trial'")
    live.write("fresh", "'fresh'")
    agent.applied(live.commit_and_push("Try", branch="trial"), branch="trial", phase="synced")
    draft = agent.entry("which", status="draft")
    assert draft["rest_url"] == "http://python-utils-trial:8111/which"
    assert draft["id"] == agent.entry("which")["id"]
    fresh = agent.entry("fresh", status="draft")["id"]
    assert docker.value("which", kind="trial") == "trial" and docker.value("which") == "v1"
    # Merged and deleted: active under the same id, and nothing of the trial runtime stays.
    live.git("checkout", "-q", "main")
    live.git("merge", "-q", "--no-ff", "-m", "Approve", "trial")
    agent.applied(live.push(), phase="synced")
    live.git("push", "-q", "origin", ":trial")
    agent.wait(lambda: not docker.containers(kind="trial"), "the trial runtime is removed")
    assert agent.entry("fresh")["id"] == fresh and docker.value("which") == "trial"
    assert docker.containers(kind="active")


def test_tenants_do_not_see_each_other(agent, docker, live):
    other = agent.tenant("second")
    other.write("which", "'second'")
    agent.applied(other.commit_and_push(), tenant="second")
    assert docker.value("which", tenant="second") == "second" and docker.value("which") == "v1"
    mounts = docker.inspect(docker.release("second")["Id"])["Mounts"]
    assert not [mount for mount in mounts if "/demo/" in mount["Source"]]


def test_packages_are_installed_in_the_image_and_mounted(docker, agent, demo, folder):
    wheels = f"{folder}/wheels"
    wheel(wheels, "shapes", "1.0")
    wheel(wheels, "shapes", "2.0")
    os.chmod(folder, 0o755)
    agent.settings["runtime.packages.wheels"] = wheels
    code = "import shapes\n\n\ndef {0}(data, filter):\n    return shapes.VERSION\n"
    for name, version in (("one", "1.0"), ("two", "2.0"), ("three", "3.0")):
        demo.write(name, code=code.format(name), packages=[f"shapes=={version}"])
    agent.start()
    commit = demo.commit_and_push()

    def refused():
        report = agent.applied(commit, phase="degraded")["report"]
        return {r["name"]: r["findings"][0]["message"] for r in report["quarantined"]}

    # While pip is at work its utilities are told as pending.
    agent.wait(lambda: set(refused()) == {"three"} and "being installed" not in refused()["three"], "pip is done")
    assert "No matching distribution found for shapes==3.0" in refused()["three"]
    assert docker.value("one") == "1.0" and docker.value("two") == "2.0"
    # Nothing is left of the containers that installed, and what runs cannot write to its packages.
    assert docker.containers(role="packages") == []
    mounts = docker.inspect(docker.release()["Id"])["Mounts"]
    environments = [each for each in mounts if each["Destination"].startswith("/environments/")]
    assert len(environments) == 2 and not any(each["RW"] for each in environments)
    # A second tenant with the same set deploys without any installation.
    tries = agent.log.read_text().count("installing packages")
    other = agent.tenant("other")
    other.write("mine", code=code.format("mine"), packages=["shapes==2.0"])
    agent.applied(other.commit_and_push(), tenant="other", phase="synced")
    assert docker.value("mine", tenant="other") == "2.0"
    assert agent.log.read_text().count("installing packages") == tries


def test_calls_are_recorded_once_through_rollouts_and_kills(docker, agent, live):
    def users():
        return sorted(each["userid"] for each in agent.get("/utils/v1/executions/demo")["data"])

    def ask(user, name="which"):
        host, port = docker.address()

        def work():
            connection = http.client.HTTPConnection(host, port, timeout=60)
            headers = {"Content-Type": "application/json", "X-User-Id": str(user)}
            connection.request("POST", f"/{name}", b'{"data": 1, "filter": ""}', headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

        return docker.inside(work)

    assert ask(1)[0] == 200
    agent.wait(lambda: users() == [1], "it is recorded")
    # The old container tells its last calls before it goes.
    assert ask(2)[0] == 200
    change(agent, live, "v2")
    agent.wait(lambda: users() == [1, 2], "the last call of the old container is recorded")
    # An agent that is killed gets again what it had not kept, and nothing twice.
    agent.kill()
    assert ask(3)[0] == 200
    agent.start()
    agent.wait(lambda: users() == [1, 2, 3], "what was called meanwhile is recorded")
    # A running call is ended, by an agent that did not start the container.
    outcome = []
    live.write("long", code="import time\n\n\ndef long(data, filter):\n    time.sleep(60)\n", timeout=90)
    agent.applied(live.commit_and_push())
    thread = threading.Thread(target=lambda: outcome.append(ask(4, "long")))
    thread.start()
    agent.wait(lambda: "1 call " in agent.cli("executions cancel demo --user 4").stdout, "it is ended")
    thread.join()
    assert outcome[0][0] == 500 and outcome[0][1]["error"] == "CANCELLED"
    agent.wait(lambda: users() == [1, 2, 3, 4], "it is recorded")
