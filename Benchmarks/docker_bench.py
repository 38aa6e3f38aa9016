"""The figures of the docker driver, on a private engine: latency, failed requests, memory."""

import http.client
import json
import os
import re
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from generate import commit_files, make_repository, write_utilities

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Tests/EndToEndTests"))


def docker_runtime(bench) -> None:
    """All figures of the driver; `bench` is the module that runs them."""
    import docker_support

    if reason := docker_support.unusable():
        raise SystemExit(f"bench docker: {reason}")
    folder = Path(tempfile.mkdtemp(prefix="docker-bench-", dir="/tmp"))
    engine = docker_support.Engine(folder / "engine")
    try:
        engine.start()
        docker_support.engine.images(engine.folder)
        latency(bench, engine, folder)
        rollouts(bench, engine, docker_support.StrictLoad, folder)
        environments(bench, engine, folder)
        memory(bench, engine, folder)
    finally:
        engine.stop()
        shutil.rmtree(folder, ignore_errors=True)


def new_agent(bench, engine, folder: Path, name: str):
    home = folder / name
    home.mkdir()
    agent = bench.Agent(home, "runtime.driver=docker", f"runtime.docker_host={engine.docker_host}",
                        f"agent.state={home}/s")  # fmt: skip
    agent.settings = [s for s in agent.settings if not s.startswith(("runtime.port", "runtime.trial_port"))]
    return agent


def clear(engine) -> None:
    for container in engine.containers():
        engine.remove(container["Id"])
    engine.ask("POST", "/networks/prune")


class Bare:
    """The container that the agent runs, made by hand through the same API."""

    def __init__(self, engine, folder: Path) -> None:
        self.engine, self.folder = engine, folder
        made = engine.inspect(engine.release("bench")["Id"])
        self.spec = {
            key: made["Config"][key]
            for key in ("Image", "Entrypoint", "Cmd", "Env", "User", "WorkingDir", "Healthcheck", "StopSignal")
        }
        self.host = {key: value for key, value in made["HostConfig"].items() if value not in (None, [], {}, "")}
        # A copy: old releases are pruned.
        self.sources = {mount["Target"]: mount["Source"] for mount in self.host["Mounts"]}
        self.sources["/release"] = str(shutil.copytree(self.sources["/release"], folder / "bare-release"))

    def once(self) -> float:
        """Milliseconds of create + start + healthy."""
        channel = Path(tempfile.mkdtemp(dir=self.folder))
        channel.chmod(0o777)
        sources = {**self.sources, "/run/python-utils": str(channel)}
        mounts = [{**mount, "Source": sources[mount["Target"]]} for mount in self.host["Mounts"]]
        spec = {**self.spec, "HostConfig": {**self.host, "Mounts": mounts}}
        began = time.perf_counter()
        number = self.engine.ask("POST", "/containers/create", spec)["Id"]
        self.engine.ask("POST", f"/containers/{number}/start")
        from docker_support import engine as script

        while True:
            connection = script.UnixConnection(channel / "s")
            try:
                connection.request("GET", "/healthz")
                if connection.getresponse().status == 200:
                    break
            except (OSError, http.client.HTTPException):
                time.sleep(0.001)
            finally:
                connection.close()
        took = (time.perf_counter() - began) * 1000
        self.engine.remove(number)
        shutil.rmtree(channel)
        return took


def latency(bench, engine, folder: Path) -> None:
    """Ref renamed -> the new code answers in the container, beside the bare container."""
    rounds = 10 if bench.QUICK else 30
    agent = new_agent(bench, engine, folder, "latency")
    clone = agent.folder / "clone"
    write_utilities(clone, 100)
    bare = make_repository(agent.folder / "repos" / "bench.git", clone)
    commits = commit_files(bare, "utils/g000/util_00000.py", rounds + 1)
    agent.start()
    try:
        bare_container = Bare(engine, agent.folder)
        address = engine.address("bench")
        samples, floor = [], []
        for commit, digest in commits[:rounds]:
            floor.append(bare_container.once())
            staged = bare / "staged"
            staged.write_text(commit + "\n")

            def until_new() -> float:
                began = time.perf_counter()
                os.rename(staged, bare / "refs/heads/main")
                while True:
                    client = http.client.HTTPConnection(*address, timeout=30)
                    client.request("GET", "/healthz")
                    served = json.loads(client.getresponse().read())["utilities"]["util_00000"]
                    client.close()
                    if served == digest:
                        return (time.perf_counter() - began) * 1000
                    time.sleep(0.001)

            samples.append(engine.inside(until_new))
            time.sleep(0.3)
        ratio = statistics.median(samples) / statistics.median(floor)
        bench.note(
            "ref renamed -> new code answers in a container, p50", statistics.median(samples), "ms",
            "<= 1.25 x bare",
            f"bare create + start + healthy {statistics.median(floor):.0f} ms, ratio {ratio:.2f}",
        )
    finally:
        agent.stop()
        clear(engine)


