"""Tokens, TLS and limits: the real agent, tokens made here, real sockets."""

import base64
import hashlib
import hmac
import http.server
import json
import socket
import ssl
import subprocess
import threading
import time

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

from support import envelope, request, wait_for

SECRET = b"0123456789abcdef0123456789abcdef"
LIST = "/utils/v1/custom-utils/demo/-/-"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value):
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class Key:
    """A key pair of one algorithm, and its public part as a JWK."""

    def __init__(self, algorithm, kid):
        self.algorithm, self.kid = algorithm, kid
        if algorithm == "RS256":
            self.private = rsa.generate_private_key(65537, 2048)
            numbers = self.private.public_key().public_numbers()
            self.jwk = {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
        elif algorithm == "ES256":
            self.private = ec.generate_private_key(ec.SECP256R1())
            numbers = self.private.public_key().public_numbers()
            self.jwk = {
                "kty": "EC", "crv": "P-256",
                "x": b64(numbers.x.to_bytes(32, "big")), "y": b64(numbers.y.to_bytes(32, "big")),
            }  # fmt: skip
        else:
            self.private = ed25519.Ed25519PrivateKey.generate()
            from cryptography.hazmat.primitives import serialization as form

            raw = self.private.public_key().public_bytes(form.Encoding.Raw, form.PublicFormat.Raw)
            self.jwk = {"kty": "OKP", "crv": "Ed25519", "x": b64(raw)}
        self.jwk |= {"kid": kid, "use": "sig", "alg": algorithm}

    def sign(self, text):
        if self.algorithm == "RS256":
            return self.private.sign(text, padding.PKCS1v15(), hashes.SHA256())
        if self.algorithm == "ES256":
            r, s = utils.decode_dss_signature(self.private.sign(text, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return self.private.sign(text)


def token(claims, key=None, header=None):
    """A token of a key, or of the secret."""
    header = header or ({"alg": key.algorithm, "kid": key.kid} if key else {"alg": "HS256", "typ": "JWT"})
    claims = {"exp": time.time() + 600, **claims}
    text = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}".encode()
    signature = key.sign(text) if key else hmac.new(SECRET, text, hashlib.sha256).digest()
    return f"{text.decode()}.{b64(signature)}"


def bearer(text):
    return {"Authorization": f"Bearer {text}"}


OPERATOR = bearer(token({"tenantcode": "*"}))


class KeyServer:
    """An identity provider's key set over HTTP."""

    def __init__(self):
        self.keys, self.asked, self.broken = [], 0, False
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked += 1
                body = b"<html>" if outer.broken else json.dumps({"keys": outer.keys}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/keys"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def keys():
    server = KeyServer()
    yield server
    server.server.shutdown()
    server.server.server_close()


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret"
    path.write_bytes(SECRET + b"\n")
    path.chmod(0o400)
    return path


@pytest.fixture
def guarded(agent, demo, secret):
    """An agent with a secret, two tenants, both applied."""
    other = agent.tenant("other")
    other.write("treasure", "'hidden'")
    other.commit("Theirs")
    other.push()
    demo.push()
    agent.start(auth__secret_file=secret)
    for name in ("demo", "other"):
        agent.wait(
            lambda n=name: envelope(agent.http(f"/utils/v1/custom-utils/{n}/-/-", headers=OPERATOR))["count"],
            f"{name} is there",
        )
    return agent


def test_a_token_sees_its_tenant_alone(guarded):
    mine = bearer(token({"tenantcode": "demo", "sub": "ann"}))
    assert guarded.http(LIST).status == 401
    assert envelope(guarded.http(LIST, headers=mine))["count"] == 3
    for route in (
        "custom-utils/{}/-/-", "custom-utils/{}/1001", "history/{}/1001", "source/{}/1001", "sync/{}",
        "sync/{}/commits/abcdef", "audit/{}", "executions/{}", "events/{}",
    ):  # fmt: skip
        hidden, unknown = (
            guarded.http(f"/utils/v1/{route.format(name)}", headers=mine) for name in ("other", "nobody")
        )
        assert hidden.status == unknown.status == 404, route
        strip = lambda a: {**envelope(a), "time": 0}  # noqa: E731
        assert strip(hidden) == strip(unknown)
        ignored = ("date", "x-request-id")
        assert [h for h in hidden.headers.items() if h[0].lower() not in ignored] == [
            h for h in unknown.headers.items() if h[0].lower() not in ignored
        ]
    tenants = envelope(guarded.http("/utils/v1/sync", headers=mine))["data"]["tenants"]
    assert [t["tenantcode"] for t in tenants] == ["demo"]
    assert guarded.http("/metrics", headers=mine).status == 403
    assert guarded.http("/utils/v1/audit/demo", headers=mine).status == 403
    assert guarded.http("/metrics", headers=OPERATOR).status == 200
    assert guarded.http("/metrics").status == guarded.http("/openapi.json").status == 401
    assert guarded.http("/nowhere").status == 401
    assert guarded.http("/health").status == 200


def test_bad_tokens_are_401_and_an_expired_one_says_so(guarded):
    good = token({"tenantcode": "demo"})
    head, body, signature = good.split(".")
    unsigned = b64(b'{"alg":"none"}')
    for bad in (
        f"{unsigned}.{body}.", f"{unsigned}.{body}.{signature}", f"{head}.{body}.", f"{head}.{body}.{signature[:-2]}AA",
        "x" * 9000, token({"tenantcode": 5}), token({}), token({"tenantcode": "demo", "exp": None}),
        token({"tenantcode": "demo", "nbf": time.time() + 600}),
        token({"tenantcode": "demo"}, header={"alg": "HS256", "crit": ["x"], "x": 1}),
    ):  # fmt: skip
        answer = guarded.http(LIST, headers=bearer(bad))
        assert answer.status == 401, bad[:80]
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert envelope(answer)["sessionexpired"] is False
    expired = guarded.http(LIST, headers=bearer(token({"tenantcode": "demo", "exp": time.time() - 1})))
    assert expired.status == 401 and envelope(expired)["sessionexpired"] is True


def test_keys_of_an_address_rotate(agent, demo, keys):
    demo.push()
    first = [Key(algorithm, f"1-{algorithm}") for algorithm in ("RS256", "ES256", "EdDSA")]
    keys.keys = [key.jwk for key in first]
    settings = {
        "auth__jwks": keys.address, "auth__audience": "sync,ui", "auth__issuer": "https://idp.example",
        "auth__jwks_interval": "1h",
    }  # fmt: skip
    agent.start(**settings)
    claims = {"tenantcode": ["demo"], "aud": ["ui"], "iss": "https://idp.example"}

    def ask(key, **changes):
        return agent.http("/utils/v1/sync", headers=bearer(token({**claims, **changes}, key))).status

    for key in first:
        assert ask(key) == 200, key.algorithm
        assert ask(key, aud="x") == ask(key, iss="x") == ask(key, aud=None) == 401
    # The public key as a secret, and a key of one's own at an address of one's own.
    public = first[0].jwk["n"].encode()
    text = f"{b64(json.dumps({'alg': 'HS256', 'kid': '1-RS256'}).encode())}.{b64(json.dumps({**claims, 'exp': 4e9}).encode())}"
    forged = f"{text}.{b64(hmac.new(public, text.encode(), hashlib.sha256).digest())}"
    assert agent.http("/utils/v1/sync", headers=bearer(forged)).status == 401
    thief = Key("EdDSA", "1-EdDSA")
    lure = KeyServer()
    lure.keys = [thief.jwk]
    header = {"alg": "EdDSA", "kid": "1-EdDSA", "jku": lure.address, "jwk": thief.jwk}
    assert agent.http("/utils/v1/sync", headers=bearer(token(claims, thief, header))).status == 401
    assert lure.asked == 0
    lure.server.shutdown()
    lure.server.server_close()

    time.sleep(5.1)  # The least time between two looks for an unknown key.
    asked = keys.asked
    renewed = Key("ES256", "2")
    keys.keys = [renewed.jwk]
    assert ask(renewed) == 200, "an unknown key makes for a look at once"
    assert ask(first[0]) == 401, "a key that is gone verifies nothing, not even what it verified before"
    for number in range(20):
        assert ask(Key("EdDSA", f"unknown {number}")) == 401
    assert keys.asked - asked <= 2, "guesses do not become a flood of questions"


def test_an_address_that_fails_leaves_the_last_good_keys(agent, demo, keys):
    demo.push()
    key = Key("EdDSA", "k")
    keys.broken = True
    agent.start(auth__jwks=keys.address, auth__jwks_interval="1")
    mine = bearer(token({"tenantcode": "demo"}, key))
    answer = agent.http("/utils/v1/sync", headers=mine)
    assert answer.status == 503 and answer.headers["Retry-After"]
    keys.keys, keys.broken = [key.jwk], False
    agent.wait(lambda: agent.http("/utils/v1/sync", headers=mine).status == 200, "the keys are there")
    keys.broken = True
    agent.wait(
        lambda: json.loads(agent.http("/health").body)["checks"]["authentication"]["status"] == "degraded",
        "health tells of it",
    )
    assert agent.http("/utils/v1/sync", headers=mine).status == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "localhost.example.com"])
def test_others_are_let_in_with_tokens_only(agent, host):
    for command in ("run", "config check"):
        result = agent.cli(command, server__host=host)
        assert result.returncode == 1
        assert "server.host" in result.stderr and "auth.jwks" in result.stderr


def test_it_starts_beyond_loopback_with_tokens(agent, demo, secret):
    demo.push()
    agent.start(server__host="0.0.0.0", auth__secret_file=secret)
    assert agent.http(LIST).status == 401
    assert agent.http(LIST, headers=OPERATOR).status == 200


def test_every_unusable_file_is_told_at_once(agent, tmp_path, secret):
    (tmp_path / "short").write_text("short")
    (tmp_path / "open").write_bytes(SECRET)
    (tmp_path / "open").chmod(0o666)
    (tmp_path / "keys").write_text('{"keys": []}')
    for settings, words in (
        ({"auth__secret_file": tmp_path / "short"}, ("5 bytes", "32")),
        ({"auth__secret_file": tmp_path / "open"}, ("written by others",)),
        ({"auth__secret_file": tmp_path / "none"}, ("cannot be read",)),
        ({"auth__jwks": tmp_path / "keys"}, ("no key",)),
        ({"auth__secret_file": secret, "auth__algorithms": "HS256,none"}, ("auth.algorithms", "HS256, HS384")),
        ({"auth__secret_file": secret, "auth__algorithms": "RS256"}, ("auth.algorithms",)),
        ({"server__tls__certificate": tmp_path / "c"}, ("server.tls.key",)),
        (
            {"auth__secret_file": tmp_path / "none", "server__tls__certificate": "c", "server__tls__key": "k"},
            ("2 errors", "auth:", "server.tls:"),
        ),
    ):
        result = agent.cli("config check", **settings)
        assert result.returncode == 1, settings
        for word in words:
            assert word in result.stderr, (settings, result.stderr)
    assert agent.cli("config check", auth__secret_file=secret).returncode == 0


# MARK: TLS


def certificate(folder, name):
    """A certificate for localhost, signed by itself."""
    paths = folder / f"{name}.crt", folder / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
         "-out", paths[0], "-keyout", paths[1]], check=True, capture_output=True,
    )  # fmt: skip
    return paths


