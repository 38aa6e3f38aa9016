import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.dont_write_bytecode = True

from agent import Agent


@pytest.fixture
def agent(tmp_path, tmp_path_factory, monkeypatch):
    # Servers that a test leaves running are killed: keep what remains of them in one place.
    monkeypatch.setenv("TMPDIR", str(tmp_path_factory.mktemp("scratch")))
    agent = Agent(tmp_path)
    yield agent
    agent.close()