def rollouts(bench, engine, load_type, folder: Path) -> None:
    """Requests that failed while release followed release."""
    count, least = (10, 4_000) if bench.QUICK else (50, 20_000)
    agent = new_agent(bench, engine, folder, "rollouts")
    clone = agent.folder / "clone"
    write_utilities(clone, 1)
    (clone / "utils").mkdir(exist_ok=True)
    sidecar = "description: d\ncategory: c\ninput_label: i\nfilter_label: f\n"
    for name, body in {"which": "return 'v'", "slow": "import time\n    time.sleep(0.3)\n    return 1"}.items():
        (clone / "utils" / f"{name}.py").write_text(f"def {name}(data, filter):\n    {body}\n")
        (clone / "utils" / f"{name}.yaml").write_text(sidecar)
    bare = make_repository(agent.folder / "repos" / "bench.git", clone)
    commits = commit_files(bare, "utils/g000/util_00000.py", count)
    agent.start()
    try:
        with load_type(engine, "bench", fresh=4, kept=4, slow=2, pause=0.002) as load:
            done = 0
            for commit, digest in commits:
                staged = bare / "staged"
                staged.write_text(commit + "\n")
                os.rename(staged, bare / "refs/heads/main")
                while engine.healthz(tenant="bench")["utilities"]["util_00000"] != digest:
                    time.sleep(0.02)
                done += 1
                # As many requests between two rollouts as make the wanted sum.
                while load.count < least * done / count:
                    time.sleep(0.02)
            time.sleep(1)
        kinds = ", ".join(f"{number:,} {kind}" for kind, number in load.counts.items())
        bench.note(
            f"requests failed during {count} rollouts", len(load.failures), f"of {load.count:,}",
            f"0 of >= {least:,}", f"{kinds}; slowest but the slow ones {load.slowest * 1000:.0f} ms",
        )
        for failure in load.failures[:5]:
            print("   ", failure)
    finally:
        agent.stop()
        clear(engine)


def environments(bench, engine, folder: Path) -> None:
    """Installations for a first tenant with packages, and for a second one with the same set."""
    from wheels import wheel

    home = folder / "environments"
    agent = new_agent(bench, engine, folder, "environments")
    wheel(home / "wheels", "shapes", "1.0")
    home.chmod(0o755)
    agent.settings.append(f"runtime.packages.wheels={home}/wheels")
    clone = home / "clone"
    write_utilities(clone, 10)
    for index in range(10):
        sidecar = clone / f"utils/g000/util_{index:05d}.yaml"
        sidecar.write_text(sidecar.read_text() + "packages: [shapes]\n")
    first = make_repository(home / "staged.git", clone)
    (home / "repos").mkdir()
    agent.start()
    try:
        took = {}
        for name in ("first", "second"):
            began = time.perf_counter()
            # As a whole: an agent never sees half a repository.
            os.rename(shutil.copytree(first, home / f"{name}.tmp"), home / "repos" / f"{name}.git")
            while not engine.containers(False, role="release", tenant=name):
                time.sleep(0.01)
            while b'"synced"' not in agent.get(f"/utils/v1/sync/{name}")[1]:
                time.sleep(0.005)
            took[name] = (time.perf_counter() - began) * 1000
            installed = (home / "agent.log").read_text().count("installing packages")
            if name == "first" and installed != 1:
                raise SystemExit(f"bench docker: {installed} installations for one set")
        bench.note(
            "installations for a second tenant with the same packages", installed - 1, "", "0",
            f"repository -> synced: first {took['first']:.0f} ms, second {took['second']:.0f} ms",
        )
    finally:
        agent.stop()
        clear(engine)


def memory(bench, engine, folder: Path) -> None:
    """The agent's memory with many tenants' containers."""
    count = 10 if bench.QUICK else 50
    agent = new_agent(bench, engine, folder, "memory")
    clone = agent.folder / "clone"
    write_utilities(clone, 10)
    first = make_repository(agent.folder / "repos" / "t000.git", clone)
    for index in range(1, count):
        shutil.copytree(first, agent.folder / "repos" / f"t{index:03d}.git")
    took = agent.start()
    try:
        deadline = time.monotonic() + 600
        while len(engine.containers(False, role="release")) < count and time.monotonic() < deadline:
            time.sleep(0.2)
        running = len(engine.containers(False, role="release"))
        time.sleep(3)
        status = Path(f"/proc/{agent.process.pid}/status").read_text()
        resident = int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024
        bench.note(
            f"the agent's memory with {running} tenants' containers", resident, "MB", "< 150 MB",
            f"first start to ready {took:.0f} s",
        )
    finally:
        agent.stop()
        clear(engine)
