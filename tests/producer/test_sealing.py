from __future__ import annotations

import base64
import json
import stat
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer import ConfigurationError, JournalEntry, KeySet, SealError
from producer.schemas import MAX_CONTEXT_CHARACTERS, MAX_TEXT_CHARACTERS
from producer.sealing import ENTRY, RESULT, new_key, write_key_file

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = b"the kettle sings before I do"
PARTS = ("header", "key", "nonce", "ciphertext", "tag")
_SHARED = KeySet.from_jwks({"keys": [new_key()]})


def opened(keys: KeySet, sealed: str) -> bytes:
    return keys.open(sealed, kind=ENTRY, entry_id="e1")


@pytest.fixture
def sealed(keys: KeySet) -> str:
    return keys.seal(PLAIN, kind=ENTRY, entry_id="e1")


def test_what_is_sealed_opens_and_shows_nothing(keys: KeySet, sealed: str) -> None:
    assert opened(keys, sealed) == PLAIN
    assert keys.open(sealed.encode(), kind=ENTRY, entry_id="e1") == PLAIN
    decoded = b"".join(base64.urlsafe_b64decode(part + "==") for part in sealed.split("."))
    assert PLAIN not in decoded


def test_the_header_is_what_any_jose_library_expects(keys: KeySet, sealed: str) -> None:
    head, wrapped_key, nonce, _, tag = sealed.split(".")
    assert json.loads(base64.urlsafe_b64decode(head + "==")) == {
        "alg": "dir",
        "enc": "A256GCM",
        "kid": keys.current,
        "typ": ENTRY,
        "eid": "e1",
    }
    assert wrapped_key == ""
    assert len(base64.urlsafe_b64decode(nonce + "==")) == 12
    assert len(base64.urlsafe_b64decode(tag + "==")) == 16


def test_the_same_text_never_seals_the_same(keys: KeySet) -> None:
    assert len({keys.seal(PLAIN, kind=ENTRY, entry_id="e1") for _ in range(50)}) == 50


@pytest.mark.parametrize("part", range(5), ids=PARTS)
@pytest.mark.parametrize("change", ["flip", "cut", "drop", "grow"])
def test_a_change_of_any_part_is_noticed(keys: KeySet, sealed: str, part: int, change: str) -> None:
    parts = sealed.split(".")
    value = parts[part]
    middle = len(value) // 2
    parts[part] = {
        "flip": value[:middle]
        + ("A" if value[middle : middle + 1] != "A" else "B")
        + value[middle + 1 :],
        "cut": value[:middle],
        "drop": "",
        "grow": value + "AAAA",
    }[change]
    if part == PARTS.index("key") and change != "grow":
        parts[part] = "AA"  # the part is empty: nothing to change but to fill it
    with pytest.raises(SealError):
        opened(keys, ".".join(parts))


def test_an_exchanged_header_is_noticed(keys: KeySet, sealed: str) -> None:
    other = keys.seal(PLAIN, kind=ENTRY, entry_id="e2")
    swapped = ".".join([other.split(".")[0], *sealed.split(".")[1:]])
    for entry_id in ("e1", "e2"):
        with pytest.raises(SealError):
            keys.open(swapped, kind=ENTRY, entry_id=entry_id)


@pytest.mark.parametrize(
    "garbage",
    [
        *("", ".", "....", "a.b.c.d.e", "not sealed", "\N{SNOWMAN}", "x" * 500_000),
        *(b"\xff\xfe", None, 7, {}),
    ],
)
def test_garbage_is_refused(keys: KeySet, garbage: Any) -> None:
    with pytest.raises(SealError):
        keys.open(garbage, kind=ENTRY, entry_id="e1")


def test_other_algorithms_are_refused(keys: KeySet, sealed: str) -> None:
    head, *rest = sealed.split(".")
    header = json.loads(base64.urlsafe_b64decode(head + "=="))
    for change in (
        {"alg": "none"},
        {"alg": "A256KW"},
        {"enc": "A128GCM"},
        {"zip": "DEF"},
        {"crit": ["x"]},
    ):
        forged = base64.urlsafe_b64encode(json.dumps({**header, **change}).encode()).decode()
        with pytest.raises(SealError):
            opened(keys, ".".join([forged.rstrip("="), *rest]))


