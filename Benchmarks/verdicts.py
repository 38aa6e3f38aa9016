"""The figures of the verdicts: the hook's cost, `validate` beside ruff and bandit, the rules themselves."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from generate import GIT, make_repository, write_utilities

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"


def tool(name: str) -> str | None:
    """The path of a tool from PyPI, installed on first use; None, with a word, where it cannot be had."""
    program = VENV / "bin" / name
    if not program.exists():
        try:
            subprocess.run(["/usr/bin/python3", "-m", "venv", str(VENV)], check=True, capture_output=True)
            subprocess.run([VENV / "bin/pip", "install", "-q", "ruff", "bandit"], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            print(f"bench: {name} cannot be installed from PyPI; its figures are left out", flush=True)
            return None
    return str(program)


def took(*command, cwd=None, env=None, codes=(0,)) -> float:
    """Milliseconds that a command takes."""
    began = time.perf_counter()
    result = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    spent = (time.perf_counter() - began) * 1000
    if result.returncode not in codes:
        raise SystemExit(f"bench: {command} ended with {result.returncode}: {result.stderr.decode()[-2000:]}")
    return spent


def push(agent: str, note, quick: bool) -> None:
    """What the hook adds to a push of one changed utility, in pairs: with it and without."""
    count, rounds = (2_000, 10) if quick else (10_000, 40)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        clone = folder / "clone"
        write_utilities(clone, count)
        bare = make_repository(folder / "bench.git", clone)
        subprocess.run(["git", "remote", "add", "bare", f"file://{bare}"], cwd=clone, check=True)
        env = {**GIT, "XDG_CACHE_HOME": str(folder / "cache")}
        state = ["--set", f"agent.state={folder}/none"]
        path = clone / "utils/g000/util_00000.py"
        times: dict[str, list[float]] = {"with": [], "without": []}
        for index in range(2 * rounds):
            kind = "with" if index % 2 else "without"
            action = ["install", bare, *state] if kind == "with" else ["uninstall", bare]
            took(agent, "hook", *action)
            path.write_text(path.read_text() + f"# push {index}\n")
            subprocess.run(["git", "commit", "-qam", "push"], cwd=clone, check=True, env=env)
            times[kind].append(took("git", "push", "-q", "bare", "main", cwd=clone, env=env))
        bare_push, hooked = statistics.median(times["without"]), statistics.median(times["with"])
        added = statistics.median(a - b for a, b in zip(times["with"], times["without"]))
        note(
            f"the hook adds to a push of one of {count:,} utilities", added, "ms", "<= 100 ms",
            f"bare push {bare_push:.1f} ms, with the hook {hooked:.1f} ms",
        )


def validate(agent: str, note, quick: bool) -> None:
    """`validate` of one utility and of all, beside ruff and bandit on the same files."""
    count = 1_000 if quick else 10_000
    ruff, bandit = tool("ruff"), tool("bandit")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        tree = folder / "tree"
        write_utilities(tree, count)
        cache = folder / "cache"
        env = {**os.environ, "XDG_CACHE_HOME": str(cache)}
        judge = [agent, "validate", "--set", f"agent.state={folder}/none"]
        check = [ruff, "check", "--select", "S,E9,F", "--isolated", "-q"]
        path = tree / "utils/g000/util_00000.py"
        ones, kept, floor, ruffs = [], [], [], []
        took(*judge, path, env=env)
        for index in range(10 if quick else 30):
            path.write_text(path.read_text() + f"# change {index}\n")
            ones.append(took(*judge, path, env=env))
            kept.append(took(*judge, path, env=env))
            floor.append(took("/usr/bin/python3", "-c", "import ast"))
            if ruff:
                ruffs.append(took(*check, "--no-cache", path, codes=(0, 1)))
        beside = f"python3 with ast {statistics.median(floor):.0f} ms"
        if ruffs:
            beside += f", ruff {statistics.median(ruffs):.0f} ms"
        note(
            f"validate one of {count:,} utilities, changed, from process start", statistics.median(ones), "ms",
            "<= 100 ms", f"{beside}; unchanged {statistics.median(kept):.0f} ms",
        )
        fresh, again, ruffs, ruffs_kept = [], [], [], []
        for _ in range(1 if quick else 3):
            shutil.rmtree(cache)
            fresh.append(took(*judge, tree, env=env) / 1000)
            again += [took(*judge, tree, env=env) / 1000 for _ in range(3)]
            if ruff:
                ruffs.append(took(*check, "--no-cache", tree, codes=(0, 1)) / 1000)
                took(*check, "--cache-dir", folder / "ruff", tree, codes=(0, 1))
                ruffs_kept.append(took(*check, "--cache-dir", folder / "ruff", tree, codes=(0, 1)) / 1000)
        banned = took(bandit, "-q", "-r", tree, codes=(0, 1)) / 1000 if bandit else 0
        peers = f"ruff {statistics.median(ruffs):.2f} s" if ruffs else "ruff not to be had"
        peers += f", bandit {banned:.1f} s" if bandit else ", bandit not to be had"
        note(f"validate {count:,} utilities, nothing kept", statistics.median(fresh), "s", "told", peers)
        note(
            f"validate {count:,} utilities, all kept", statistics.median(again), "s", "<= 0.5 s",
            f"ruff from its cache {statistics.median(ruffs_kept):.2f} s" if ruffs_kept else "",
        )


def rules(note) -> None:
    """Recall and precision over the adversarial corpus, beside the LLD's patterns and bandit."""
    sys.path.insert(0, str(HERE.parent / "Tests/CheckerTests"))
    import compare_lld  # noqa: PLC0415

    judged = compare_lld.verdicts(tool("bandit"))
    shares = {name: compare_lld.scores(pairs) for name, pairs in judged.items()}
    for index, what in enumerate(("recall", "precision")):
        others = ", ".join(f"{name} {100 * s[index]:.1f} %" for name, s in shares.items() if name != "checker")
        note(f"rules, {what} on {len(judged['checker'])} adversarial files", 100 * shares["checker"][index], "%", "100 %", others)
