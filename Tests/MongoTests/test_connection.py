"""The life of a connection: what happens to readers and writers when the server is in trouble."""

import json
import os
import signal
import subprocess
import time

import pymongo
import pytest

from conftest import GIVEN

pytestmark = pytest.mark.skipif(bool(GIVEN), reason="MONGODB_URI names a server that is not ours to harm")


def database_check(agent):
    answer = agent.http("/health")
    return answer.status, json.loads(answer.body)["checks"]["database"]["status"]


def answers(ask):
    try:
        return ask()
    except ConnectionRefusedError:
        return False


def tasks(server, agent):
    return pymongo.MongoClient(server.uri)[agent.prefix + "demo"].tasks


def start(agent, **settings):
    agent.settings |= {"catalog.selection_timeout": 1, "catalog.socket_timeout": 2, **settings}
    tenant = agent.tenant()
    tenant.write("alpha", "1")
    agent.start()
    agent.applied(tenant.commit_and_push())
    return tenant


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "stopped"])
def test_reads_go_on_and_writes_resume_when_the_server_is_back(new_server, new_agent, number):
    server = new_server()
    agent = new_agent(server.uri)
    tenant = start(agent)
    server.end(number)
    agent.wait(lambda: database_check(agent) == (200, "degraded"), "the agent is degraded")
    tenant.write("alpha", "2")
    tenant.write("beta", "1")
    commits = [tenant.commit_and_push(), tenant.commit_and_push("Another")]
    agent.failed(having="MongoDB cannot be reached")
    assert set(agent.entries()) == {("alpha", "active")}, "readers are served from memory"
    server.start()
    agent.applied(commits[-1])
    found = list(tasks(server, agent).find())
    assert {document["name"]: document["id"] for document in found} == {"alpha": 1001, "beta": 1002}
    assert len(found) == 2, "nothing is doubled"
    agent.wait(lambda: database_check(agent) == (200, "healthy"), "the agent is healthy again")
    assert agent.value("alpha") == 2


def test_a_server_that_is_killed_amid_pushes_loses_and_doubles_nothing(new_server, new_agent):
    server = new_server()
    agent = new_agent(server.uri)
    tenant = start(agent)
    for turn in range(4):
        for number in range(5):
            tenant.write(f"u{turn}_{number}", str(turn))
        commit = tenant.commit_and_push()
        time.sleep(0.01 * turn)
        server.end()
        server.start()
        agent.applied(commit)
    found = list(tasks(server, agent).find())
    assert sorted(document["id"] for document in found) == list(range(1001, 1022))
    assert {document["filehash"] for document in found if document["name"] != "alpha"} == {
        entry["filehash"] for (name, _), entry in agent.entries().items() if name != "alpha"
    }


def test_a_server_that_does_not_answer_is_waited_for(new_server, new_agent):
    server = new_server()
    agent = new_agent(server.uri)
    tenant = start(agent)
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        tenant.write("beta", "1")
        commit = tenant.commit_and_push()
        agent.wait(lambda: database_check(agent)[1] == "degraded", "the agent is degraded")
        assert set(agent.entries()) == {("alpha", "active")}
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    agent.applied(commit)
    assert tasks(server, agent).count_documents({}) == 2


def test_a_start_before_the_server_waits_for_it(new_server, new_agent):
    server = new_server()
    server.end()
    agent = new_agent(server.uri)
    agent.settings["catalog.selection_timeout"] = 1
    tenant = agent.tenant()
    tenant.write("alpha", "1")
    commit = tenant.commit_and_push()
    agent.start(ready=False)
    agent.wait(lambda: "waiting for the catalog" in agent.log.read_text(), "the agent waits")
    probes = {}

    def told():
        for path in ("/health/live", "/health", "/health/ready", "/utils/v1/custom-utils/demo/-/-"):
            probes[path] = agent.http(path)
        return True

    agent.wait(lambda: answers(told), "probes are answered")
    assert [answer.status for answer in probes.values()] == [200, 503, 503, 503]
    assert json.loads(probes["/health"].body)["checks"]["database"]["status"] == "unhealthy"
    assert "cannot be reached" in json.loads(probes["/health/ready"].body)["checks"]["database"]["message"]
    server.start()
    agent.wait(agent.is_ready, "the agent is ready")
    agent.applied(commit)


