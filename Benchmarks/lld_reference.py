"""The way of the service that this project replaces, as a reference: every GET asks the database for the
tenant's documents, reads and hashes each one's file, and writes the envelope anew.

Arguments: port, folder of the .py files. Documents stand in SQLite, which answers faster than a database
server over a socket would: the reference is not made slower than it was.
"""

import hashlib
import json
import sqlite3
import sys
import time
from pathlib import Path

from aiohttp import web

PORT, FOLDER = int(sys.argv[1]), Path(sys.argv[2])


def documents():
    """A database with one document a file, indexed by tenant as the old one was."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE tasks (tenantcode TEXT, name TEXT, status TEXT, document TEXT)")
    database.execute("CREATE INDEX tenant ON tasks (tenantcode, status)")
    for number, path in enumerate(sorted(FOLDER.glob("**/*.py"))):
        document = {
            "name": path.stem, "id": 1001 + number, "displayname": path.stem, "description": "x" * 200,
            "type": "customutils", "fields": "y" * 400, "createddate": 0, "updateddate": number, "status": "active",
            "tasks_tag": f"custom_utils_{path.stem}", "method": "POST", "tenantcode": "bench",
            "filename": str(path), "packages": [], "input_params": "z" * 150, "outputfields": "o" * 150,
        }  # fmt: skip
        row = ("bench", path.stem, "active", json.dumps(document))
        database.execute("INSERT INTO tasks VALUES (?, ?, ?, ?)", row)
    return database


DATABASE = documents()


async def entries(request):
    """The list, hashed file by file."""
    rows = DATABASE.execute(
        "SELECT document FROM tasks WHERE tenantcode = ? AND status IN ('active', 'draft') LIMIT 100",
        (request.match_info["tenant"],),
    )
    data = []
    for (text,) in rows:
        document = json.loads(text)
        with open(document["filename"], "rb") as file:
            document["filehash"] = hashlib.sha256(file.read()).hexdigest()
        data.append(document)
    data.sort(key=lambda document: -document["updateddate"])
    return web.json_response(
        {"success": True, "data": data, "error": "", "time": int(time.time() * 1000), "count": len(data)}
    )


application = web.Application()
application.router.add_get("/utils/v1/custom-utils/{tenant}/{user}/{name}", entries)
web.run_app(application, host="127.0.0.1", port=PORT, print=None, access_log=None)
