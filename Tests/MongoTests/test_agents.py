"""Several agents over the same repositories and the same catalog."""

import contextlib
import hashlib
import json
import os
import signal
from types import SimpleNamespace

import pymongo
import pytest

from conftest import GIVEN
from support import Tenant, free_ports, wait_for

pytestmark = pytest.mark.skipif(bool(GIVEN), reason="MONGODB_URI names a server that is not ours to harm")
LEASE = 3
PATIENCE = 90


class Fleet:
    """Agents with state folders of their own over one root and one catalog."""

    def __init__(self, folder, server, new_agent, options=""):
        self.folder, self.server, self.new_agent = folder, server, new_agent
        self.uri = server.uri + options
        self.client = pymongo.MongoClient(server.uri)
        self.agents = {}
        self.holds = contextlib.ExitStack()
        self.prefix = "f_"

    def add(self, name, **changes):
        agent = self.new_agent(self.uri, name, prefix=self.prefix)
        first, hold = free_ports(48)
        self.holds.callback(hold.close)
        agent.settings |= {
            "repositories.root": self.folder / "repos", "catalog.lease": LEASE, "agent.name": name,
            "runtime.port_range": f"{first}-{first + 47}",
        }  # fmt: skip
        # Ids that are known divide the tenants alike in each run: by chance one agent may get none.
        state = agent.data / "state"
        state.mkdir(parents=True, exist_ok=True)
        (state / "agent-id").write_text(hashlib.md5(name.encode()).hexdigest())
        self.agents[name] = agent
        return agent.start(**changes)

    def tenants(self, count):
        tenants = [Tenant(self.folder, f"t{number}") for number in range(count)]
        for tenant in tenants:
            tenant.write("alpha", "1")
            tenant.commit_and_push()
        return tenants

    @property
    def core(self):
        return self.client[self.prefix + "core"]

    def owners(self):
        return {document["_id"]: document["agent"] for document in self.core.leases.find({"owner": {"$ne": ""}})}

    def share(self, name):
        return {tenant for tenant, owner in self.owners().items() if owner == name}

    def entry(self, tenant, name="alpha"):
        return self.client[self.prefix + tenant.code].tasks.find_one({"name": name, "status": "active"})

    def applied(self, tenant, commit):
        state = self.client[self.prefix + tenant.code].sync_state.find_one({"_id": "main"})
        return bool(state) and (state.get("applied") or "").endswith(commit)

    def divided(self, count, *names):
        """All tenants belong to these agents, each of which has some."""
        owners = self.owners()
        return len(owners) == count and set(owners.values()) == set(names)

    def is_live(self, count):
        return self.core.leases.count_documents({"$expr": {"$eq": ["$live", "$epoch"]}}) == count

    def seen(self, name, tenant, commit, utility="alpha"):
        """What a replica shows is what the catalog has."""
        stored = self.entry(tenant, utility)
        entries = self.agents[name].entries(tenant.code)
        shown = entries.get((utility, "active"))
        status = json.loads(self.agents[name].http(f"/utils/v1/sync/{tenant.code}").body)["data"]
        return (
            stored is not None and shown is not None and stored["filehash"] == shown["filehash"]
            and (status["branches"][0]["applied"] or "").endswith(commit)
        )  # fmt: skip


@pytest.fixture
def fleet(tmp_path, new_server, new_agent):
    fleet = Fleet(tmp_path, new_server(), new_agent)
    with fleet.holds:
        yield fleet


def wait(condition, what):
    return wait_for(condition, what, patience=PATIENCE)


def test_three_agents_divide_the_tenants_and_any_of_them_answers(fleet):
    tenants = fleet.tenants(12)
    fleet.add("a")
    assert fleet.divided(12, "a")
    fleet.add("b")
    fleet.add("c")
    wait(lambda: fleet.divided(12, "a", "b", "c"), "each agent has some")
    epochs = {document["_id"]: document["epoch"] for document in fleet.core.leases.find()}
    commits = {}
    for tenant in tenants:
        tenant.write("alpha", "2")
        commits[tenant] = tenant.commit_and_push()
    for tenant, commit in commits.items():
        wait(lambda: fleet.applied(tenant, commit), "the owner applies the push")
        for name in fleet.agents:
            wait(lambda: fleet.seen(name, tenant, commit), f"{name} shows it")
    answer = json.loads(fleet.agents["b"].http("/utils/v1/sync/t0").body)["data"]
    assert answer["agent"] == fleet.owners()["t0"]
    check = json.loads(fleet.agents["a"].http("/health").body)["checks"]["leases"]
    assert "agents: a, b, c" in check["message"]
    assert {document["_id"]: document["epoch"] for document in fleet.core.leases.find()} == epochs, "nothing flaps"


