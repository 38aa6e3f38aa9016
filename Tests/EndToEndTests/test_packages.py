"""Packages of utilities: installed once from wheels, side by side, and refused one by one."""

import json
import shutil
import subprocess
import time

import pytest

from support import wait_for
from wheels import wheel

PIP = subprocess.run(
    ["/usr/bin/python3", "-I", "-m", "pip", "--version"], capture_output=True, check=False
).returncode
pytestmark = pytest.mark.skipif(bool(PIP), reason="/usr/bin/python3 has no pip: apt-get install python3-pip")
USE = "import shapes\n\n\ndef {0}(data, filter):\n    return shapes.VERSION\n"


@pytest.fixture
def wheels(agent, tmp_path):
    folder = tmp_path / "wheels"
    wheel(folder, "shapes", "1.0")
    wheel(folder, "shapes", "2.0")
    wheel(folder, "drawing", "1.0", requires=["shapes<2"])
    agent.settings["runtime.packages.wheels"] = folder
    return folder


def environments(agent):
    return sorted(agent.data.glob("releases/.environments/*/*/environment.json"))


def declare(tenant, name, *packages):
    tenant.write(name, code=USE.format(name), packages=list(packages))


def refusal(status, name):
    """The findings of one quarantined utility."""
    return {each["name"]: each["findings"] for each in status["report"]["quarantined"]}[name]


def test_conflicting_versions_serve_side_by_side_and_are_shared(agent, demo, wheels):
    declare(demo, "one", "shapes==1.0")
    declare(demo, "two", "shapes == 2.0")
    other = agent.tenant("other")
    declare(other, "mine", "shapes==2.0")
    agent.start()
    agent.applied(demo.commit_and_push(), phase="synced")
    assert agent.value("one") == "1.0" and agent.value("two") == "2.0"
    assert agent.value("alpha") == "alpha 1"
    built = environments(agent)
    assert len(built) == 2
    stamps = [path.stat().st_mtime_ns for path in built]
    agent.applied(other.commit_and_push(), tenant="other", phase="synced")
    assert agent.value("mine", tenant="other") == "2.0"
    assert [path.stat().st_mtime_ns for path in environments(agent)] == stamps, "installed again"
    two, mine = agent.entry("two"), agent.entry("mine", "other")
    assert two["env"] == mine["env"] != agent.entry("one")["env"] != ""
    assert agent.entry("alpha")["env"] == ""
    listed = json.loads(next(path for path in built if path.parent.name == two["env"]).read_text())
    assert listed["distributions"] == ["shapes-2.0"]


def test_what_cannot_be_resolved_quarantines_its_utility_alone(agent, demo, wheels):
    declare(demo, "good", "drawing")
    declare(demo, "missing", "shapes==9")
    declare(demo, "conflict", "drawing", "shapes==2.0")
    agent.start()
    status = agent.applied(demo.commit_and_push(), phase="degraded")
    [finding] = refusal(status, "missing")
    assert finding["rule"] == "PackagesUnresolvable" and finding["path"] == "utils/missing.yaml"
    assert "No matching distribution found for shapes==9" in finding["message"]
    [finding] = refusal(status, "conflict")
    assert "drawing 1.0 depends on shapes<2" in finding["message"]
    assert agent.value("good") == "1.0" and agent.value("alpha") == "alpha 1"
    assert not agent.entry("missing") and not agent.entry("conflict")
    planned = agent.cli("plan --format json")
    [plan] = json.loads(planned.stdout)["tenants"]
    assert planned.returncode == 3 and plan["changes"] == [], plan
    assert [each["name"] for each in plan["quarantined"]] == ["conflict", "missing"]

    # It sticks: nothing is tried again for an unrelated commit ...
    tries = agent.log.read_text().count("installing packages")
    demo.write("alpha", "'alpha 2'")
    agent.applied(demo.commit_and_push(), phase="degraded")
    assert agent.log.read_text().count("installing packages") == tries
    # ... until the wheels change, which the next look notices, ...
    wheel(wheels, "shapes", "9")
    agent.cli("sync --tenant demo --wait")
    agent.wait(lambda: agent.entry("missing"), "the wheel that was missing is found")
    assert agent.value("missing") == "9"
    # ... or the requirement does.
    declare(demo, "conflict", "drawing", "shapes==1.0")
    agent.applied(demo.commit_and_push(), phase="synced")
    assert agent.value("conflict") == "1.0"


