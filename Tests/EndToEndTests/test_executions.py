"""Calls of utilities: recorded once, listed, counted, and ended by an operator."""

import json
import threading

import pytest

from support import request, wait_for


def call(agent, name, user=None, data="", tenant="demo"):
    headers = {"Content-Type": "application/json"}
    if user is not None:
        headers |= {"X-User-Id": str(user), "X-User-Name": "ann"}
    port = int(agent.entry(name, tenant)["port"])
    body = json.dumps({"data": data, "filter": ""})
    answer = request(port, "POST", f"/{name}", body, headers)
    return answer.status, json.loads(answer.body)


def executions(agent, tenant="demo", **query):
    text = "&".join(f"{key}={value}" for key, value in query.items())
    return agent.get(f"/utils/v1/executions/{tenant}?{text}")


def recorded(agent, count, **query):
    """Waits until so many calls are recorded; the answer."""
    agent.wait(lambda: executions(agent, **query)["count"] >= count, f"{count} calls are recorded")
    return executions(agent, **query)


def counted(agent):
    """The lines of the counter in /metrics."""
    lines = agent.http("/metrics").body.decode().splitlines()
    return {line for line in lines if line.startswith("utility_executions_total{")}


@pytest.fixture
def busy(agent, demo):
    demo.write("fails", code="def fails(data, filter):\n    print('trying')\n    raise ValueError(data)\n")
    demo.write("slow", code="import time\n\n\ndef slow(data, filter):\n    time.sleep(60)\n", timeout=120)
    agent.start()
    agent.applied(demo.commit_and_push(), phase="synced")
    return demo


def test_each_call_is_recorded_listed_and_counted(agent, busy):
    assert call(agent, "alpha", 7, data="d")[0] == 200
    assert call(agent, "fails", data="oops")[0] == 500
    call(agent, "alpha", 7)
    answer = recorded(agent, 3)
    assert answer["success"] and answer["count"] == 3
    newest, failed, first = answer["data"]
    alpha = agent.entry("alpha")["id"]
    assert first["createddate"] <= failed["createddate"] <= newest["createddate"]
    assert 0 < first["execution_time"] < 30 and len(first["_id"]) == 24
    assert {key: first[key] for key in first if key not in ("_id", "createddate", "execution_time")} == {
        "taskid": alpha, "userid": 7, "username": "ann", "tenantcode": "demo", "name": "alpha",
        "request": '{"data": "d", "filter": ""}', "response": '"alpha 1"', "status": "completed",
        "error_message": "", "logs": [], "task_handler": "Utils",
    }  # fmt: skip
    assert (failed["status"], failed["userid"], failed["logs"]) == ("failed", 0, ["trying"])
    assert failed["error_message"] == "Utility 'fails' failed: ValueError: oops"
    page = executions(agent, taskid=alpha, limit=1, offset=1)
    assert page["count"] == 2 and [each["_id"] for each in page["data"]] == [first["_id"]]
    assert counted(agent) == {
        'utility_executions_total{status="completed",tenant="demo",utility="alpha"} 2',
        'utility_executions_total{status="failed",tenant="demo",utility="fails"} 1',
    }


def test_calls_survive_rollouts_and_the_agents_end(agent, busy):
    for number in range(3):
        assert call(agent, "alpha", number)[0] == 200
        busy.write("beta", f"{number}")
        agent.applied(busy.commit_and_push(), phase="synced")
    call(agent, "alpha", 3)
    agent.stop()
    agent.start()
    # The server says what it has before it ends: nothing waits for the next second.
    assert sorted(each["userid"] for each in executions(agent)["data"]) == [0, 1, 2, 3]


def test_only_so_many_are_kept(agent, demo):
    agent.start(executions__keep=5, executions__payload=10)
    agent.applied(demo.push(), phase="synced")
    for number in range(9):
        call(agent, "alpha", number)
    agent.wait(lambda: [each["userid"] for each in executions(agent)["data"]] == [8, 7, 6, 5, 4], "5 are kept")
    assert executions(agent)["data"][0]["request"] == '{"data": "'
    agent.stop()
    agent.start(executions__keep=0)
    agent.wait(lambda: agent.branch()["phase"] == "synced", "it serves")
    call(agent, "alpha", 9)
    agent.stop()
    agent.start()
    assert executions(agent)["data"][0]["userid"] == 8


def test_an_operator_ends_one_users_calls(agent, busy):
    answers = []

    def ask(user):
        answers.append((user, call(agent, "slow", user)))

    threads = [threading.Thread(target=ask, args=(user,)) for user in (7, 8)]
    for thread in threads:
        thread.start()
    try:
        wait_for(lambda: len(workers(agent)) >= 2, "both calls run")
        result = agent.cli("executions cancel demo --user 7 --format json")
        assert result.returncode == 0, result
        assert json.loads(result.stdout) == {"tenantcode": "demo", "user": 7, "cancelled": 1}
        wait_for(lambda: answers, "the call has ended")
        [(user, (status, answer))] = answers
        assert (user, status, answer["error"]) == (7, 500, "CANCELLED")
        [record] = recorded(agent, 1)["data"]
        assert (record["status"], record["userid"]) == ("cancelled", 7)
        assert agent.cli("executions cancel demo --user 9").stdout == "ended 0 calls of user 9\n"
        assert agent.cli("executions cancel nobody --user 9").returncode == 1
    finally:
        agent.cli("executions cancel demo --user 8")
        for thread in threads:
            thread.join()
    assert len(answers) == 2


def workers(agent):
    """The processes in which utilities run."""
    from support import descendants, living

    return [line for _, line in living(descendants(agent.process.pid)) if b"worker.py" in line]