def test_the_tenants_of_a_killed_agent_move_and_pushes_go_live_once(fleet):
    tenants = fleet.tenants(9)
    for name in "abc":
        fleet.add(name)
    wait(lambda: fleet.divided(9, "a", "b", "c"), "each agent has some")
    moved, before = fleet.share("c"), fleet.owners()
    fleet.agents["c"].kill()
    commits = {}
    for tenant in tenants:
        tenant.write("alpha", "2")
        tenant.write("beta", "1")
        commits[tenant] = tenant.commit_and_push()
    for tenant, commit in commits.items():
        wait(lambda: fleet.applied(tenant, commit), "a push during the fail-over is applied")
        found = list(fleet.client[fleet.prefix + tenant.code].tasks.find())
        assert sorted((document["name"], document["id"]) for document in found) == [("alpha", 1001), ("beta", 1002)]
    after = fleet.owners()
    assert set(after.values()) == {"a", "b"}
    assert {tenant for tenant in after if after[tenant] != before[tenant]} == moved, "only its tenants move"
    for tenant, commit in commits.items():
        for name in "ab":
            wait(lambda: fleet.seen(name, tenant, commit, "beta"), f"{name} shows it")
    # Its servers ended with it; the successor serves the release.
    wait(lambda: fleet.is_live(9), "the successors serve")
    for tenant in tenants:
        assert fleet.agents[after[tenant.code]].value("alpha", tenant=tenant.code) == 2


def test_a_paused_agent_cannot_overwrite_its_successor(fleet):
    (tenant,) = fleet.tenants(1)
    fleet.add("a")
    assert fleet.owners() == {"t0": "a"}
    paused = fleet.agents["a"].process.pid
    os.kill(paused, signal.SIGSTOP)
    try:
        fleet.add("b", ready=False)
        tenant.write("alpha", "2")
        commit = tenant.commit_and_push()
        wait(lambda: fleet.applied(tenant, commit), "the successor applies the push")
        assert fleet.owners() == {"t0": "b"}
        stored = fleet.entry(tenant)
    finally:
        os.kill(paused, signal.SIGCONT)
    # It had a hint of the push, and tries: the epoch in the database holds it off.
    wait(lambda: "lease" in fleet.agents["a"].tail(), "the paused agent learns of it")
    wait(lambda: fleet.seen("a", tenant, commit), "the paused agent follows")
    lease = fleet.core.leases.find_one({"_id": "t0"})
    if lease["agent"] == "b":
        assert fleet.entry(tenant) == stored
    assert fleet.client[fleet.prefix + "t0"].tasks.count_documents({}) == 1


def test_an_agent_that_ends_gives_its_tenants_back_at_once(fleet):
    fleet.tenants(6)
    fleet.add("a")
    fleet.add("b")
    wait(lambda: fleet.divided(6, "a", "b"), "each agent has some")
    assert fleet.agents["b"].stop() == 0
    wait(lambda: fleet.divided(6, "a"), "the other one has all")
    assert [document["name"] for document in fleet.core.agents.find()] == ["a"]


def test_a_replica_follows_by_a_change_stream_that_goes_on_after_a_restart(fleet):
    (tenant,) = fleet.tenants(1)
    fleet.add("a")
    replica = fleet.add("b")
    commit = tenant.head()
    for number in range(2, 5):
        tenant.write("alpha", str(number))
        commit = tenant.commit_and_push()
        wait(lambda: fleet.seen("b", tenant, commit), "the replica shows it")
    assert fleet.owners() == {"t0": "a"} or fleet.owners() == {"t0": "b"}
    token = replica.data / "state" / "resume-token"
    wait(token.exists, "the token is kept")
    replica.kill()
    tenant.write("alpha", "9")
    commit = tenant.commit_and_push()
    wait(lambda: fleet.applied(tenant, commit), "the owner applies it")
    replica.start()
    wait(lambda: fleet.seen("b", tenant, commit), "the replica shows what it missed")
    # A token of which the server knows nothing costs a look at all tenants.
    replica.kill()
    token.write_text('{"_data": "00"}')
    replica.start()
    tenant.write("alpha", "10")
    commit = tenant.commit_and_push()
    wait(lambda: fleet.seen("b", tenant, commit), "the replica follows anew")


def test_on_a_standalone_server_the_leases_are_read_now_and_then(tmp_path, new_server, new_agent):
    server = new_server("--standalone")
    fleet = Fleet(tmp_path, server, new_agent)
    (tenant,) = fleet.tenants(1)
    fleet.add("a")
    fleet.add("b")
    for agent in fleet.agents.values():
        agent.wait(lambda: "the leases are read every second" in agent.log.read_text(), "it says so")
    tenant.write("alpha", "2")
    commit = tenant.commit_and_push()
    for name in fleet.agents:
        wait(lambda: fleet.seen(name, tenant, commit), f"{name} shows it")


