"""Each Redis user can do its job and nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import celery
import pytest
import redis

from deploy.local.processes import Process
from deploy.local.server import Server
from producer import ConfigurationError, JournalClient, KeySet, Settings
from producer.connection import connect, execute
from producer.dead_letters import DeadLetters
from producer.doctor import Role, check_all, gather
from producer.jwe_form import encode_key_id
from producer.load.run import LoadRun
from producer.load.schedule import Schedule
from producer.message import decode_message, encode_message
from producer.operations import reader as reading
from producer.operations import results
from producer.operations.groups import consumer_groups, expire_groups, remove_group
from producer.schemas import DeadLetter, DeadReason
from producer.sealing import ENTRY, RESULT, new_key
from tests.integration.conftest import Backend, wait_until
from tests.integration.security.conftest import ROOT, url
from tests.producer.gateway import support as gateways
from worker.broker.records import Answer
from worker.broker.settlement import claims_for
from worker.monitoring.exporter import QueueCollector
from worker.monitoring.upkeep import Upkeep
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    pass


def test_each_user_does_its_job_and_nothing_else(
    guarded: Server, environment: dict[str, str], keys_file: Path, keys: KeySet, tmp_path: Path
) -> None:
    settings = Settings.load(redis_url=url(guarded, "producer"), keys_file=keys_file)
    backend = Backend(settings, keys)
    worker = Process(
        "run", {**environment, "JOURNAL_REDIS_URL": url(guarded, "worker")}, log=tmp_path / "w.log"
    )
    exporter = Process(
        "exporter",
        {**environment, "JOURNAL_REDIS_URL": url(guarded, "exporter")},
        log=tmp_path / "e.log",
    )
    with worker, exporter:
        worker.wait_ready()
        exporter.wait_ready()
        backend.ask(["An entry under guard."])
        answers = backend.client.results(group="g", timeout=30, limit=1)
        assert [result.entry_id for result in answers] == ["e0"]
        assert backend.client.status().results == 0
        waited_for = backend.client.submit_and_wait("Another one.", entry_id="w", timeout=30)
        assert waited_for.entry_id == "w"
        assert not backend.client.cancel("w")
        backend.client._redis.execute_command("LPUSH", "journal.entries", b"garbage")
        wait_until(lambda: backend.client.status().dead == 1, "the garbage to be a dead letter")
        assert "journal_redis_up 1.0" in exporter.page("metrics")[1]
        operator = DeadLetters(Settings.load(redis_url=url(guarded, "operator")))
        (died,) = backend.client.failed()
        assert died.reason == "malformed"
        assert operator.drop([stored.stream_id for stored in operator]) == 1
        control = celery.Celery(broker=url(guarded, "operator")).control
        assert control.inspect(timeout=5).ping()
    log = worker.log.read_text()
    assert "NOPERM" not in log
    assert "NoPermission" not in log


def test_the_gateway_does_its_job_as_a_user_of_its_own(
    guarded: Server, keys_file: Path, keys: KeySet, tmp_path: Path
) -> None:
    settings = Settings.load(redis_url=url(guarded, "gateway"), keys_file=keys_file)
    as_root = Settings.load(redis_url=url(guarded, "root"), keys_file=keys_file)
    token = gateways.add_key(tmp_path / "api-keys.json", "app", webhook_url="https://127.0.0.1/")
    with (
        gateways.working(gateways.Worker(as_root, keys)),
        gateways.serving(settings, keys, tmp_path / "api-keys.json", rate="9/minute") as running,
        gateways.caller(running.url, token) as client,
        redis.Redis.from_url(url(guarded, "root"), decode_responses=True) as root,
    ):
        assert client.post("/v1/entries?wait=20", json={"text": "An entry."}).status_code == 200
        with client.stream("GET", "/v1/results?after=0") as stream:
            assert "event: result" in stream.iter_lines()
        assert client.delete("/v1/entries/nobody").status_code == 404
        assert client.get("/readyz").status_code == 200
        assert client.get("/v1/live").json()["p50"] > 0
        while client.get("/v1/entries/nobody").status_code != 429:
            pass
        refused = [entry for entry in root.acl_log() if entry["username"] == "journal-gateway"]
        assert not refused


@pytest.mark.parametrize(
    ("part", "command"),
    [
        ("producer", ["RPOP", "journal.entries"]),
        ("producer", ["LTRIM", "journal.entries", "1", "0"]),
        ("producer", ["DEL", "journal.entries"]),
        ("producer", ["HGETALL", "journal.entries.claims"]),
        ("producer", ["XTRIM", "journal.dead", "MAXLEN", "0"]),
        ("producer", ["XGROUP", "DESTROY", "journal.results", "backend"]),
        ("producer", ["XDEL", "journal.dead", "1-1"]),
        ("producer", ["SET", "journal.entries", "wiped"]),
        ("producer", ["SET", "journal.results", "wiped"]),
        ("producer", ["GET", "journal.entries"]),
        ("producer", ["EVAL", "redis.call('SET', KEYS[1], '')", "1", "journal.entries"]),
        ("producer", ["XRANGE", "journal.entries.gateway.results:app", "-", "+"]),
        ("gateway", ["RPOP", "journal.entries"]),
        ("gateway", ["XDEL", "journal.dead", "1-1"]),
        ("gateway", ["XGROUP", "DESTROY", "journal.results", "backend"]),
        ("worker", ["XREADGROUP", "GROUP", "g", "c", "STREAMS", "journal.results", ">"]),
        ("worker", ["XRANGE", "journal.results", "-", "+"]),
        ("worker", ["FLUSHALL"]),
        ("exporter", ["RPOP", "journal.entries"]),
        ("exporter", ["LRANGE", "journal.entries", "0", "-1"]),
        ("exporter", ["XADD", "journal.results", "*", "entry_id", "forged"]),
        ("exporter", ["XACK", "journal.results", "backend", "1-1"]),
        ("exporter", ["XGROUP", "DESTROY", "journal.results", "backend"]),
        ("operator", ["XREADGROUP", "GROUP", "g", "c", "STREAMS", "journal.results", ">"]),
        ("operator", ["HGETALL", "journal.entries.claims"]),
        ("operator", ["CONFIG", "GET", "*"]),
        ("operator", ["GET", "somebody:elses:key"]),
    ],
)
def test_a_user_is_refused_what_is_not_its_job(
    guarded: Server, part: str, command: list[str]
) -> None:
    with (
        redis.Redis.from_url(url(guarded, part)) as client,
        pytest.raises(
            redis.exceptions.ResponseError, match=r"permission|ACL|user executing the script can't"
        ),
    ):
        client.execute_command(*command)


@pytest.mark.parametrize("part", ["producer", "worker"])
def test_who_writes_entries_or_answers_may_wait_for_replicas(guarded: Server, part: str) -> None:
    with redis.Redis.from_url(url(guarded, part)) as client:
        assert client.execute_command("WAIT", 0, 1) == 0


def test_a_producer_puts_aside_what_it_cannot_open(
    guarded: Server, keys_file: Path, keys: KeySet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "RECLAIM_AFTER_MS", 0)
    monkeypatch.setattr(reading, "RECLAIM_EVERY_SECONDS", 0.0)
    settings = Settings.load(redis_url=url(guarded, "producer"), keys_file=keys_file)
    stranger = KeySet.from_jwks({"keys": [new_key()]})
    sealed = stranger.seal(b"{}", kind=RESULT, entry_id="x")
    with redis.Redis.from_url(url(guarded, "worker")) as worker:
        worker.xadd("journal.results", {"entry_id": "x", "sealed": sealed})
    with JournalClient(settings, keys) as backend:
        for _ in range(2):
            assert list(backend.results(timeout=0)) == []
        status = backend.status()
    assert (status.results, status.dead) == (0, 1)
    operator = DeadLetters(Settings.load(redis_url=url(guarded, "operator")))
    assert operator.replay(operator) == 1
    with JournalClient(settings, keys) as backend:
        assert (backend.status().results, backend.status().dead) == (1, 0)


@pytest.mark.parametrize("buckets", ["1", "4"])
def test_each_user_does_its_job_with_lanes_and_tenants(
    guarded: Server,
    keys_file: Path,
    keys: KeySet,
    monkeypatch: pytest.MonkeyPatch,
    buckets: str,
) -> None:
    monkeypatch.setenv("JOURNAL_LANES", "urgent=8,bulk=1")
    monkeypatch.setenv("JOURNAL_TENANT_BUCKETS", buckets)
    monkeypatch.setenv("JOURNAL_KEYS_FILE", str(keys_file))
    for part in ("producer", "gateway"):
        settings = Settings.load(redis_url=url(guarded, part))
        with JournalClient(settings, keys) as backend:
            for _ in range(2):
                backend.submit("Soup again.", lane="bulk", tenant="somebody")
            assert backend.status().lanes["bulk"] in {2, 4}
    claims = claims_for(Settings.load(redis_url=url(guarded, "worker")))
    claims.announce(1)
    first, *others = claims.claim(9) or []
    assert (first.tag[-5:], claims.requeue([one.tag for one in others])) == ("@bulk", 3)
    entry_id, sealed = decode_message(first.message)
    letter = DeadLetter.of(entry_id, DeadReason.WORKER_LOST, sealed)
    claims.settle([Answer(first.tag, "freed", entry_id, "letter", letter.encode(), letter.reason)])
    operator = DeadLetters(Settings.load(redis_url=url(guarded, "operator")))
    assert operator.replay(operator) == 1
    assert len(claims.claim(9) or []) == 4
    for part in ("producer", "worker", "operator"):
        found = check_all(gather(Settings.load(redis_url=url(guarded, part)), Role(part)))
        levels = {one.check: one.level.value for one in found}
        assert (levels["lanes"], levels["permissions"]) == ("ok", "ok")


def test_an_operator_gives_up_what_waits_for_a_lost_key_and_puts_it_back(guarded: Server) -> None:
    stranger = KeySet.from_jwks({"keys": [new_key()]})
    sealed = stranger.seal(b"{}", kind=ENTRY, entry_id="x")
    parked = f"{encode_key_id(stranger.current)} ".encode() + encode_message("x", sealed)
    with redis.Redis.from_url(url(guarded, "worker")) as worker:
        worker.lpush("journal.entries.parked", parked)
    operator = DeadLetters(Settings.load(redis_url=url(guarded, "operator")))
    assert operator.abandon(stranger.current) == 1
    assert [stored.reason for stored in operator] == ["unknown_key"]
    assert operator.replay(operator) == 1


def test_an_operator_removes_a_group_that_nobody_reads_by(
    guarded: Server, keys_file: Path, keys: KeySet
) -> None:
    for group in ("typo", "backend"):
        settings = Settings.load(redis_url=url(guarded, "producer"), keys_file=keys_file)
        with JournalClient(settings, keys) as backend:
            assert list(backend.results(group=group, timeout=0)) == []
    with redis.Redis.from_url(url(guarded, "worker")) as worker:
        worker.xadd("journal.results", {"entry_id": "x", "sealed": "y"})
    operators = Settings.load(redis_url=url(guarded, "operator"))
    with connect(operators.redis_url) as client:
        assert execute(client, remove_group(operators, "typo")).unread == 1
        assert [group.name for group in execute(client, consumer_groups(operators))] == ["backend"]
        assert execute(client, expire_groups(operators, ["backend"], 3600)) == []


def test_every_part_counts_what_redis_does_not_know_and_the_exporter_trims(
    guarded: Server, keys_file: Path, keys: KeySet, caplog: pytest.LogCaptureFixture
) -> None:
    settings = {
        part: WorkerSettings.load(redis_url=url(guarded, part), keys_file=keys_file)
        for part in ("producer", "operator", "exporter")
    }
    with redis.Redis.from_url(url(guarded, "root")) as root:
        ids = [root.xadd("journal.results", {"entry_id": "x", "sealed": "y"}) for _ in range(4)]
        root.xgroup_create("journal.results", "other", "0")
        root.xdel("journal.results", ids[3])
        assert root.xinfo_groups("journal.results")[0]["lag"] is None
        with JournalClient(settings["producer"], keys) as backend:
            assert backend.status().groups == {"other": 3}
        with connect(settings["operator"].redis_url) as client:
            (group,) = execute(client, consumer_groups(settings["operator"]))
        assert (group.unread, group.exact, group.consumers) == (3, True, 0)
        with connect(settings["exporter"].redis_url) as client:
            collector = QueueCollector(client, settings["exporter"])
            found = {family.name: family.samples for family in collector.collect()}
            assert [sample.value for sample in found["journal_results_backlog"]] == [3]
            assert found["journal_queue_ready"][0].value == 0
            root.xreadgroup("other", "c", {"journal.results": ">"})
            root.xack("journal.results", "other", *ids[1:])
            Upkeep(client, settings["exporter"]).turn()
        assert root.xlen("journal.results") == 1
    assert not caplog.records


def test_a_load_run_needs_one_permission_more(
    guarded: Server, keys_file: Path, keys: KeySet
) -> None:
    """As deploy/README.md says."""
    settings = Settings.load(redis_url=url(guarded, "producer"), keys_file=keys_file)
    schedule = Schedule(entries=1, duration=None, rate=0.0)
    refused = LoadRun(settings, keys, iter(["x"]), schedule, timeout=0.3, quiet=0.0).run()
    assert isinstance(refused.failure, ConfigurationError)
    guide = (ROOT / "deploy/README.md").read_text(encoding="utf-8")
    (rule,) = re.findall(r"ACL SETUSER journal-producer (\(.*\))", guide)
    with redis.Redis.from_url(url(guarded, "root")) as root:
        root.execute_command("ACL", "SETUSER", "journal-producer", rule)
    allowed = LoadRun(settings, keys, iter(["x"]), schedule, timeout=0.3, quiet=0.0).run()
    assert (allowed.failure, allowed.entries) == (None, 1)
