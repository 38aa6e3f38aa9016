"""Base64 taken apart: any variant, nested, compressed, PowerShell's UTF-16."""

import base64
import binascii
import hashlib
import re
import zlib

from lib import inputs

LIMIT = 4 * 1024 * 1024
MAGIC = (
    (b"MZ", "Windows executable"),
    (b"\x7fELF", "ELF executable"),
    (b"%PDF", "PDF"),
    (b"PK\x03\x04", "ZIP archive or Office document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "OLE document"),
    (b"\x1f\x8b", "gzip"),
    (b"Rar!\x1a\x07", "RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip archive"),
    (b"\x89PNG", "PNG image"),
    (b"\xff\xd8\xff", "JPEG image"),
    (b"GIF8", "GIF image"),
)
_DATA_URI = re.compile(r"^data:[\w.+-]{0,64}/?[\w.+-]{0,64}(?:;[\w.+=-]{1,64})*;base64,", re.IGNORECASE)
_RUN = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{16,}={0,2}")


def decode_base64(data, filter):
    """Decode `data`, and what comes out of it as long as that is base64 or compressed again.

    `filter` is how many layers to take off at most, 1 to 20, 5 by default. When `data` is a command
    line or other text with base64 inside, the longest piece is decoded.
    """
    option = inputs.option(filter)
    if option and not (option.isascii() and option.isdigit() and 1 <= int(option[:9]) <= 20):
        raise ValueError(f"filter: the number of layers is 1 to 20, not {inputs.quoted(option)}")
    depth = int(option) if option else 5
    source = inputs.text(data).strip()
    layers = []
    run = max(_RUN.findall(source), key=len, default="")
    # Words with spaces between them are a command line or prose, not base64 cut into lines.
    for candidate in (run, source) if re.search(r"\S[ \t]+\S", source) else (source, run):
        content, variant = _decoded(candidate)
        if content is not None:
            break
    if content is None:
        raise ValueError("data holds no base64")
    layers.append(variant)
    while len(layers) < depth:
        inner, name = _next(content)
        if inner is None:
            break
        content = inner
        layers.append(name)
    text, encoding = _text(content)
    return {
        "text": text,
        "encoding": encoding,
        "printable": text is not None,
        "layers": layers,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "file_type": next((name for magic, name in MAGIC if content.startswith(magic)), None),
        "hex_preview": content[:32].hex(" "),
    }


def _decoded(source):
    """The bytes and the variant's name, or None: spaces, missing padding and data: URIs are fine."""
    body, count = _DATA_URI.subn("", source)
    compact = re.sub(r"\s+", "", body).rstrip("=")
    if len(compact) < 4 or len(compact) % 4 == 1 or not re.fullmatch(r"[A-Za-z0-9+/_-]+", compact):
        return None, None
    url_safe = "-" in compact or "_" in compact
    if url_safe and ("+" in compact or "/" in compact):
        return None, None
    compact = compact.replace("-", "+").replace("_", "/")
    try:
        content = base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except binascii.Error:
        return None, None
    return content, "data uri" if count else "base64url" if url_safe else "base64"


def _next(content):
    """One more layer, or None. Plain words are not taken for base64: it must decode to something."""
    for name, bits in (("gzip", 31), ("zlib", 15)):
        if content[:2] == b"\x1f\x8b" if name == "gzip" else content[:1] == b"\x78":
            inflater = zlib.decompressobj(bits)
            try:
                inner = inflater.decompress(content, LIMIT)
            except zlib.error:
                continue
            if inner and inflater.unconsumed_tail:
                raise ValueError(f"a layer is larger than {LIMIT} bytes unpacked")
            if inner:
                return inner, name
    text, _ = _text(content)
    if text is None:
        return None, None
    compact = re.sub(r"\s+", "", text)
    if len(compact) < 16 or (len(compact) % 4 and not compact.endswith("=")) or " " in text.strip():
        return None, None
    inner, name = _decoded(text)
    if inner is None or (_text(inner)[0] is None and not inner.startswith(tuple(m for m, _ in MAGIC))):
        return None, None
    return inner, name


def _text(content):
    """The bytes as text and its encoding, or None where they are not printable."""
    guesses = ["utf-8", "utf-16-le"]
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        guesses = ["utf-16"]
    elif len(content) % 2 == 0 and content[1::2].count(0) * 2 > len(content) // 2:
        guesses = ["utf-16-le"]
    for encoding in guesses:
        if encoding == "utf-16-le" and not content[1::2].count(0) * 2 > len(content) // 2:
            continue
        try:
            text = content.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
        if all(c.isprintable() or c in "\t\r\n" for c in text):
            return text, encoding
    return None, None
