"""The table of hostile inputs: what each kind gets, how long it takes, and how much memory."""

import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Tests/EndToEndTests"))


def run(note) -> None:
    """Runs every row of `hostile.KINDS` against the agent in SYNC_AGENT and prints the table."""
    from hostile import KINDS, matches
    from hostile_world import World, table, was_run
    from support import Agent

    with tempfile.TemporaryDirectory() as folder:
        agent = Agent(Path(folder) / "agent")
        try:
            world = World(agent)
            alone = statistics.median(world.push_quietly()() for _ in range(20))
            rows = [(kind, world.run(kind)) for kind in KINDS]
            lost = world.still_good()
        finally:
            agent.close()
    print(table(rows))
    wrong = [kind.name for kind, outcome in rows if not matches(kind, outcome.phase, outcome.text)]
    if wrong or was_run():
        raise SystemExit(f"bench: not answered as they must be: {wrong}")
    outcomes = [outcome for _, outcome in rows]
    note("hostile inputs, kinds", len(rows), "", ">= 60")
    note("hostile inputs, slowest", max(o.seconds for o in outcomes), "s", "<= 5")
    note("hostile inputs, most memory", max(max(o.agent_mb, o.checker_mb) for o in outcomes), "MB", "<= 256")
    note("tenants held up by them", len(lost), "", "0")
    note("a quiet tenant beside them, median", statistics.median(o.quiet_seconds for o in outcomes) * 1e3, "ms", "")
    note("the same tenant alone, median", alone * 1e3, "ms", "")
