"""Git servers on loopback: `git http-backend` behind TLS and a password, and sshd."""

import base64
import http.server
import os
import shutil
import socket
import ssl
import subprocess
import threading
from pathlib import Path

from support import git_environment, wait_for


def run(*command, **options):
    result = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert result.returncode == 0, (command, result.stderr)
    return result.stdout


class Authority:
    """A certificate authority and a certificate of `localhost`."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True)
        self.certificate, self.key, self.ca = (self.folder / name for name in ("cert.pem", "key.pem", "ca.pem"))
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.folder / "ca.key",
            "-out", self.ca, "-days", "2", "-subj", "/CN=Test authority")  # fmt: skip
        run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", self.key,
            "-out", self.folder / "request.pem", "-subj", "/CN=localhost")  # fmt: skip
        names = self.folder / "names"
        names.write_text("subjectAltName=DNS:localhost\n")
        run("openssl", "x509", "-req", "-in", self.folder / "request.pem", "-CA", self.ca,
            "-CAkey", self.folder / "ca.key", "-CAcreateserial", "-days", "2", "-extfile", names,
            "-out", self.certificate)  # fmt: skip


class HTTPSGit:
    """`git http-backend` over a folder of bare repositories."""

    def __init__(self, root, authority, password="s3cret-word"):
        self.password = password
        # None, `cut` (after so many bytes of a pack) or `hang`: what the next requests meet.
        self.fault = None
        self.requests = 0
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                server.answer(self, root)

            do_POST = do_GET

        self._httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._httpd.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.certificate, authority.key)
        # The handshake belongs to the connection's own thread.
        self._httpd.socket = context.wrap_socket(
            self._httpd.socket, server_side=True, do_handshake_on_connect=False
        )
        self.port = self._httpd.server_address[1]
        self._released = threading.Event()
        threading.Thread(target=self._httpd.serve_forever, daemon=True).start()

    def url(self, repository, user=None):
        return f"https://{user + '@' if user else ''}localhost:{self.port}/{repository}"

    def close(self):
        self._released.set()
        self._httpd.shutdown()
        self._httpd.server_close()

    def release(self):
        """Lets hanging requests go."""
        self._released.set()
        self._released = threading.Event()

    def _body(self, request):
        if request.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while size := int(request.rfile.readline().split(b";")[0], 16):
                parts.append(request.rfile.read(size))
                request.rfile.readline()
            request.rfile.readline()
            return b"".join(parts)
        return request.rfile.read(int(request.headers.get("Content-Length") or 0))

    def answer(self, request, root):
        self.requests += 1
        body = self._body(request)
        if self.fault == "hang":
            self._released.wait(120)
            request.close_connection = True
            return
        expected = "Basic " + base64.b64encode(f"mirror:{self.password}".encode()).decode()
        if request.headers.get("Authorization") != expected:
            request.send_response(401)
            request.send_header("WWW-Authenticate", 'Basic realm="git"')
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        path, _, query = request.path.partition("?")
        answer = subprocess.run(
            ["git", "http-backend"], input=body, capture_output=True, check=False,
            env=git_environment({
                "GIT_PROJECT_ROOT": str(root), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path,
                "QUERY_STRING": query, "REQUEST_METHOD": request.command, "REMOTE_USER": "mirror",
                "CONTENT_TYPE": request.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
            }),
        ).stdout  # fmt: skip
        head, _, content = answer.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        request.send_response(int(headers.pop("Status", "200 OK").split()[0]))
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        if self.fault == "cut" and request.command == "POST":
            request.wfile.write(content[: len(content) // 2])
            request.wfile.flush()
            request.connection.close()
            request.close_connection = True
            return
        request.wfile.write(content)


class SSHGit:
    """sshd for one key of the user who runs the tests."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True)
        self.log = self.folder / "sshd.log"
        for name in ("host", "other_host", "user", "stranger"):
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / name)
        keys = self.folder / "authorized_keys"
        keys.write_text((self.folder / "user.pub").read_text())
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        config = self.folder / "sshd_config"
        config.write_text(
            f"ListenAddress 127.0.0.1\nPort {self.port}\nHostKey {self.folder}/host\n"
            f"AuthorizedKeysFile {keys}\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
            f"PermitRootLogin prohibit-password\nPidFile none\nLogLevel ERROR\n"
        )
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [shutil.which("sshd") or "/usr/sbin/sshd", "-D", "-e", "-f", config],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        wait_for(self._answers, "sshd listens", self._alive)

    def _alive(self, what):
        assert self._process.poll() is None, f"sshd ended before {what}: {self.log.read_text()}"

    def _answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def known_hosts(self, name="host"):
        """A known_hosts file that trusts that key."""
        kind, key = (self.folder / f"{name}.pub").read_text().split()[:2]
        file = self.folder / f"known-{name}"
        file.write_text(f"[127.0.0.1]:{self.port} {kind} {key}\n")
        return file

    def key(self, name="user"):
        return self.folder / name

    def url(self, path):
        return f"ssh://{run('id', '-un').strip()}@127.0.0.1:{self.port}{path}"

    def close(self):
        self._process.terminate()
        self._process.wait()
