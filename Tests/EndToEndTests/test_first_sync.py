"""The first sync of the sample repository, and everything that reads the catalog."""

import json
import time

import pytest

from model import expected_entries
from support import Agent, TIMES, envelope, request


@pytest.fixture(scope="module")
def synced(tmp_path_factory, sample):
    """The sample repository in three commits by three people, synced by a running agent."""
    agent = Agent(tmp_path_factory.mktemp("first"))
    tenant = agent.tenant()
    tenant.copy(sample)
    for author, path in (("Dana", "utils/indicators"), ("Omar", "utils/network"), ("Stranger", ".")):
        tenant.git("add", "-A", path)
        tenant.git("commit", "-qm", f"{path} by {author}", author=author)
    agent.since = int(time.time() * 1000)
    agent.commit = tenant.push()
    agent.start()
    agent.status = agent.applied(agent.commit, phase="synced")
    agent.until = int(time.time() * 1000)
    agent.model = expected_entries(tenant, agent.active_port, agent.trial_port)
    agent.clone = tenant.clone
    yield agent
    agent.close()


LIST = "/utils/v1/custom-utils/demo/-/-"


def test_the_entries_are_what_the_repository_says(synced):
    found = {entry["name"]: entry for entry in synced.list(limit=1000)["data"]}
    assert len(synced.model) >= 10
    assert set(found) == {entry["name"] for entry in synced.model}
    for model in synced.model:
        entry = json.loads(json.dumps(found[model["name"]]))
        created, updated = (entry.pop(key) for key in TIMES)
        written = entry["sync"].pop("synced_at")
        assert entry == model
        assert list(entry) == list(model), "the LLD's order of keys"
        assert created == updated
        assert synced.since <= created <= synced.until
        assert synced.since <= written <= synced.until


def test_ids_follow_the_names_from_1001(synced):
    entries = sorted(synced.entries().values(), key=lambda entry: entry["name"])
    assert [entry["id"] for entry in entries] == list(range(1001, 1001 + len(entries)))


def test_the_status_tells_the_commit_and_its_changes(synced):
    assert synced.status["observed"] == synced.status["attempted"] == f"main@sha1:{synced.commit}"
    assert synced.status["report"]["changes"] == {"create": len(synced.model)}
    assert synced.status["report"]["quarantined"] == []


def test_the_runtimes_serve_what_the_catalog_lists(synced):
    for status, port in (("active", synced.active_port), ("draft", synced.trial_port)):
        served = synced.healthz(port)["utilities"]
        listed = {entry["name"]: entry["filehash"] for entry in synced.entries(status=status).values()}
        assert listed.items() <= served.items()
    assert set(synced.healthz()["utilities"]) == {
        entry["name"] for entry in synced.model if entry["status"] == "active"
    }


def test_a_utility_answers_with_and_without_a_trailing_slash(synced):
    body = json.dumps({"data": "hxxps://evil[.]example", "filter": ""})
    for path in ("/refang_text", "/refang_text/"):
        answer = request(synced.active_port, "POST", path, body)
        assert answer.status == 200
        assert json.loads(answer.body)["data"]["text"] == "https://evil.example"


def test_a_draft_answers_on_the_trial_runtime_only(synced):
    assert synced.value("mask_sensitive_data", "nothing secret", status="draft")
    status, answer = synced.call("mask_sensitive_data", "x", port=synced.active_port)
    assert (status, answer["success"]) == (404, False)


def test_every_single_entry_has_the_file_as_it_is(synced):
    for model in synced.model:
        data = synced.one(model["id"])
        path = synced.clone / model["sync"]["path"]
        assert data.pop("filecontents_instring") == path.read_text()
        assert data == synced.entries()[model["name"], model["status"]]
    assert "filecontents" not in synced.list()["data"][0]


# Lists


def names(answer):
    return [entry["name"] for entry in answer["data"]]


def test_the_list_is_newest_first_and_all_by_default(synced):
    answer = synced.list()
    dates = [entry["updateddate"] for entry in answer["data"]]
    assert answer["success"] is True
    assert answer["count"] == len(answer["data"]) == len(synced.model)
    assert dates == sorted(dates, reverse=True)


def test_sorting_by_name_both_ways(synced):
    ordered = sorted(entry["name"] for entry in synced.model)
    assert names(synced.list(sort="name")) == ordered
    assert names(synced.list(sort="-name")) == ordered[::-1]


@pytest.mark.parametrize("size", [1, 5, 7])
def test_pages_cover_everything_once(synced, size):
    ordered = sorted(entry["name"] for entry in synced.model)
    found = []
    for offset in range(0, len(ordered) + size, size):
        page = synced.list(sort="name", limit=size, offset=offset)
        assert page["count"] == len(ordered)
        assert len(page["data"]) <= size
        found += names(page)
    assert found == ordered


