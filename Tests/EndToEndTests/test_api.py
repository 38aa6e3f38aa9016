"""The interface over HTTP: history, sources, tags, events, and what becomes of them at a restart."""

import http.client
import json
import re
import socket
import time

import pytest

from support import PATIENCE, envelope


class Stream:
    """An event stream, read line by line."""

    def __init__(self, agent, after=None, tenant="demo"):
        self.connection = http.client.HTTPConnection("127.0.0.1", agent.port, timeout=PATIENCE)
        headers = {"Last-Event-ID": after} if after else {}
        self.connection.request("GET", f"/utils/v1/events/{tenant}", headers=headers)
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200
        assert self.answer.headers["Content-Type"].startswith("text/event-stream")
        self.last = None

    def next(self):
        """The next event: its kind and data."""
        kind = data = None
        while True:
            line = self.answer.readline().decode().rstrip("\n")
            if line.startswith("id: "):
                self.last = line[4:]
            elif line.startswith("event: "):
                kind = line[7:]
            elif line.startswith("data: "):
                data = json.loads(line[6:])
            elif not line and kind:
                return kind, data

    def until(self, kind, **having):
        """Every event up to the one wanted."""
        seen = []
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            seen.append(self.next())
            if seen[-1][0] == kind and all(seen[-1][1].get(k) == v for k, v in having.items()):
                return seen
        raise AssertionError(f"no {kind} {having} among {seen}")

    def close(self):
        self.connection.close()


def history(agent, number, **query):
    text = "&".join(f"{key}={value}" for key, value in query.items())
    return agent.get(f"/utils/v1/history/demo/{number}" + (f"?{text}" if text else ""))["data"]


def source(agent, number, revision=None):
    return agent.http(f"/utils/v1/source/demo/{number}" + (f"?revision={revision}" if revision else ""))


def test_history_and_source_follow_a_rename(agent, live):
    live.write("alpha", code="def alpha(data, filter):\n" + "    data = data or filter\n" * 20 + "    return data\n")
    first = live.commit_and_push("Longer")
    agent.applied(first)
    number = agent.entry("alpha")["id"]
    text = source(agent, number).body.decode()
    live.git("mv", "utils/alpha.py", "utils/more/renamed.py")
    live.git("mv", "utils/alpha.yaml", "utils/more/renamed.yaml")
    live.put("utils/more/renamed.py", text.replace("def alpha", "def renamed"))
    moved = live.commit_and_push("Rename alpha", author="Rena")
    agent.applied(moved)
    entry = agent.entry("renamed")
    records = history(agent, entry["id"])
    assert records[0]["commit"] == moved and records[0]["author"] == "Rena"
    assert records[0]["path"] == "utils/more/renamed.py" and records[0]["filehash"] == entry["filehash"]
    assert entry["id"] == number and len(records) == 3
    assert records[1]["commit"] == first and records[1]["path"] == "utils/alpha.py"
    assert source(agent, entry["id"], first).body.decode() == text
    assert source(agent, entry["id"], moved[:12]).body.decode() == text.replace("def alpha", "def renamed")
    assert source(agent, entry["id"], f"main@sha1:{moved}").status == 200
    assert len(history(agent, entry["id"], limit=1)) == 1


def test_a_source_that_was_never_let_in_is_not_there(agent, live):
    number = agent.entry("alpha")["id"]
    live.git("checkout", "-q", "-b", "secret")
    live.write("alpha", "'secret'")
    hidden = live.commit_and_push("Secret", branch="secret")
    for revision in (hidden, hidden[:10], "f" * 40, "main@sha1:" + hidden):
        answer = source(agent, number, revision)
        assert answer.status == 404 and b"secret" not in answer.body, revision
        assert envelope(answer)["error"] == "NOT_FOUND"
    for revision in ("main~1", "HEAD", "..", "xyz", "main@sha1:12"):
        answer = source(agent, number, revision)
        assert answer.status == 400 and envelope(answer)["field"] == ["revision"], revision
    assert all(hidden != record["commit"] for record in history(agent, number))


