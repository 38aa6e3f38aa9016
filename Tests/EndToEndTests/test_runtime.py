"""Calls of utilities: what goes wrong in one, and what pushes do to callers."""

import json
import threading

from support import Load, request


def test_a_utility_over_its_timeout_is_504_and_harms_nobody(agent, live):
    live.write("slow", code="import time\n\n\ndef slow(data, filter):\n    time.sleep(60)\n", timeout=1)
    agent.applied(live.commit_and_push(), phase="synced")
    status, answer = agent.call("slow")
    assert (status, answer["success"]) == (504, False)
    assert answer["error"] and answer["displaymessage"]
    assert agent.value("alpha") == "alpha 1"
    assert agent.call("slow")[0] == 504, "it may be called again"


def test_an_exception_is_500_with_type_and_message_and_no_path(agent, live):
    code = "def wrong(data, filter):\n    if not data:\n        raise ValueError('give some data')\n    return data\n"
    live.write("wrong", code=code)
    agent.applied(live.commit_and_push(), phase="synced")
    status, answer = agent.call("wrong")
    assert (status, answer["success"]) == (500, False)
    text = json.dumps(answer)
    assert "ValueError" in text and "give some data" in text
    assert str(agent.folder) not in text and "Traceback" not in text
    assert agent.value("wrong", "x") == "x"


def test_a_utility_that_dies_harms_only_its_own_call(agent, live):
    live.write("dies", code="import sys\n\n\ndef dies(data, filter):\n    sys.exit(3)\n")
    code = "def greedy(data, filter):\n    return len(bytearray(2 << 30))\n"
    live.write("greedy", code=code)
    agent.applied(live.commit_and_push(), phase="synced")
    for name in ("dies", "greedy"):
        status, answer = agent.call(name)
        assert (status, answer["success"]) == (500, False), (name, answer)
    assert agent.value("alpha") == "alpha 1"


def test_requests_that_are_no_calls(agent, live):
    for body, status in ((b"{", 400), (b"[]", 400), (b"", 400)):
        answer = request(agent.active_port, "POST", "/alpha", body)
        assert (answer.status, json.loads(answer.body)["success"]) == (status, False)
    answer = request(agent.active_port, "POST", "/nothing", b'{"data": 1, "filter": ""}')
    assert answer.status == 404
    body = json.dumps({"data": "x" * (11 << 20), "filter": ""})
    assert request(agent.active_port, "POST", "/alpha", body).status == 413


def test_data_and_filter_arrive_as_they_were_sent(agent, live):
    for data, given in (({"a": [1, None, "ü"]}, "f"), ([], ""), (None, None), ("text\n\"", "日本")):
        assert agent.value("gamma", data, given) == [data, given]


def test_ten_pushes_under_load_fail_and_refuse_nobody(agent, live):
    seen = set()

    def call(name):
        def ask():
            body = json.dumps({"data": "", "filter": ""})
            answer = request(agent.active_port, "POST", f"/{name}", body)
            assert answer.status == 200, answer
            seen.add(json.loads(answer.body)["data"])

        return ask

    def read():
        answer = agent.http("/utils/v1/custom-utils/demo/-/-")
        assert answer.status == 200 and json.loads(answer.body)["count"] >= 3

    with Load(call("alpha"), call("beta"), read) as load:
        for number in range(2, 12):
            live.write("alpha", f"'alpha {number}'")
            live.put("lib/words.py", f"WORD = 'word {number}'\n")
            agent.applied(live.commit_and_push(), phase="synced")
            assert agent.value("alpha") == f"alpha {number}"
            assert agent.value("beta") == f"word {number}"
    assert load.failures == []
    assert load.count >= 30 and {"alpha 1", "alpha 11"} <= seen


def test_a_utility_that_is_removed_drains(agent, live):
    """A call under way when its utility goes ends as it would have."""
    code = "import time\n\n\ndef slow(data, filter):\n    time.sleep(1)\n    return 'done'\n"
    live.write("slow", code=code)
    agent.applied(live.commit_and_push(), phase="synced")
    answers = []
    caller = threading.Thread(target=lambda: answers.append(agent.call("slow", port=agent.active_port)))
    caller.start()
    live.remove("slow")
    agent.applied(live.commit_and_push(), phase="synced")
    caller.join()
    assert answers[0][0] == 200 and answers[0][1]["data"] == "done"
    assert agent.call("slow", port=agent.active_port)[0] == 404


def test_a_revision_that_does_not_become_healthy_keeps_the_old_one(agent, live):
    """A module that parses and passes the rules, and fails when it is loaded."""
    before = agent.entry("alpha")
    live.write("alpha", code="TABLE = {}['missing']\n\n\ndef alpha(data, filter):\n    return TABLE\n")
    live.write("gamma", "'gamma 2'", folder="utils/more")
    live.commit_and_push()
    settled = agent.wait(
        lambda: (found := agent.branch())["attempted"].endswith(live.head())
        and (found["phase"] == "failed" or found["applied"].endswith(live.head())) and found,
        "the attempt has ended",
    )  # fmt: skip
    if settled["phase"] == "failed":
        assert agent.entry("alpha") == before and agent.value("alpha") == "alpha 1"
    else:
        status, answer = agent.call("alpha")
        assert (status, answer["success"]) == (500, False) and "KeyError" in json.dumps(answer)
        assert agent.value("gamma") == "gamma 2"
