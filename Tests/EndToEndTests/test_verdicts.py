"""The verdict at `git push`, and `validate` of ranges and in every format: real pushes over file://."""

import json
import os
import pty
import shutil
import stat
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from support import BINARY, CHECKOUT, Tenant, git_environment, sidecar

BAD = "import os\n\n\ndef {name}(data, filter):\n    return eval(data)\n"
SCHEMA = CHECKOUT / "Tests/Fixtures/sarif/sarif-schema-2.1.0.json"


class Push:
    """A push: whether it went in, and what its author read."""

    def __init__(self, tenant, *refs, env=None):
        result = subprocess.run(
            ["git", "push", f"file://{tenant.bare}", *refs], cwd=tenant.clone, capture_output=True,
            text=True, check=False, env=git_environment(env),
        )  # fmt: skip
        self.accepted = result.returncode == 0
        self.raw = result.stderr
        self.text = "\n".join(
            line.removeprefix("remote: ").rstrip() for line in result.stderr.splitlines() if line.startswith("remote:")
        )

    def __repr__(self):
        return f"accepted={self.accepted}\n{self.raw}"


def install(agent, tenant, *arguments, code=0):
    result = agent.cli("hook install", tenant.bare, *arguments)
    assert result.returncode == code, (result.stdout, result.stderr)
    return result


@pytest.fixture
def hooked(agent, demo):
    """The demo tenant's first push is in; from here on the hook judges."""
    demo.push()
    install(agent, demo)
    return demo


def longer(name, answer="1"):
    """A utility of some lines: most of them stay when the name changes."""
    steps = "".join(f"    items.append(step({n}))\n" for n in range(8))
    return f"def step(n):\n    return n\n\n\ndef {name}(data, filter):\n    items = [{answer}]\n{steps}    return items\n"


def tips(tenant):
    return Tenant._run("git", "for-each-ref", "--format=%(refname) %(objectname)", cwd=tenant.bare)


# Refused and accepted


def test_a_good_push_is_accepted_with_its_plan(hooked):
    hooked.write("delta")
    hooked.put("utils/alpha.py", "def alpha(data, filter):\n    return 'alpha 2'\n")
    hooked.commit()
    push = Push(hooked, "main")
    assert push.accepted, push
    assert "`main` is accepted" in push.text
    assert "  create  delta" in push.text and "  update  alpha" in push.text
    assert "HIGH" not in push.text and "\x1b" not in push.raw


def test_a_bad_push_is_refused_with_every_finding_and_the_plan(hooked):
    before = tips(hooked)
    hooked.put("utils/alpha.py", BAD.format(name="alpha"))
    hooked.write("delta", catgeory="x")
    hooked.commit()
    push = Push(hooked, "main")
    assert not push.accepted and tips(hooked) == before
    for words in (
        "refused: 2 utilities would be quarantined on `main`",
        "utils/alpha.py:1:8: HIGH NoImportOS", "     1 | import os\n       |        ^",
        "utils/alpha.py:5:12: HIGH NoExec", "     5 |     return eval(data)\n       |            ^",
        "utils/delta.yaml:5:1: HIGH MetadataUnknownKey", "= fix: did you mean `category`?",
        "Plan for `main`:", "  update  alpha  refused", "  create  delta  refused", "Nothing was updated",
    ):  # fmt: skip
        assert words in push.text, (words, push)
    assert "\x1b" not in push.raw
    # Amended, the same push goes in.
    hooked.put("utils/alpha.py", "def alpha(data, filter):\n    return data\n")
    hooked.write("delta")
    hooked.commit()
    assert Push(hooked, "main").accepted


def test_what_the_push_does_not_touch_is_no_reason(agent, demo):
    demo.put("utils/alpha.py", BAD.format(name="alpha"))
    demo.commit_and_push()
    install(agent, demo)
    demo.write("delta")
    demo.commit()
    push = Push(demo, "main")
    assert push.accepted and "alpha" not in push.text


def test_the_first_push_of_all_is_judged_whole(agent, demo):
    install(agent, demo)
    demo.put("utils/more/gamma.py", BAD.format(name="gamma"))
    demo.commit()
    push = Push(demo, "main")
    assert not push.accepted and "utils/more/gamma.py:1:8" in push.text and tips(demo) == ""