def test_tls_follows_its_files(agent, demo, tmp_path):
    demo.push()
    (crt, key), (new_crt, new_key) = certificate(tmp_path, "one"), certificate(tmp_path, "two")
    mixed = agent.cli("config check", server__tls__certificate=crt, server__tls__key=new_key)
    assert mixed.returncode == 1 and "not the key" in mixed.stderr
    live_crt, live_key = tmp_path / "live.crt", tmp_path / "live.key"
    live_crt.write_bytes(crt.read_bytes())
    live_key.write_bytes(key.read_bytes())
    agent.start(ready=False, server__tls__certificate=live_crt, server__tls__key=live_key)

    def context(**changes):
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
        for name, value in changes.items():
            setattr(made, name, value)
        return made

    def ask(path="/health", made=None):
        with socket.create_connection(("127.0.0.1", agent.port), 5) as plain:
            with (made or context()).wrap_socket(plain) as wrapped:
                wrapped.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
                answer = b""
                while part := wrapped.recv(65536):
                    answer += part
                return wrapped.getpeercert(binary_form=True), answer

    def shown():
        try:
            return ask()[0]
        except OSError:
            return None

    def der(path):
        return ssl.PEM_cert_to_DER_cert(path.read_text())

    agent.wait(lambda: shown() == der(crt), "TLS is served")
    assert ask(LIST)[1].startswith(b"HTTP/1.1 200")
    with pytest.raises(ssl.SSLError):
        old = context()
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        ask(made=old)

    with socket.create_connection(("127.0.0.1", agent.port), 5) as plain:
        with context().wrap_socket(plain) as before:
            live_key.write_bytes(new_key.read_bytes())
            live_crt.write_bytes(new_crt.read_bytes())
            agent.wait(lambda: shown() == der(new_crt), "new connections get the new certificate")
            before.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert before.recv(65536).startswith(b"HTTP/1.1 200"), "an open connection goes on"

    live_crt.write_text("broken")
    agent.wait(
        lambda: b'"degraded"' in ask()[1] and b"the new certificate" in ask()[1], "health tells of a broken file"
    )
    assert shown() == der(new_crt)
    assert "not usable" in agent.tail()


