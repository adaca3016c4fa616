"""The description of the wire tells what the code does: its tables and samples are compared."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING, Any

import pytest

from producer import (
    DeadLetter,
    DeadReason,
    EntryCancelled,
    JournalEntry,
    JournalResult,
    KeySet,
    Settings,
)
from producer.keys import keys_of
from producer.message import encode_message
from producer.operations.base import script
from producer.operations.submit import submit
from producer.sealing import ENTRY, RESULT
from tests.producer.answering import DEAD, left
from tests.producer.protocol import json_samples, section, table
from tests.producer.support import QUEUE, commands_of, entries
from worker.child.pipeline import MAX_SEALED_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis
    from pydantic import BaseModel

    from producer import JournalClient


@pytest.mark.parametrize(
    ("title", "model"),
    [("The entry", JournalEntry), ("Reading results", JournalResult), ("Dead letters", DeadLetter)],
)
def test_every_member_of_a_message_is_listed_and_no_other(
    title: str, model: type[BaseModel]
) -> None:
    assert set(table(title, "member")) == set(model.model_fields)


@pytest.mark.parametrize(
    ("title", "model"),
    [("The entry", JournalEntry), ("Reading results", JournalResult), ("Dead letters", DeadLetter)],
)
def test_samples_are_valid_and_whole(title: str, model: type[BaseModel]) -> None:
    (sample,) = json_samples(title)
    assert set(sample) == set(model.model_fields)
    model.model_validate_json(json.dumps(sample))


def test_members_that_an_entry_needs_are_marked() -> None:
    needed = {
        name for name, (required, *_) in table("The entry", "member").items() if required == "yes"
    }
    assert needed == {name for name, one in JournalEntry.model_fields.items() if one.is_required()}


def test_every_reason_is_listed_and_no_other() -> None:
    assert set(table("Dead letters", "reason")) == {reason.value for reason in DeadReason}


def test_the_sample_of_a_key_file_is_a_key_set() -> None:
    (sample,) = json_samples("Keys and sealing")
    assert KeySet.from_jwks(sample).current == sample["keys"][0]["kid"]


def test_the_header_of_a_seal_is_listed() -> None:
    (sample,) = json_samples("Keys and sealing")
    sealed = KeySet.from_jwks(sample).seal(b"", kind=ENTRY, entry_id="entry-17")
    (header,) = re.findall(r"^[^.]+", sealed)
    listed = set(table("Keys and sealing", "member", "value"))
    assert listed == set(json.loads(_decoded(header)))
    assert {ENTRY, RESULT} <= set(re.findall(r"`([\w-]+)`", section("Keys and sealing")))


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_the_members_of_a_message_are_those_that_the_clients_send() -> None:
    trace = json_samples("The message")[0]["headers"]["traceparent"]
    ours = json.loads(encode_message("entry-17", "sealed", traceparent=trace))
    sample = json_samples("The message")[0]
    listed = set(table("The message", "member"))
    assert {name for name in listed if "." not in name} == set(ours) - {"headers"}
    for part in ("headers", "properties"):
        assert _inside(listed, part) == set(sample[part])
        assert _inside(listed, part) <= set(ours[part])
    assert _inside(listed, "properties") == set(ours["properties"])
    assert sample["headers"]["task"] == ours["headers"]["task"]


def _inside(names: set[str], part: str) -> set[str]:
    return {name.partition(".")[2] for name in names if name.startswith(f"{part}.")}


def test_keys_of_redis_are_listed_under_their_names() -> None:
    names = keys_of(Settings.model_fields["queue"].default)
    text = section("Keys of Redis")
    for name in (
        *names.names,
        Settings.model_fields["results"].default,
        Settings.model_fields["dead"].default,
    ):
        place = name.rstrip(":")
        short = f"`.{place.rpartition('.')[2]}"
        assert f"`{place}" in text or short in text, name


def test_limits_are_those_of_the_code() -> None:
    text = section("The message") + section("Submitting") + section("Reading results")
    defaults: dict[str, Any] = {name: one.default for name, one in Settings.model_fields.items()}
    assert f"{MAX_SEALED_CHARACTERS:,} characters" in text
    assert f"At {defaults['max_results']:,} results" in text


def test_the_script_of_a_submit_is_called_with_what_is_listed(
    keys: KeySet, settings: Settings
) -> None:
    rows = {name: value for name, (value, *_) in table("Submitting", "argument", "value").items()}
    ((_, source, count, *given),) = commands_of(submit(entries("a"), keys, settings, reply=True))
    assert source == script("room", "submit")
    assert "`operations/lua/room.lua` and `operations/lua/submit.lua`" in section("Submitting")
    ours, last = given[:count], given[-1]
    for place, name in enumerate(("KEYS[1]", "KEYS[2]", "KEYS[3]` to `KEYS[2+n]")):
        assert ours[place].replace("seen:a", "seen:<entry id>") in rows[name]
    assert ours[3].replace(":a", ":<entry id>") in rows["KEYS[3+n]` to `KEYS[2+2n]"]
    for place, name in enumerate(
        ("max_queue_entries", "max_queue_bytes", "idempotency_seconds"), count
    ):
        assert f"`JOURNAL_{name.upper()}`, {given[place]}" in rows[f"ARGV[{place - count + 1}]"]
    assert given[count + 4 : -1] == [0, 1]  # no `WAIT`, and a reply
    assert json.loads(last)["headers"]["id"] == "a"
    assert "messages" in rows[f"ARGV[{len(given) - count}]` ..."]


def test_the_numbers_that_a_submit_returns_are_those_that_are_told(
    client: JournalClient, keys: KeySet, settings: Settings, raw: redis.Redis
) -> None:
    def answer(**limits: int) -> list[int]:
        limited = settings.model_copy(update=limits)
        (command,) = commands_of(submit(entries("a", "b"), keys, limited))
        return list(raw.execute_command(*command))

    numbers = told("Submitting")
    client.submit("Soup again.", entry_id="a")
    assert answer(max_queue_entries=1) == [1, 2]
    assert answer(max_queue_bytes=1) == [1, 3]
    assert answer() == [1, 0]
    assert "0 enqueued, 1 a duplicate (nothing was enqueued), 2 too many entries" in numbers
    assert "3 too many bytes" in numbers


def test_an_entry_is_cancelled_by_the_commands_that_are_described(
    client: JournalClient, raw: redis.Redis
) -> None:
    client.submit("Soup again.", entry_id="a", reply=True)
    seen, reply = f"{QUEUE}.seen:a", f"{QUEUE}.reply:a"
    assert raw.eval(script("cancel"), 3, seen, reply, f"{QUEUE}.claims", 600) == 1
    found = re.search(
        r"the arguments `<entry id>`, `list`, `0`, `(\d+)`, `(\d+)`", told("Cancelling and expiry")
    )
    assert found
    names = (f"{QUEUE}.leases", f"{QUEUE}.deliveries", seen)
    for place, count in ((f"{QUEUE}.woken", 0), (f"{QUEUE}.parked", 0), (QUEUE, 1)):
        assert f"`{place}`" in told("Cancelling and expiry")
        arguments = ("a", "list", 0, found[1], found[2])
        assert raw.eval(script("remove"), 4, place, *names, *arguments) == [count, 0]
    with pytest.raises(EntryCancelled):
        client.result("a", timeout=0)
    assert left(raw) == [reply]


def test_a_plain_push_with_a_reply_key_of_its_own_is_replied_to(
    answering: None, client: JournalClient, keys: KeySet, raw: redis.Redis
) -> None:
    entry = JournalEntry(entry_id="a", text="Soup again.")
    sealed = keys.seal(entry.encode(), kind=ENTRY, entry_id="a")
    raw.xadd(f"{QUEUE}.reply:a", {"asked": "1"}, id="1-0")
    raw.lpush(QUEUE, encode_message("a", sealed))
    assert client.result("a", timeout=20).entry_id == "a"


def test_the_fields_of_a_dead_letter_are_listed_and_its_id_is_free(
    answering: None, client: JournalClient, raw: redis.Redis, wait_until: Callable[..., Any]
) -> None:
    client.submit(DEAD, entry_id="a")
    wait_until(lambda: raw.exists("journal.dead"))
    ((_, fields),) = raw.xrange("journal.dead")
    assert set(fields) == set(table("Dead letters", "field"))
    assert client.submit("Soup again.", entry_id="a").status == "queued"


def test_results_are_acknowledged_and_deleted_by_the_scripts_that_are_named(
    raw: redis.Redis, publish: Callable[..., None]
) -> None:
    publish("a", "b")
    raw.xgroup_create("journal.results", "backend", 0)
    ((_, items),) = raw.xreadgroup("backend", "1", {"journal.results": ">"})
    source = "".join(script(name) for name in ("delete_unneeded", "acknowledge"))
    assert raw.eval(source, 1, "journal.results", "backend", items[0][0]) == 1
    assert [one for one, _ in raw.xrange("journal.results")] == [items[1][0]]


def told(title: str) -> str:
    """A section, in one line."""
    return " ".join(section(title).split())
