"""Entries as callers see them: their own ids, and one object for every state of an entry."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from producer.schemas import ENTRY_ID, MAX_CONTEXT_CHARACTERS, MAX_TEXT_CHARACTERS, Label

if TYPE_CHECKING:
    from producer.schemas import JournalResult

#: What is left of an entry id's 128 characters beside a key's name of 32 and a colon.
MAX_ID_CHARACTERS = 95
ID_PATTERN = rf"^[A-Za-z0-9._:-]{{1,{MAX_ID_CHARACTERS}}}$"

EXAMPLE_TEXT = "I messed up the project, now everyone at work thinks I'm incompetent."
EXAMPLE_RESULT: dict[str, Any] = {
    "labels": [
        {"label": "Mind Reading", "score": 0.91, "evidence": [{"start": 0, "end": 69}]},
    ],
    "scores": {"Mind Reading": 0.91, "Labeling": 0.12},
    "redactions": {"PERSON": 1},
    "model": "distortions 3",
    "submitted_at": "2026-11-28T20:15:00.120Z",
    "completed_at": "2026-11-28T20:15:00.310Z",
    "deliveries": 1,
    "context": "evening",
}
EXAMPLE: dict[str, Any] = {"id": "entry-17", "status": "done", "result": EXAMPLE_RESULT}
WAITING_EXAMPLE: dict[str, Any] = {"id": "entry-17", "status": "waiting"}

Id = Annotated[str, Field(pattern=ID_PATTERN)]
Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT_CHARACTERS, repr=False)]
Context = Annotated[str | None, Field(max_length=MAX_CONTEXT_CHARACTERS, repr=False)]


class _Submitted(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class NewEntry(_Submitted):
    """One entry to be worked on; its id comes from the `Idempotency-Key` header or is random."""

    text: Text
    context: Context = None


class NamedEntry(NewEntry):
    """One of several entries; without an id it gets a random one."""

    id: Id | None = None


class NewEntries(_Submitted):
    """Several entries to be worked on."""

    entries: Annotated[list[NamedEntry], Field(min_length=1)]


class Result(BaseModel):
    """What was found in an entry. Evidence is character ranges of the submitted text."""

    labels: tuple[Label, ...]
    scores: dict[str, float]
    redactions: dict[str, int]
    model: str
    submitted_at: datetime
    completed_at: datetime
    deliveries: int
    context: str | None


class Entry(BaseModel):
    """An entry in any state: `reason` is there if it failed, `result` once it is done.

    One that was submitted again after its result was no longer kept is done without a result.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: str
    status: Literal["waiting", "done", "failed", "cancelled"]
    reason: str | None = None
    result: Result | None = None

    def encode(self) -> bytes:
        """As JSON; what is not there is left out, but for `context`, which may be null."""
        absent = {name for name in ("reason", "result") if getattr(self, name) is None}
        return self.model_dump_json(exclude=absent).encode()


class Entries(BaseModel):
    """Several entries."""

    entries: list[Entry]

    def encode(self) -> bytes:
        """As JSON."""
        return b'{"entries":[' + b",".join(entry.encode() for entry in self.entries) + b"]}"


def inner_id(name: str, entry_id: str) -> str:
    """The id that the queue knows the entry by: no two API keys' names share one."""
    return f"{name}:{entry_id}"


def split_id(inner: str) -> tuple[str, str]:
    """The name and the caller's own id of an entry; the name is "" if it cannot be a caller's."""
    name, colon, entry_id = inner.partition(":")
    return (name, entry_id) if colon and ENTRY_ID.fullmatch(entry_id) else ("", inner)


def done(entry_id: str, result: JournalResult) -> Entry:
    """The entry of a result."""
    fields = {name: getattr(result, name) for name in Result.model_fields}
    return Entry(id=entry_id, status="done", result=Result.model_construct(**fields))


def failed(entry_id: str, reason: str) -> Entry:
    """An entry that became a dead letter."""
    return Entry(id=entry_id, status="failed", reason=reason)
