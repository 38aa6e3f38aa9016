"""What a utility does harms only its own call (contract, section 7)."""

import json
import os
import time
from pathlib import Path

import pytest
from agent import alive, eventually, in_background


@pytest.mark.parametrize(("body", "status", "text"), [
    ("import os; os._exit(3)", 500, "exited with status 3"),
    ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", 500, "killed by SIGSEGV"),
    ("import os, signal; os.killpg(0, signal.SIGKILL)", 500, "killed by SIGKILL"),
    ("import sys; sys.exit('bye')", 500, "SystemExit: bye"),
    ("raise KeyboardInterrupt", 500, "KeyboardInterrupt"),
    ("raise BaseException('base')", 500, "BaseException: base"),
    ("f = lambda: f()\n    f()", 500, "RecursionError"),
    ("x = bytearray(2 ** 40)", 500, "MemoryError"),
    ("x = []\n    while True: x.append('x' * 1000 + str(len(x)))", 500, "MemoryError"),
    ("x = []\n    for _ in range(100000): x = [x]\n    return x", 500, "RecursionError"),
    ("import os; os.closerange(0, 1000)", 500, "its process"),
    ("import os\n    for fd in range(3, 256):\n        try: os.write(fd, b'garbage' * 9)\n"
     "        except OSError: pass", 500, "wrote garbage"),
    ("import sys; sys.stdout.close(); sys.stderr = None", 200, None),
    ("import builtins; del builtins.isinstance, builtins.type", 500, None),
    ("class Nasty(Exception):\n        def __str__(self): raise SystemExit\n    raise Nasty", 500,
     "Nasty"),
    ("import os\n    if os.fork(): return 'parent'\n    return 'child'", 200, "parent"),
    ("import os\n    if os.fork() == 0: os._exit(1)", 200, None),
    ("import os\n    os.fork()\n    raise ValueError('both')", 500, "ValueError: both"),
    ("import threading, time, os\n    threading.Thread(target=lambda: (time.sleep(.05), "
     "os._exit(1))).start()", 200, None),
], ids=lambda value: None if isinstance(value, int | None) else value[:24].replace("\n", " "))
def test_one_call_is_harmed_and_the_next_is_not(agent, body, status, text):
    source = f"def odd(data, filter):\n    if data: return 'well'\n    {body}\n"
    server = agent.serve({"odd": source, "sibling": "return 1"})
    assert agent.call("odd", "warm").json["data"] == "well"
    answer = agent.call("odd")
    assert answer.status == status, answer
    if text:
        assert text in answer.body.decode()
    for _ in range(3):
        assert agent.call("odd", "again").json["data"] == "well"
        assert agent.call("sibling").json["data"] == 1
        time.sleep(0.02)
    assert server.process.poll() is None


def test_a_module_that_fails_to_load(agent):
    server = agent.serve({
        "missing": "import nothing_like_this\ndef missing(data, filter): pass",
        "broken": "def broken(data, filter:\n    pass",
        "absent": "def other(data, filter): pass",
        "exits": "import os\nos._exit(0)\ndef exits(data, filter): pass",
        "hangs": "while True: pass\ndef hangs(data, filter): pass",
    }, timeouts={"hangs": 1})
    expected = {
        "missing": (500, "ModuleNotFoundError: No module named 'nothing_like_this'"),
        "broken": (500, "SyntaxError"),
        "absent": (500, "defines no function absent(data, filter)"),
        "exits": (500, "exited with status 0"),
        "hangs": (504, "timeout of 1 s"),
    }
    for name, (status, text) in expected.items():
        answer = agent.call(name)
        assert (answer.status, text in answer.json["displaymessage"]) == (status, True), answer
    assert "^" in server.logged("'broken' failed")["traceback"]


def test_prints_are_logged_and_floods_are_cut(agent):
    server = agent.serve({
        "hello": "import sys, os\nprint('out', data)\nprint('err', file=sys.stderr)\n"
                 "os.write(1, b'raw\\n')",
        "flood": "for _ in range(200_000): print('x' * 100)\nreturn 'done'",
        "raw": "import os\nfor _ in range(2000): os.write(2, b'x' * 1000)\nreturn 'done'",
        "last": "import os\nprint('last words')\nos._exit(1)",
    })
    for _ in range(2):  # the budget is a call's, not the process's
        server.log.clear()
        assert agent.call("hello", 5).status == 200
        assert server.logged("output of utility hello")["output"] == "out 5\nerr\nraw\n"
    for name in ("flood", "raw"):
        assert agent.call(name).json["data"] == "done"
        entry = server.logged(f"output of utility {name}")
        assert (len(entry["output"]), entry["truncated"]) == (65536, True)
    agent.call("last")
    assert server.logged("output of utility last")["output"] == "last words\n"


