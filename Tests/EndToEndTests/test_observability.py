"""Metrics, alert rules, dashboard and the terminal, as the tools of operators see them."""

import fcntl
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import termios
import time

import pytest

from support import BINARY, CHECKOUT, PATIENCE, git_environment

PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(not PROMTOOL, reason="promtool is missing: apt-get install prometheus")
ALERTS = CHECKOUT / "deploy/alerts.yml"
DASHBOARD = CHECKOUT / "deploy/grafana-dashboard.json"


def metrics(agent):
    return agent.http("/metrics").body.decode()


def names(text):
    return set(re.findall(r"^# TYPE (\S+)", text, re.M))


@needs_promtool
def test_metrics_are_clean_and_bounded(agent, live):
    for number in range(50):
        agent.http(f"/nowhere/{number}")
        agent.http(f"/utils/v1/custom-utils/tenant{number}/-/-")
    agent.wait(lambda: "component_health" in metrics(agent), "the components are told")
    text = metrics(agent)
    result = subprocess.run([PROMTOOL, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert result.returncode == 0 and not result.stdout and not result.stderr, result
    assert "nowhere" not in text and "tenant4" not in text
    assert {"http_request_duration_seconds", "active_database_connections", "commit_to_live_seconds"} <= names(text)


@needs_promtool
def test_alert_rules_are_valid(tmp_path):
    result = subprocess.run([PROMTOOL, "check", "rules", ALERTS], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_rules_and_dashboard_ask_for_metrics_that_exist(agent, live):
    declared = set(
        re.findall(r'name:\s*"([a-z_]+)"', (CHECKOUT / "Sources/SyncAgent/Commands/RunCommand.swift").read_text())
    )
    agent.wait(lambda: "component_health" in metrics(agent), "the components are told")
    known = declared | names(metrics(agent))
    queries = re.findall(r"expr: (.*(?:\n {10,}.*)*)", ALERTS.read_text())
    dashboard = json.loads(DASHBOARD.read_text())
    queries += [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(queries) > 20
    asked = set()
    for query in queries:
        query = re.sub(r'"[^"]*"', "", query)
        asked |= set(re.findall(r"\b[a-z]+(?:_[a-z0-9]+)+\b(?!\s*\()", query))
    asked -= {"le", "histogram_quantile", "predict_linear"}
    families = {re.sub(r"_(bucket|count|sum)$", "", name) for name in asked}
    assert families <= known, families - known


class Terminal:
    """`status --watch` on a terminal of a size."""

    def __init__(self, agent, columns, rows=24, **env):
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.chdir(agent.folder)
            os.execve(
                BINARY, [str(BINARY), "status", "--watch", *agent.arguments()],
                {**git_environment(env), "TERM": "xterm-256color"},
            )  # fmt: skip
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.text = ""

    def until(self, condition):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self.text += os.read(self.descriptor, 65536).decode(errors="replace")
            if condition(self.text):
                return self.text
        raise AssertionError(self.text[-2000:])

    def close(self):
        os.kill(self.pid, signal.SIGINT)
        try:
            while chunk := os.read(self.descriptor, 65536):
                self.text += chunk.decode(errors="replace")
        except OSError:
            pass  # The terminal is gone with its program.
        os.waitpid(self.pid, 0)
        os.close(self.descriptor)


def frames(text):
    return text.split("\x1b[H")[1:]


def plain(text):
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def test_watch_redraws_in_place_and_within_the_width(agent, live):
    terminal = Terminal(agent, columns=48)
    terminal.until(lambda text: "synced" in plain(text) and len(frames(text)) > 2)
    live.put("utils/alpha.py", "import os\n\n\ndef alpha(data, filter):\n    return os\n")
    live.commit_and_push("Break")
    terminal.until(lambda text: "degraded" in plain(frames(text)[-1]))
    terminal.close()
    for frame in frames(terminal.text)[2:-1]:
        assert all(len(line) <= 48 for line in plain(frame).split("\r\n")), frame
    assert "\x1b[33mdegraded" in terminal.text and "\x1b[2J" not in terminal.text
    assert "\x1b[?25l" in terminal.text and terminal.text.rindex("\x1b[?25h") > terminal.text.rindex("\x1b[?25l")


def test_watch_respects_no_color(agent, live):
    terminal = Terminal(agent, columns=120, NO_COLOR="1")
    terminal.until(lambda text: "synced" in text and len(frames(text)) > 1)
    terminal.close()
    assert not re.search(r"\x1b\[\d+m", terminal.text)


@pytest.mark.parametrize("form", ["text", "json"])
def test_watch_in_a_pipe_has_no_escape_codes(agent, live, form):
    process = subprocess.Popen(
        [BINARY, "status", "--watch", "--format", form, *agent.arguments()], cwd=agent.folder,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=git_environment(),
    )  # fmt: skip
    try:
        first = process.stdout.readline()
        live.write("alpha", "'alpha 2'")
        commit = live.commit_and_push()
        read = first
        while commit[:12] not in read:
            read += process.stdout.readline()
        assert "\x1b" not in read
        if form == "json":
            status = json.loads(read.splitlines()[-1])
            assert status["tenants"][0]["branches"][0]["applied"] == f"main@sha1:{commit}"
        else:
            assert first.split() == ["TENANT", "BRANCH", "PHASE", "APPLIED", "RELEASE", "QUARANTINED", "NOTE"]
    finally:
        process.terminate()
        process.wait(PATIENCE)
