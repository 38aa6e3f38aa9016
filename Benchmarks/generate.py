"""Repositories for the benchmarks: many utilities of about 3 KB with sidecars."""

import hashlib
import os
import random
import subprocess
from pathlib import Path

HEAD = '''"""Utility {i}."""
import re
import json
import ipaddress
import hashlib
from datetime import datetime, timezone

PATTERNS = {{
    "ipv4": re.compile(r"\\b(?:\\d{{1,3}}\\.){{3}}\\d{{1,3}}\\b"),
    "md5": re.compile(r"\\b[a-f0-9]{{32}}\\b"),
    "sha1": re.compile(r"\\b[a-f0-9]{{40}}\\b"),
}}


def _clean(value):
    text = str(value or "").strip()
    return " ".join(part for part in text.split() if part)


'''

STEP = '''def _step_{j}(items, limit={k}):
    """Keep what counts in step {j}."""
    result = []
    for index, item in enumerate(items):
        if index >= limit:
            break
        entry = {{"index": index, "value": _clean(item), "hash": hashlib.sha256(str(item).encode()).hexdigest()}}
        if len(entry["value"]) > {k}:
            entry["value"] = entry["value"][:{k}]
        result.append(entry)
    return sorted(result, key=lambda e: (e["value"], -e["index"]))


'''

MAIN = '''def {name}(data, filter):
    """Find things in data."""
    text = _clean(data)
    found = {{kind: sorted(set(pattern.findall(text))) for kind, pattern in PATTERNS.items()}}
    if filter:
        found = {{k: v for k, v in found.items() if k == filter}}
    steps = _step_0(list(found))
    return {{"found": found, "steps": steps, "at": datetime.now(timezone.utc).isoformat(), "n": {i}}}
'''

SIDECAR = '''title: {name}
displayname: Utility Number {i}
description: "Finds indicators in text, variant {i}"
category: Threat Intelligence
input_label: Text to search
filter_label: Kind to return
required_filter: false
outputs:
  - {{name: found, type: map, description: What was found}}
  - steps
playbooks: [triage]
timeout: 20
'''

GIT = {
    **os.environ,
    "GIT_AUTHOR_NAME": "Bench", "GIT_AUTHOR_EMAIL": "bench@acme.example",
    "GIT_COMMITTER_NAME": "Bench", "GIT_COMMITTER_EMAIL": "bench@acme.example",
}


def write_utilities(folder: Path, count: int) -> None:
    """Writes `count` utilities, 200 a folder, always the same ones."""
    generator = random.Random(7)
    for index in range(count):
        name = f"util_{index:05d}"
        source = HEAD.format(i=index)
        for step in range(4):
            source += STEP.format(j=step, k=generator.randint(10, 99))
        source += MAIN.format(name=name, i=index)
        place = folder / f"utils/g{index // 200:03d}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{name}.py").write_text(source)
        (place / f"{name}.yaml").write_text(SIDECAR.format(name=name, i=index))


def git(*words: str, cwd: Path, data: bytes | None = None) -> str:
    """Runs git and gives its output without the last newline."""
    answer = subprocess.run(
        ["git", *words], cwd=cwd, input=data, check=True, capture_output=True, env=GIT
    )
    return answer.stdout.decode().strip()


def make_repository(bare: Path, tree: Path) -> Path:
    """A packed bare repository with one commit of a folder."""
    git("init", "-q", "-b", "main", cwd=tree)
    git("add", "-A", cwd=tree)
    git("commit", "-q", "-m", "all", cwd=tree)
    bare.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "clone", "-q", "--bare", str(tree), str(bare)], check=True, env=GIT)
    # A clone over the local disk takes the loose objects over; a push of so many files makes a pack.
    git("repack", "-a", "-d", "-q", cwd=bare)
    git("update-ref", "refs/heads/main", git("rev-parse", "main", cwd=bare), cwd=bare)
    return bare


def commit_files(bare: Path, path: str, count: int) -> list[tuple[str, str]]:
    """`count` commits on top of main that each change one file: (commit, SHA-256 of the file).

    The objects are there; no ref points to them yet.
    """
    base = git("show", f"main:{path}", cwd=bare) + "\n"
    parent = git("rev-parse", "main", cwd=bare)
    commits = []
    index_file = bare / "bench-index"
    environment = {**GIT, "GIT_INDEX_FILE": str(index_file)}

    def plumbing(*words: str, data: bytes | None = None) -> str:
        answer = subprocess.run(
            ["git", *words], cwd=bare, input=data, check=True, capture_output=True, env=environment
        )
        return answer.stdout.decode().strip()

    plumbing("read-tree", parent)
    for number in range(count):
        content = (base + f"# change {number}\n").encode()
        blob = plumbing("hash-object", "-w", "--stdin", data=content)
        plumbing("update-index", "--cacheinfo", f"100644,{blob},{path}")
        tree = plumbing("write-tree")
        parent = plumbing("commit-tree", tree, "-p", parent, "-m", f"change {number}")
        commits.append((parent, hashlib.sha256(content).hexdigest()))
    index_file.unlink()
    return commits
