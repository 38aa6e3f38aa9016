"""The running server held against its own description.

Needs `schemathesis` (PyPI): in the venv that SCHEMATHESIS names, or on the PATH. `scripts/test api` makes one.
"""

import os
import shutil
import subprocess

import pytest

SCHEMATHESIS = os.environ.get("SCHEMATHESIS") or shutil.which("schemathesis")


@pytest.mark.skipif(not SCHEMATHESIS, reason="schemathesis is missing: run scripts/test api")
def test_the_server_keeps_to_its_document(agent, live, tmp_path):
    for number in range(3):
        live.write(f"more_{number}", str(number))
    agent.applied(live.commit_and_push("More"))
    result = subprocess.run(
        [
            SCHEMATHESIS, "run", f"http://127.0.0.1:{agent.port}/openapi.json", "--checks", "all",
            # An event stream does not end; test_api.py follows it.
            "--exclude-path-regex", "/events/", "--max-examples", "40", "--request-timeout", "20",
            "--seed", "1",
        ],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=900,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]