def test_a_rename_is_read_as_one_and_a_removal_told(hooked):
    hooked.write("alpha", code=longer("alpha"))
    hooked.commit()
    assert Push(hooked, "main").accepted
    hooked.remove("alpha")
    hooked.write("omega", code=longer("omega", "2"), description="Another one.")
    hooked.remove("gamma", "utils/more")
    hooked.commit()
    push = Push(hooked, "main")
    assert push.accepted, push
    assert "rename  omega (was alpha)" in push.text and "remove  gamma" in push.text


def test_a_name_that_another_folder_has(hooked):
    hooked.write("ALPHA", code="def ALPHA(data, filter):\n    return 1\n", folder="utils/deep/er")
    hooked.commit()
    push = Push(hooked, "main")
    assert not push.accepted
    assert "utils/deep/er/ALPHA.py: HIGH NameDuplicate" in push.text
    assert "utils/alpha.py: HIGH NameDuplicate" in push.text


def test_a_shared_module_reaches_those_that_import_it(hooked):
    hooked.put("lib/words.py", "import subprocess\nWORD = 'x'\n")
    hooked.commit()
    push = Push(hooked, "main")
    assert not push.accepted and "lib/words.py:1:8: HIGH NoSubprocess" in push.text
    assert "`beta` would be quarantined" in push.text
    hooked.put("lib/words.py", "WORD = 'x'\n")
    hooked.put("lib/deep/far.py", "WORD = 'far'\n")
    hooked.write("eta", code="from lib.deep.far import WORD\n\n\ndef eta(data, filter):\n    return WORD\n")
    hooked.commit()
    assert Push(hooked, "main").accepted
    (hooked.clone / "lib/deep/far.py").unlink()
    hooked.commit()
    push = Push(hooked, "main")
    assert not push.accepted and "utils/eta.py: HIGH ModuleMissing" in push.text, push
    hooked.put("lib/deep/far.py", "WORD = 'far'\n")
    hooked.put("lib/words.py", "from lib import more\nWORD = more.WORD\n")
    hooked.put("lib/more.py", "WORD = 'new'\n")
    hooked.commit()
    assert Push(hooked, "main").accepted


def test_a_stricter_tenant_yaml_reaches_utilities_that_it_does_not_touch(hooked):
    hooked.put("utils/alpha.py", "import socket\n\n\ndef alpha(data, filter):\n    return 1\n")
    hooked.commit()
    push = Push(hooked, "main")
    assert push.accepted and "MEDIUM NoNetwork" in push.text
    hooked.put("tenant.yaml", "policy: {medium: block}\n")
    hooked.commit()
    push = Push(hooked, "main")
    assert not push.accepted and "`alpha` would be quarantined" in push.text, push


def test_links_are_refused(hooked):
    (hooked.clone / "utils/sneaky.py").symlink_to("/etc/passwd")
    hooked.put("utils/sneaky.yaml", sidecar())
    hooked.commit()
    push = Push(hooked, "main")
    assert not push.accepted and "HIGH FileMode" in push.text and "root:" not in push.raw


def test_what_was_pushed_cannot_write_to_the_terminal(hooked):
    hooked.put("utils/alpha.py", "def alpha(data, filter):\n    return eval(data)  # \x1b]0;owned\x07 \u202e\n")
    hooked.commit()
    push = Push(hooked, "main")
    assert not push.accepted and "<U+001B>]0;owned<U+0007> <U+202E>" in push.text
    assert "\x1b" not in push.raw and "\u202e" not in push.raw


def test_playbooks_hear_what_breaks_and_are_not_in_the_way(hooked):
    hooked.write("alpha", playbooks=["triage"], outputs=["found", "score"])
    hooked.commit()
    assert Push(hooked, "main").accepted
    hooked.write("alpha", code="def alpha(text, filter):\n    return 1\n", playbooks=["triage"], outputs=["found"])
    hooked.commit()
    push = Push(hooked, "main")
    assert push.accepted, push
    assert "MEDIUM BreakingSignature: `alpha(data, filter)` becomes `alpha(text, filter)`" in push.text
    assert "MEDIUM BreakingOutput: the output `score`" in push.text


# Refs


def test_other_branches_are_accepted_with_warnings(hooked):
    hooked.put("utils/alpha.py", BAD.format(name="alpha"))
    hooked.commit()
    push = Push(hooked, "main:refs/heads/feature/x")
    assert push.accepted
    assert "warning: `feature/x` is accepted; `main` would refuse it" in push.text
    assert "utils/alpha.py:1:8: HIGH NoImportOS" in push.text and "beta" not in push.text
    push = Push(hooked, "main:trial")
    assert push.accepted and "warning: `trial`" in push.text
    assert Push(hooked, ":feature/x").accepted


