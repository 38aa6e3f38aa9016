"""policy.approval: signed, with real keys, real git and the programs that git verifies with."""

import json

import pytest

from signing import Keys, sign
from test_policy import held


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    keys = Keys(tmp_path_factory.mktemp("keys"))
    yield keys
    keys.close()


@pytest.fixture
def signed(agent, demo, keys):
    """The tenant with its first revision applied; every further one must be signed."""
    agent.settings |= {
        "runtime.driver": "none", "policy.approval": "signed",
        "policy.allowed_signers": f"{keys.allowed},{keys.keyring}", "policy.revoked_signers": keys.revoked,
    }  # fmt: skip
    demo.push()
    synced = agent.cli("sync")
    assert synced.returncode == 0, synced
    return demo


def change(tenant, answer):
    tenant.write("alpha", repr(answer))
    return tenant.commit(f"Answer {answer}")


def outcome(agent, tenant):
    """What a sync makes of the tip: its phase and the reason for a hold."""
    tenant.push("--force")
    result = agent.cli("sync", "--format", "json")
    branch = json.loads(result.stdout)["tenants"][0]["branches"][0]
    assert result.returncode == {"synced": 0, "held": 3, "failed": 1}[branch["phase"]], result
    return branch["phase"], (branch["held"] or {}).get("reason", branch["error"] or "")


def test_what_git_signs_is_applied(agent, signed, keys, monkeypatch):
    monkeypatch.setenv("GNUPGHOME", keys.gnupg["GNUPGHOME"])
    for number, options in enumerate((
        ["-c", "gpg.format=ssh", "-c", f"user.signingkey={keys.folder / 'rita'}"],
        ["-c", f"user.signingkey={keys.user('Rita')}"],
    )):  # fmt: skip
        signed.write("alpha", str(number))
        signed.git("add", "-A")
        signed.git(*options, "commit", "-q", "-S", "-m", f"Signed {number}\n\n gpgsig of no meaning")
        assert outcome(agent, signed) == ("synced", "")


def wrong(keys):
    """Name, how the commit is made, and what the reason says."""
    tampered = {"alter": lambda raw: raw.replace(b"Answer", b"Reply")}
    twice = {"alter": lambda raw: raw.replace(b"\n\n", b"\ngpgsig none\n\n", 1)}
    with_nul = {"alter": lambda raw: raw + b"\0more"}
    return [
        ("ssh unknown", lambda p: keys.ssh("mallory", p), {}, ["not among the allowed signers", "SHA256:"]),
        ("ssh expired", lambda p: keys.ssh("old", p), {}, ["not valid at this time"]),
        ("ssh revoked", lambda p: keys.ssh("gone", p), {}, ["was revoked", "gone@acme.example"]),
        ("ssh key for files", lambda p: keys.ssh("files", p), {}, ["another purpose"]),
        ("ssh signature for files", lambda p: keys.ssh("rita", p, "file"), {}, ["another purpose"]),
        ("ssh tampered", lambda p: keys.ssh("rita", p), tampered, ["altered after it was signed"]),
        ("ssh of another commit", lambda p: keys.ssh("rita", p + b"x"), {}, ["altered"]),
        ("ssh cut", lambda p: keys.ssh("rita", p)[:80], {}, ["cannot be read"]),
        ("two signatures", lambda p: keys.ssh("rita", p), twice, ["cannot be read"]),
        ("a NUL byte", lambda p: keys.ssh("rita", p), with_nul, ["cannot be read"]),
        ("junk", lambda p: b"-----BEGIN SIGNED MESSAGE-----\nMII=\n", {}, ["cannot be read"]),
        ("the other hash's header", lambda p: keys.ssh("rita", p), {"header": b"gpgsig-sha256"}, ["is not signed"]),
        ("pgp unknown", lambda p: keys.openpgp("Mallory", p), {}, ["not among the allowed signers"]),
        (
            "pgp expired",
            lambda p: keys.openpgp("Old", p, "--faked-system-time", "20200101T000100"), {},
            ["not valid at this time", "old@acme.example"],
        ),
        ("pgp revoked", lambda p: keys.openpgp("Gone", p), {}, ["was revoked", "gone@acme.example"]),
        ("pgp tampered", lambda p: keys.openpgp("Rita", p), tampered, ["altered", "rita@acme.example"]),
        ("pgp cut", lambda p: keys.openpgp("Rita", p)[:90], {}, ["cannot be read"]),
        ("pgp inline", lambda p: keys.inline(p), {}, ["cannot be read"]),
        ("pgp inline of another", lambda p: keys.inline(b"x"), {}, ["cannot be read"]),
        (
            "two pgp signatures",
            lambda p: keys.openpgp("Rita", p) + keys.openpgp("Mallory", p), {},
            ["cannot be read"],
        ),
    ]  # fmt: skip


