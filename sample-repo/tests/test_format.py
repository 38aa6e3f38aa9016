"""The repository keeps the format that the sync agent wants."""

import ast
import inspect
import keyword
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(ROOT.glob("utils/**/*.py"))
MODULES = sorted(ROOT.glob("lib/**/*.py"))
REQUIRED = {"description": str, "category": str, "input_label": str, "filter_label": str}
OPTIONAL = {
    "title": str,
    "displayname": str,
    "required_filter": bool,
    "outputs": list,
    "packages": list,
    "userid": int,
    "playbooks": list,
    "parameters": str,
    "timeout": int,
    "draft": bool,
    "renamed_from": str,
    "acknowledge": list,
}
# Modules that only compute.
PURE = set(
    "__future__ base64 binascii collections csv datetime decimal email functools hashlib io ipaddress itertools json "
    "math re string textwrap unicodedata urllib.parse zlib".split()
)
BARRED_NAMES = set(
    "open eval exec compile __import__ getattr setattr globals locals vars input breakpoint __builtins__".split()
)


def sidecar(path):
    found = [path.with_suffix(ending) for ending in (".yaml", ".yml") if path.with_suffix(ending).exists()]
    assert len(found) == 1, f"{path.name} has {len(found)} sidecars"
    return yaml.safe_load(found[0].read_text("utf-8"))


def test_there_are_enough_utilities():
    assert len(SOURCES) >= 12
    names = [path.stem.lower() for path in SOURCES]
    assert len(set(names)) == len(names)
    assert sum(bool(sidecar(path).get("draft")) for path in SOURCES) == 1


def test_no_sidecar_is_alone():
    for path in [*ROOT.glob("utils/**/*.yaml"), *ROOT.glob("utils/**/*.yml")]:
        assert path.with_suffix(".py").exists(), path


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_sidecar(path):
    metadata = sidecar(path)
    for key, kind in REQUIRED.items():
        assert isinstance(metadata.get(key), kind) and metadata[key].strip(), key
    for key, value in metadata.items():
        assert isinstance(value, {**REQUIRED, **OPTIONAL}[key]), key
    assert metadata.get("title", path.stem) == path.stem
    assert 1 <= metadata.get("timeout", 30) <= 3600
    assert not metadata.get("packages")
    for output in metadata.get("outputs", []):
        assert isinstance(output, str) or set(output) == {"name", "type", "description"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_function(path, utility):
    assert re.fullmatch(r"[A-Za-z0-9_]{1,50}", path.stem)
    assert path.stem.isidentifier() and not keyword.iskeyword(path.stem)
    assert path.stem.lower() not in ("main", "init", "test", "admin")
    function = utility(path.stem)
    assert list(inspect.signature(function).parameters) == ["data", "filter"]
    assert function.__doc__
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))


@pytest.mark.parametrize("path", SOURCES + MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_computes(path):
    source = path.read_text("utf-8")
    assert max(map(len, source.splitlines())) <= 120
    for node in ast.walk(ast.parse(source, str(path))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module]
        elif isinstance(node, ast.Name):
            assert node.id not in BARRED_NAMES, f"line {node.lineno}: {node.id}"
        for name in names:
            assert name in PURE or name.partition(".")[0] in ("lib", "email", "collections"), name


def test_modules_are_shared():
    users = {path.stem: set() for path in MODULES if path.stem != "__init__"}
    for path in SOURCES:
        source = path.read_text("utf-8")
        for line in re.findall(r"^from lib import (.+)$", source, re.MULTILINE):
            for name in line.split(", "):
                users.setdefault(name, set()).add(path.stem)
    assert len(users["indicators"]) >= 3
    assert len(users["dates"]) >= 2
    assert len(users["formats"]) >= 2


def test_tenant():
    tenant = yaml.safe_load((ROOT / "tenant.yaml").read_text("utf-8"))
    assert set(tenant) <= {"users", "userid", "policy"}
    for user in tenant["users"].values():
        assert isinstance(user["userid"], int) and isinstance(user["username"], str)


def test_readme_names_everything():
    readme = (ROOT / "README.md").read_text("utf-8")
    for name in [*REQUIRED, *OPTIONAL, *(path.stem for path in SOURCES)]:
        assert f"`{name}`" in readme, name