def test_what_an_operator_lets_through_ahead_goes_in(agent, hooked):
    for number in range(12):
        hooked.write(f"extra_{number}", str(number))
    hooked.commit("Many")
    assert Push(hooked, "main").accepted
    assert agent.cli("sync").returncode == 0
    for number in range(12):
        hooked.remove(f"extra_{number}")
    commit = hooked.commit("Clean up")
    refused = Push(hooked, "main")
    assert not refused.accepted and "it removes 12 of 15 live utilities" in refused.text
    # The way out, word for word.
    command = f"sync-agent approve demo {commit} --reason"
    assert command in refused.text and "is pushed again as it is" in refused.text
    result = agent.cli("approve", "demo", commit, "--reason", "agreed")
    assert result.returncode == 0 and "when it is pushed" in result.stdout, result.stderr
    # It counts for that commit alone.
    hooked.git("commit", "-q", "--amend", "-m", "Cleaner")
    assert not Push(hooked, "main").accepted
    hooked.git("reset", "-q", "--hard", commit)
    push = Push(hooked, "main")
    assert push.accepted and "an operator has approved" in push.text, push
    assert agent.cli("sync").returncode == 0
    assert not list(hooked.bare.glob("sync-agent.approved*"))

    # A rewrite: refused, approved, in.
    hooked.git("commit", "-q", "--amend", "-m", "Rewritten")
    assert not Push(hooked, "+main").accepted
    assert agent.cli("approve", "demo", hooked.head()).returncode == 0
    assert Push(hooked, "+main").accepted
    assert agent.cli("sync").returncode == 0


def test_making_all_utilities_drafts_is_refused_as_a_removal(agent, hooked):
    for number in range(12):
        hooked.write(f"extra_{number}", str(number))
    hooked.commit("Many")
    assert Push(hooked, "main").accepted
    for number in range(12):
        hooked.write(f"extra_{number}", str(number), draft=True)
    hooked.commit("Hide them")
    push = Push(hooked, "main")
    assert not push.accepted and "policy.max_removals" in push.text, push


def test_deleting_the_approved_branch_is_refused_with_the_reason(hooked):
    before = tips(hooked)
    hooked.git("-C", str(hooked.bare), "symbolic-ref", "HEAD", "refs/heads/other")
    push = Push(hooked, ":main")
    assert not push.accepted and "`main` is the approved branch and cannot be deleted" in push.text
    assert tips(hooked) == before


def test_several_refs_in_one_push_stand_or_fall_together(hooked):
    before = tips(hooked)
    hooked.git("tag", "-a", "v1", "-m", "v1")
    hooked.git("branch", "good")
    hooked.put("utils/alpha.py", BAD.format(name="alpha"))
    hooked.commit()
    push = Push(hooked, "main", "good", "v1", "main:worse")
    assert not push.accepted and tips(hooked) == before
    assert push.text.index("refused") < push.text.index("warning: `worse`")
    assert Push(hooked, "good", "v1", "main:worse").accepted


def test_tags_and_other_refs_pass_in_silence(hooked):
    hooked.put("utils/alpha.py", BAD.format(name="alpha"))
    hooked.commit()
    hooked.git("tag", "-a", "v1", "-m", "v1")
    for ref in ("v1", "main:refs/notes/x", "main:refs/changes/1"):
        push = Push(hooked, ref)
        assert push.accepted and push.text == "", push


def test_a_rewritten_branch_is_compared_with_what_it_replaces(hooked):
    hooked.write("delta")
    hooked.commit()
    assert Push(hooked, "main").accepted
    hooked.git("reset", "-q", "--hard", "HEAD~1")
    hooked.put("utils/alpha.py", BAD.format(name="alpha"))
    hooked.commit()
    push = Push(hooked, "+main")
    assert not push.accepted and "remove  delta" in push.text and "update  alpha  refused" in push.text


def test_the_approved_branch_is_the_configured_one(agent, demo):
    demo.push()
    result = agent.cli("hook install", demo.bare, repositories__branch="release")
    assert result.returncode == 0, result.stderr
    demo.put("utils/alpha.py", BAD.format(name="alpha"))
    demo.commit()
    assert Push(demo, "main").accepted
    assert not Push(demo, "main:release").accepted


# With an agent, without one, and other folders


