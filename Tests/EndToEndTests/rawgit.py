"""Git objects byte by byte: what git itself would not write."""

import hashlib
import os
import struct
import zlib
from pathlib import Path

FILE, LINK, SUBMODULE, FOLDER = b"100644", b"120000", b"160000", b"40000"
PERSON = b"Mallory <mallory@acme.example> 1700000000 +0000"


class RawRepository:
    """A bare repository that is written to without git."""

    def __init__(self, path):
        self.path = Path(path)
        for folder in ("objects/info", "objects/pack", "refs/heads", "refs/tags", "info"):
            (self.path / folder).mkdir(parents=True, exist_ok=True)
        (self.path / "HEAD").write_text("ref: refs/heads/main\n")
        (self.path / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n")

    def place(self, name):
        return self.path / "objects" / name[:2] / name[2:]

    def store(self, name, compressed):
        """Puts bytes where the object of that name belongs, whatever they are."""
        place = self.place(name)
        place.parent.mkdir(exist_ok=True)
        draft = place.with_suffix(".draft")
        draft.write_bytes(compressed)
        draft.rename(place)
        return name

    def object(self, kind, data):
        raw = kind.encode() + b" %d\0" % len(data) + data
        name = hashlib.sha1(raw).hexdigest()
        return self.store(name, zlib.compress(raw, 1))

    def blob(self, data):
        return self.object("blob", data)

    def tree(self, entries, ordered=True):
        """Entries are (mode, name, id); sorted as git sorts them unless they shall not be."""
        if ordered:
            entries = sorted(entries, key=lambda e: e[1] + (b"/" if e[0] == FOLDER else b""))
        return self.object("tree", b"".join(m + b" " + n + b"\0" + bytes.fromhex(i) for m, n, i in entries))

    def commit(self, tree, parents=(), message=b"Change\n", author=PERSON, committer=PERSON):
        lines = [b"tree " + tree.encode(), *(b"parent " + p.encode() for p in parents)]
        lines += [b"author " + author, b"committer " + committer]
        return self.object("commit", b"\n".join(lines) + b"\n\n" + message)

    def tag(self, target, kind="commit", name="v1"):
        text = f"object {target}\ntype {kind}\ntag {name}\ntagger Mallory <m@acme.example> 1 +0000\n\nx\n"
        return self.object("tag", text.encode())

    def ref(self, name, value):
        """Sets a ref as git does: written beside and renamed."""
        place = self.path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        lock = place.with_name(place.name + ".lock")
        lock.write_text(value + "\n")
        os.rename(lock, place)

    def pack(self, objects):
        """A pack of (name, type number, declared size, prefix, data) with its index (version 2)."""
        body = b"PACK" + struct.pack(">II", 2, len(objects))
        rows = []
        for name, kind, size, prefix, data in objects:
            offset = len(body)
            first, size = kind << 4 | size & 15, size >> 4
            header = bytearray()
            while size:
                header.append(first | 0x80)
                first, size = size & 0x7F, size >> 7
            header.append(first)
            entry = bytes(header) + prefix + zlib.compress(data, 1)
            rows.append((bytes.fromhex(name), offset, zlib.crc32(entry)))
            body += entry
        trailer = hashlib.sha1(body).digest()
        rows.sort()
        index = b"\xfftOc" + struct.pack(">I", 2)
        for byte in range(256):
            index += struct.pack(">I", sum(1 for name, _, _ in rows if name[0] <= byte))
        index += b"".join(name for name, _, _ in rows)
        index += b"".join(struct.pack(">I", crc) for _, _, crc in rows)
        index += b"".join(struct.pack(">I", offset) for _, offset, _ in rows) + trailer
        stem = self.path / "objects" / "pack" / f"pack-{trailer.hex()}"
        stem.with_suffix(".pack").write_bytes(body + trailer)
        stem.with_suffix(".idx").write_bytes(index + hashlib.sha1(index).digest())


def size_bytes(number):
    """A size as deltas write it: seven bits a byte, the lowest first."""
    result = bytearray()
    while number > 0x7F:
        result.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(result) + bytes([number])