def test_a_removed_utility_keeps_its_history(agent, live):
    entry = agent.entry("gamma")
    before = live.head()
    live.remove("gamma", folder="utils/more")
    gone = live.commit_and_push("Remove gamma")
    agent.applied(gone)
    records = history(agent, entry["id"])
    assert [record["commit"] for record in records] == [gone, before]
    assert [bool(record["filehash"]) for record in records] == [False, True]
    assert source(agent, entry["id"]).status == 404
    assert b"def gamma" in source(agent, entry["id"], before).body


def test_tags_and_bytes_survive_a_restart(agent, live):
    paths = [
        "/utils/v1/custom-utils/demo/-/-", f"/utils/v1/custom-utils/demo/{agent.entry('alpha')['id']}",
        f"/utils/v1/source/demo/{agent.entry('alpha')['id']}",
    ]  # fmt: skip

    def answers(**headers):
        return [(a.headers["ETag"], a.body) for a in (agent.http(path, headers=headers) for path in paths)]

    before, packed = answers(), answers(**{"Accept-Encoding": "gzip"})
    assert agent.stop() == 0
    agent.start()
    assert answers() == before and answers(**{"Accept-Encoding": "gzip"}) == packed
    for path, (tag, _) in zip(paths, before):
        answer = agent.http(path, headers={"If-None-Match": tag})
        assert answer.status == 304 and answer.body == b"" and answer.headers["ETag"] == tag
    beta = f"/utils/v1/custom-utils/demo/{agent.entry('beta')['id']}"
    tag = agent.http(beta).headers["ETag"]
    live.write("alpha", "'alpha 2'")
    agent.applied(live.commit_and_push())
    assert agent.http(beta).headers["ETag"] == tag
    assert agent.http(paths[0]).headers["ETag"] != before[0][0]
    assert agent.http(paths[1]).headers["ETag"] != before[1][0]


def test_events_tell_of_a_commit(agent, live):
    listed = agent.http("/utils/v1/custom-utils/demo/-/-")
    stream = Stream(agent, after=listed.headers["X-Event-ID"])
    live.write("alpha", "'alpha 2'")
    commit = live.commit_and_push("Second")
    seen = stream.until("sync", applied=f"main@sha1:{commit}")
    kinds = [kind for kind, _ in seen]
    assert "reset" not in kinds and kinds.index("utility") < kinds.index("sync")
    (utility,) = [data for kind, data in seen if kind == "utility"]
    assert (utility["name"], utility["change"]) == ("alpha", "written")
    assert utility["filehash"] == agent.entry("alpha")["filehash"]
    states = [data["state"] for kind, data in seen if kind == "rollout" and data["runtime"] == "active"]
    assert states == ["started", "live"]
    stream.close()
    live.remove("gamma", folder="utils/more")
    agent.applied(live.commit_and_push("Third"))
    later = Stream(agent, after=stream.last)
    told = [data for kind, data in later.until("sync") if kind == "utility"]
    assert {(data["name"], data["status"]) for data in told} >= {("gamma", "inactive")}
    later.close()


def test_events_tell_that_a_branch_is_gone(agent, live):
    live.git("checkout", "-q", "-b", "trial")
    live.write("alpha", "'alpha trial'")
    agent.applied(live.commit_and_push(branch="trial"), branch="trial")
    stream = Stream(agent)
    live.git("push", "-q", "origin", ":trial")
    told = stream.until("sync", branch="trial", removed=True)[-1][1]
    assert "applied" not in told and "observed" not in told
    stream.close()
    assert agent.branch(branch="trial") is None


def fate(agent, digits):
    return agent.get(f"/utils/v1/sync/demo/commits/{digits}")["data"]


def test_a_commit_is_found_by_its_id_alone(agent, live):
    first = live.head()
    live.write("alpha", "'alpha 2'")
    second = live.commit_and_push()
    agent.applied(second)
    # A branch that is named like a commit is no commit.
    for name in (first, first[:12]):
        live.git("push", "-q", "origin", f"HEAD:refs/heads/{name}")
    number = agent.entry("alpha")["id"]
    for digits in (first, first[:12], first.upper()):
        found = fate(agent, digits)
        assert (found["sha"], found["state"]) == (first, "superseded")
        assert b"alpha 1" in source(agent, number, digits).body
        shown = agent.cli("where", digits, "--tenant", "demo", "--format", "json")
        assert json.loads(shown.stdout) == found
    for nothing in ("f" * 40, "deadbeef0"):
        assert fate(agent, nothing)["reason"] == "the repository has no such commit"
    assert source(agent, number, f"bogus@sha1:{second}").status == 404
    assert source(agent, number, f"main@sha1:{second}").status == 200


