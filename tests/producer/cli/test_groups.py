"""Groups that read the results, and how one that nobody reads by is removed."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from producer.connection import connect, execute
from producer.operations.groups import expire_groups

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

    from producer import Settings

STREAM = "journal.results"


@pytest.fixture
def read(journal: Any, publish: Callable[..., None], raw: redis.Redis) -> None:
    """Three results, all read by `backend`, one by `two`, none by `typo`."""
    for group in ("backend", "two", "typo"):
        raw.xgroup_create(STREAM, group, "0", mkstream=True)
    publish("a", "b", "c")
    assert journal("results", "--count", "3").exit_code == 0
    assert journal("results", "--group", "two", "--count", "1").exit_code == 0


def listed(journal: Any) -> dict[str, tuple[int, int]]:
    lines = map(json.loads, journal("groups", "list", "--json").stdout.splitlines())
    return {line["name"]: (line["pending"], line["unread"]) for line in lines}


@pytest.mark.usefixtures("read")
def test_groups_are_listed_with_what_they_still_have_to_read(
    journal: Any, raw: redis.Redis
) -> None:
    raw.xreadgroup("two", "slow", {STREAM: ">"}, count=1)
    assert listed(journal) == {"backend": (0, 0), "two": (1, 1), "typo": (0, 3)}
    table = journal("groups", "list").stdout
    assert "typo" in table
    assert "unread" in table


def test_without_groups_there_is_nothing_to_list(journal: Any) -> None:
    assert "no consumer groups" in journal("groups", "list").stdout
    assert journal("groups", "list", "--json").stdout == ""


@pytest.mark.usefixtures("read")
def test_a_removed_group_holds_nothing_back_any_more(journal: Any, raw: redis.Redis) -> None:
    assert raw.xlen(STREAM) == 3
    done = journal("groups", "remove", "typo", "--yes")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "3 results were not acknowledged" in done.stderr
    assert raw.xlen(STREAM) == 2  # what `two` has yet to read
    assert set(listed(journal)) == {"backend", "two"}
    assert journal("groups", "remove", "two", "--yes").exit_code == 0
    assert raw.xlen(STREAM) == 0


@pytest.mark.usefixtures("read")
def test_it_is_asked_first_and_a_no_removes_nothing(journal: Any) -> None:
    asked = journal("groups", "remove", "typo", stdin="n\n")
    assert asked.exit_code != 0
    assert "3 results are not acknowledged by 'typo'" in asked.stderr
    assert "typo" in listed(journal)
    assert journal("groups", "remove", "typo", stdin="y\n").exit_code == 0
    assert "typo" not in listed(journal)


@pytest.mark.usefixtures("read")
def test_what_redis_does_not_know_is_counted(journal: Any, raw: redis.Redis) -> None:
    """After a deletion in between, as by `journal load`, Redis tells no lag."""
    raw.xdel(STREAM, raw.xrange(STREAM)[1][0])
    assert raw.xinfo_groups(STREAM)[-1]["lag"] is None
    assert listed(journal)["typo"] == (0, 2)
    asked = journal("groups", "remove", "typo", stdin="y\n")
    assert "2 results are not acknowledged by 'typo'" in asked.stderr
    assert "removed; 2 results were" in asked.stderr


@pytest.mark.usefixtures("read")
def test_what_cannot_be_counted_is_told_as_a_bound_and_not_as_nothing(
    journal: Any, raw: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw.xdel(STREAM, raw.xrange(STREAM)[1][0])
    monkeypatch.setattr("producer.operations.groups.COUNT_CALLS", 0)
    lines = map(json.loads, journal("groups", "list", "--json").stdout.splitlines())
    typo = next(line for line in lines if line["name"] == "typo")
    assert (typo["unread"], typo["exact"]) == (2, False)
    assert "up to 2" in journal("groups", "list").stdout
    assert "typo" not in json.loads(journal("status", "--json").stdout)["groups"]


@pytest.mark.parametrize("place", [1, 50, 98])
@pytest.mark.parametrize("read_first", [0, 1, 60])
def test_counting_is_exact_wherever_the_group_stands(
    journal: Any,
    raw: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
    place: int,
    read_first: int,
) -> None:
    monkeypatch.setattr("producer.operations.groups.COUNT_PAGE", 7)
    raw.xgroup_create(STREAM, "typo", "0", mkstream=True)
    ids = [raw.xadd(STREAM, {"entry_id": "e", "sealed": "x"}) for _ in range(100)]
    if read_first:
        raw.xreadgroup("typo", "c", {STREAM: ">"}, count=read_first)
    raw.xdel(STREAM, ids[place])
    unread = 100 - read_first - (place >= read_first)
    assert listed(journal)["typo"] == (read_first, unread)
    backlog = json.loads(journal("status", "--json").stdout)["groups"]["typo"]
    assert backlog == read_first + unread


def test_the_list_tells_who_reads_and_since_when_results_wait(
    journal: Any, raw: redis.Redis
) -> None:
    raw.xgroup_create(STREAM, "reads", "0", mkstream=True)
    raw.xgroup_create(STREAM, "never", "0")
    two_days_ago = int(time.time() - 2 * 86_400) * 1000
    for number in range(2):
        raw.xadd(STREAM, {"entry_id": "e", "sealed": "x"}, id=f"{two_days_ago}-{number + 1}")
    for consumer in ("one", "two"):
        raw.xreadgroup("reads", consumer, {STREAM: ">"}, count=1)
    reads, never = sorted(
        map(json.loads, journal("groups", "list", "--json").stdout.splitlines()),
        key=lambda line: line["last_read_seconds"] is None,
    )
    assert (reads["name"], reads["consumers"], never["consumers"]) == ("reads", 2, 0)
    assert reads["last_read_seconds"] < 60
    assert (never["name"], never["last_read_seconds"]) == ("never", None)
    for group in (reads, never):
        assert group["oldest_seconds"] == pytest.approx(2 * 86_400, abs=60)
    table = journal("groups", "list").stdout
    assert "2 d" in table
    assert "never" in table


def test_only_groups_that_are_long_idle_and_hold_something_expire(
    journal: Any, raw: redis.Redis, settings: Settings, wait_until: Callable[..., Any]
) -> None:
    for group in ("abandoned", "never", "caught up"):
        raw.xgroup_create(STREAM, group, "0", mkstream=True)
    old = int(time.time() - 3 * 86_400) * 1000
    ids = [raw.xadd(STREAM, {"entry_id": "e", "sealed": "x"}, id=f"{old}-{n}") for n in (1, 2)]
    raw.xreadgroup("abandoned", "c", {STREAM: ">"}, count=1)
    raw.xreadgroup("caught up", "c", {STREAM: ">"})
    raw.xack(STREAM, "caught up", *ids)
    wait_until(lambda: raw.xinfo_consumers(STREAM, "abandoned")[0]["idle"] > 200)
    assert journal("groups", "expire").exit_code == 2  # the rule is the operator's
    assert journal("groups", "expire", "--idle-days", "1", "--yes").stdout == ""
    rule = ("--idle-days", str(0.1 / 86_400))
    assert journal("groups", "expire", *rule, stdin="n\n").exit_code == 1
    assert set(listed(journal)) == {"abandoned", "never", "caught up"}
    assert journal("groups", "expire", *rule, stdin="y\n").stdout == "abandoned\n"
    assert set(listed(journal)) == {"never", "caught up"}
    # The script judges by itself: a group may be read again after it was listed.
    with connect(settings.redis_url) as connection:
        assert execute(connection, expire_groups(settings, list(listed(journal)), 0.001)) == []
    assert raw.xlen(STREAM) == 2  # `never` still has them to read
    journal("groups", "remove", "never", "--yes")
    assert raw.xlen(STREAM) == 0


def test_an_unknown_group_is_one_line(journal: Any) -> None:
    done = journal("groups", "remove", "nobody", "--yes")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "journal: no consumer group of the results has this name\n"
