"""The HTTP interface: contract, section 7."""

import json
import socket
import time

import pytest
from agent import PATIENCE, eventually, in_background, sha256

MIB = 2**20


def test_a_result_in_the_envelope(agent):
    agent.serve({"add": "return {'sum': sum(data), 'filter': filter}"})
    for path in ("/add", "/add/"):
        with agent.client() as client:
            answer = client.request("POST", path, b'{"data": [1, 2], "filter": "x"}')
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "application/json"
        time_field = answer.json.pop("time")
        assert answer.json.keys() == {"success", "data", "time"} and time_field > 0
        assert answer.json["success"] is True
        assert answer.json["data"] == {"sum": 3, "filter": "x"}


def test_absent_members_are_none_and_text_survives(agent):
    agent.serve({"echo": "return [data, filter]"})
    with agent.client() as client:
        assert client.request("POST", "/echo", b"{}").json["data"] == [None, None]
    text = "Zürich \U0001f600 \ud800"
    assert agent.call("echo", text).json["data"][0] == text


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b'"x"', b"null", b'{"data": NaN}', b'{"data": "\xff"}', b"[" * 200_000,
    b'{"data": ' + b"9" * 5000 + b"}",
], ids=["empty", "cut", "array", "text", "null", "NaN", "latin", "nested", "digits"])
def test_malformed_bodies(agent, body):
    agent.serve({"echo": "return data"})
    with agent.client() as client:
        answer = client.request("POST", "/echo", body)
        assert answer.status == 400
        assert answer.json["success"] is False
        assert answer.json["error"] == "VALIDATION_ERROR" and answer.json["displaymessage"]
        assert client.call("echo", 1).json["data"] == 1  # the connection and the worker live on


def test_unknown_utilities_and_methods(agent):
    agent.serve({"echo": "return data"})
    with agent.client() as client:
        for path in ("/nothing", "/", "/echo/more", "/utils/echo", "//echo", "/../echo"):
            answer = client.request("POST", path, b"{}")
            assert (answer.status, answer.json["success"]) == (404, False), path
        for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS"):
            answer = client.request(method, "/echo")
            assert (answer.status, answer.headers["Allow"]) == (405, "POST")
            assert answer.json["success"] is False
        answer = client.request("POST", "/healthz", b"{}")
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_bodies_at_and_over_the_limit(agent):
    agent.serve({"size": "return len(data)"})
    frame = len(b'{"data":""}')
    fits = b'{"data":"' + b"x" * (10 * MIB - frame) + b'"}'
    with agent.client() as client:
        assert client.request("POST", "/size", fits).json["data"] == 10 * MIB - frame
        assert client.request("POST", "/size", fits, Expect="100-continue").status == 200
    with agent.client() as client:
        answer = client.request("POST", "/size", fits + b" ")
        assert (answer.status, answer.json["success"]) == (413, False)


def test_an_endless_chunked_body_is_cut(agent):
    agent.serve({"echo": "return data"}, "--max-body", "1")
    with socket.create_connection(("127.0.0.1", agent.port), timeout=PATIENCE) as client:
        client.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(20):
            client.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        client.sendall(b"0\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 413 ")


def test_compressed_bodies_are_refused(agent):
    agent.serve({"echo": "return data"})
    with agent.client() as client:
        answer = client.request("POST", "/echo", b"...", **{"Content-Encoding": "gzip"})
        assert answer.status == 415


def test_exceptions_are_told_without_their_traceback(agent):
    server = agent.serve({"boom": "secret = 7\nreturn {}['key']"})
    answer = agent.call("boom")
    assert answer.status == 500
    assert answer.json["error"] == "KeyError: 'key'"
    assert "KeyError: 'key'" in answer.json["displaymessage"]
    assert b"Traceback" not in answer.body and b".py" not in answer.body
    entry = server.logged("'boom' failed")
    assert 'File "utils/boom.py", line 3, in boom\n    return {}[\'key\']' in entry["traceback"]
    assert "worker.py" not in entry["traceback"]
    assert (entry["service"], entry["tenant_code"], entry["utility"], entry["level"]) == (
        "python-utils", "demo", "boom", "WARNING")
    assert entry["timestamp"].endswith("Z")


@pytest.mark.parametrize(("expression", "text"), [
    ("float('nan')", "Out of range float"), ("{1, 2}", "set is not JSON serializable"),
    ("b''", "bytes is not JSON"), ("10 ** 5000", "4300"),
])
def test_results_that_are_not_json(agent, expression, text):
    agent.serve({"odd": f"return {expression}"})
    answer = agent.call("odd")
    assert answer.status == 500
    assert "the return value is not JSON" in answer.json["error"]
    assert text in answer.json["error"]


def test_results_at_and_over_the_limit(agent):
    agent.serve({"fill": "return 'x' * data"})
    with agent.client() as client:
        assert len(client.call("fill", 10 * MIB - 2).json["data"]) == 10 * MIB - 2
        answer = client.call("fill", 10 * MIB - 1)
        assert answer.status == 500 and "the limit is 10485760" in answer.json["error"]
        assert client.call("fill", 1).status == 200


