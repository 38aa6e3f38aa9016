"""Keys of every kind, and commits signed with them in every wrong way."""

import base64
import os
import subprocess

PAST = "20200101T000000"


def run(*command, input=None, env=None, cwd=None):
    result = subprocess.run(
        list(map(str, command)), input=input, capture_output=True, check=False, cwd=cwd,
        env={**os.environ, **(env or {})},
    )  # fmt: skip
    assert result.returncode == 0, (command, result.stderr.decode(errors="replace"))
    return result.stdout


class Keys:
    """SSH and OpenPGP keys: good, expired, revoked, for another purpose, and of strangers."""

    def __init__(self, folder):
        self.folder = folder
        self.gnupg = {"GNUPGHOME": str(folder / "gnupg")}
        (folder / "gnupg").mkdir(mode=0o700)
        for name in ("rita", "mallory", "old", "gone", "files"):
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", folder / name)
        self.allowed = folder / "allowed_signers"
        self.allowed.write_text(
            f"# who may sign\nrita@acme.example,rita@home.example {self.public('rita')}\n"
            f'old@acme.example valid-before="20200101" {self.public("old")}\n'
            f"gone@acme.example {self.public('gone')}\n"
            f'files@acme.example namespaces="file" {self.public("files")}\n'
        )
        self.revoked = folder / "revoked"
        self.revoked.write_text((folder / "gone.pub").read_text())
        for name, options in (
            ("Rita", []), ("Gone", []), ("Mallory", []), ("Old", ["--faked-system-time", PAST]),
        ):  # fmt: skip
            self.gpg("--passphrase", "", *options, "--quick-gen-key", self.user(name), "ed25519", "sign", "1d")
        self.keyring = folder / "keyring.asc"
        self._write_keyring()

    def _write_keyring(self):
        """What the operator has: the public keys, one of them revoked after it signed."""
        fingerprint = next(
            line.split(b":")[9].decode()
            for line in self.gpg("--with-colons", "-k", self.user("Gone")).splitlines()
            if line.startswith(b"fpr")
        )
        revocation = self.folder / "gnupg" / "openpgp-revocs.d" / f"{fingerprint}.rev"
        users = [self.user(name) for name in ("Rita", "Gone", "Old")]
        public = self.gpg("--export", *users)
        other = {"GNUPGHOME": str(self.folder / "operator")}
        (self.folder / "operator").mkdir(mode=0o700)
        for data in (public, revocation.read_bytes().replace(b":-----BEGIN", b"-----BEGIN")):
            run("gpg", "--batch", "--quiet", "--import", input=data, env=other)
        exported = run("gpg", "--batch", "--armor", "--export", env=other)
        self.keyring.write_bytes(b"Keys of the team\n\n" + exported)
        run("gpgconf", "--kill", "all", env=other)

    def close(self):
        """Ends the agent that gpg started."""
        run("gpgconf", "--kill", "all", env=self.gnupg)

    @staticmethod
    def user(name):
        return f"{name} <{name.lower()}@acme.example>"

    def public(self, name):
        return " ".join((self.folder / f"{name}.pub").read_text().split()[:2])

    def gpg(self, *arguments, input=None):
        return run("gpg", "--batch", "--quiet", *arguments, input=input, env=self.gnupg)

    # MARK: Signatures over a payload

    def ssh(self, name, payload, namespace="git"):
        return run("ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", self.folder / name, input=payload)

    def openpgp(self, name, payload, *options):
        return self.gpg(*options, "-u", self.user(name), "--armor", "--detach-sign", input=payload)

    def inline(self, payload):
        """A whole signed message in the clothes of a detached signature."""
        message = self.gpg("-u", self.user("Rita"), "--sign", input=payload)
        body = base64.encodebytes(message).decode()
        return f"-----BEGIN PGP SIGNATURE-----\n\n{body}-----END PGP SIGNATURE-----\n".encode()


def sign(tenant, signature, *, commit="HEAD", alter=lambda raw: raw, header=b"gpgsig"):
    """Replaces a commit of the clone by one that carries `signature(payload)`; its name."""
    payload = run("git", "cat-file", "commit", commit, cwd=tenant.clone)
    lines = signature(payload).rstrip(b"\n").split(b"\n")
    block = header + b" " + b"\n ".join(lines) + b"\n"
    head, message = payload.split(b"\n\n", 1)
    raw = alter(head + b"\n" + block + b"\n" + message)
    name = run("git", "hash-object", "-t", "commit", "-w", "--literally", "--stdin", input=raw, cwd=tenant.clone)
    tenant.git("reset", "-q", "--soft", name.decode().strip())
    return name.decode().strip()