def test_a_body_that_does_not_fit_fails_its_call_without_our_traceback(agent):
    """Decoding 10 MiB of nested objects takes far more than the worker may have."""
    server = agent.serve({"take": "return len(data)"}, "--memory", "64")
    body = b'{"data": [' + b",".join([b'{"":{}}'] * 1_200_000) + b"]}"
    with agent.client() as client:
        answer = client.request("POST", "/take", body)
    assert (answer.status, answer.json["error"]) == (500, "MemoryError"), answer
    assert agent.call("take", [1]).json["data"] == 1
    assert not any("output of utility" in line["message"] for line in server.log)
    assert "worker.py" not in server.logged("'take' failed")["traceback"]


def test_an_exception_whose_class_lies(agent):
    agent.serve({"odd": """
        class Liar(type):
            __name__ = property(lambda cls: 1 / 0)
        class Odd(Exception, metaclass=Liar):
            pass
        raise Odd("told")
    """})
    assert agent.call("odd").json["error"].startswith("Odd")


def test_long_log_lines_stay_whole(agent):
    """The agent cuts lines, and half a line of JSON is nothing."""
    server = agent.serve({
        "long": "print('\\x01' * 65536); raise ValueError('\\x01' * 9000)"}, "--output-log", "200000")
    agent.call("long")
    entry = server.logged("output of utility long")
    assert len(entry["output"]) > 30_000
    assert max(len(json.dumps(line)) for line in server.log) < 400 * 1024
    assert "ValueError" in server.logged("'long' failed")["traceback"]


def test_homes_are_apart_and_go_with_their_workers(agent):
    agent.serve({name: "import os; return os.getcwd()" for name in ("a", "b")} | {
        "ends": "import os, sys\nopen('left', 'w').close()\nprint(os.getcwd())\nsys.exit()"},
        "--journal", "5")
    a, b = agent.call("a").json["data"], agent.call("b").json["data"]
    assert a != b and Path(a).is_dir()
    folder = Path(a).parent
    agent.call("ends")
    eventually(lambda: len(list(folder.iterdir())) == 2)


def test_the_environment_holds_nothing_of_the_agents(agent, monkeypatch):
    monkeypatch.setenv("MONGO_PASSWORD", "hush")
    server = agent.serve({"look": """
        import os, resource, sys
        return {"env": dict(os.environ), "cwd": os.getcwd(), "files": os.listdir("."),
                "fds": [os.readlink(f"/proc/self/fd/{fd}") for fd in range(256)
                        if os.path.exists(f"/proc/self/fd/{fd}") or
                        os.path.islink(f"/proc/self/fd/{fd}")],
                "path": sys.path, "argv": sys.argv, "session": os.getsid(0) == os.getpid(),
                "memory": resource.getrlimit(resource.RLIMIT_AS)[0],
                "core": resource.getrlimit(resource.RLIMIT_CORE)[1],
                "modules": sorted(name for name in sys.modules if "aiohttp" in name)}
    """})
    seen = agent.call("look").json["data"]
    # LC_CTYPE is the interpreter's own doing (PEP 538) where it occurs.
    assert seen["env"].keys() - {"LC_CTYPE"} == {
        "PATH", "LANG", "HOME", "TMPDIR", "MALLOC_ARENA_MAX"}
    assert seen["cwd"] == seen["env"]["HOME"] and seen["files"] == []
    assert not any(str(agent.folder) in entry for entry in seen["path"] + seen["fds"])
    assert not any("packages" in entry or "python-utils" in entry for entry in seen["path"])
    kinds = sorted(entry.split(":")[0] for entry in seen["fds"])
    assert kinds == ["/dev/null", "/memfd", "/memfd", "pipe", "socket"]
    assert seen["argv"] == ["look"] and seen["session"] and seen["modules"] == []
    assert (seen["memory"], seen["core"]) == (512 * 2**20, 0)
    assert Path(seen["cwd"]).is_dir()
    server.send("drain")
    assert server.wait() == 0
    assert not Path(seen["cwd"]).exists()


FORKS = """
import os, subprocess, time
def escape(data, filter):
    child = subprocess.Popen(["/bin/sleep", "60"])
    middle = os.fork()
    if middle == 0:
        os.setsid()
        if os.fork() == 0:
            with open(data, "w") as file:
                file.write(f"{os.getpid()} {child.pid}")
            time.sleep(60)
        os._exit(0)
    while not (os.path.exists(data) and os.path.getsize(data)):
        time.sleep(.01)
    if filter:
        time.sleep(60)
    return "done"
"""


@pytest.mark.parametrize("hang", [False, True])
def test_processes_that_a_call_leaves_behind_end(agent, hang):
    server = agent.serve({"escape": FORKS}, timeouts={"escape": 2})
    note = agent.folder / "pids"
    assert agent.call("escape", str(note), hang).status == (504 if hang else 200)
    for pid in map(int, note.read_text().split()):
        eventually(lambda: not alive(pid))
    eventually(lambda: server.workers() == [])


