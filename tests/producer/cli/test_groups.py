"""Groups that read the results, and how one that nobody reads by is removed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

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
def test_what_redis_cannot_count_is_told_as_a_bound_and_not_as_nothing(
    journal: Any, raw: redis.Redis
) -> None:
    """After a deletion in between, as by `journal load`, Redis tells no lag."""
    raw.xdel(STREAM, raw.xrange(STREAM)[1][0])
    lines = map(json.loads, journal("groups", "list", "--json").stdout.splitlines())
    typo = next(line for line in lines if line["name"] == "typo")
    assert typo == {"name": "typo", "pending": 0, "unread": 2, "exact": False}
    assert "up to 2" in journal("groups", "list").stdout
    asked = journal("groups", "remove", "typo", stdin="y\n")
    assert "up to 2 results are not acknowledged by 'typo'" in asked.stderr
    assert "removed; up to 2 results were" in asked.stderr


def test_an_unknown_group_is_one_line(journal: Any) -> None:
    done = journal("groups", "remove", "nobody", "--yes")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "journal: no consumer group of the results has this name\n"
