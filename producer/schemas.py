"""The messages: what a backend submits, what it gets back, and what could not be processed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import pydantic
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from producer.errors import ValidationError
from producer.jwe_form import key_id_of

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEMA_VERSION = 1
#: Room for 6,000 words: English runs to 5.5 characters a word, and the longest posts to more.
MAX_TEXT_CHARACTERS = 50_000
MAX_CONTEXT_CHARACTERS = 256
ENTRY_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")

EntryId = Annotated[str, StringConstraints(pattern=rf"^{ENTRY_ID.pattern}$")]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]


def _now() -> datetime:
    return datetime.now(UTC)


class _Message(BaseModel):
    # hide_input_in_errors: a rejected value may be the text of an entry.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def encode(self) -> bytes:
        """The message as UTF-8 JSON."""
        return self.model_dump_json().encode()


class JournalEntry(_Message):
    """One journal entry, as a backend submits it.

    Attributes:
        entry_id: the caller's own id and idempotency key.
        text: 1 to 50,000 characters (Unicode code points), not only white space.
        submitted_at: when the caller submitted it, UTC; by default, when it was made.
        context: opaque, returned unchanged with the result, at most 256 characters.
    """

    entry_id: EntryId
    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT_CHARACTERS, repr=False)]
    submitted_at: Annotated[datetime, Field(default_factory=_now)]
    context: Annotated[str | None, Field(max_length=MAX_CONTEXT_CHARACTERS, repr=False)] = None

    def __init__(self, **fields: Any) -> None:
        """Validate the fields.

        Raises:
            ValidationError: names each field and the rule it breaks, never its value.
        """
        try:
            super().__init__(**fields)
        except pydantic.ValidationError as exc:
            raise ValidationError(describe(exc)) from None

    @pydantic.field_validator("text")
    @classmethod
    def _not_blank(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("text is blank")
        return text

    @pydantic.field_validator("submitted_at")
    @classmethod
    def _in_utc(cls, moment: datetime) -> datetime:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class _Answer(_Message):
    # Fields that a newer worker adds are ignored, so that workers may be updated before backends.
    model_config = ConfigDict(extra="ignore")


class Evidence(_Answer):
    """A half-open range of characters (code points) of the submitted text."""

    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=0)]


class Label(_Answer):
    """A cognitive distortion found in an entry.

    Attributes:
        label: its name, as the model calls it.
        score: its probability, 0 to 1.
        evidence: where it was found, in the submitted text.
    """

    label: str
    score: Probability
    evidence: tuple[Evidence, ...] = ()


class JournalResult(_Answer):
    """The result for one entry. Holds no text of it.

    Attributes:
        entry_id: of the entry.
        context: of the entry, unchanged.
        labels: the labels given, best score first.
        scores: the probability of every label the model knows.
        redactions: how many spans of each type of personal data were removed before reading.
        model: name and version of the model folder.
        submitted_at: of the entry, UTC.
        completed_at: when a worker completed it, UTC.
        deliveries: how often the entry was delivered to a worker; 1 unless a worker failed.
        traceparent: the trace that the entry belongs to (W3C Trace Context), if it belongs to one.
        schema_version: of this message.
    """

    entry_id: EntryId
    context: Annotated[str | None, Field(repr=False)] = None
    labels: tuple[Label, ...] = ()
    scores: dict[str, Probability] = Field(default_factory=dict)
    redactions: dict[str, int] = Field(default_factory=dict)
    model: str = ""
    submitted_at: datetime
    completed_at: datetime
    deliveries: Annotated[int, Field(ge=1)] = 1
    traceparent: str | None = None
    schema_version: int = SCHEMA_VERSION

    def encode(self) -> bytes:
        """The result as UTF-8 JSON, without a member for a trace where there is none."""
        untraced = {"traceparent"} if self.traceparent is None else None
        return self.model_dump_json(exclude=untraced).encode()


class DeadReason(StrEnum):
    """Why an entry could not be processed; the closed list."""

    #: Written by earlier versions only, for the four that follow.
    UNDECRYPTABLE = "undecryptable"
    #: No worker will ever have the key: written only where an operator says so.
    UNKNOWN_KEY = "unknown_key"
    #: Sealed for another id, or as something else than an entry.
    WRONG_ID = "wrong_id"
    #: Not sealed at all; what it says is not kept.
    NOT_SEALED = "not_sealed"
    #: Sealed, and altered since; or its key is another one of the same id.
    DAMAGED = "damaged"
    MALFORMED = "malformed"
    OVERSIZED = "oversized"
    ANONYMIZER_FAILED = "anonymizer_failed"
    CLASSIFIER_FAILED = "classifier_failed"
    WORKER_LOST = "worker_lost"
    TIMED_OUT = "timed_out"
    REVOKED = "revoked"
    EXPIRED = "expired"
    #: The entry was answered, but a reader of results could not open the answer.
    UNREADABLE_RESULT = "unreadable_result"
    #: The entry was answered, but its answer was delivered again and again and never acknowledged.
    UNHANDLED_RESULT = "unhandled_result"

    @property
    def holds_result(self) -> bool:
        """Whether what was sealed is a result, and not an entry."""
        return self in {DeadReason.UNREADABLE_RESULT, DeadReason.UNHANDLED_RESULT}


class DeadLetter(_Answer):
    """An entry that could not be processed, or a result that could not be opened or handled.

    Attributes:
        entry_id: of the entry.
        reason: why it could not be processed.
        deliveries: how often it was delivered before.
        failed_at: when it failed, UTC.
        sealed: the entry, or the result, sealed as it was received; "" if it was not sealed.
        withheld: how many characters came that were not sealed. They are not kept, and no digest
            of them either: whoever guesses a sentence could tell by it that it was written.
    """

    entry_id: str
    reason: DeadReason
    deliveries: Annotated[int, Field(ge=1)] = 1
    failed_at: datetime = Field(default_factory=_now)
    sealed: Annotated[str, Field(repr=False)]
    withheld: Annotated[int, Field(ge=0)] = 0

    @classmethod
    def of(
        cls, entry_id: str, reason: DeadReason, content: str, *, deliveries: int = 1
    ) -> DeadLetter:
        """The dead letter of what came, which is kept only if it was sealed.

        Args:
            entry_id: as the message tells; one that is no entry id is not kept either.
            reason: why it could not be processed.
            content: what should be a sealed message, and may be any text.
            deliveries: how often it was delivered.
        """
        is_sealed = key_id_of(content) is not None
        return cls(
            entry_id=entry_id if ENTRY_ID.fullmatch(entry_id) else "",
            reason=reason,
            deliveries=deliveries,
            sealed=content if is_sealed else "",
            withheld=0 if is_sealed else len(content),
        )

    @property
    def frees_id(self) -> bool:
        """Whether the entry may be submitted again at once.

        Only an entry can have been submitted under its id that is sealed for it.
        """
        return bool(self.sealed) and not (
            self.reason.holds_result or self.reason is DeadReason.WRONG_ID
        )


def check_entry_id(entry_id: str) -> None:
    """Check what a caller gives as an entry id.

    Raises:
        ValidationError: it is none.
    """
    if not ENTRY_ID.fullmatch(entry_id):
        raise ValidationError("entry_id: 1 to 128 characters of A-Za-z0-9._:- are allowed")


def describe(error: pydantic.ValidationError) -> str:
    """A pydantic error in one line, without any value."""
    details: Iterable[Any] = error.errors(
        include_input=False, include_context=False, include_url=False
    )
    parts = [
        f"{'.'.join(str(part) for part in detail['loc']) or 'message'}: {detail['msg']}"
        for detail in details
    ]
    return "; ".join(parts)
