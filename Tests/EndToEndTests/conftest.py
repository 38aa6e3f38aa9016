"""The suite drives the agent's binary from outside; without it everything is skipped, with the reason."""

import pytest

from support import Agent, BINARY, CHECKOUT, end_in_order, unusable

end_in_order()

REASON = unusable()


def pytest_report_header():
    return f"sync-agent: {REASON or BINARY}"


def pytest_collection_modifyitems(items):
    if REASON:
        for item in items:
            item.add_marker(pytest.mark.skip(reason=REASON))


def pytest_terminal_summary(terminalreporter):
    if REASON:
        terminalreporter.write_sep("!", f"nothing was tested end to end: {REASON}", red=True)


@pytest.fixture
def new_agent(tmp_path):
    """Makes agents in folders of their own, and ends each by its process id."""
    agents = []

    def make(name="agent"):
        agent = Agent(tmp_path / name)
        agents.append(agent)
        return agent

    yield make
    for agent in agents:
        agent.close()


@pytest.fixture
def agent(new_agent):
    return new_agent()


@pytest.fixture
def demo(agent):
    """A tenant of three utilities, a shared module under one of them; nothing pushed yet."""
    tenant = agent.tenant()
    tenant.put("lib/__init__.py", "")
    tenant.put("lib/words.py", "WORD = 'old'\n")
    tenant.write("alpha", "'alpha 1'")
    tenant.write("beta", code="from lib import words\n\n\ndef beta(data, filter):\n    return words.WORD\n")
    tenant.write("gamma", "[data, filter]", folder="utils/more")
    tenant.commit("First utilities")
    return tenant


@pytest.fixture
def live(agent, demo):
    """The tenant, pushed and applied by a running agent."""
    agent.start()
    agent.applied(demo.push())
    return demo


@pytest.fixture(scope="session")
def sample():
    return CHECKOUT / "sample-repo"