def test_a_command_reaches_the_agent_that_has_the_tenant(fleet):
    tenants = fleet.tenants(6)
    fleet.add("a")
    fleet.add("b")
    wait(lambda: fleet.divided(6, "a", "b"), "each agent has some")
    wait(lambda: fleet.is_live(6), "they are served")
    other = next(tenant for tenant in tenants if fleet.owners()[tenant.code] == "b")
    first = other.head()
    other.write("alpha", "2")
    commit = other.commit_and_push()
    wait(lambda: fleet.seen("a", other, commit), "a shows what b did")
    here = fleet.agents["a"]
    done = here.cli("tenant suspend", other.code, "--reason", "a try")
    assert done.returncode == 0, done.stderr
    wait(lambda: fleet.core.tenants.find_one({"tenantcode": other.code})["status"] == "suspended", "b did it")
    done = here.cli("tenant resume", other.code, "--reason", "enough")
    assert done.returncode == 0, done.stderr
    done = here.cli("rollback", other.code, "alpha", "--to", first, "--reason", "it was better")
    assert done.returncode == 0, done.stderr
    assert fleet.agents["b"].value("alpha", tenant=other.code) == 1
    done = here.cli("sync", "--tenant", other.code, "--format", "json")
    assert done.returncode == 0 and json.loads(done.stdout)["tenants"][0]["branches"][0]["phase"] == "synced"
    done = here.cli("rollback", other.code, "nothing")
    assert done.returncode == 1 and "nothing" in done.stderr, "a refusal comes back as well"
    done = here.cli("executions cancel", other.code, "--user", "7")
    assert done.returncode == 0, done.stderr
    assert fleet.owners()[other.code] == "b", "nobody took it over"
    assert fleet.core.requests.count_documents({}) == 0
    actions = [record["action"] for record in fleet.core.audit.find({"tenantcode": other.code}).sort("at")]
    assert actions == ["suspend", "resume", "rollback"]
    done = here.cli("tenant remove", other.code, "--confirm")
    assert done.returncode == 0, done.stderr
    assert fleet.core.tenants.find_one({"tenantcode": other.code})["status"] == "removed"
    wait(lambda: here.http(f"/utils/v1/sync/{other.code}").status == 404, "a forgets it too")


def test_what_another_agent_has_applied_is_copied_and_is_no_blank_tenant(fleet):
    fleet.tenants(6)
    fleet.add("a")
    fleet.add("b")
    wait(lambda: fleet.divided(6, "a", "b"), "each agent has some")
    # Of these one agent alone has ever had something to do with each.
    late = [Tenant(fleet.folder, f"late{number}") for number in range(6)]
    for tenant in late:
        tenant.write("alpha", "1")
        tenant.commit_and_push()
    wait(lambda: len(fleet.owners()) == 12, "they are taken")
    source = next(tenant for tenant in late if fleet.owners()[tenant.code] == "b")
    source.write("alpha", "2")
    applied = source.commit_and_push()
    wait(lambda: fleet.applied(source, applied), "b applies it")
    source.git("reset", "-q", "--hard", "HEAD~1")
    source.write("alpha", "3")
    source.commit("Another way")
    source.push("--force")
    states = fleet.client[fleet.prefix + source.code].sync_state
    wait(lambda: states.find_one({"_id": "main"})["phase"] == "held", "b holds the rewrite")
    here = fleet.agents["a"]
    done = here.cli("tenant add", "fresh")
    assert done.returncode == 0, done.stderr
    done = here.cli("tenant copy", source.code, "fresh")
    assert done.returncode == 0 and f"main@sha1:{applied}" in done.stdout, done
    copied = Tenant._run("git", "show", "main:utils/alpha.py", cwd=fleet.folder / "repos/fresh.git")
    assert "return 2" in copied
    source.bare.rename(fleet.folder / "away.git")
    orphan = {"tenantcode": source.code, "status": "orphaned"}
    wait(lambda: fleet.core.tenants.find_one(orphan), "b tells that it is gone")
    done = here.cli("tenant add", source.code)
    assert done.returncode == 1 and "orphaned" in done.stderr, done
    assert not source.bare.exists() and fleet.applied(source, applied)


def test_another_agent_goes_on_with_an_upstream(fleet, tmp_path):
    source = Tenant(tmp_path / "elsewhere", "source")
    source.write("alpha", "1")
    source.commit_and_push()
    first = fleet.add("a", **{"upstreams.interval": 1})
    done = first.cli("tenant add", "up", "--from", source.bare)
    assert done.returncode == 0, done.stderr
    wait(lambda: fleet.owners() == {"up": "a"}, "it is a's")
    wait(lambda: first.entries("up"), "it is fetched and applied")
    second = fleet.add("b", **{"upstreams.interval": 1})
    wait(lambda: json.loads(second.http("/utils/v1/sync/up").body)["data"].get("upstream"), "b knows of it")
    first.kill()
    source.write("alpha", "2")
    commit = source.commit_and_push()
    followed = SimpleNamespace(code="up")
    wait(lambda: fleet.applied(followed, commit), "b fetches and applies what is new")
    assert fleet.owners() == {"up": "b"}
