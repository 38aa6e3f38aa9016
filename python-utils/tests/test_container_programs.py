"""The small programs that containers run beside the server."""

import signal
import subprocess
from pathlib import Path

from agent import PYTHON, PATIENCE, eventually

FOLDER = Path(__file__).parents[1]


def test_pause_ends_with_sigterm_and_not_before():
    process = subprocess.Popen([PYTHON, "-I", "-S", "-B", str(FOLDER / "pause.py")])

    def is_waiting():  # in rt_sigtimedwait(2), on x86-64 or arm64
        return Path(f"/proc/{process.pid}/syscall").read_text().split()[0] in ("128", "137")

    try:
        eventually(is_waiting)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()


def check(port, **environment):
    return subprocess.run(
        [PYTHON, "-I", str(FOLDER / "healthcheck.py")], capture_output=True, text=True, timeout=PATIENCE,
        env={"PYTHON_UTILS_PORT": str(port), **environment}, check=False,
    )


def test_healthcheck_tells_a_server_from_none(agent):
    agent.serve({"one": "return 1"})
    assert check(agent.port).returncode == 0
    assert check(agent.port, PYTHON_UTILS_RELEASE="r1").returncode == 0
    other = check(agent.port, PYTHON_UTILS_RELEASE="r2")
    assert other.returncode == 1 and "release r1 is served, not r2" in other.stderr
    agent.servers[0].command("drain", "draining")
    agent.socket.close()
    eventually(lambda: agent.servers[0].process.poll() is not None)
    refused = check(agent.port)
    assert refused.returncode == 1 and "no answer on port" in refused.stderr