def test_a_commit_that_a_rewrite_took_away_was_applied(agent, live):
    live.write("alpha", "'alpha 1b'")
    between = live.commit("Nobody has seen this one alone")
    live.git("checkout", "-q", "-b", "feature")
    live.write("alpha", "'never'")
    never = live.commit("Nobody applied this one")
    live.git("push", "-q", "origin", "HEAD:refs/heads/feature")
    live.git("checkout", "-q", "main")
    live.write("alpha", "'alpha 2'")
    abandoned = live.commit_and_push()
    agent.applied(abandoned)
    live.git("reset", "-q", "--hard", "HEAD~2")
    live.write("alpha", "'alpha 3'")
    live.commit("Another way")
    commit = live.push("--force")
    agent.wait(lambda: agent.branch()["phase"] == "held", "the rewrite is held")
    assert agent.cli("approve", "demo", commit, "--reason", "meant").returncode == 0
    agent.applied(commit)
    found = fate(agent, abandoned)
    assert (found["state"], found["branch"]) == ("superseded", "main") and "rewritten" in found["reason"]
    found = fate(agent, between)
    assert (found["state"], found["branch"]) == ("superseded", "main") and "with a later commit" in found["reason"]
    assert fate(agent, never)["state"] == "unknown"


def test_what_waits_for_a_suspended_tenant_says_so(agent, live):
    live.git("checkout", "-q", "-b", "trial")
    live.write("alpha", "'alpha trial'")
    agent.applied(live.commit_and_push(branch="trial"), branch="trial")
    assert agent.cli("tenant suspend", "demo", "--reason", "x").returncode == 0
    assert {branch["phase"] for branch in agent.get("/utils/v1/sync/demo")["data"]["branches"]} == {"suspended"}
    live.git("checkout", "-q", "main")
    live.write("alpha", "'alpha 2'")
    commit = live.commit_and_push()
    found = fate(agent, commit)
    assert found["state"] == "pending" and "sync-agent tenant resume demo" in found["reason"]
    assert agent.cli("tenant resume", "demo", "--reason", "x").returncode == 0
    agent.applied(commit)
    agent.wait(lambda: agent.branch(branch="trial")["phase"] == "synced", "the trial branch goes on")


