from __future__ import annotations

import traceback
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer import JournalEntry, JournalResult, ValidationError
from producer.schemas import MAX_CONTEXT_CHARACTERS, MAX_TEXT_CHARACTERS

CANARY = "the heron by the mill is only mine to tell"


def test_text_up_to_the_limit_is_taken_in_characters_not_bytes() -> None:
    assert JournalEntry(entry_id="a", text="x").text == "x"
    text = "\N{GRINNING FACE}" * MAX_TEXT_CHARACTERS
    assert JournalEntry(entry_id="a", text=text).text == text
    with pytest.raises(ValidationError, match="text: String should have at most"):
        JournalEntry(entry_id="a", text=text + "!")


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "\N{NO-BREAK SPACE}\N{EM SPACE}"])
def test_blank_text_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match=r"^text: "):
        JournalEntry(entry_id="a", text=text)


def test_text_is_kept_to_the_character() -> None:
    text = "  \N{ZERO WIDTH SPACE}e\N{COMBINING ACUTE ACCENT}\r\n\N{HEBREW LETTER ALEF}\x00 "
    assert JournalEntry(entry_id="a", text=text).text == text


@pytest.mark.parametrize("text", [None, 7, ["list"], {"a": 1}])
def test_text_is_a_string(text: Any) -> None:
    with pytest.raises(ValidationError, match="text: Input should be a valid string"):
        JournalEntry(entry_id="a", text=text)


@pytest.mark.parametrize("entry_id", ["a", "A.b_c:d-9", "x" * 128, "-", "..", "::"])
def test_entry_ids_of_the_documented_characters_are_taken(entry_id: str) -> None:
    assert JournalEntry(entry_id=entry_id, text="x").entry_id == entry_id


@pytest.mark.parametrize(
    "entry_id",
    [
        *("", "x" * 129, "a b", "a\n", "\na", "a\x00", "../a", "a/b", "a*", "{a}", "a\r\nDEL x"),
        *("\N{LATIN SMALL LETTER A WITH DIAERESIS}", "\N{ARABIC-INDIC DIGIT ONE}", "\ud800"),
        *("\N{FULLWIDTH LATIN SMALL LETTER A}", None, 5, True),
    ],
)
def test_hostile_entry_ids_are_refused(entry_id: Any) -> None:
    with pytest.raises(ValidationError, match=r"^entry_id: "):
        JournalEntry(entry_id=entry_id, text="x")


def test_lone_surrogates_are_refused() -> None:
    for fields in ({"text": "a\ud800"}, {"text": "x", "context": "\udfff"}):
        with pytest.raises(ValidationError, match="unicode"):
            JournalEntry(entry_id="a", **fields)


def test_context_is_opaque_and_bounded() -> None:
    context = "\N{PILE OF POO}" * MAX_CONTEXT_CHARACTERS
    assert JournalEntry(entry_id="a", text="x", context=context).context == context
    with pytest.raises(ValidationError, match=r"^context: "):
        JournalEntry(entry_id="a", text="x", context=context + "x")


def test_no_other_field_is_taken() -> None:
    with pytest.raises(ValidationError, match="user_id: Extra inputs are not permitted"):
        JournalEntry(entry_id="a", text="x", user_id="u")


def test_submitted_at_is_utc() -> None:
    east = datetime(2024, 5, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert JournalEntry(entry_id="a", text="x", submitted_at=east).submitted_at == east
    for moment in (east, datetime(2024, 5, 1, 12)):  # noqa: DTZ001 - as a careless caller gives it
        entry = JournalEntry(entry_id="a", text="x", submitted_at=moment)
        assert entry.submitted_at.tzinfo is UTC
    before = datetime.now(UTC)
    assert before <= JournalEntry(entry_id="a", text="x").submitted_at <= datetime.now(UTC)


@pytest.mark.parametrize(
    "fields",
    [
        {"text": CANARY * 2000},
        {"text": CANARY, "entry_id": CANARY},
        {"text": CANARY, "context": CANARY * 10},
        {"text": CANARY, "submitted_at": CANARY},
        {"text": CANARY + "\ud800"},
        {"text": [CANARY]},
        {"text": {"text": CANARY}},
        {"text": CANARY, "surplus": CANARY},
        {"entry_id": "a", "context": CANARY},
    ],
)
def test_errors_never_hold_a_value(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        JournalEntry(**{"entry_id": "a", **fields})
    shown = (
        str(caught.value) + repr(caught.value) + "".join(traceback.format_exception(caught.value))
    )
    assert CANARY not in shown
    assert "\n" not in str(caught.value)


def test_errors_of_other_ways_to_make_an_entry_hold_no_value() -> None:
    with pytest.raises(ValueError, match="text") as caught:
        JournalEntry.model_validate_json(f'{{"entry_id": "a", "text": ["{CANARY}"]}}')
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_repr_of_an_entry_holds_neither_text_nor_context() -> None:
    entry = JournalEntry(entry_id="a", text=CANARY, context=CANARY)
    assert CANARY not in repr(entry) + str(entry)
    assert "entry_id='a'" in repr(entry)


def test_an_entry_cannot_be_changed() -> None:
    entry = JournalEntry(entry_id="a", text="x")
    with pytest.raises(ValueError, match="frozen"):
        entry.text = "y"  # type: ignore[misc]


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip))
def test_any_text_comes_back_from_its_encoding(text: str) -> None:
    entry = JournalEntry(entry_id="a", text=text)
    assert JournalEntry.model_validate_json(entry.encode()) == entry


def test_result_scores_are_probabilities_and_evidence_a_range() -> None:
    now = datetime.now(UTC)
    fields = {"entry_id": "a", "submitted_at": now, "completed_at": now}
    good = {"label": "x", "score": 1.0, "evidence": [{"start": 0, "end": 3}]}
    result = JournalResult.model_validate({**fields, "labels": [good]})
    assert result.labels[0].evidence[0].end == 3
    for bad in ({**good, "score": 1.1}, {**good, "evidence": [{"start": -1, "end": 3}]}):
        with pytest.raises(ValueError, match=r"greater|less"):
            JournalResult.model_validate({**fields, "labels": [bad]})
