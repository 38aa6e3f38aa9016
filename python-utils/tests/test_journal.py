"""Calls that the agent collects, and calls that it ends."""

import json
import socket
import time

from agent import eventually, in_background

SLEEP = {"slow": "import time; print('begun'); time.sleep(20)", "quick": "print('said'); return data"}


def headers(user, name="ann"):
    return {"X-User-Id": str(user), "X-User-Name": name}


def call(agent, utility, user, data=None):
    with agent.client() as client:
        body = json.dumps({"data": data, "filter": None}).encode()
        return client.request("POST", f"/{utility}", body, **headers(user))


def collected(server, count):
    """The next `count` records."""
    records = []
    while len(records) < count:
        records += server.expect("executions")["records"]
    return records


def test_calls_are_told_with_the_llds_fields(agent):
    server = agent.serve(
        {**SLEEP, "bad": "print('x' * 50); raise ValueError('no')"}, "--journal", "10",
        "--journal-payload", "20",
    )
    before = time.time() * 1000
    assert call(agent, "quick", 7, data="d").status == 200
    assert call(agent, "bad", 8).status == 500
    assert call(agent, "quick", "x").status == 400
    one, two = collected(server, 2)
    assert one["_id"] != two["_id"] and len(one["_id"]) == 24
    assert before - 50 <= one.pop("createddate") <= time.time() * 1000 + 50
    assert 0 < one.pop("execution_time") < 20
    one.pop("_id")
    assert one == {
        "name": "quick", "userid": 7, "username": "ann", "status": "completed", "error_message": "",
        "request": '{"data": "d", "filte', "response": '"d"', "logs": ["said"],
    }
    assert (two["status"], two["userid"], two["logs"]) == ("failed", 8, ["x" * 20])
    assert two["error_message"] == "Utility 'bad' failed"


def test_the_journal_is_bounded_and_says_so(agent):
    server = agent.serve({"quick": "return data"}, "--journal", "3")
    with agent.client() as client:
        for number in range(9):
            assert client.call("quick", number).status == 200
    event = server.expect("executions")
    kept = [json.loads(record["request"])["data"] for record in event["records"]]
    assert kept == [6, 7, 8] and event["dropped"] == 6
    server.logged("the journal of calls is full")


def test_a_drained_server_tells_its_last_calls_first(agent):
    server = agent.serve({"quick": "return data"}, "--journal", "3")
    assert agent.call("quick", 1).status == 200
    server.command("drain", "draining")
    assert len(collected(server, 1)) == 1
    server.expect("drained")


def test_an_operator_ends_one_users_calls(agent):
    server = agent.serve(SLEEP, "--journal", "10")
    mine = [in_background(lambda: call(agent, "slow", 7)) for _ in range(2)]
    eventually(lambda: len(server.workers()) == 2)
    server.process.stdin.write(b'{"command": "cancel", "user": 8}\n{"command": "cancel", "user": 7}\n')
    server.process.stdin.flush()
    assert server.expect("cancelled")["count"] == 0
    assert server.expect("cancelled")["count"] == 2
    for answer in [each() for each in mine]:
        assert (answer.status, answer.json["error"]) == (500, "CANCELLED")
    assert [each["status"] for each in collected(server, 2)] == ["cancelled"] * 2
    eventually(lambda: not server.workers())
    assert call(agent, "quick", 7).status == 200


def test_collecting_over_the_control_socket(agent, tmp_path):
    path = tmp_path / "s"
    release = agent.folder / "r"
    from agent import write_release

    write_release(release, {"quick": "return data"})
    port = socket.create_server(("127.0.0.1", 0))
    number = port.getsockname()[1]
    port.close()
    from agent import Client, Server

    server = Server("--release", str(release), "--port", str(number), "--control-socket", str(path),
                    "--journal", "10", "--journal-linger", "20")
    try:
        eventually(path.exists)
        ask(path, "POST", "/listen")
        client = Client(number)
        for data in range(3):
            assert client.call("quick", data).status == 200
        page = ask(path, "GET", "/executions?after=0")
        assert [json.loads(each["request"])["data"] for each in page["records"]] == [0, 1, 2]
        assert ask(path, "GET", "/executions?after=0") == page, "not kept yet"
        assert ask(path, "GET", f"/executions?after={page['last'] - 1}")["records"] == page["records"][2:]
        assert ask(path, "POST", "/cancel?user=1") == {"cancelled": 0}
        assert ask(path, "POST", "/cancel") == {"error": "VALIDATION_ERROR"}
        client.close()
        ask(path, "POST", "/drain")
        time.sleep(0.3)
        assert server.process.poll() is None, "it waits for its last call to be collected"
        ask(path, "GET", f"/executions?after={page['last']}")
        assert server.wait() == 0
    finally:
        server.close()


def ask(path, method, target):
    """A request on a unix socket: its JSON answer."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.sendall(f"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return json.loads(answer.partition(b"\r\n\r\n")[2])


def test_half_a_character_spoils_no_record(agent):
    """Python's JSON has an escape for it that other readers refuse, and the whole line with it."""
    server = agent.serve({
        "odd": "print('\\ud801'); raise ValueError('\\ud800')", "quick": "return data",
        "named": "raise type('E', (Exception,), {'__module__': '\\ud802'})('x')",
    }, "--journal", "10")
    answer = call(agent, "odd", 1)
    assert answer.status == 500 and b"\\ud800" not in answer.body.replace(b"\\\\", b"")
    assert call(agent, "named", 1).status == 500
    with socket.create_connection(("127.0.0.1", agent.port)) as connection:
        connection.sendall(
            b"POST /quick HTTP/1.1\r\nHost: x\r\nX-User-Name: J\xfcrgen\r\nConnection: close\r\n"
            b"Content-Length: 2\r\n\r\n{}")
        while connection.recv(65536):
            pass
    odd, named, quick = collected(server, 3)
    assert "\\ud800" in odd["error_message"] and odd["logs"] == ["\\ud801"]
    assert quick["username"] == "J\\udcfcrgen"
    entry = server.logged("'odd' failed")
    for text in json.dumps([odd, named, quick, entry, server.log], ensure_ascii=False):
        text.encode()