def test_an_entry_is_no_result_and_no_other_entry(keys: KeySet, sealed: str) -> None:
    with pytest.raises(SealError, match="another id or kind"):
        keys.open(sealed, kind=RESULT, entry_id="e1")
    with pytest.raises(SealError, match="another id or kind"):
        keys.open(sealed, kind=ENTRY, entry_id="e2")


def test_a_key_that_is_not_in_the_set_is_told(sealed: str) -> None:
    stranger = KeySet.from_jwks({"keys": [new_key()]})
    with pytest.raises(SealError, match="a key that is not in the key set"):
        opened(stranger, sealed)


def test_the_same_id_with_another_key_does_not_open(keys: KeySet, sealed: str) -> None:
    impostor = KeySet.from_jwks({"keys": [{**new_key(), "kid": keys.current}]})
    with pytest.raises(SealError):
        opened(impostor, sealed)


def test_rotation_opens_the_old_and_seals_with_the_new() -> None:
    old, new = new_key(), new_key()
    before, after = KeySet.from_jwks({"keys": [old]}), KeySet.from_jwks({"keys": [new, old]})
    assert opened(after, before.seal(PLAIN, kind=ENTRY, entry_id="e1")) == PLAIN
    assert after.current == new["kid"]
    assert after.key_ids == (new["kid"], old["kid"])
    with pytest.raises(SealError):
        opened(before, after.seal(PLAIN, kind=ENTRY, entry_id="e1"))


@pytest.mark.parametrize("character", ["\x01", "\N{GRINNING FACE}", '"', "a"])
def test_the_longest_entry_of_the_costliest_characters_opens(keys: KeySet, character: str) -> None:
    entry = JournalEntry(
        entry_id="e" * 128,
        text=character * MAX_TEXT_CHARACTERS,
        context=character * MAX_CONTEXT_CHARACTERS,
    )
    sealed = keys.seal(entry.encode(), kind=ENTRY, entry_id=entry.entry_id)
    assert keys.open(sealed, kind=ENTRY, entry_id=entry.entry_id) == entry.encode()


@given(st.binary(max_size=2000))
def test_any_bytes_come_back(plain: bytes) -> None:
    assert opened(_SHARED, _SHARED.seal(plain, kind=ENTRY, entry_id="e1")) == plain


def test_no_key_is_in_a_repr_or_an_error() -> None:
    key = new_key()
    keys = KeySet.from_jwks({"keys": [key]})
    with pytest.raises(SealError) as caught:
        opened(keys, "a.b.c.d.e")
    assert key["k"] not in repr(keys) + str(keys) + repr(caught.value)
    with pytest.raises(ConfigurationError) as refused:
        KeySet.from_jwks({"keys": [key, {**key, "kid": ""}]})
    assert key["k"] not in repr(refused.value)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "not a JWK set"),
        ([], "not a JWK set"),
        ({}, "not a JWK set"),
        ({"keys": []}, "at least one key"),
        ({"keys": ["x"]}, "no kid"),
        ({"keys": [{"k": "AAAA"}]}, "no kid"),
        ({"keys": [{"kid": "a"}]}, "no `oct`"),
        ({"keys": [{"kid": "a", "k": 5}]}, "no `oct`"),
        ({"keys": [{"kid": "a", "k": "A" * 24}]}, "144 bits, not 256"),
        ({"keys": [{**new_key(), "kid": "a"}] * 2}, "key 1 has no kid of its own"),
    ],
)
def test_a_wrong_key_set_is_told_in_one_line(content: Any, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem) as caught:
        KeySet.from_jwks(content)
    assert "\n" not in str(caught.value)


def test_key_files_are_read_and_their_faults_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.json: No such file"):
        KeySet.load(tmp_path / "nowhere.json")
    broken = tmp_path / "broken.json"
    broken.write_bytes(b"\xff{")
    with pytest.raises(ConfigurationError, match="not JSON"):
        KeySet.load(broken)
    with pytest.raises(ConfigurationError, match="key set is empty"):
        KeySet({})


def test_a_key_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    key = new_key()
    write_key_file(path, [key])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert KeySet.load(path).current == key["kid"]
    assert list(tmp_path.iterdir()) == [path]