def test_beside_a_running_agent(agent, live):
    install(agent, live)
    live.put("utils/alpha.py", BAD.format(name="alpha"))
    refused = live.commit()
    assert not Push(live, "main").accepted
    live.git("reset", "-q", "--hard", "HEAD~1")
    live.write("alpha", "'alpha 3'")
    commit = live.commit()
    assert Push(live, "main").accepted
    agent.applied(commit)
    assert agent.entry("alpha")["quarantine"] is None
    status = json.loads(agent.cli("where --format json", refused, "--tenant", "demo").stdout)
    assert status["state"] == "unknown"


def test_a_state_that_may_only_be_read(agent, demo, tmp_path):
    """Root may write anywhere, so the folder is what nobody can write to: a file stands in its place."""
    demo.push()
    assert agent.cli("sync").returncode == 0
    state = tmp_path / "nowhere"
    state.write_text("no folder")
    assert install(agent, demo, "--set", f"agent.state={state}")
    demo.put("utils/alpha.py", BAD.format(name="alpha"))
    demo.commit()
    push = Push(demo, "main", env={"HOME": "/nonexistent", "XDG_CACHE_HOME": ""})
    assert not push.accepted and "HIGH NoImportOS" in push.text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_users_cache_is_read_or_worked_without(agent, demo):
    """The folders of the tests are their user's alone; this one is everybody's to read."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        tree, state = Path(folder) / "tree", Path(folder) / "state"
        shutil.copytree(demo.clone, tree, ignore=shutil.ignore_patterns(".git"))
        state.mkdir(mode=0o755)
        program = shutil.copy(BINARY, folder)
        command = [program, "validate", tree, "--format", "json", "--set", f"agent.state={state}"]
        assert subprocess.run(command, check=False, env=git_environment()).returncode == 0
        before = {path.name: path.stat().st_mtime_ns for path in state.iterdir()}
        assert "verdicts.sqlite" in before
        for mode in (0o755, 0o700):
            state.chmod(mode)
            result = subprocess.run(
                command, capture_output=True, text=True, check=False, user="nobody", group="nogroup",
                extra_groups=[], cwd="/", env=git_environment({"HOME": "/nonexistent"}),
            )  # fmt: skip
            assert result.returncode == 0 and rules(result.stdout) == (3, []), result
        assert {path.name: path.stat().st_mtime_ns for path in state.iterdir()} == before


@pytest.mark.parametrize("mode", ["open", "closed"])
def test_without_a_checker_it_fails_as_configured(agent, demo, mode):
    demo.push()
    install(agent, demo, "--fail", mode, "--set", "runtime.python=/nonexistent/python3")
    demo.put("utils/alpha.py", BAD.format(name="alpha"))
    demo.commit()
    push = Push(demo, "main")
    assert push.accepted == (mode == "open"), push
    assert "cannot be judged" in push.text and f"hook.failure is {mode}" in push.text


@pytest.mark.parametrize("mode", ["open", "closed"])
def test_a_verdict_that_takes_too_long_fails_as_configured(agent, demo, tmp_path, mode):
    demo.push()
    slow = tmp_path / "python3"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    config = tmp_path / "agent.yaml"
    config.write_text(f"runtime: {{python: {slow}}}\nhook: {{timeout: 1, failure: {mode}}}\n")
    install(agent, demo, "--config", config)
    demo.put("utils/alpha.py", "def alpha(data, filter):\n    return 9\n")
    demo.commit()
    began = time.monotonic()
    push = Push(demo, "main")
    assert time.monotonic() - began < 20
    assert push.accepted == (mode == "open") and "hook.timeout" in push.text, push


def test_without_the_program_the_hook_says_so(agent, demo, hooked):
    hook = demo.bare / "hooks/pre-receive"
    for mode in ("open", "closed"):
        install(agent, demo, "--fail", mode)
        hook.write_text(hook.read_text().replace(f"agent='{BINARY.resolve()}'", "agent='/nonexistent/sync-agent'"))
        demo.write(f"fine_{mode}")
        demo.commit()
        push = Push(demo, "main")
        assert push.accepted == (mode == "open") and "not at its place any more" in push.text, push


def test_a_broken_configuration_fails_as_installed(agent, demo, tmp_path):
    demo.push()
    config = tmp_path / "agent.yaml"
    config.write_text("policy: {medium: block}\n")
    install(agent, demo, "--config", config, "--fail", "closed")
    demo.put("utils/alpha.py", "import socket\n\n\ndef alpha(data, filter):\n    return 1\n")
    demo.commit()
    assert "`alpha` would be quarantined" in Push(demo, "main").text
    config.write_text("policy: {medum: block}\n")
    push = Push(demo, "main")
    assert not push.accepted and "did you mean `policy.medium`" in push.text


def test_a_pushers_environment_changes_nothing(hooked):
    hooked.put("utils/alpha.py", BAD.format(name="alpha"))
    hooked.commit()
    assert not Push(hooked, "main", env={"REPOSITORIES_BRANCH": "other", "RUNTIME_PYTHON": "/bin/true"}).accepted


# Installing


def script(path, text):
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)


def test_a_hook_that_is_there_is_kept_and_comes_back(agent, demo):
    demo.push()
    hook = demo.bare / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    script(hook, 'cat > seen\necho "theirs: $GIT_DIR"\nexit $(cat verdict)\n')
    theirs = hook.read_text()
    assert "kept" in install(agent, demo).stdout
    for _ in range(2):
        assert "renewed" in install(agent, demo).stdout
    (demo.bare / "verdict").write_text("0")
    old = demo.head()
    demo.write("delta")
    new = demo.commit()
    push = Push(demo, "main")
    assert push.accepted and push.text.index("theirs: .") < push.text.index("`main` is accepted")
    assert (demo.bare / "seen").read_text() == f"{old} {new} refs/heads/main\n"
    (demo.bare / "verdict").write_text("3")
    demo.write("epsilon")
    demo.commit()
    push = Push(demo, "main")
    assert not push.accepted and "own pre-receive hook refused the push (3)" in push.text
    (demo.bare / "verdict").write_text("0")
    demo.put("utils/alpha.py", BAD.format(name="alpha"))
    demo.commit()
    assert not Push(demo, "main").accepted
    removed = agent.cli("hook uninstall", demo.bare, configured=False)
    assert removed.returncode == 0 and hook.read_text() == theirs and hook.stat().st_mode & stat.S_IXUSR
    assert not (hook.parent / "pre-receive.chained").exists()
    assert Push(demo, "main").accepted
    again = agent.cli("hook uninstall", demo.bare, configured=False)
    assert again.returncode == 0 and "no hook" in again.stdout and hook.read_text() == theirs


def test_a_kept_hook_that_is_not_executable_stays_silent(agent, demo):
    demo.push()
    hook = demo.bare / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    script(hook, "exit 1\n")
    hook.chmod(0o644)
    install(agent, demo)
    demo.write("delta")
    demo.commit()
    assert Push(demo, "main").accepted


def test_two_hooks_that_cannot_both_be_kept(agent, demo):
    folder = demo.bare / "hooks"
    folder.mkdir(exist_ok=True)
    for name in ("pre-receive", "pre-receive.chained"):
        script(folder / name, "exit 0\n")
    result = install(agent, demo, code=1)
    assert "pre-receive.chained already" in result.stderr and (folder / "pre-receive").read_text() == "#!/bin/sh\nexit 0\n"


def test_a_repository_with_a_working_tree_and_odd_characters(agent, tmp_path):
    tenant = Tenant(tmp_path / "it's a \"$(touch pwned)\" folder", "demo")
    tenant.write("alpha")
    tenant.commit()
    other = tmp_path / "plain"
    subprocess.run(["git", "init", "-q", "-b", "main", other], check=True, env=git_environment())
    for repo in (tenant.bare, other):
        state = tmp_path / "it's $(touch pwned) state"
        result = agent.cli("hook install", repo, "--set", f"agent.state={state}")
        assert result.returncode == 0, result.stderr
    assert Push(tenant, "main").accepted
    tenant.bare = other
    tenant.put("utils/alpha.py", BAD.format(name="alpha"))
    tenant.commit()
    assert not Push(tenant, "main:main").accepted
    push = Push(tenant, "main:topic")
    assert push.accepted and "warning" in push.text
    assert not list(tmp_path.rglob("pwned"))


def test_installing_where_it_cannot_work(agent, demo, tmp_path):
    def fails(*arguments, words):
        result = agent.cli("hook install", *arguments)
        assert result.returncode == 1 and result.stdout == "" and result.stderr.startswith("Error: "), result
        assert words in result.stderr, result.stderr

    fails(tmp_path / "nothing", words="does not exist")
    (tmp_path / "folder").mkdir()
    fails(tmp_path / "folder", words="git init")
    (tmp_path / "file").write_text("")
    fails(tmp_path / "file", words="not a folder")
    fails(demo.bare, "--config", tmp_path / "no.yaml", words="cannot be read")
    demo.git("-C", str(demo.bare), "config", "core.hooksPath", "/shared/hooks")
    fails(demo.bare, words="core.hooksPath")
    assert agent.cli("hook install", demo.bare, "--fail", "ajar").returncode == 64
    assert agent.cli("hook install").returncode == 64
    assert not (demo.bare / "hooks/pre-receive").exists()


@pytest.mark.parametrize(
    "text",
    [
        "nonsense\n", "a b refs/heads/main\n", f"{'0' * 40} {'1' * 40}\n", f"{'0' * 40} {'1' * 40} main\n",
        f"{'0' * 40} {'1' * 40} refs/heads/{'x' * 5000}\n", f"{'0' * 40} {'1' * 40} refs/heads/a\x01b\n",
        f"{'g' * 40} {'1' * 40} refs/heads/main\n", f"{'0' * 40} {'1' * 40} refs/heads/a b\n", "\0\0\0\n",
        "x" * (17 << 20),
    ],
    ids=["word", "ids", "no ref", "no ref name", "long", "control", "hex", "space", "nul", "17 MiB"],
)  # fmt: skip
def test_input_that_git_does_not_write_is_refused(demo, text):
    demo.push()
    result = subprocess.run(
        [BINARY, "hook", "pre-receive"], input=text.encode(), cwd=demo.bare, capture_output=True, check=False,
        timeout=60,
    )  # fmt: skip
    assert result.returncode == 1 and result.stderr.startswith(b"Error: ") and len(result.stderr) < 500, result


def test_objects_that_are_not_there_and_no_repository(demo, tmp_path):
    demo.push()
    line = f"{demo.head()} {'1' * 40} refs/heads/main\n".encode()
    for folder, words in ((demo.bare, b"missing"), (tmp_path, b"it has no HEAD")):
        for mode, code in (("open", 0), ("closed", 1)):
            result = subprocess.run(
                [BINARY, "hook", "pre-receive", "--fail", mode], input=line, cwd=folder, capture_output=True,
                check=False, timeout=60,
            )  # fmt: skip
            assert result.returncode == code and words in result.stderr, result
    quiet = subprocess.run([BINARY, "hook", "pre-receive"], input=b"", cwd=demo.bare, check=False)
    assert quiet.returncode == 0


def test_ten_thousand_utilities(agent, demo):
    """One change in a large repository is judged alone: the checker is asked about one file."""
    for index in range(10_000):
        demo.write(f"u{index:05d}", str(index), folder=f"utils/g{index // 200:03d}")
    demo.commit_and_push()
    install(agent, demo)
    demo.put("utils/g007/u01400.py", BAD.format(name="u01400"))
    demo.write("U00007", code="def U00007(data, filter):\n    return 1\n")
    demo.commit()
    push = Push(demo, "main")
    assert not push.accepted
    assert "utils/g007/u01400.py:1:8: HIGH NoImportOS" in push.text
    assert "utils/g000/u00007.py: HIGH NameDuplicate" in push.text and "3 utilities" in push.text
    demo.remove("U00007")
    demo.write("u01400", "1", folder="utils/g007")
    demo.write("fine", "2")
    demo.commit()
    push = Push(demo, "main")
    assert push.accepted and "create  fine" in push.text, push


# validate


def validate(agent, *arguments, code=0, **options):
    result = agent.cli("validate", *arguments, configured=False, **options)
    assert result.returncode == code, (result.stdout, result.stderr)
    return result.stdout


def rules(text):
    value = json.loads(text)
    return value["checked"], [(f["rule"], f["path"], f["severity"]) for f in value["findings"]]


@pytest.fixture
def parted(demo):
    """`main` and `feature` both went on since they parted."""
    demo.write("alpha", playbooks=["triage", "hunt"], outputs=["found", "score"])
    demo.write("gamma", folder="utils/more", playbooks=["hunt"])
    demo.write("kept", playbooks=["hunt"], code=longer("kept"))
    demo.commit_and_push()
    demo.git("checkout", "-q", "-b", "feature")
    demo.git("mv", "utils/kept.py", "utils/better.py")
    demo.git("mv", "utils/kept.yaml", "utils/better.yaml")
    demo.put("utils/better.py", longer("better"))
    demo.write("alpha", code="def alpha(data, filter, limit=5):\n    return 1\n", outputs=["found"])
    demo.remove("gamma", "utils/more")
    demo.commit()
    demo.push(branch="feature")
    demo.git("checkout", "-q", "main")
    demo.write("later")
    demo.put("utils/beta.py", BAD.format(name="beta"))
    demo.commit_and_push()
    return demo


BREAKS = [
    ("BreakingSignature", "utils/alpha.py", "MEDIUM"), ("BreakingOutput", "utils/alpha.yaml", "MEDIUM"),
    ("BreakingRename", "utils/better.py", "MEDIUM"), ("BreakingRemoval", "utils/more/gamma.py", "MEDIUM"),
]  # fmt: skip


@pytest.mark.parametrize(
    "arguments",
    [
        ["--revision", "feature", "--base", "main"], ["--revision", "main..feature"],
        ["--revision", "main...feature"], ["--revision", "feature", "--base", "feature~1"],
    ],
    ids=["base", "two dots", "three dots", "its parent"],
)  # fmt: skip
def test_validate_what_a_branch_changes_and_breaks(agent, parted, arguments):
    text = validate(agent, "--repo", parted.bare, *arguments, "--format", "json")
    assert rules(text) == (2, BREAKS)
    messages = " ".join(finding["message"] for finding in json.loads(text)["findings"])
    for words in ("`triage`, `hunt`", "`kept` is renamed to `better`", "`score`", "limit=..."):
        assert words in messages, messages
    lines = {f["rule"]: (f["line"], f["column"]) for f in json.loads(text)["findings"]}
    assert lines["BreakingSignature"] == (1, 1) and lines["BreakingOutput"][0] > 0


def test_validate_the_other_way_and_whole(agent, parted):
    text = validate(agent, "--repo", parted.bare, "--revision", "feature..main", "--format", "json", code=3)
    checked, found = rules(text)
    assert checked == 2 and {path for _, path, _ in found} == {"utils/beta.py"}
    assert json.loads(text)["quarantined"] == ["beta"]
    text = validate(agent, "--repo", parted.clone, "--revision", "main", "--format", "json", code=3)
    assert rules(text)[0] == 5


def test_validate_wrong_ranges(agent, parted):
    def fails(*arguments, code, words):
        result = agent.cli("validate --repo", parted.bare, *arguments, configured=False)
        assert result.returncode == code and words in result.stderr, result

    fails("--revision", "main..nowhere", code=1, words="nowhere")
    fails("--revision", "main..feature", "--base", "main", code=64, words="not both")
    fails("--revision", "main", "--base", "", code=1, words="git")


def test_validate_in_every_format_agrees(agent, parted):
    arguments = ["--repo", parted.bare, "--revision", "main"]
    findings = json.loads(validate(agent, *arguments, "--format", "json", code=3))["findings"]
    text = validate(agent, *arguments, code=3)
    assert "\n     1 | import os\n       |        ^\n" in text and "\x1b" not in text
    assert text.splitlines()[-1] == "checked 5: 1 would be quarantined"
    annotations = validate(agent, *arguments, "--format", "github", code=3).splitlines()
    assert len(annotations) == len(findings)
    assert annotations[0].startswith("::error file=utils/beta.py,line=1,col=8,title=NoImportOS::")
    log = json.loads(validate(agent, *arguments, "--format", "sarif", code=3))
    results = log["runs"][0]["results"]
    assert [r["ruleId"] for r in results] == [f["rule"] for f in findings]
    assert [
        (r["locations"][0]["physicalLocation"]["region"]["startLine"]) for r in results
    ] == [f["line"] for f in findings]


def test_sarif_fits_its_schema(agent, demo, tmp_path):
    jsonschema = pytest.importorskip("jsonschema", reason="apt-get install python3-jsonschema")
    validator = jsonschema.Draft4Validator(
        json.loads(SCHEMA.read_text()), format_checker=jsonschema.FormatChecker()
    )
    demo.put("utils/a b%.py", BAD.format(name="x"))
    demo.put("utils/Ünï.yaml", "x: &a [*a]\n")
    demo.put("utils/big.py", b"\xff\xfe" * 10)
    demo.put("utils/far.py", "def far(data, filter):\n    return open('" + "x" * 5000 + "')\n")
    demo.put("lib/bad.py", "import ctypes\n")
    demo.put("tenant.yaml", "polcy: 1\n")
    for arguments, code in (([demo.clone], 3), ([CHECKOUT / "sample-repo"], 0)):
        log = json.loads(validate(agent, *arguments, "--format", "sarif", code=code))
        errors = sorted(validator.iter_errors(log), key=str)
        assert not errors, errors[0]
    assert not validator.is_valid({"version": "2.1.0"}), "the schema itself must be able to refuse"


def test_paths_for_other_programs_start_at_the_current_folder(agent, tmp_path):
    for name in ("one", "two"):
        (agent.folder / name / "utils").mkdir(parents=True)
        (agent.folder / name / "utils/f.py").write_text(BAD.format(name="f"))
    text = validate(agent, "one", "--format", "github", code=3)
    assert "file=one/utils/f.py,line=1" in text
    log = json.loads(validate(agent, "one", "--format", "sarif", code=3))
    uris = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in log["runs"][0]["results"]}
    assert uris == {"one/utils/f.py"}


def test_validate_files_as_pre_commit_gives_them(agent, demo):
    demo.put("utils/alpha.py", BAD.format(name="alpha"))
    demo.put("utils/more/gamma.py", BAD.format(name="gamma"))
    files = [demo.clone / path for path in ("utils/alpha.py", "utils/alpha.yaml", "utils/beta.py", "lib/words.py")]
    text = validate(agent, *files, "--format", "json", code=3)
    assert rules(text)[0] == 2 and json.loads(text)["quarantined"] == ["alpha"]
    demo.write("ALPHA", folder="utils/x", code="def ALPHA(data, filter):\n    return 1\n")
    text = validate(agent, demo.clone / "utils/x/ALPHA.py", "--format", "json", code=3)
    assert [rule for rule, _, _ in rules(text)[1]] == ["NameDuplicate"]


def test_a_kept_verdict_is_of_the_very_bytes(agent, demo, tmp_path):
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    for _ in range(2):
        assert rules(validate(agent, demo.clone, "--format", "json", env=cache)) == (3, [])
    assert (tmp_path / "cache/sync-agent/verdicts.sqlite").exists()
    path = demo.clone / "utils/alpha.py"
    good, when = path.read_text(), path.stat()
    # As long, and of the same time: only the bytes tell.
    path.write_text(good.replace("'alpha 1'", "eval('1')"))
    os.utime(path, ns=(when.st_atime_ns, when.st_mtime_ns))
    assert "NoExec" in validate(agent, demo.clone, code=3, env=cache)
    path.write_text(good)
    assert rules(validate(agent, demo.clone, "--format", "json", env=cache)) == (3, [])
    # A cache in ruins, or one that others can write to, costs time and no verdict.
    for file in (tmp_path / "cache/sync-agent").iterdir():
        file.write_bytes(b"ruins" * 300)
    assert rules(validate(agent, demo.clone, "--format", "json", env=cache)) == (3, [])
    (tmp_path / "cache/sync-agent").chmod(0o777)
    path.write_text(BAD.format(name="alpha"))
    assert "NoImportOS" in validate(agent, demo.clone, code=3, env=cache)


def on_terminal(command, env):
    """What a command writes to a terminal: both streams, and its exit code."""
    parent, child = pty.openpty()
    process = subprocess.Popen(command, stdout=child, stderr=child, stdin=subprocess.DEVNULL, env=env)
    os.close(child)
    output = b""
    while True:
        try:
            block = os.read(parent, 65536)
        except OSError:
            break
        if not block:
            break
        output += block
    os.close(parent)
    return process.wait(), output.decode()


@pytest.mark.parametrize("plain", [False, True], ids=["coloured", "NO_COLOR"])
def test_colours_and_a_bar_on_a_terminal_alone(agent, tmp_path, plain):
    (tmp_path / "utils").mkdir()
    slow = tmp_path / "python3"
    slow.write_text("#!/bin/sh\nsleep 1.6\nexec /usr/bin/python3 \"$@\"\n")
    slow.chmod(0o755)
    (tmp_path / "utils/f.py").write_text(BAD.format(name="f"))
    env = git_environment({"NO_COLOR": "1"} if plain else {})
    if not plain:
        env.pop("NO_COLOR", None)
    env["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    code, text = on_terminal(
        [BINARY, "validate", str(tmp_path), "--set", f"runtime.python={slow}"], env
    )
    assert code == 3 and "NoImportOS" in text
    assert ("\x1b[31mHIGH" in text) != plain
    assert ("judging [" in text) != plain, text


def test_plan_shows_fields_as_a_diff(agent, live):
    live.write("alpha", description="Another description.", input_label="Text")
    live.commit_and_push()
    agent.stop()
    live.write("alpha", "3", description="A third one.", input_label="Words")
    live.commit_and_push()
    result = agent.cli("plan")
    assert result.returncode == 2, result
    for words in ("update alpha #", "- description: ", '+ description: "A third one."', "      fields:", "restart"):
        assert words in result.stdout, (words, result.stdout)
    assert '"label" : "Words"' in result.stdout and "\x1b" not in result.stdout