def test_a_worker_that_ends_between_calls_is_not_noticed(agent):
    agent.serve({"delayed": """
        import os, signal
        if data: signal.setitimer(signal.ITIMER_REAL, data)
        return os.getpid()
    """})
    first = agent.call("delayed", 0.05).json["data"]
    eventually(lambda: not alive(first))
    assert agent.call("delayed").json["data"] != first


def test_warm_workers_are_reused_bounded_and_evicted(agent):
    utilities = dict.fromkeys("abc", "import os\nreturn os.getpid()")
    server = agent.serve(utilities, "--workers", "2", "--idle", "0.5")
    pids = [agent.call(name).json["data"] for name in ("a", "a", "b", "a")]
    assert pids[0] == pids[1] == pids[3] != pids[2]
    agent.call("c")  # makes room by ending b, the least recently used
    eventually(lambda: not alive(pids[2]))
    assert agent.call("a").json["data"] == pids[0]
    assert len(server.workers()) <= 2
    eventually(lambda: server.workers() == [])


def test_a_pool_smaller_than_the_load_serves_everyone(agent):
    names = [f"u{number}" for number in range(6)]
    agent.serve(dict.fromkeys(names, "import time\ntime.sleep(.02)\nreturn data"),
                "--workers", "2")
    calls = [in_background(lambda name=name, n=n: agent.call(name, n)) for n in range(8)
             for name in names]
    assert all(call().status == 200 for call in calls)


LIB = {
    "lib/dates.py": "def parse(text):\n    return text.upper()\n",
    "lib/fail.py": "def fail():\n    raise LookupError('deep')  # line two\n",
    "lib/pack/__init__.py": "from .inner import VALUE\nfrom ..dates import parse\n",
    "lib/pack/inner.py": "VALUE = 7\n",
    "lib/space/deep/leaf.py": "from lib.pack import VALUE\nname = __name__\nfile = __file__\n",
    "lib/latin.py": "# coding: latin-1\n",
    "lib/pack.py": "raise RuntimeError('the package wins')\n",
}


def test_shared_modules(agent):
    server = agent.serve({
        "use": """
            from lib.dates import parse
            import lib, lib.space.deep.leaf as leaf, lib.latin
            from lib import pack
            def use(data, filter):
                return [parse("x"), pack.VALUE, pack.parse("y"), leaf.name, leaf.file]
        """,
        "json": "import json\nreturn json.dumps({'own': __name__})",
        "dive": "from lib.fail import fail\nfail()",
        "none": "import lib.nothing",
        "other": "import utils.use",
        "data": "import dataclasses\n@dataclasses.dataclass\nclass D:\n    x: int\n"
                "def data(data, filter):\n    return dataclasses.asdict(D(data))",
    }, modules=LIB)
    assert agent.call("use").json["data"] == [
        "X", 7, "Y", "lib.space.deep.leaf", "lib/space/deep/leaf.py"]
    assert agent.call("json").json["data"] == '{"own": "utils.json"}'
    assert agent.call("data", 1).json["data"] == {"x": 1}
    assert agent.call("none").json["error"] == "ModuleNotFoundError: No module named 'lib.nothing'"
    assert agent.call("other").json["error"].startswith("ModuleNotFoundError")
    assert agent.call("dive").json["error"] == "LookupError: deep"
    trace = server.logged("'dive' failed")["traceback"]
    assert 'File "lib/fail.py", line 2, in fail\n    raise LookupError' in trace


def test_a_killed_server_takes_everything_with_it(agent):
    server = agent.serve({"busy": "import subprocess\n"
                          "open(data, 'w').write(str(subprocess.Popen(['/bin/sleep', '60']).pid))\n"
                          "while True: pass", "idle": "return 1"})
    agent.call("idle")
    note = agent.folder / "pid"
    in_background(lambda: agent.call("busy", str(note)))
    eventually(lambda: note.exists() and note.read_text())
    started = [*server.workers(), int(note.read_text())]
    assert len(started) == 3
    os.kill(server.pid, 9)
    for pid in started:
        eventually(lambda: not alive(pid))


MANY_THREADS = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
together = Barrier(24)
def work(size):
    text = "x" * size
    together.wait()
    return len(text)
def many(data, filter):
    with ThreadPoolExecutor(24) as pool:
        return sum(pool.map(work, [10_000] * 24))
"""


def test_many_threads_fit_into_the_memory_limit(agent):
    """glibc would reserve 64 MiB of address space for each thread that allocates."""
    agent.serve({"many": MANY_THREADS})
    answer = agent.call("many")
    assert answer.json.get("data") == 240_000, answer
