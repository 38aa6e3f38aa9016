#!/usr/bin/python3 -I
"""A checker that finds nothing, answers late, and dies or hangs on a word in a file."""

import os, struct, time
data, out, ended = b"", b"", False
while True:
    block = os.read(0, 1 << 20)
    if not block: break
    data += block
    while len(data) >= 4:
        size, = struct.unpack(">I", data[:4])
        if len(data) < 4 + size: break
        frame, data = data[4:4 + size], data[4 + size:]
        if b"DIE" in frame: os._exit(1)
        while b"HANG" in frame: time.sleep(1)
        if b"LAST" in frame: ended = True
        body = b"[nonsense" if b"NONSENSE" in frame else b""
        out += struct.pack(">I", 4 + len(body)) + frame[:4] + body
    os.write(1, out)
    out = b""
    if ended: os._exit(0)