def test_filters(synced):
    model = synced.model

    def want(condition):
        return sorted(entry["name"] for entry in model if condition(entry))

    assert names(synced.list(sort="name", status="draft")) == want(lambda e: e["status"] == "draft")
    assert names(synced.list(sort="name", status="active")) == want(lambda e: e["status"] == "active")
    for category in {entry["category"] for entry in model}:
        assert names(synced.list(sort="name", category=category)) == want(lambda e: e["category"] == category)
    for user in {entry["userid"] for entry in model}:
        assert names(synced.list(user=str(user), sort="name")) == want(lambda e: e["userid"] == user)
    for text in ("JSON", "json", "decode", "timestamps"):
        assert names(synced.list(sort="name", q=text)) == want(
            lambda e: any(text.lower() in e[key].lower() for key in ("name", "displayname", "description"))
        )
    assert names(synced.list(name="decode_jwt")) == ["decode_jwt"]


@pytest.mark.parametrize(
    "where", [{"name": "no_such"}, {"user": "4711"}, {"q": "zzzzzz"}, {"category": "None"}, {"status": "inactive"}]
)
def test_no_match_is_an_empty_success_of_http(synced, where):
    answer = synced.list(**where)
    assert (answer["success"], answer["data"], answer["count"]) == (False, [], 0)
    assert answer["displaymessage"] == "No utilities found"


@pytest.mark.parametrize(
    "query, field",
    [
        ("limit=0", "limit"), ("limit=1001", "limit"), ("limit=x", "limit"), ("offset=-1", "offset"),
        ("offset=x", "offset"), ("status=nope", "status"), ("sort=id", "sort"), ("sort=--name", "sort"),
    ],
)  # fmt: skip
def test_a_bad_parameter_is_400_with_its_name(synced, query, field):
    answer = synced.http(f"{LIST}?{query}")
    value = envelope(answer)
    assert (answer.status, value["success"], value["error"]) == (400, False, "VALIDATION_ERROR")
    assert value["field"] == [field]


@pytest.mark.parametrize(
    "path",
    [
        "/utils/v1/custom-utils/nobody/-/-", "/utils/v1/custom-utils/nobody/1001",
        "/utils/v1/custom-utils/demo/999999", "/utils/v1/sync/nobody", "/nowhere", "/utils/v1",
        "/utils/v1/sync/nobody/commits/" + "a" * 40, "/utils/v1/custom-utils/..%2f..%2fetc/-/-",
        "/utils/v1/custom-utils/demo/-/-/more",
    ],
)  # fmt: skip
def test_unknown_is_404(synced, path):
    answer = synced.http(path)
    value = envelope(answer)
    assert (answer.status, value["success"], value["data"]) == (404, False, None)
    assert str(synced.folder) not in answer.body.decode()


def test_a_malformed_id_or_user_is_400(synced):
    for path, field in (("demo/abc", "task-id"), ("demo/x/-", "userid")):
        answer = synced.http(f"/utils/v1/custom-utils/{path}")
        assert (answer.status, envelope(answer)["field"]) == (400, [field])


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "path", [LIST, "/utils/v1/custom-utils/demo/1001", "/utils/v1/custom-utils", "/utils/v1/sync", "/health"]
)
def test_any_other_method_is_405_and_says_git(synced, method, path):
    answer = synced.http(path, method, body="{}" if method != "DELETE" else None)
    value = envelope(answer)
    assert answer.status == 405
    assert "GET" in answer.headers["Allow"]
    assert "git" in value["displaymessage"]


@pytest.mark.parametrize("path", [LIST, LIST + "?limit=2&sort=name", "/utils/v1/custom-utils/demo/1001"])
def test_etag_304_and_head(synced, path):
    first = synced.http(path)
    tag = first.headers["ETag"]
    assert tag.startswith('"')
    assert synced.http(path).headers["ETag"] == tag
    for given in (tag, f'"other", {tag}', "*", "W/" + tag):
        answer = synced.http(path, headers={"If-None-Match": given})
        assert (answer.status, answer.body) == (304, b""), given
        assert answer.headers["ETag"] == tag
    assert synced.http(path, headers={"If-None-Match": '"other"'}).status == 200
    head = synced.http(path, "HEAD")
    assert (head.status, head.body, head.headers["ETag"]) == (200, b"", tag)
    assert int(head.headers["Content-Length"]) == len(first.body)


def test_different_questions_have_different_tags(synced):
    paths = [LIST, LIST + "?sort=name", LIST + "?limit=2", "/utils/v1/custom-utils/demo/1001",
             "/utils/v1/custom-utils/demo/1002"]  # fmt: skip
    answers = [synced.http(path) for path in paths]
    assert len({answer.headers["ETag"] for answer in answers}) == len({answer.body for answer in answers}) > 3


def test_health_and_metrics(synced):
    for path in ("/health", "/health/live", "/health/ready"):
        answer = synced.http(path)
        assert answer.status == 200
        assert json.loads(answer.body)["status"] == "healthy"
    answer = synced.http("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    text = answer.body.decode()
    for name in ("sync_total", "sync_duration_seconds", "commit_to_live_seconds", "quarantined_utilities"):
        assert name in text


def test_what_became_of_a_commit(synced):
    fate = synced.get(f"/utils/v1/sync/demo/commits/{synced.commit}")["data"]
    assert (fate["sha"], fate["state"], fate["branch"]) == (synced.commit, "applied", "main")
    unknown = synced.get("/utils/v1/sync/demo/commits/" + "0" * 40)["data"]
    assert unknown["state"] == "unknown"
    assert synced.http("/utils/v1/sync/demo/commits/xyz").status == 400
