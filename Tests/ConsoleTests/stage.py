"""A front of the agent: passes everything on, but for the answers that a test puts in its place."""

import http.client
import http.server
import json
import queue
import re
import subprocess
import threading
from urllib.parse import parse_qs, urlsplit

from support import git_environment


def envelope(data, count=1, **changes):
    """An answer as the agent gives it."""
    value = {
        "success": True, "data": data, "error": "", "time": 0, "displaymessage": "", "status": "success",
        "errorpath": "", "sessionexpired": False, "field": [], "count": count, **changes,
    }  # fmt: skip
    return json.dumps(value).encode()


def refused(message, code, **changes):
    return envelope(None, 0, success=False, status="error", error=code, displaymessage=message, **changes)


class EventScript:
    """An event stream that a test writes."""

    def __init__(self):
        self.opened = queue.Queue()
        self.lines = queue.Queue()

    def send(self, text):
        self.lines.put(text)

    def end(self):
        self.lines.put(None)


class Stage:
    def __init__(self, agent_port):
        self.agent_port = agent_port
        self.repositories = None
        self.lacking = []
        # Path pattern -> (status, bytes, headers), or an EventScript, or a function of the handler.
        self.answers = {}
        self.seen = []
        stage = self

        class Handler(_Handler):
            pass

        Handler.stage = stage
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, pattern, body, status=200, **headers):
        self.answers[pattern] = (status, body, headers)

    def events(self, pattern=r"/utils/v1/events/.*"):
        self.answers[pattern] = script = EventScript()
        return script

    def clear(self):
        for answer in self.answers.values():
            if isinstance(answer, EventScript):
                answer.end()
        self.answers = {}
        self.seen = []


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stage = None

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.stage.seen.append((self.path, dict(self.headers)))
        for pattern, answer in list(self.stage.answers.items()):
            if re.fullmatch(pattern, self.path):
                if isinstance(answer, EventScript):
                    return self._stream(answer)
                if callable(answer):
                    answer = answer(self)
                return self._reply(*answer)
        self._pass_on()

    def _reply(self, status, body, headers):
        if status == 0:
            # No answer at all: the connection ends.
            self.close_connection = True
            return self.connection.close()
        self.send_response(status)
        fields = {"Content-Type": "application/json", "X-Request-ID": "stage-1", **headers}
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, script):
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        script.opened.put(dict(self.headers))
        while (text := script.lines.get()) is not None:
            self.wfile.write(text.encode())
            self.wfile.flush()

    def _pass_on(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.stage.agent_port, timeout=60)
        try:
            headers = {k: v for k, v in self.headers.items() if k not in ("Host", "Connection")}
            connection.request("GET", self.path, headers=headers)
            answer = connection.getresponse()
            if "event-stream" in (answer.headers["Content-Type"] or ""):
                return self._pass_stream(answer)
            body = answer.read()
            if answer.status == 404 and b"no such route" in body:
                if (stand_in := self._from_git()) is not None:
                    return self._reply(*stand_in)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            if answer.status != 304:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        finally:
            connection.close()

    def _pass_stream(self, answer):
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        while chunk := answer.read1(65536):
            self.wfile.write(chunk)
            self.wfile.flush()

    def _from_git(self):
        """History and source out of git itself, for an agent that lacks these routes."""
        url = urlsplit(self.path)
        match = re.fullmatch(r"/utils/v1/(history|source)/([^/]+)/(\d+)", url.path)
        if not match:
            return None
        kind, tenant, number = match.groups()
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        status = f"?status={query['status']}" if "status" in query else ""
        connection = http.client.HTTPConnection("127.0.0.1", self.stage.agent_port, timeout=60)
        connection.request("GET", f"/utils/v1/custom-utils/{tenant}/{number}{status}")
        entry = json.loads(connection.getresponse().read())["data"]
        path, branch = entry["sync"]["path"], entry["sync"]["branch"]

        def git(*arguments):
            return subprocess.run(
                ["git", *arguments], cwd=self.stage.repositories / f"{tenant}.git", check=True,
                capture_output=True, env=git_environment(),
            ).stdout  # fmt: skip

        if kind == "source":
            revision = query.get("revision", branch)
            return 200, git("show", f"{revision}:{path}"), {"Content-Type": "text/x-python"}
        records = []
        for text in git("log", "--format=%H%x00%an%x00%at%x00%B%x01", branch, "--", path).decode().split("\x01"):
            if text.strip():
                commit, author, moment, message = text.strip("\n").split("\0")
                records.append({
                    "commit": commit, "author": author, "approver": "", "date": int(moment) * 1000,
                    "message": message, "filehash": "0", "path": path,
                })  # fmt: skip
        return 200, envelope(records, len(records)), {}
