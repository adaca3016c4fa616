"""An answer is confirmed once replicas have it; one that a failover loses is given again."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import redis

from deploy.local.server import Server
from producer import Settings
from producer.schemas import DeadReason
from tests.producer.connection.support import QUICK, place, wait_for_replica
from tests.worker.broker.claims_support import Place, numbered, open_claims, push, result
from worker.broker import claims as broker
from worker.broker.settlement import settler_for
from worker.errors import UnconfirmedError
from worker.protocol import Claim

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Pair:
    """A primary and its replica."""

    def __init__(self, primary: Server, replica: Server) -> None:
        self.primary, self.replica = primary, replica
        self.raw = redis.Redis.from_url(primary.url)
        self.raw_replica = redis.Redis.from_url(replica.url)

    @contextmanager
    def lagging(self) -> Iterator[None]:
        """The replica takes nothing, though its connection stays."""
        os.kill(self.replica.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.replica.pid, signal.SIGCONT)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with (
        Server(directory=tmp_path / "primary", **QUICK) as primary,
        Server(directory=tmp_path / "replica", **QUICK) as replica,
    ):
        one = Pair(primary, replica)
        one.raw_replica.replicaof(*place(primary.url))
        wait_for_replica(one.raw_replica)
        yield one
        one.raw.close()
        one.raw_replica.close()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "REPLICAS_MS", 200)


def test_a_confirmed_answer_is_on_the_replica(pair: Pair) -> None:
    claims = open_claims(pair.primary.url)
    push(pair.raw, *numbered(2))
    for one in claims.claim(2) or []:  # the first settle loads the script, the second knows it
        assert claims.settle([result(one.tag, one.tag)], replicas=1) == [True]
        assert one.tag.encode() in Place(pair.raw_replica).results


def test_an_answer_that_a_failover_loses_is_given_again_once(pair: Pair) -> None:
    """As in a planned failover: the old primary takes writes while the new one is one already."""
    claims = open_claims(pair.primary.url)
    push(pair.raw, *numbered(1))
    (one,) = claims.claim(1) or []
    pair.raw.set("later than the claim", 1)
    assert pair.raw.execute_command("WAIT", 1, 5000) == 1
    pair.raw_replica.replicaof("NO", "ONE")
    with pytest.raises(UnconfirmedError) as caught:
        claims.settle([result(one.tag)], replicas=1)
    assert caught.value.held == [True]
    # Were there no failover, it would be published, and nothing could be requeued.
    assert Place(pair.raw).results == [b"e"]
    assert claims.requeue([one.tag]) == 0
    survivor = open_claims(pair.replica.url)
    assert survivor.requeue([one.tag]) == 1
    (again,) = survivor.claim(1) or []
    assert survivor.settle([result(again.tag)]) == [True]
    assert (Place(pair.raw_replica).results, Place(pair.raw_replica).claims) == ([b"e"], {})


def test_that_replicas_do_not_confirm_is_logged_once_and_so_is_the_end(
    pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    claims = open_claims(pair.primary.url)
    settler = settler_for(Settings.load(redis_url=pair.primary.url, min_replicas=1))
    push(pair.raw, *numbered(3))
    tags = [one.tag for one in claims.claim(3) or []]
    answers = [[(Claim("e", "x", tag=tag), DeadReason.MALFORMED)] for tag in tags]
    with pair.lagging():
        for answer in answers[:2]:
            with pytest.raises(UnconfirmedError):
                settler.settle(answer)
    assert settler.settle(answers[2]) == [True]
    assert [record.getMessage() for record in caplog.records] == [
        "fewer than 1 replicas confirm answers",
        "1 replicas confirm answers again",
    ]
