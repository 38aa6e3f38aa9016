"""What became of a commit, in the repository itself: read with git as anybody would."""

from test_policy import held, rewrite


def log(tenant, commit):
    """The notes that git shows on a commit."""
    return tenant._run(
        "git", "log", "-1", "--notes=sync", "--format=%N", commit, cwd=tenant.bare
    ).strip()


def ref(tenant, name):
    return tenant._run("git", "for-each-ref", "--format=%(objectname)", name, cwd=tenant.bare).strip()


def noted(agent, tenant, commit, text):
    agent.wait(lambda: text in log(tenant, commit), f"a note on {commit[:8]} says {text}")
    return log(tenant, commit)


def test_each_outcome_is_noted_on_its_commit(agent, live):
    first = live.head()
    assert noted(agent, live, first, "main: applied") == "main: applied"
    agent.wait(lambda: ref(live, "refs/sync/applied/main") == first, "the ref follows")
    live.write("beta", code="def beta(data, filter):\n    return eval(data)\n")
    broken = live.commit_and_push()
    agent.applied(broken, phase="degraded")
    text = noted(agent, live, broken, "main: quarantined")
    assert "beta: utils/beta.py:2:" in text and "NoExec" in text
    agent.wait(lambda: ref(live, "refs/sync/applied/main") == broken, "the ref follows")
    live.git("reset", "-q", "--hard", first)
    live.write("alpha", "'another way'")
    live.commit()
    commit = live.push("--force")
    held(agent, commit)
    assert "sync-agent approve demo" in noted(agent, live, commit, "main: held")
    assert ref(live, "refs/sync/applied/main") == broken
    assert log(live, first) == "main: applied", "what was is still told"
    # One commit on two branches: both are told, whichever came first.
    live.git("reset", "-q", "--hard", broken)
    live.push("--force")
    live.push(branch="trial")
    agent.applied(broken, branch="trial", phase="degraded")
    both = noted(agent, live, broken, "trial: quarantined")
    assert both.startswith("main: quarantined\n")
    live._run("git", "fsck", "--strict", cwd=live.bare)


def test_it_never_answers_itself(agent, live):
    noted(agent, live, live.head(), "main: applied")

    def syncs():
        lines = agent.http("/metrics").body.decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith("sync_total"))

    agent.wait(lambda: ref(live, "refs/sync/applied/main"), "the ref is there")
    live.write("alpha", "'alpha 2'")
    before = syncs()
    commit = live.commit_and_push()
    agent.applied(commit)
    noted(agent, live, commit, "main: applied")
    settled = syncs()
    assert settled - before <= 4, "one push, a few events"
    notes = ref(live, "refs/notes/sync")
    for _ in range(5):
        assert agent.cli("sync").returncode == 0
    assert ref(live, "refs/notes/sync") == notes, "nothing new is nothing written"
    assert syncs() - settled == 5, "only what was asked for"


def test_after_a_kill_between_catalog_and_note(agent, demo):
    agent.start(fault="finished", ready=False)
    demo.push()
    agent.process.wait(30)
    assert ref(demo, "refs/notes/sync") == ""
    agent.start()
    noted(agent, demo, demo.head(), "main: applied")


def test_notes_of_others_are_no_trap(agent, live):
    """Whoever can push can push notes: of any size, of any kind, with anything in them."""
    first = live.head()
    noted(agent, live, first, "main: applied")
    live.put("big", "x" * 2_000_000)
    live.git("notes", "--ref=sync", "add", "-f", "-F", "big", first)
    live.git("push", "-q", "--force", "origin", "refs/notes/sync")
    assert agent.cli("sync").returncode == 0
    assert noted(agent, live, first, "main: applied") == "main: applied"
    blob = live.git("hash-object", "-w", "big").strip()
    live._run("git", "update-ref", "-d", "refs/notes/sync", cwd=live.bare)
    live.git("push", "-q", "--force", "origin", f"{blob}:refs/notes/sync")
    live.write("alpha", code="def alpha(data, filter):\n    return eval('\x1b[31m')  # \x1b[2J\n")
    (live.clone / "big").unlink()
    commit = live.commit_and_push()
    agent.applied(commit, phase="degraded")
    agent.wait(lambda: "results are not written" in agent.tail(), "the log tells of it")
    live._run("git", "update-ref", "-d", "refs/notes/sync", cwd=live.bare)
    assert agent.cli("sync").returncode == 3
    assert "\x1b" not in noted(agent, live, commit, "quarantined")


def test_a_repository_that_cannot_be_written_to_is_no_error(agent, demo):
    demo.git("config", "core.sharedRepository", "group")
    demo._run("git", "config", "core.sharedRepository", "group", cwd=demo.bare)
    agent.start()
    commit = demo.push()
    agent.applied(commit, phase="synced")
    agent.wait(lambda: "core.sharedRepository" in agent.tail(), "the log tells of it")
    assert ref(demo, "refs/notes/sync") == "" and agent.cli("sync").returncode == 0
    assert agent.tail().count("results are not written") == 1
    # Read-only for everybody, root too: a ref stands where the folder of ours would be, and the reverse.
    # They are made while nothing may be written yet, or the agent would be first.
    in_the_way = ("refs/notes/sync/other", "refs/sync/applied/main/other")
    for name in in_the_way:
        demo._run("git", "update-ref", name, commit, cwd=demo.bare)
    demo._run("git", "config", "--unset", "core.sharedRepository", cwd=demo.bare)
    demo.write("alpha", "'alpha 2'")
    commit = demo.commit_and_push()
    agent.applied(commit, phase="synced")
    agent.wait(lambda: agent.tail().count("results are not written") >= 2, "the log tells of it")
    assert agent.cli("sync").returncode == 0
    for name in in_the_way:
        demo._run("git", "update-ref", "-d", name, cwd=demo.bare)
    agent.cli("sync")
    noted(agent, demo, commit, "main: applied")


def test_it_can_be_turned_off(agent, demo):
    agent.settings["repositories.notes"] = "off"
    agent.start()
    agent.applied(demo.push())
    assert agent.cli("sync").returncode == 0 and ref(demo, "refs/notes/sync") == ""


def test_what_runs_is_kept_from_a_garbage_collection(agent, live):
    abandoned, force = rewrite(live)
    agent.applied(abandoned)
    agent.wait(lambda: ref(live, "refs/sync/applied/main") == abandoned, "the ref follows")
    held(agent, force())
    live._run("git", "reflog", "expire", "--expire=now", "--all", cwd=live.bare)
    live._run("git", "gc", "-q", "--prune=now", cwd=live.bare)
    live._run("git", "cat-file", "-e", abandoned, cwd=live.bare)