def test_nothing_else_counts(agent, signed, keys):
    first = signed.head()
    change(signed, 0)
    phase, reason = outcome(agent, signed)
    assert phase == "held" and "by Dana is not signed" in reason and "git commit -S" in reason
    for name, signature, options, expected in wrong(keys):
        signed.git("reset", "-q", "--hard", first)
        change(signed, name)
        sign(signed, signature, **options)
        phase, reason = outcome(agent, signed)
        assert phase == "held", (name, reason)
        for text in [*expected, "sync-agent approve demo"]:
            assert text in reason, (name, reason)
    signed.git("reset", "-q", "--hard", first)
    change(signed, "good again")
    sign(signed, lambda p: keys.ssh("rita", p))
    assert outcome(agent, signed) == ("synced", "")


def test_the_tip_or_every_commit(agent, signed, keys):
    change(signed, "unsigned")
    change(signed, "signed")
    sign(signed, lambda p: keys.ssh("rita", p))
    agent.settings["policy.signed"] = "all"
    phase, reason = outcome(agent, signed)
    assert phase == "held" and "is not signed" in reason
    unsigned = signed.head("HEAD~1")
    assert unsigned[:12] in reason
    agent.settings["policy.signed"] = "tip"
    assert outcome(agent, signed) == ("synced", "")


def test_an_unsigned_merge_of_signed_work(agent, signed, keys):
    base = signed.head()
    change(signed, "work")
    work = sign(signed, lambda p: keys.ssh("rita", p))
    signed.git("checkout", "-q", "-B", "main", base)
    signed.git("merge", "-q", "--no-ff", "-m", "Merge", work, author="Rita")
    phase, reason = outcome(agent, signed)
    assert phase == "held" and "merge" in reason and "by Rita is not signed" in reason and "git merge -S" in reason
    sign(signed, lambda p: keys.openpgp("Rita", p))
    assert outcome(agent, signed) == ("synced", "")


def test_adding_the_signer_ends_the_hold_without_a_restart(agent, signed, keys, tmp_path):
    mine = tmp_path / "allowed"
    mine.write_text(keys.allowed.read_text())
    agent.settings["policy.allowed_signers"] = mine
    agent.start()
    change(signed, "by mallory")
    commit = sign(signed, lambda p: keys.ssh("mallory", p))
    signed.push()
    held(agent, commit)
    mine.write_text(f"mallory@acme.example {keys.public('mallory')}\n")
    assert agent.cli("sync").returncode == 0
    agent.applied(commit, phase="synced")
    mine.unlink()
    change(signed, "again")
    signed.push()
    assert "the file cannot be read" in agent.failed(having="allowed signers")["report"]["error"]


def test_hook_and_plan_say_the_same(agent, signed, keys, tmp_path):
    installed = agent.cli("hook install", signed.bare)
    assert installed.returncode == 0, installed
    change(signed, "unsigned")
    refused = signed.git("push", "origin", "HEAD:refs/heads/main", check=False)
    assert signed.git("ls-remote", "origin", "refs/heads/main").split()[0] != signed.head(), refused
    sign(signed, lambda p: keys.ssh("rita", p))
    signed.push()
    assert agent.cli("plan").returncode == 2
    assert agent.cli("sync").returncode == 0
    assert agent.cli("hook uninstall", signed.bare, configured=False).returncode == 0
    change(signed, "unsigned again")
    signed.push()
    plan = agent.cli("plan", "--format", "json")
    answer = json.loads(plan.stdout)["tenants"][0]
    assert plan.returncode == 3 and "is not signed" in answer["held"]["reason"] and answer["held"]["rule"] == "signed"


def test_a_tenant_may_ask_for_signatures_and_never_names_signers(agent, signed, keys):
    agent.settings["policy.approval"] = "none"
    signed.put("tenant.yaml", "policy:\n  approval: signed\n  signed: all\n")
    signed.commit("Tighten")
    assert outcome(agent, signed)[0] == "synced"
    change(signed, "unsigned")
    assert "is not signed" in outcome(agent, signed)[1]
    without = {key: agent.settings.pop(key) for key in ("policy.allowed_signers", "policy.revoked_signers")}
    assert "have an operator set policy.allowed_signers" in outcome(agent, signed)[1]
    agent.settings |= without
    signed.put("tenant.yaml", "policy:\n  approval: signed\n  allowed_signers: mine\n")
    signed.commit("Mine")
    sign(signed, lambda p: keys.ssh("rita", p))
    answer = json.loads(agent.cli("validate", "--repo", signed.clone, "--revision", "HEAD", "--format", "json").stdout)
    assert any("allowed_signers" in finding["message"] for finding in answer["findings"]), answer


def test_the_configuration_is_checked_before_the_start(agent, keys, tmp_path):
    agent.settings["policy.approval"] = "signed"
    check = agent.cli("config check")
    assert check.returncode == 1 and "policy.allowed_signers" in check.stderr
    agent.settings["policy.allowed_signers"] = tmp_path / "nothing"
    for command in ("config check", "run"):
        check = agent.cli(command)
        assert check.returncode == 1 and "nothing" in check.stderr and "readable" in check.stderr
    (tmp_path / "nothing").write_text("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n!!!\n-----END PGP PUBLIC KEY BLOCK-----\n")
    assert "damaged" in agent.cli("config check").stderr
    agent.settings["policy.allowed_signers"] = f"{keys.allowed}, {keys.keyring}"
    assert agent.cli("config check").returncode == 0