@pytest.mark.parametrize("failure", [
    {"errorCode": 10107}, {"errorCode": 11602}, {"closeConnection": True},
    {"errorCode": 112, "errorLabels": ["TransientTransactionError"]}, {"errorCode": 14031},
], ids=["not primary", "interrupted", "cut off", "write conflict", "disk full"])  # fmt: skip
@pytest.mark.parametrize("command", ["insert", "update", "findAndModify", "commitTransaction"])
def test_a_failing_command_is_outlived(new_server, new_agent, failure, command):
    server = new_server("--enable-test-commands")
    agent = new_agent(server.uri)
    tenant = start(agent)
    admin = pymongo.MongoClient(server.uri).admin
    admin.command({"configureFailPoint": "failCommand", "mode": {"times": 2},
                   "data": {"failCommands": [command], **failure}})  # fmt: skip
    tenant.write("alpha", "2")
    tenant.write("beta", "1")
    agent.applied(tenant.commit_and_push())
    admin.command({"configureFailPoint": "failCommand", "mode": "off"})
    found = {document["name"]: document["id"] for document in tasks(server, agent).find()}
    assert set(found) == {"alpha", "beta"} and found["alpha"] == 1001
    assert tasks(server, agent).count_documents({}) == 2
    assert agent.value("alpha") == 2


def test_reads_go_to_the_primary_whatever_the_address_says(new_server, new_agent):
    """A transaction refuses any other preference."""
    server = new_server()
    agent = new_agent(f"{server.uri}?readPreference=secondaryPreferred")
    tenant = start(agent)
    tenant.write("beta", "1")
    agent.applied(tenant.commit_and_push())
    assert tasks(server, agent).count_documents({}) == 2


def test_scram_and_a_refused_password(new_server, new_agent):
    server = new_server()
    pymongo.MongoClient(server.uri).admin.command("createUser", "zona", pwd="p@ss/word:%", roles=["root"])
    server.end(signal.SIGTERM)
    server.start("--auth")
    agent = new_agent(f"mongodb://zona@127.0.0.1:{server.port}/?authMechanism=SCRAM-SHA-256")
    agent.settings["catalog.password"] = "p@ss/word:%"
    tenant = start(agent)
    shown = agent.cli("config show").stdout
    assert "p@ss" not in shown and "***" in shown
    wrong = agent.cli("tenant list", catalog__password="hunter2")
    assert wrong.returncode == 1 and "refuses the agent's user" in wrong.stderr
    assert "hunter2" not in wrong.stderr + wrong.stdout
    agent.stop()
    said = agent.log.read_text()
    assert "p@ss" not in said and "p%40ss" not in said
    # The LLD's names.
    del agent.settings["catalog.password"], agent.settings["catalog.url"]
    env = {"MONGO_HOST": f"zona@127.0.0.1:{server.port}", "MONGO_PASSWORD": "p@ss/word:%"}
    listed = agent.cli("tenant list", env=env)
    assert listed.returncode == 0 and tenant.code in listed.stdout, listed.stderr


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def authority(folder):
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
            "-days", "2", "-subj", "/CN=Test authority")  # fmt: skip


def certificate(folder, name, subject):
    """A certificate of the authority in `folder`; the file of a client holds the key as well."""
    openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr",
            "-subj", f"/CN={subject}")  # fmt: skip
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1")
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-out", f"{name}.pem", "-days", "2", "-extfile", "names")  # fmt: skip
    both = folder / f"{name}-both.pem"
    both.write_text((folder / f"{name}.pem").read_text() + (folder / f"{name}.key").read_text())
    return both


def test_tls_wants_the_right_authority(new_server, new_agent, tmp_path):
    authority(tmp_path)
    certificate(tmp_path, "server", "127.0.0.1")
    server = new_server("--tls-cert-file", tmp_path / "server.pem", "--tls-key-file", tmp_path / "server.key")
    agent = new_agent(f"{server.uri}?tls=true&tlsCAFile={tmp_path}/ca.pem")
    start(agent)
    assert set(agent.entries()) == {("alpha", "active")}
    stranger = agent.cli("tenant list", catalog__url=f"{server.uri}?tls=true")
    assert stranger.returncode == 1 and "cannot be reached" in stranger.stderr


def test_mutual_tls_wants_a_certificate_of_the_agent(new_server, new_agent, tmp_path):
    authority(tmp_path)
    certificate(tmp_path, "server", "127.0.0.1")
    own = certificate(tmp_path, "agent", "sync-agent")
    server = new_server(
        "--tls-cert-file", tmp_path / "server.pem", "--tls-key-file", tmp_path / "server.key",
        "--tls-ca-file", tmp_path / "ca.pem", "--tls-require-client-cert")  # fmt: skip
    without = f"{server.uri}?tls=true&tlsCAFile={tmp_path}/ca.pem"
    agent = new_agent(f"{without}&tlsCertificateKeyFile={own}")
    start(agent)
    assert set(agent.entries()) == {("alpha", "active")}
    stranger = agent.cli("tenant list", catalog__url=without)
    assert stranger.returncode == 1 and "cannot be reached" in stranger.stderr