def test_a_timeout_kills_only_its_call(agent):
    agent.serve({"hang": "while data: pass", "ok": "return 1"}, timeouts={"hang": 1})
    slow = in_background(lambda: agent.call("hang", True))
    assert agent.call("ok").status == 200
    answer = slow()
    assert (answer.status, answer.json["error"]) == (504, "TIMEOUT")
    assert agent.call("hang", False).status == 200


def test_overload_is_refused_with_retry_after(agent):
    server = agent.serve({"nap": "import time\nopen(data, 'w').close()\ntime.sleep(1)"},
                "--workers-per-utility", "1", "--queue", "1")
    marker = agent.folder / "running"
    first = in_background(lambda: agent.call("nap", str(marker)))
    eventually(marker.exists)
    answers = [in_background(lambda: agent.call("nap", str(marker))) for _ in range(3)]
    results = sorted((answer() for answer in answers), key=lambda answer: answer.status)
    assert [answer.status for answer in results] == [200, 503, 503]
    assert results[1].headers["Retry-After"] == "1"
    assert results[1].json["error"] == "OVERLOADED"
    assert first().status == 200
    assert server.logged("overloaded")


def test_health_tells_the_hashes_of_what_is_loaded(agent):
    server = agent.serve({"one": "return 1", "two": "return 2"}, digest="abc")
    expected = {"one": sha256("def one(data, filter):\n    return 1\n"),
                "two": sha256("def two(data, filter):\n    return 2\n")}
    with agent.client() as client:
        answer = client.request("GET", "/healthz")
        assert client.request("HEAD", "/healthz").status == 200
    assert answer.json == {"status": "ok", "release": "abc", "utilities": expected}
    assert (server.ready["release"], server.ready["utilities"]) == ("abc", expected)
    assert server.ready["pid"] == server.pid


def test_what_is_on_disk_later_does_not_matter(agent):
    server = agent.serve({"one": "from lib.value import value\nreturn value"},
                         modules={"lib/value.py": "value = 1\n"})
    (agent.folder / "r1/utils/one.py").write_text("def one(data, filter):\n    return 2\n")
    (agent.folder / "r1/lib/value.py").unlink()
    assert agent.call("one").json["data"] == 1
    assert not [*agent.folder.rglob("__pycache__")] and server.process.poll() is None


def test_a_client_that_leaves_disturbs_nobody(agent):
    server = agent.serve({"nap": "import time\ntime.sleep(data)\nreturn data"})
    for part in (b"POST /nap HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
                 b'POST /nap HTTP/1.1\r\nHost: x\r\nContent-Length: 13\r\n\r\n{"data": 0.3}',
                 b"garb"):
        with socket.create_connection(("127.0.0.1", agent.port)) as client:
            client.sendall(part)
            time.sleep(0.05)
    assert agent.call("nap", 0.01).status == 200
    assert [entry for entry in server.log if entry["level"] in ("ERROR", "CRITICAL")] == []


def test_what_is_no_http_gets_the_envelope_too(agent):
    agent.serve({"echo": "return data"})
    with socket.create_connection(("127.0.0.1", agent.port), timeout=PATIENCE) as client:
        client.sendall(b"NONSENSE\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.") and b" 400 " in head
    assert json.loads(body)["success"] is False


def test_pipelined_requests_are_answered_in_order(agent):
    agent.serve({"echo": "return data"})
    with socket.create_connection(("127.0.0.1", agent.port), timeout=PATIENCE) as client:
        for number in range(5):
            body = json.dumps({"data": f"n{number}"}).encode()
            head = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
            client.sendall(head + body)
        text = b""
        while b'"n4"' not in text:
            text += client.recv(65536)
    places = [text.index(b'"n%d"' % number) for number in range(5)]
    assert places == sorted(places)


def test_numbers_beyond_all_numbers(agent):
    agent.serve({"echo": "return data"})
    with agent.client() as client:
        answer = client.request("POST", "/echo", b'{"data": [1.5, 1e999]}')
        assert (answer.status, answer.json["error"]) == (400, "VALIDATION_ERROR")
        assert client.request("POST", "/echo", b'{"data": [1.5, 1e30]}').json["data"] == [1.5, 1e30]


def test_a_body_that_does_not_go_on(agent):
    agent.serve({"echo": "return data"}, "--read-timeout", "0.3")
    with socket.create_connection(("127.0.0.1", agent.port), timeout=PATIENCE) as connection:
        connection.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    assert b" 408 " in answer.split(b"\r\n")[0] and b'"TIMEOUT"' in answer


def test_a_waiting_call_whose_client_goes_does_not_begin(agent):
    agent.serve({"slow": "import time\nopen(data, 'a').close()\ntime.sleep(1)"}, "--workers", "1")
    first = in_background(lambda: agent.call("slow", str(agent.folder / "first")))
    eventually((agent.folder / "first").exists)
    body = json.dumps({"data": str(agent.folder / "second")}).encode()
    with socket.create_connection(("127.0.0.1", agent.port)) as connection:
        connection.sendall(b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        time.sleep(0.2)
    assert first().status == 200
    assert agent.call("slow", str(agent.folder / "third")).status == 200
    assert (agent.folder / "third").exists() and not (agent.folder / "second").exists()
