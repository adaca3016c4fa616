"""Each check finds what it is there for, says what to do, and is content with what is well."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from producer import Settings
from producer.connection import Address
from producer.doctor import Role, check_all
from producer.doctor.snapshot import Answers, Host, KeyFile, Sentinel, Snapshot
from producer.findings import Finding, Level
from producer.operations.store import Store

STORE = Store("Valkey 9.1.0", (7, 2, 4), False, "master", 0, 0, True, "always", "noeviction", 1)
ANSWERS = Answers(
    milliseconds=0.4,
    store=STORE,
    clock_seconds=0.001,
    refused=(),
    counts={"journal.entries": 3, "journal.results": 1, "journal.dead": 0},
    worker_seen=True,
    entry_kid="k1",
    result_kid="k1",
    unknown_lanes={},
)
GOOD = Snapshot(
    settings=Settings(),
    role=Role.PRODUCER,
    address=Address((("redis.example", 6379),), tls=True, password="secret-word"),
    hosts=(Host("redis.example", ("10.0.0.7",)),),
    sentinels=(),
    keys=KeyFile(Path("keys.json"), ("k1",)),
    answers=ANSWERS,
)
BEHIND = replace(GOOD.address, master="main")
TWO = (Sentinel("a:26379", "x:6379"), Sentinel("b:26379", "x:6379"))


def found(snapshot: Snapshot) -> dict[str, Finding]:
    return {finding.check: finding for finding in check_all(snapshot)}


def problems(snapshot: Snapshot) -> set[str]:
    return {finding.check for finding in check_all(snapshot) if finding.is_problem}


def test_where_all_is_well_every_check_says_so() -> None:
    assert {finding.level for finding in check_all(GOOD)} == {Level.OK}


def test_no_finding_holds_the_password() -> None:
    assert "secret-word" not in str(check_all(GOOD))
    assert "secret-word" not in repr(GOOD)


@pytest.mark.parametrize(
    ("change", "check", "level", "text", "remedy"),
    [
        ({"keys": KeyFile(problem="x")}, "keys_file", "failed", "x", "journal keys new"),
        (
            {"keys": KeyFile(Path("k"), problem="key file k: not JSON.")},
            "keys_file",
            "failed",
            "not JSON",
            "JOURNAL_KEYS_FILE",
        ),
        (
            {"keys": replace(GOOD.keys, others_read=True)},
            "keys_file",
            "warning",
            "Every user",
            "chmod o-r keys.json",
        ),
        (
            {"hosts": (Host("reids", problem="name not found"),)},
            "name_look_up",
            "failed",
            "reids: name not found",
            "JOURNAL_REDIS_URL",
        ),
        (
            {"address": replace(GOOD.address, tls=False), "hosts": (Host("r", ("8.8.8.8",)),)},
            "encryption",
            "warning",
            "public",
            "rediss://",
        ),
        ({"settings": Settings(dead="journal.results")}, "names", "failed", "journal.results", ""),
        (
            {"settings": Settings(results="journal.entries.claims")},
            "names",
            "failed",
            "journal.entries.claims",
            "JOURNAL_RESULTS",
        ),
        ({"address": BEHIND, "sentinels": TWO[:1]}, "sentinels", "ok", "x:6379", ""),
        (
            {"address": BEHIND, "sentinels": (*TWO, Sentinel("c:1", problem="does not answer"))},
            "sentinels",
            "warning",
            "c:1: does not answer",
            "majority",
        ),
        (
            {"address": BEHIND, "sentinels": (*TWO, Sentinel("c:1", "y:6379"))},
            "sentinels",
            "warning",
            "x:6379, y:6379",
            "failover",
        ),
    ],
)
def test_what_is_wrong_here_is_found(
    change: dict[str, Any], check: str, level: str, text: str, remedy: str
) -> None:
    snapshot = replace(GOOD, **change)
    finding = found(snapshot)[check]
    assert finding.level == level
    assert text in finding.text
    assert remedy in finding.remedy
    assert problems(snapshot) == ({check} if finding.is_problem else set())


@pytest.mark.parametrize(
    ("change", "check", "level", "text", "remedy"),
    [
        (
            {"refused": ("LPUSH journal.entries -", "EVAL  1 x")},
            "permissions",
            "failed",
            "EVAL x, LPUSH journal.entries",
            "users.acl.template",
        ),
        ({"refused": None}, "permissions", "skipped", "", ""),
        ({"clock_seconds": -40.0}, "clock", "warning", "40.0 s behind", "NTP"),
        ({"clock_seconds": None}, "clock", "skipped", "TIME", ""),
        (
            {"counts": {"journal.entries": "WRONGTYPE"}},
            "key_types",
            "failed",
            "journal.entries",
            "another database",
        ),
        ({"worker_seen": False}, "workers", "warning", "(3)", "JOURNAL_QUEUE"),
        (
            {"worker_seen": False, "counts": {"journal.entries": 0}},
            "workers",
            "ok",
            "none wait",
            "",
        ),
        ({"worker_seen": None}, "workers", "skipped", "", ""),
        ({"unknown_lanes": {"bulk": 1200}}, "lanes", "warning", "bulk (1,200)", "JOURNAL_LANES"),
        ({"unknown_lanes": None}, "lanes", "skipped", "HGETALL", ""),
        ({"entry_kid": "other"}, "entry_key", "failed", "the key other", "same key file"),
        ({"result_kid": "other"}, "result_key", "failed", "the key other", "same key file"),
        ({"entry_kid": ""}, "entry_key", "warning", "not sealed", "can be read"),
        ({"entry_kid": None}, "entry_key", "skipped", "", ""),
        ({"store": replace(STORE, aof=False)}, "aof", "warning", "off", "appendonly yes"),
    ],
)
def test_what_is_wrong_with_the_server_is_found(
    change: dict[str, Any], check: str, level: str, text: str, remedy: str
) -> None:
    snapshot = replace(GOOD, answers=replace(ANSWERS, **change))
    finding = found(snapshot)[check]
    assert finding.level == level
    assert text in finding.text
    assert remedy in finding.remedy
    assert problems(snapshot) == ({check} if finding.is_problem else set())


@pytest.mark.parametrize(
    ("problem", "remedy"),
    [
        ("Redis cannot be reached: h:1: connection refused", "Start Redis"),
        ("Redis cannot be reached: h:1: TLS failed: self-signed certificate", "ssl_ca_certs"),
        ("Redis cannot be reached: h:1: connection closed", "rediss://"),
        ("Redis cannot be reached: h:1: timed out", "firewall"),
        ("Redis does not take the command now: LOADING", "Wait"),
        ("something new", "log"),
    ],
)
def test_why_there_is_no_answer_decides_what_to_do(problem: str, remedy: str) -> None:
    snapshot = replace(GOOD, answers=None, problem=problem)
    finding = found(snapshot)["connection"]
    assert (finding.level, finding.text) == ("failed", f"{problem}.")
    assert remedy in finding.remedy
    assert found(snapshot)["server"].level is Level.SKIPPED
    assert problems(snapshot) == {"connection"}


def test_a_refused_login_is_no_failed_connection() -> None:
    assert problems(replace(GOOD, answers=None, login_problem="refused")) == {"login"}


def test_an_exporter_needs_no_keys() -> None:
    snapshot = replace(GOOD, role=Role.EXPORTER, keys=KeyFile(problem="none"))
    assert found(snapshot)["keys_file"].level is Level.SKIPPED