def talk(port, text, timeout=10):
    """What comes back for some bytes, and whether the server ended the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout) as connection:
        connection.sendall(text)
        answer = b""
        try:
            while part := connection.recv(65536):
                answer += part
        except TimeoutError:
            return answer, False
        return answer, True


def test_old_clients_get_whole_answers_and_an_end(agent, live):
    answer, ended = talk(agent.port, b"GET /health/live HTTP/1.0\r\n\r\n")
    assert ended and answer.startswith(b"HTTP/1.0 200")
    head, body = answer.split(b"\r\n\r\n", 1)
    assert b"connection: close" in head.lower() and json.loads(body)["status"]
    for path in (b"/utils/v1/custom-utils/demo/-/-", b"/metrics", b"/"):
        answer, ended = talk(agent.port, b"GET " + path + b" HTTP/1.0\r\n\r\n")
        assert ended and b"transfer-encoding" not in answer.lower()
    kept = b"GET /health/live HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    answer, ended = talk(agent.port, kept + kept, timeout=2)
    assert not ended and answer.count(b"HTTP/1.0 200") == 2 and b"keep-alive" in answer
    answer, ended = talk(agent.port, b"GET /utils/v1/events/demo HTTP/1.0\r\n\r\n")
    assert ended and b" 505 " in answer.split(b"\r\n")[0]


@pytest.mark.parametrize(
    "text, status",
    [
        (b"GET /health HTTP/1.1\r\n\r\n", b"400"),
        (b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", b"400"),
        (b"GET /\xc3\xbc HTTP/1.1\r\nHost: localhost\r\n\r\n", b"400"),
        (b"FOO / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"501"),
        (b"get / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"501"),
        (b"GET / HTTP/3.7\r\nHost: localhost\r\n\r\n", b"505"),
        (b"GET /health HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", b"421"),
        (b"GET / HTTP/1.1\r\nHost: localhost.evil.example:80\r\nConnection: close\r\n\r\n", b"421"),
        (b"GET /health HTTP/1.1\r\nHost: [::1]:8109\r\nConnection: close\r\n\r\n", b"200"),
        (b"GET /health HTTP/1.1\r\nHost: LocalHost\r\nConnection: close\r\n\r\n", b"200"),
    ],
)
def test_what_is_no_request_is_refused_in_the_envelope(agent, live, text, status):
    answer, ended = talk(agent.port, text)
    assert ended and answer.split(b" ", 2)[1] == status, answer
    if status != b"200":
        value = json.loads(answer.split(b"\r\n\r\n", 1)[1])
        assert value["success"] is False and value["error"] and value["displaymessage"]


def test_a_restart_is_told_to_who_follows(agent, live):
    stream = Stream(agent)
    live.write("alpha", "'alpha 2'")
    live.commit_and_push()
    stream.until("utility")
    # Streams do not hold the drain up.
    assert agent.stop() == 0
    stream.close()
    agent.start()
    again = Stream(agent, after=stream.last)
    assert again.next()[0] == "reset"
    again.close()


def test_audit_and_executions_are_there(agent, live):
    for route in ("audit", "executions"):
        answer = agent.get(f"/utils/v1/{route}/demo?limit=10")
        assert answer["success"] is True and isinstance(answer["data"], list)
        assert agent.http(f"/utils/v1/{route}/other").status == 404
    assert agent.http("/utils/v1/executions/demo?taskid=x").status == 400


def test_gzip_and_head(agent, live):
    path = "/utils/v1/custom-utils/demo/-/-"
    plain = agent.http(path)
    packed = agent.http(path, headers={"Accept-Encoding": "gzip"})
    import gzip

    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["ETag"] != plain.headers["ETag"] and packed.headers["Vary"] == "Accept-Encoding"
    head = agent.http(path, method="HEAD")
    assert head.status == 200 and head.body == b"" and head.headers["ETag"] == plain.headers["ETag"]
    assert head.headers["Content-Length"] == str(len(plain.body))


def test_cross_origin_by_configuration(agent, demo):
    agent.start(server__cors__origins="https://ui.example")
    agent.applied(demo.push())
    allowed = agent.http("/utils/v1/sync", headers={"Origin": "https://ui.example"})
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://ui.example"
    for origin in ("null", "https://evil.example"):
        answer = agent.http("/utils/v1/sync", headers={"Origin": origin})
        assert answer.headers["Access-Control-Allow-Origin"] is None
    wrong = agent.cli("config check", server__cors__origins="null")
    assert wrong.returncode == 1 and "server.cors.origins" in wrong.stderr


def test_a_request_id_goes_into_the_log(agent, demo):
    agent.start(log__level="debug", log__format="json")
    agent.applied(demo.push())
    agent.wait(lambda: '"reconciled"' in agent.log.read_text(), "the log tells of the reconcile")
    agent.http("/utils/v1/sync", headers={"X-Request-ID": "from-the-test"})
    lines = [json.loads(line) for line in agent.log.read_text().splitlines() if line.startswith("{")]
    (mine,) = [line for line in lines if line.get("request_id") == "from-the-test"]
    assert mine["message"] == "HTTP request processed" and mine["duration_ms"] >= 0
    assert {"timestamp", "level", "service", "component", "function"} <= set(mine)
    synced = [line for line in lines if line["message"] == "reconciled"]
    assert synced and all(re.fullmatch(r"sync-[0-9a-f]+", line["request_id"]) for line in synced)
    assert synced[0]["tenant_code"] == "demo"


@pytest.mark.parametrize("check", ["cache", "database", "disk", "docker", "repositories", "watcher"])
def test_health_has_the_checks(agent, live, check):
    # A report is a second old at most: the first one of the repositories is from before the push.
    def found():
        return json.loads(agent.http("/health").body)["checks"].get(check, {}).get("status") == "healthy"

    agent.wait(found, f"{check} is reported as healthy")
