"""Records whose texts and evidence hold placeholders."""

from __future__ import annotations

from typing import Any

import pytest

from tests.training.conftest import NameRemover
from training.entries.prepared import anonymized_records as module
from training.entries.prepared.anonymized_records import anonymized_records
from training.entries.prepared.redactions import digest, recorded, replaced
from training.entries.record import Record
from training.entries.sources import OWN
from training.errors import DataError
from worker.anonymizer.offsets import Span


def anonymized(*records: Record) -> list[Record]:
    return anonymized_records(records, NameRemover(), advance=lambda _: None)  # type: ignore[arg-type]


def test_quotes_are_those_of_the_anonymized_text() -> None:
    text = "Ngozi came. Ngozi hates me, says Ngozi. Then soup."
    quotes = ("Ngozi hates me, says Ngozi.", "Then soup.", "hates me", "ozi hates")
    record = Record(text, ("Alpha",), evidence=tuple(("Alpha", quote) for quote in quotes))
    (found,) = anonymized(record)
    assert found.text == "<PERSON> came. <PERSON> hates me, says <PERSON>. Then soup."
    assert [quote for _, quote in found.evidence] == [
        "<PERSON> hates me, says <PERSON>.",
        "Then soup.",
        "hates me",
        "<PERSON> hates",
    ]


def test_a_text_that_cannot_be_anonymized_ends_it() -> None:
    with pytest.raises(DataError, match="entries 1 to 2 could not be anonymized"):
        anonymized(Record("soup", ()), Record("unreadable", ()))


def test_what_is_recorded_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {digest("unreadable Otto"): (Span(11, 15, "PERSON"),)}
    monkeypatch.setattr(module, "recorded", lambda: known)
    assert anonymized(Record("unreadable Otto", ()))[0].text == "unreadable <PERSON>"


def test_every_entry_of_this_project_is_recorded_and_its_evidence_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    records = [record for read in OWN.values() for record in read()]
    known = recorded()
    assert {digest(record.text) for record in records} == set(known), (
        "run: python -m training.entries.prepared.redactions"
    )

    class Nobody:
        def anonymize(self, texts: list[str]) -> Any:
            raise AssertionError(len(texts))

    found = anonymized_records(records, Nobody(), advance=lambda _: None)  # type: ignore[arg-type]
    for before, after in zip(records, found, strict=True):
        assert after.text == replaced(before.text, known[digest(before.text)])
        assert len(after.evidence) == len(before.evidence)
        assert all(quote and quote in after.text for _, quote in after.evidence)
