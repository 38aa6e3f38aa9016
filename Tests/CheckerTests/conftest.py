"""A client of the real checker process, the corpus, and the checker as a module for comparisons."""

import importlib.util
import json
import select
import subprocess
import sys
from pathlib import Path

import pytest

sys.dont_write_bytecode = True

ROOT = Path(__file__).resolve().parents[2]
CHECKER = ROOT / "Sources/Validation/Checker/checker.py"
CORPUS = ROOT / "Tests/Fixtures/adversarial"
PYTHON = "/usr/bin/python3"
CLEAN = "def f(data, filter):\n    return data\n"


def frame(identifier, kind, path, source):
    """One request as the agent writes it."""
    name = path.encode()
    source = source.encode() if isinstance(source, str) else source
    payload = identifier.to_bytes(4, "big") + bytes([kind]) + len(name).to_bytes(2, "big") + name + source
    return len(payload).to_bytes(4, "big") + payload


def replies(output):
    """All replies in an output, as (id, JSON or None)."""
    found = []
    while output:
        size = int.from_bytes(output[:4], "big")
        assert len(output) >= 4 + size, "a reply was cut"
        body = output[8:4 + size]
        found.append((int.from_bytes(output[4:8], "big"), json.loads(body) if body else None))
        output = output[4 + size:]
    return found


def corpus():
    """(folder, path, expected rules) of every file of the adversarial corpus."""
    for path in sorted(CORPUS.glob("*/*.py")):
        line = path.read_text().split("\n", 1)[0]
        assert line.startswith("# expect: "), path
        names = {name.strip() for name in line[len("# expect: "):].split(",")}
        yield path.parent.name, path, set() if names == {"clean"} else names


class Checker:
    """A running checker process."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [PYTHON, "-I", "-S", "-B", str(CHECKER), *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.identifier = 0

    def ask(self, source, path="utils/f.py", kind=0):
        """The reply to one file: (findings, modules)."""
        self.identifier += 1
        self.process.stdin.write(frame(self.identifier, kind, path, source))
        self.process.stdin.flush()
        head = self.process.stdout.read(8)
        assert len(head) == 8, f"the checker died: {self.process.wait()}"
        assert int.from_bytes(head[4:], "big") == self.identifier
        body = self.process.stdout.read(int.from_bytes(head[:4], "big") - 4)
        reply = json.loads(body) if body else {"f": [], "m": []}
        return [tuple(row) for row in reply["f"]], reply["m"]

    def close(self):
        """Ends the input; returns exit code and what was written to standard error."""
        self.process.stdin.close()
        error = self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        return self.process.wait(timeout=10), error


def run(data, *arguments):
    """Feeds a whole input to a fresh process: (exit code, output, errors)."""
    done = subprocess.run([PYTHON, "-I", "-S", "-B", str(CHECKER), *arguments], input=data,
                          capture_output=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def is_readable(stream, seconds):
    """Whether something comes within a time."""
    return bool(select.select([stream], [], [], seconds)[0])


@pytest.fixture(scope="session")
def checker():
    """One process for all tests that do not end it."""
    process = Checker()
    yield process
    code, error = process.close()
    assert code == 0
    assert error == b""


@pytest.fixture(scope="session")
def module():
    """The checker as a module, to ask it with and without its prefilter."""
    spec = importlib.util.spec_from_file_location("checker", CHECKER)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded
