"""What was replaced in the entries of this project, recorded beside them.

The anonymizer changes: its tagger is made again, its patterns grow. The shipped model would be
another one each time, although its entries are the same. So of each entry the spans that
were replaced are recorded, under the SHA-256 of its text, and a fit takes them from here. What is
not recorded is anonymized as everything else is. To record what is missing (or, once the file is
removed, all entries anew): `python -m training.entries.prepared.redactions`.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from worker.anonymizer.offsets import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FILE = Path(__file__).parents[2] / "data" / "redactions" / "entries.jsonl"
#: Hex digits of the digest: enough for a few thousand entries not to share one.
_DIGITS = 16


def digest(text: str) -> str:
    """What a text is recorded under."""
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


@cache
def recorded() -> Mapping[str, tuple[Span, ...]]:
    """The spans of each recorded text, by its digest; in order and disjoint."""
    found = {}
    with FILE.open(encoding="utf-8") as stream:
        for line in stream:
            key, spans = json.loads(line)
            found[key] = tuple(Span(*span) for span in spans)
    return found


def replaced(text: str, spans: Sequence[Span]) -> str:
    """The text with a placeholder such as `<PERSON>` for each span."""
    for span in reversed(spans):
        text = f"{text[: span.start]}<{span.type}>{text[span.end :]}"
    return text


def record(texts: Iterable[str], found: Mapping[str, Sequence[Span]]) -> None:
    """Write the spans of these texts, in the order of their digests; the older file is replaced."""
    rows = {
        digest(text): [[span.start, span.end, span.type] for span in found[digest(text)]]
        for text in texts
    }
    lines = (json.dumps([key, rows[key]], separators=(",", ":")) for key in sorted(rows))
    FILE.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def main() -> None:
    """Anonymize the entries that are not recorded yet, and record them."""
    from training.entries.sources import OWN  # noqa: PLC0415 - as in every command
    from worker.anonymizer.anonymizer import Anonymizer  # noqa: PLC0415 - brings torch

    texts = [entry.text for read in OWN.values() for entry in read()]
    found = dict(recorded()) if FILE.exists() else {}
    missing = sorted({text for text in texts if digest(text) not in found})
    if missing:
        answers = Anonymizer.load().anonymize(missing)
        found |= {digest(text): answer.spans for text, answer in zip(missing, answers, strict=True)}
    FILE.parent.mkdir(exist_ok=True)
    record(texts, found)
    print(f"{len(missing)} of {len(texts)} entries were anonymized and recorded")  # noqa: T201


if __name__ == "__main__":
    main()