# MARK: Limits


def raw(port, data, timeout=20):
    """What comes back for some bytes, until the server closes; and the seconds that took."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout) as connection:
        answer = b""
        try:
            connection.sendall(data)
            while part := connection.recv(65536):
                answer += part
        except (ConnectionResetError, BrokenPipeError):
            pass
        return answer, time.monotonic() - began


def test_sizes_are_bounded(agent):
    agent.start(server__max_body=10000)
    head = b"Host: localhost\r\n"
    fields = b"".join(b"X-%d: y\r\n" % n for n in range(150))
    for data, status in (
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + head + b"\r\n", b"414"),
        (b"GET /" + b"a" * 300000 + b" HTTP/1.1\r\n" + head + b"\r\n", b"414"),
        (b"GET / HTTP/1.1\r\n" + head + b"X-A: " + b"a" * 17000 + b"\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\n" + head + b"X-A: " + b"a" * 300000 + b"\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\n" + head + fields + b"\r\n", b"431"),
        (b"POST / HTTP/1.1\r\n" + head + b"Content-Length: 10001\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\n" + head + b"Transfer-Encoding: chunked\r\n\r\n" + (b"800\r\n" + b"x" * 2048 + b"\r\n") * 6, b"413"),
    ):  # fmt: skip
        answer, took = raw(agent.port, data)
        assert answer.startswith(b"HTTP/1.1 " + status), (data[:40], answer[:200])
        assert b"Connection: close" in answer or b"connection: close" in answer
        assert set(json.loads(answer.split(b"\r\n\r\n", 1)[1])) >= {"success", "error", "displaymessage"}
        assert took < 10
    body = agent.http("/utils/v1/sync", "POST", body=b"x" * 9999)
    assert body.status == 405 and body.headers["Allow"]


def test_slow_clients_are_cut(agent):
    agent.start(server__read_timeout="1", server__idle_timeout="2", server__write_timeout="2")
    silent, took = raw(agent.port, b"")
    assert silent == b"" and took < 10
    slow, took = raw(agent.port, b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
    assert slow.startswith(b"HTTP/1.1 408") and took < 10
    body, took = raw(agent.port, b"POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nab")
    assert body.startswith(b"HTTP/1.1 408") and took < 10
    idle, took = raw(agent.port, b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert idle.startswith(b"HTTP/1.1 200") and took < 10
    # One byte at a time is no progress: the request as a whole has its time.
    with socket.create_connection(("127.0.0.1", agent.port), 20) as drip:
        began = time.monotonic()
        with pytest.raises(OSError):
            for _ in range(200):
                drip.sendall(b"G")
                time.sleep(0.1)
        assert time.monotonic() - began < 10


def test_a_client_that_does_not_read_is_cut(agent):
    agent.start(server__write_timeout="1")
    with socket.socket() as greedy:
        greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        greedy.connect(("127.0.0.1", agent.port))
        greedy.settimeout(0.2)
        ask = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20

        def is_cut():
            try:
                greedy.sendall(ask)
                return False
            except (TimeoutError, socket.timeout):
                return False
            except OSError:
                return True

        wait_for(is_cut, "the connection is closed")
    assert agent.http("/health/live").status == 200


def test_a_client_that_asks_too_often_waits(agent):
    agent.start(server__rate_limit=1, server__rate_burst=5)
    answers = [agent.http("/utils/v1/sync") for _ in range(8)]
    assert {a.status for a in answers[:5]} == {200}
    assert 429 in {a.status for a in answers}
    refused = next(a for a in answers if a.status == 429)
    assert int(refused.headers["Retry-After"]) >= 1 and envelope(refused)["success"] is False
    assert agent.http("/health").status == 200


def test_a_crowd_leaves_a_healthy_client_alone(agent, demo):
    """2,000 open connections and 500 event streams, and further ones wait for their turn."""
    demo.push()
    agent.start(server__idle_timeout="300", server__read_timeout="300", server__max_connections=3000)
    agent.wait(lambda: agent.list()["count"] == 3, "the list is there")
    crowd = []
    try:
        for index in range(2000):
            connection = socket.create_connection(("127.0.0.1", agent.port), 10)
            crowd.append(connection)
            if index < 500:
                connection.sendall(b"GET /utils/v1/events/demo HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for connection in crowd[:500]:
            connection.settimeout(20)
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        for _ in range(50):
            assert agent.http(LIST).status == 200
        demo.write("delta", "4")
        demo.commit("One more")
        demo.push()
        for connection in crowd[:500:50]:
            seen = b""
            while b"delta" not in seen:
                part = connection.recv(65536)
                assert part, "the stream ended"
                seen += part
    finally:
        for connection in crowd:
            connection.close()


def test_event_streams_are_bounded(agent, demo):
    demo.push()
    agent.start(server__max_event_streams=1)
    agent.wait(lambda: agent.list()["count"] == 3, "the list is there")
    with socket.create_connection(("127.0.0.1", agent.port), 10) as stream:
        stream.sendall(b"GET /utils/v1/events/demo HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert stream.recv(4096).startswith(b"HTTP/1.1 200")
        refused = agent.http("/utils/v1/events/demo")
        assert refused.status == 503 and refused.headers["Retry-After"]


def test_connections_are_bounded_and_freed(agent):
    agent.start(server__max_connections=16, server__idle_timeout="2", server__read_timeout="2")
    crowd = [socket.create_connection(("127.0.0.1", agent.port), 10) for _ in range(40)]
    # All of the crowd says nothing and loses its places one after the other.
    agent.wait(agent.is_ready, "there is a place again")
    for connection in crowd:
        connection.close()


def test_sigterm_drains(agent, demo):
    demo.push()
    agent.start(server__drain_timeout="2")
    agent.wait(lambda: agent.list()["count"] == 3, "the list is there")
    idle = socket.create_connection(("127.0.0.1", agent.port), 10)
    idle.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert idle.recv(65536).startswith(b"HTTP/1.1 200")
    stream = socket.create_connection(("127.0.0.1", agent.port), 10)
    stream.sendall(b"GET /utils/v1/events/demo HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert stream.recv(65536).startswith(b"HTTP/1.1 200")
    sending = socket.create_connection(("127.0.0.1", agent.port), 10)
    sending.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n")
    began = time.monotonic()
    assert agent.stop() == 0
    assert time.monotonic() - began < 20
    # What is left of the answer, then the end: an idle connection is closed.
    while idle.recv(65536):
        pass
    for connection in (idle, stream, sending):
        connection.close()
    with pytest.raises(OSError):
        request(agent.port, "GET", "/health", timeout=5)
