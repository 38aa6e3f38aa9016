"""The process: frames, batches, limits, and hostile sources."""

import ast
import os
import random
import signal

import pytest
from conftest import CHECKER, CLEAN, PYTHON, Checker, corpus, frame, is_readable, replies, run
import subprocess


def test_empty_input():
    assert run(b"") == (0, b"", b"")


def test_clean_reply_is_bare():
    code, output, error = run(frame(7, 0, "utils/net/f.py", CLEAN))
    assert (code, output, error) == (0, b"\0\0\0\4\0\0\0\7", b"")


def test_order_and_identifiers():
    sources = [CLEAN, "import os\n" + CLEAN, "def f(:", CLEAN] * 500
    code, output, error = run(b"".join(
        frame(4_000_000_000 + i, 0, "utils/f.py", source) for i, source in enumerate(sources)))
    assert (code, error) == (0, b"")
    answers = replies(output)
    assert [identifier for identifier, _ in answers] == [4_000_000_000 + i for i in range(len(sources))]
    assert [reply and reply["f"][0][2] for _, reply in answers] == [
        None, "NoImportOS", "PythonSyntax", None] * 500


def test_flushes_when_input_would_block():
    process = Checker()
    data = frame(1, 0, "utils/f.py", CLEAN) + frame(2, 0, "utils/f.py", "import os\n" + CLEAN)
    for index in range(len(data)):  # byte by byte
        os.write(process.process.stdin.fileno(), data[index:index + 1])
    assert is_readable(process.process.stdout, 5)
    assert process.close()[0] == 0


def test_large_replies_and_requests():
    source = "".join(f"eval({i})\n" for i in range(100_000))
    code, output, _ = run(frame(1, 0, "utils/f.py", source) * 2, "--memory=536870912")
    (_, first), (_, second) = replies(output)
    assert code == 0 and first == second and len(first["f"]) == 500


def test_oversized_frames_are_skipped():
    for size in (10_485_761, 11_000_000):
        code, output, _ = run(frame(1, 0, "utils/f.py", b"#" * size) + frame(2, 0, "utils/f.py", CLEAN))
        (_, first), second = replies(output)
        assert code == 0 and first["f"][0][2] == "FileTooLarge" and second == (2, None)


@pytest.mark.parametrize("data", [b"\0\0\0\0", b"\0\0\0\3abc", frame(1, 9, "x", ""),
                                  b"\0\0\0\7" + bytes(5) + b"\xff\xff"])
def test_malformed_frames(data):
    code, output, error = run(data)
    assert code == 2 and output == b"" and error.startswith(b"checker: ")


def test_cut_frame_is_the_end():
    assert run(frame(1, 0, "utils/f.py", CLEAN)[:-3]) == (0, b"", b"")


def test_unknown_argument():
    assert run(b"", "--colour")[0] == 2
    assert run(b"", "--cpu=0")[0] == 2


def test_runs_from_memory():
    """As the agent runs it: from a descriptor, without a file beside it."""
    program = os.memfd_create("checker")
    os.write(program, CHECKER.read_bytes())
    done = subprocess.run([PYTHON, "-I", "-S", "-B", f"/proc/self/fd/{program}", "--cpu=5"], capture_output=True,
                          input=frame(1, 0, "utils/f.py", CLEAN), pass_fds=[program])
    os.close(program)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"\0\0\0\4\0\0\0\1", b"")


def test_quiet_about_warnings():
    source = "x = '\\d'\nif x is 1: pass\nassert (x, 1)\n" + CLEAN
    assert run(frame(1, 0, "utils/f.py", source)) == (0, b"\0\0\0\4\0\0\0\1", b"")


