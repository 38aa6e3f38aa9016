"""Encrypted files, against an independent AES-256-GCM."""

import base64
import hashlib
import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from support import request


def key_file(agent, *keys):
    path = agent.folder / "key"
    path.write_bytes(b"\n".join(base64.b64encode(key) for key in keys) + b"\n")
    path.chmod(0o600)
    agent.settings["catalog.encryption_key_file"] = path
    return path


def unseal(stored, key):
    sealed = base64.b64decode(stored, validate=True)
    return AESGCM(key).decrypt(sealed[:12], sealed[12:], None)


def seal(text, key):
    nonce = os.urandom(12)
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, text, None))


@pytest.fixture
def keys():
    return [AESGCM.generate_key(256) for _ in range(2)]


def test_either_side_reads_what_the_other_wrote(agent, databases, keys):
    tasks = databases[0].tasks
    tenant = agent.tenant()
    tenant.write("alpha", "1")
    source = (tenant.clone / "utils/alpha.py").read_bytes()
    key_file(agent, keys[0])
    agent.start()
    agent.applied(tenant.commit_and_push())
    stored = tasks.find_one({"name": "alpha"})
    assert type(stored["filecontents"]) is bytes and source not in stored["filecontents"]
    assert unseal(stored["filecontents"], keys[0]) == source
    assert stored["filehash"] == hashlib.sha256(source).hexdigest()
    agent.stop()
    tasks.update_one({"name": "alpha"}, {"$set": {"filecontents": seal(source, keys[0])}})
    agent.start()
    assert agent.one(stored["id"])["filecontents_instring"] == source.decode()
    shown = agent.cli("config show --format json").stdout
    seen = shown + agent.log.read_text() + agent.http("/metrics").body.decode()
    assert base64.b64encode(keys[0]).decode() not in seen and keys[0].hex() not in seen


def test_rotation_reads_the_old_key_and_reencrypt_leaves_it_behind(agent, databases, keys):
    tasks = databases[0].tasks
    tenant = agent.tenant()
    for name in ("alpha", "beta"):
        tenant.write(name, "1")
    agent.start()
    agent.applied(tenant.commit_and_push())
    sources = {document["name"]: document["filecontents"] for document in tasks.find()}
    agent.stop()
    for ring, current in ((keys[:1], keys[0]), (keys[::-1], keys[1])):
        key_file(agent, *ring)
        agent.start()
        result = agent.cli("catalog reencrypt")
        assert result.returncode == 0, result.stderr
        assert result.stdout.startswith("2 of 2 "), result.stdout
        assert agent.cli("catalog reencrypt").stdout.startswith("0 of 2 ")
        for document in tasks.find():
            assert unseal(document["filecontents"], current) == sources[document["name"]]
        agent.stop()
    key_file(agent, keys[1])
    agent.start()
    number = tasks.find_one({"name": "beta"})["id"]
    assert agent.one(number)["filecontents_instring"].encode() == sources["beta"]


def test_a_file_of_which_no_message_holds_two_is_reencrypted(agent, databases, keys):
    tasks = databases[0].tasks
    tenant = agent.tenant()
    source = ("# " + "x" * 97 + "\n") * 90_000 + "def alpha(data, filter):\n    return 1\n"
    tenant.write("alpha", code=source)
    key_file(agent, keys[0])
    agent.start()
    agent.applied(tenant.commit_and_push())
    agent.stop()
    key_file(agent, *keys[::-1])
    result = agent.cli("catalog reencrypt")
    assert result.returncode == 0 and result.stdout.startswith("1 of 1 "), result
    assert unseal(tasks.find_one()["filecontents"], keys[1]) == source.encode()
    assert agent.cli("catalog reencrypt").stdout.startswith("0 of 1 ")


@pytest.mark.parametrize("kind", ["short", "missing", "open to all", "wrong", "none"])
def test_a_bad_key_ends_the_start_with_a_clear_error(agent, databases, keys, kind):
    tenant = agent.tenant()
    tenant.write("alpha", "1")
    path = key_file(agent, keys[0])
    agent.start()
    agent.applied(tenant.commit_and_push())
    agent.stop()
    if kind == "short":
        path.write_bytes(base64.b64encode(keys[0][:16]))
    elif kind == "missing":
        path.unlink()
    elif kind == "open to all":
        path.chmod(0o644)
    elif kind == "wrong":
        key_file(agent, keys[1])
    else:
        del agent.settings["catalog.encryption_key_file"]
    before = agent.log.stat().st_size
    agent.start(ready=False)
    assert agent.ended() == 1
    said = agent.log.read_bytes()[before:].decode()
    expected = {"short": "16 bytes instead of 32", "missing": "cannot be read", "open to all": "chmod 600",
                "wrong": "no key of catalog.encryption_key_file opens it", "none": "there is no key"}  # fmt: skip
    assert expected[kind] in said, said
    assert not any(base64.b64encode(key).decode() in said for key in keys)
