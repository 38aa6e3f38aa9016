"""What the catalog must say of a repository, worked out again from the files and `git log` alone.

Written from the contract and the LLD, not from the agent: its YAML is the small part that the
sample repository uses.
"""

import hashlib
import json
import re
import subprocess

from support import git_environment


def parse_yaml(text):
    """Mappings, lists, flow collections and scalars."""
    lines = []
    for line in text.splitlines():
        content = line.strip()
        if content and not content.startswith("#"):
            lines.append((len(line) - len(line.lstrip()), content))
    value, rest = _block(lines, 0)
    assert not lines[rest:], lines[rest:]
    return value


def _block(lines, at):
    indent = lines[at][0]
    if lines[at][1].startswith("- "):
        items = []
        while at < len(lines) and lines[at][0] == indent and lines[at][1].startswith("- "):
            items.append(_inline(lines[at][1][2:]))
            at += 1
        return items, at
    mapping = {}
    while at < len(lines) and lines[at][0] == indent:
        key, text = re.fullmatch(r"([^:]+):(?: +(.*))?", lines[at][1]).groups()
        at += 1
        if text is not None:
            mapping[key] = _inline(text)
        elif at < len(lines) and (lines[at][0] > indent or lines[at][1].startswith("- ")):
            mapping[key], at = _block(lines, at)
        else:
            mapping[key] = None
    return mapping, at


def _inline(text):
    if text[0] not in "[{\"'":
        return _plain(re.sub(r"\s+#.*", "", text))
    value, rest = _flow(text)
    assert not rest.strip() or rest.strip().startswith("#"), rest
    return value


def _flow(text):
    text = text.lstrip()
    if text[0] == '"':
        value, end = json.JSONDecoder().raw_decode(text)
        return value, text[end:]
    if text[0] == "'":
        match = re.match(r"'((?:[^']|'')*)'", text)
        return match[1].replace("''", "'"), text[match.end() :]
    if text[0] == "[":
        items, text = [], text[1:].lstrip()
        while text[0] != "]":
            item, text = _flow(text)
            items.append(item)
            text = text.lstrip().removeprefix(",").lstrip()
        return items, text[1:]
    if text[0] == "{":
        mapping, text = {}, text[1:].lstrip()
        while text[0] != "}":
            key, text = re.match(r"([^:]+): *(.*)", text).groups()
            mapping[key], text = _flow(text)
            text = text.lstrip().removeprefix(",").lstrip()
        return mapping, text[1:]
    match = re.match(r"[^,\]}]*", text)
    return _plain(match[0].strip()), text[match.end() :]


def _plain(text):
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    return None if text in ("null", "~", "") else text


def _json(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _fields(metadata):
    def field(name, label, kind, required, placeholder):
        return {
            "name": name, "label": label, "type": kind, "id": name, "required": required, "value": "",
            "placeholder": placeholder,
        }  # fmt: skip

    given, chosen = metadata["input_label"], metadata["filter_label"]
    required = metadata.get("required_filter", False)
    return _json({"inputfields": [
        field("data", given, "textarea", True, f"Enter {given}"),
        field("filter", chosen, "textbox", required, f"Enter data for {chosen}"),
    ]})  # fmt: skip


def expected_entries(tenant, active_port, trial_port, branch="main"):
    """Every entry of a first sync, without the times that only the agent knows."""
    settings = {}
    if (tenant.clone / "tenant.yaml").exists():
        settings = parse_yaml((tenant.clone / "tenant.yaml").read_text())
    files = sorted((tenant.clone / "utils").rglob("*.py"), key=lambda path: path.stem)
    entries = []
    for number, path in enumerate(files, 1001):
        sidecar = next(path.with_suffix(end) for end in (".yaml", ".yml") if path.with_suffix(end).exists())
        relative = [str(file.relative_to(tenant.clone)) for file in (path, sidecar)]
        entries.append(
            _entry(tenant, path, sidecar, relative, number, settings, active_port, trial_port, branch)
        )
    return entries


def _entry(tenant, path, sidecar, relative, number, settings, active_port, trial_port, branch):
    name, source, meta = path.stem, path.read_bytes(), parse_yaml(sidecar.read_text())
    log = subprocess.run(
        ["git", "log", "-1", "--format=%H%x00%an%x00%ae%x00%at%x00%cn", branch, "--", *relative],
        cwd=tenant.clone, capture_output=True, text=True, check=True, env=git_environment(),
    ).stdout.strip()  # fmt: skip
    commit, author, mail, authored, committer = log.split("\0")
    draft = meta.get("draft", False)
    port = trial_port if draft else active_port
    mapped = (settings.get("users") or {}).get(mail, {}).get("userid", settings.get("userid", 0))
    blob = b"blob %d\0" % len(source) + source
    return {
        "name": name, "id": number,
        "displayname": meta.get("displayname") or " ".join(
            word[:1].upper() + word[1:] for word in name.split("_")),
        "description": meta["description"], "type": "customutils", "fields": _fields(meta),
        "status": "draft" if draft else "active", "tasks_tag": f"custom_utils_{name}",
        "task_handler": "Utils", "rest_url": f"http://127.0.0.1:{port}/{name}", "method": "POST",
        "tenantcode": tenant.code, "filename": f"{name}.py", "packages": meta.get("packages", []),
        "port": str(port), "foldername": "/opt/zona/custom_utils/python/",
        "userid": meta.get("userid", mapped), "customutils": True, "integration_id": -1,
        "utils_used": False, "rest_end": f"/{name}/",
        "input_params": '{"params":[{"name":"data", "order":1,"type":"string"},'
        '{"name":"filter", "order":2,"type":"string"}]}',
        "parameters": meta.get("parameters", ""), "functionname": f"{name}()",
        "outputfields": _json({"outputs": meta.get("outputs", [])}),
        "playbook_name": meta.get("playbooks", []), "category": meta["category"],
        "filehash": hashlib.sha256(source).hexdigest(),
        "metahash": hashlib.sha256(sidecar.read_bytes()).hexdigest(), "env": "", "quarantine": None,
        "sync": {
            "revision": f"{branch}@sha1:{commit}", "branch": branch, "path": relative[0],
            "blob": hashlib.sha1(blob).hexdigest(), "author": author, "author_email": mail,
            "authored_at": int(authored) * 1000, "committer": committer, "approved_by": "",
            "findings": [],
        },
    }  # fmt: skip