def test_limits_are_set():
    process = Checker("--memory=536870912", "--cpu=7")
    process.ask(CLEAN)
    limits = {line[:26].strip(): line[26:].split()[:2]
              for line in open(f"/proc/{process.process.pid}/limits").read().split("\n")[1:]}
    assert limits["Max address space"][0] == "536870912"
    assert limits["Max core file size"][0] == "0"
    assert limits["Max file size"][0] == "0"
    assert int(limits["Max open files"][0]) <= 64
    assert int(limits["Max cpu time"][0]) in (7, 8, 9)
    assert process.close() == (0, b"")


def test_hang_ends_by_the_processor_limit():
    source = "x = f'" + "{a}" * 400_000 + "'\n"  # quadratic in CPython 3.11 itself
    code, output, error = run(frame(1, 0, "utils/f.py", source), "--cpu=1")
    assert (code, output, error) == (-signal.SIGXCPU, b"", b"")


def test_processor_time_is_counted_per_file():
    source = "x = [" + "1, " * 60_000 + "]\nimport os\n" + CLEAN
    code, output, _ = run(b"".join(frame(i, 0, "utils/f.py", source) for i in range(40)), "--cpu=1")
    assert code == 0 and len(replies(output)) == 40


HOSTILE = {
    "brackets": "x=" + "(" * 100_000 + ")" * 100_000, "unary": "x=" + "-" * 100_000 + "1",
    "not": "x=" + "not " * 100_000 + "1", "sum": "x=" + "1+" * 100_000 + "1", "attributes": "x=a" + ".b" * 100_000,
    "calls": "x=a" + "()" * 100_000, "lambda": "x=" + "lambda:" * 100_000 + "1", "integer": "x=" + "9" * 1_000_000,
    "elif": "if a: pass\n" + "elif a: pass\n" * 20_000, "for": "".join(" " * i + "for a in b:\n" for i in range(30)),
    "indent": "".join(" " * i + "if a:\n" for i in range(200)), "nul": "x\0y", "f-strings": "f'{" * 200,
    "comprehensions": "[" * 260 + "1" + " for a in b]" * 260,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_sources_are_findings(checker, name):
    # Answered at all: a checker that needs more than its processor time is ended by the kernel.
    findings, _ = checker.ask(HOSTILE[name] + "\n" + CLEAN)
    assert [finding[2] for finding in findings] == ["PythonSyntax"]
    assert checker.ask(CLEAN) == ([], [])


DEEP = {
    "sum": "x=" + "a+" * 900 + "a\n", "attributes": "x=a" + ".b" * 900 + "\n", "calls": "x=a" + "()" * 900 + "\n",
    "conditions": "x=" + "a if b else " * 900 + "c\n", "classes": "".join(" " * i + "class A:\n" for i in range(90))
    + " " * 90 + "pass\n", "elif": "if a: pass\n" + "elif a: pass\n" * 900,
}


@pytest.mark.parametrize("name", DEEP)
def test_what_compiles_is_judged(checker, name):
    compile(DEEP[name], "x", "exec")
    assert [f[2] for f in checker.ask(DEEP[name] + "import os\n" + CLEAN)[0]] == ["NoImportOS"]


COSTLY = {
    "aliases": "import logging\nm0 = logging\n" + "".join(f"m{i + 1} = m{i}\n" for i in range(5000)) + "m5000.os\n",
    "cycle": "import logging\na = logging\na = b\nb = c\nc = a\nc.x\nb.os\n",
    "dense cycle": "import logging\n" + "".join(f"m{i} = m{j}\n" for i in range(25) for j in range(25) if i != j)
    + "m7 = logging\nm3.os\n",
    "doubling": "n0 = 'a'\n" + "".join(f"n{i + 1} = n{i} + n{i}\n" for i in range(60)) + "__import__(n60)\n",
    "branches": "n0 = 'a'\n" + "".join(f"n{i + 1} = n{i} if x else n{i}\n" for i in range(60)) + "__import__(n60)\n",
    "padding": "__import__('%1000000000d' % 1)\n__import__('{:999999999}'.format('x'))\n",
    "repetition": "__import__('a' * 10 ** 9)\na = 'x' * 200\nb = a * 200\nc = b * 200\n__import__(c)\n",
    "rebinding": "n = 'a'\n" * 2000 + "__import__(n)\n" * 2000,
    "self": "n = n + 'x'\n__import__(n)\n",
}


@pytest.mark.parametrize("name", COSTLY)
def test_folding_and_following_are_bounded(checker, name):
    # Beyond the checker's own limits there would be no answer, and the file a CheckerFailed.
    findings, _ = checker.ask(COSTLY[name] + CLEAN)
    assert {finding[2] for finding in findings} == {"NoImportOS"}


def test_memory_is_bounded():
    source = "x = [" + "'a', " * 2_000_000 + "]\n" + CLEAN
    code, output, error = run(frame(1, 0, "utils/f.py", source) + frame(2, 0, "utils/f.py", CLEAN),
                              "--memory=200000000")
    assert (code, error) == (0, b"")
    (_, first), second = replies(output)
    assert first["f"][0][2] == "PythonSyntax" and "complex" in first["f"][0][4] and second == (2, None)


def test_nothing_is_executed(tmp_path):
    mark = tmp_path / "mark"
    source = f"open({str(mark)!r}, 'w')\nimport antigravity\nraise SystemExit(9)\n"
    code, output, _ = run(frame(1, 0, "utils/f.py", source) + frame(2, 0, "utils/f.py", CLEAN))
    assert code == 0 and not mark.exists() and len(replies(output)) == 2


def test_no_growth():
    """A long-lived process keeps its size."""
    process = Checker()
    sources = [path.read_bytes() for _, path, _ in corpus()]

    def size():
        return int(open(f"/proc/{process.process.pid}/statm").read().split()[1]) * 4

    for source in sources * 2:
        process.ask(source)
    before = size()
    for source in sources * 12:
        process.ask(source)
    assert size() - before < 6_000, "KiB"
    assert process.close() == (0, b"")


def compiles(source):
    """Whether CPython itself takes a source."""
    try:
        compile(source, "x", "exec")
        ast.parse(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True


def test_fuzz(checker):
    """Mutated corpus files: always an answer, and `PythonSyntax` exactly where CPython refuses."""
    chance = random.Random(20)
    files = [path.read_bytes() for _, path, _ in corpus()]
    tokens = [b"(", b")", b"'", b'"', b'"""', b"#", b"\\", b"\n", b"\r", b"\r\n", b"\t", b" ", b"{", b"}", b"f'",
              b"import os", b"eval", b".os", b"lambda", b"yield", b"return", b"async ", b"del ", b"global x",
              b"nonlocal x", b"*", b":=", b":", b",", b";", b"\xc3\xa9", b"\xef\xbc\x8f", b"\x0c", b"0x", b"1e", b"@",
              b"class A:", b"match x:", b"case _:", b"__", b"lib.", b"=", b"\xe2\x80\xa8", b"try:"]
    for _ in range(3000):
        source = bytearray(chance.choice(files).partition(b"\n")[2])
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(source) + 1)
            action = chance.random()
            if action < 0.5:
                source[at:at] = chance.choice(tokens)
            elif action < 0.8:
                del source[at:at + chance.randint(1, 8)]
            else:
                other = chance.choice(files)
                start = chance.randrange(len(other))
                source[at:at] = other[start:start + chance.randint(1, 60)]
        source = bytes(source)
        findings, modules = checker.ask(source)
        found = {finding[2] for finding in findings}
        assert "CheckerFailed" not in found, source
        try:
            text = source.decode()
        except UnicodeDecodeError:
            assert found == {"FileEncoding"}
            continue
        if found == {"FileEncoding"}:
            continue
        assert (found == {"PythonSyntax"}) == (not compiles(text)), source
        for line, column, *_ in findings:
            assert line >= 0 and column >= 0
