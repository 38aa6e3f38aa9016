"""A release: the immutable folder that the server reads once, verifies, and keeps in memory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any


class ReleaseError(Exception):
    """The folder is not the release that its manifest describes; the text says how."""


@dataclass(frozen=True, slots=True, eq=False)
class Utility:
    """One utility with the very bytes that are hashed, reported and executed."""

    name: str
    file: str
    source: bytes
    sha256: str
    timeout: float
    modules: dict[str, bytes]
    packages: str | None = None  # the folder of its packages, an absolute path


@dataclass(frozen=True, slots=True)
class Release:
    digest: str
    tenant: str
    utilities: dict[str, Utility]

    @classmethod
    def load(
        cls, folder: Path, environments: Mapping[str, Path] = MappingProxyType({}),
        only: Iterable[str] | None = None,
    ) -> Release:
        """Read and verify a release, or those utilities of it and all of its modules.

        `environments` are the folders of package environments by their digest.

        Every problem is told at once. Files that the manifest does not list are not read.
        """
        manifest = _manifest(folder)
        listed: dict[str, dict[str, Any]] = manifest["utilities"]
        problems: list[str] = []
        if only is not None:
            wanted = set(only)
            problems += [f"utility {name} is not in it" for name in sorted(wanted - listed.keys())]
            listed = {name: entry for name, entry in listed.items() if name in wanted}
        reader = _VerifyingReader(folder, problems)
        modules = {
            path: reader.read(path, "lib", digest) for path, digest in manifest["modules"].items()
        }
        utilities = {}
        for name, entry in listed.items():
            try:
                path, digest = f"utils/{name}.py", str(entry["sha256"])
                timeout, env = float(entry["timeout"]), entry.get("env", "")
            except (KeyError, TypeError, ValueError) as error:
                problems.append(f"utility {name}: bad entry ({type(error).__name__}: {error})")
                continue
            if not name.isidentifier() or entry.get("file", path) != path:
                problems.append(f"utility {name}: its file has to be {path}")
            elif not 0 < timeout <= 3600:
                problems.append(f"utility {name}: timeout {timeout:g} is not within 1 to 3600 s")
            elif env and not (packages := _packages(environments, env)):
                problems.append(f"utility {name}: package environment {env} is not there")
            else:
                source = reader.read(path, "utils", digest)
                utilities[name] = Utility(
                    name, path, source, digest, timeout, modules, packages if env else None
                )
        if problems:
            raise ReleaseError(f"release {folder} is refused: " + "; ".join(problems))
        return cls(str(manifest["release"]), str(manifest["tenant"]), utilities)


def _packages(environments: Mapping[str, Path], env: str) -> str | None:
    """Where an environment's packages are, or None."""
    folder = environments.get(env)
    packages = folder and folder.absolute() / "site-packages"
    return str(packages) if packages and packages.is_dir() else None


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / "release.json"
    try:
        manifest = json.loads(path.read_bytes())
    except OSError as error:
        raise ReleaseError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ReleaseError(f"{path} is not JSON: {error}") from error
    expected = {"release": str, "tenant": str, "utilities": dict, "modules": dict}
    if not isinstance(manifest, dict) or manifest.get("format") != 1:
        raise ReleaseError(f"{path} is not of format 1")
    for key, kind in expected.items():
        if not isinstance(manifest.get(key), kind):
            raise ReleaseError(f"{path}: `{key}` is missing or not of type {kind.__name__}")
    return manifest


class _VerifyingReader:
    """Reads files of one folder, collecting what does not match instead of stopping there."""

    def __init__(self, folder: Path, problems: list[str]) -> None:
        self._folder = str(folder)
        self._problems = problems

    def read(self, path: str, top: str, sha256: str) -> bytes:
        parts = path.split("/")
        if parts[0] != top or not path.endswith(".py") or not {"", ".", ".."}.isdisjoint(parts):
            self._problems.append(f"{path} is not the path of a Python file below {top}/")
            return b""
        try:
            with open(f"{self._folder}/{path}", "rb", buffering=0) as file:
                content = file.readall()
        except OSError as error:
            self._problems.append(f"{path} cannot be read: {error.strerror}")
            return b""
        found = hashlib.sha256(content).hexdigest()
        if found != sha256:
            self._problems.append(f"{path} has SHA-256 {found}, the manifest says {sha256}")
        return content
