"""Figures of the runtime on this machine: `/usr/bin/python3 benchmark.py`; medians, in ms.

Needs nothing but the server itself; `wrk`, where installed, adds the rate of calls.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).with_name("tests")))
sys.dont_write_bytecode = True

from agent import PYTHON, Agent, write_release

ROUNDS = 15
LUA = """wrk.method = "POST"
wrk.body = '{"data": {"a": 1}, "filter": null}'
"""


def milliseconds(work) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def bare_import() -> float:
    command = [PYTHON, "-I", "-B", "-c", "import aiohttp.web"]
    return milliseconds(lambda: subprocess.run(command, check=True))


def start(agent: Agent, release: Path) -> float:
    def until_ready():
        agent.start(release, listen=False).expect("ready")

    taken = milliseconds(until_ready)
    agent.servers.pop().close()
    return taken


def main() -> None:
    folder = Path(tempfile.mkdtemp())
    os.environ["TMPDIR"] = str(folder)  # for what killed servers leave
    agent = Agent(folder)
    try:
        small = write_release(folder / "small", {f"u{n}": "return data" for n in range(ROUNDS)})
        large = write_release(folder / "large", {
            f"u{n}": "return data\n" + "# padding\n" * 300 for n in range(1000)})
        pairs = [(bare_import(), start(agent, small)) for _ in range(ROUNDS)]
        figures = {
            "bare import of aiohttp.web": statistics.median(pair[0] for pair in pairs),
            "exec to ready": statistics.median(pair[1] for pair in pairs),
            "exec to ready, 1,000 utilities of 3 KB": statistics.median(
                start(agent, large) for _ in range(3)),
        }
        agent.start(small)
        with agent.client() as client:
            first = [milliseconds(lambda n=n: client.call(f"u{n}", 1)) for n in range(ROUNDS)]
            warm = [milliseconds(lambda: client.call("u0", {"a": 1})) for _ in range(3000)]
        figures["first call of a utility"] = statistics.median(first)
        figures["warm call p50"] = statistics.median(warm)
        figures["warm call p99"] = statistics.quantiles(warm, n=100)[98]
        if shutil.which("wrk"):
            script = folder / "post.lua"
            script.write_text(LUA)
            for connections in (1, 8):
                figures[f"calls/s, {connections} connections"] = rate(agent, script, connections)
    finally:
        agent.close()
        shutil.rmtree(folder)
    print(json.dumps({name: round(figure, 2) for name, figure in figures.items()}, indent=2))


def rate(agent: Agent, script: Path, connections: int) -> float:
    command = ["wrk", "-t1", f"-c{connections}", "-d4s", "-s", str(script),
               f"http://127.0.0.1:{agent.port}/u0"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in output, output
    return float(output.split("Requests/sec:")[1].split()[0])


if __name__ == "__main__":
    main()