def test_the_last_good_version_keeps_its_packages(agent, demo, wheels):
    declare(demo, "one", "shapes==1.0")
    agent.start()
    agent.applied(demo.commit_and_push(), phase="synced")
    declare(demo, "one", "shapes==7")
    agent.applied(demo.commit_and_push(), phase="degraded")
    assert agent.value("one") == "1.0"
    assert agent.entry("one")["quarantine"]["findings"][0]["rule"] == "PackagesUnresolvable"
    agent.stop()
    agent.start()
    agent.wait(lambda: agent.branch()["phase"] == "degraded", "the state is known again")
    assert agent.value("one") == "1.0"
    declare(demo, "one", "shapes==2.0")
    agent.applied(demo.commit_and_push(), phase="synced")
    assert agent.value("one") == "2.0" and agent.entry("one")["quarantine"] is None


def test_an_index_that_does_not_answer_is_tried_again(agent, demo):
    agent.settings["runtime.packages.index"] = "http://user:hush@127.0.0.1:1/simple"
    declare(demo, "one", "shapes==1.0")
    agent.start()
    status = agent.applied(demo.commit_and_push(), phase="degraded")
    # Siblings did not wait for pip's own retries.
    assert agent.value("alpha") == "alpha 1"
    assert refusal(status, "one")[0]["rule"] == "PackagesPending"
    reason = agent.wait(
        lambda: next((text for text in [refusal(agent.branch(), "one")[0]["message"]]
                      if "cannot be reached" in text), None), "pip has given up")  # fmt: skip
    assert "hush" not in reason and "hush" not in agent.log.read_text()
    assert "hush" not in agent.cli("config show").stdout


def test_unused_environments_go(agent, demo, wheels):
    declare(demo, "one", "shapes==1.0")
    agent.start(releases__keep=1)
    agent.applied(demo.commit_and_push(), phase="synced")
    declare(demo, "one", "shapes==2.0")
    agent.applied(demo.commit_and_push(), phase="synced")
    assert len(environments(agent)) == 2, "a kept release names it"
    for text in ("'a'", "'b'"):
        demo.write("alpha", text)
        agent.applied(demo.commit_and_push(), phase="synced")
    wait_for(lambda: len(environments(agent)) == 1, "the environment of no release is gone")
    assert agent.value("one") == "2.0"


def test_a_lost_environment_is_made_again(agent, demo, wheels):
    declare(demo, "one", "shapes==1.0")
    agent.start()
    agent.applied(demo.commit_and_push(), phase="synced")
    agent.stop()
    [manifest] = environments(agent)
    manifest.unlink()
    agent.start()
    agent.wait(lambda: environments(agent), "the environment is there again")
    agent.wait(lambda: agent.branch()["phase"] == "synced", "it is in sync")
    assert agent.value("one") == "1.0"


def test_an_environment_that_lost_its_packages_blocks_nobody(agent, demo, wheels):
    declare(demo, "one", "shapes==1.0")
    declare(demo, "two", "shapes==2.0")
    agent.start()
    agent.applied(demo.commit_and_push(), phase="synced")

    def lose(name):
        digest = agent.entry(name)["env"]
        [folder] = agent.data.glob(f"releases/.environments/*/{digest}/site-packages")
        shutil.rmtree(folder)
        return folder

    folder = lose("one")
    demo.write("alpha", "'alpha 2'")
    agent.applied(demo.commit_and_push())
    agent.wait(lambda: folder.is_dir(), "the packages are there again")
    agent.wait(lambda: agent.branch()["phase"] == "synced", "it is in sync")
    assert agent.value("alpha") == "alpha 2" and agent.value("one") == "1.0"
    # One that nobody needs any more holds nothing up either.
    lose("two")
    demo.remove("two")
    demo.write("alpha", "'alpha 3'")
    agent.applied(demo.commit_and_push(), phase="synced")
    assert agent.value("alpha") == "alpha 3"


def test_a_package_that_is_not_allowed(agent, demo, wheels):
    agent.settings["runtime.packages.allow"] = "draw*, rich"
    declare(demo, "one", "shapes==1.0")
    declare(demo, "two", "Drawing")
    agent.start()
    status = agent.applied(demo.commit_and_push(), phase="degraded")
    [finding] = refusal(status, "one")
    assert finding["rule"] == "PackageNotAllowed" and "`shapes==1.0`" in finding["message"]
    assert agent.value("two") == "1.0", "what an allowed package needs is allowed"
    found = agent.cli("validate --format json", demo.clone)
    assert found.returncode == 3
    assert [each["rule"] for each in json.loads(found.stdout)["findings"]] == ["PackageNotAllowed"]


def test_one_sync_without_an_agent_waits_for_pip(agent, demo, wheels):
    declare(demo, "one", "shapes==1.0")
    declare(demo, "two", "shapes==9")
    demo.commit_and_push()
    began = time.monotonic()
    result = agent.cli("sync --format json")
    assert result.returncode == 3, (result, time.monotonic() - began)
    [branch] = json.loads(result.stdout)["tenants"][0]["branches"]
    assert [each["name"] for each in branch["quarantined"]] == ["two"]
    assert branch["changes"] == {"create": 4}
