"""Labels that are probably not what was meant: several spellings of one, or a name for none.

They are told with counts; they change only where the user says so.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections import Counter
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

from training.entries.files.problems import listed, quoted
from training.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from training.entries.files.notes import Notes
    from training.entries.files.options import ReadOptions
    from training.entries.record import Record

#: Names that begin so, or are one of these, mostly say that nothing applies.
_NOTHING = re.compile(
    r"(?:no|non|not|none|nothing|without|neutral|normal|healthy|undistorted|control)\b.*"
)
#: Spaces, dashes and underscores.
_LEFT_OUT = {"Zs", "Pd", "Pc"}
#: Of shorter names one letter may well make another label.
_LONG_NAME = 6
#: Beyond so many labels nobody compares each with each.
_MOST_COMPARED = 200
#: More different labels than this, and than half of the labelled entries, are no labels.
_MANY_LABELS = 50


def key_of(name: str) -> str:
    """What spellings of one label have in common: letters without case, spaces and dashes."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return (
        "".join(letter for letter in plain if unicodedata.category(letter) not in _LEFT_OUT)
        .replace("'", "")
        .replace("\u2019", "")
    )


def with_labels_as_told(
    records: list[Record],
    options: ReadOptions,
    *,
    notes: Notes,
    known: Collection[str] = (),
) -> list[Record]:
    """The records with spellings merged and labels taken out, as the options say.

    Args:
        records: of all files together.
        options: `merge_labels` and `no_label`.
        notes: know where the labels stand, and are told what was done, and what should perhaps
            be.
        known: of files for a model that is there, the labels that it knows, rightly spelt.

    Raises:
        DataError: there are nearly as many labels as entries, or an entry to learn from has no
            label that `no_label` names.
    """
    counts = Counter(label for record in records for label in _names(record))
    given = Counter(label for record in records for label in record.labels)
    labelled = sum(bool(record.labels) for record in records)
    if len(given) > max(_MANY_LABELS, labelled / 2):
        raise DataError(
            f"{len(given):,} different labels in {labelled:,} labelled entries: "
            "is this the column of the labels? --label-column names it"
        )
    spelling = _spellings(counts, given, known, notes, merge=options.merge_labels)
    nothing = {key_of(name) for name in options.no_label}
    dropped = {label for label in counts if key_of(label) in nothing}
    if not known and (unused := nothing - {key_of(label) for label in counts}):
        names = [name for name in options.no_label if key_of(name) in unused]
        raise DataError(f"--no-label: no entry has the label {listed(names)}")
    if dropped:
        entries = sum(bool(dropped & set(record.labels)) for record in records)
        notes.say(f"no label: {listed(list(quoted(sorted(dropped))))} ({entries:,} entries)")
    if spelling or dropped:
        records = [_renamed(record, spelling, dropped) for record in records]
    _warn(Counter(label for record in records for label in record.labels), known, notes)
    return records


def _spellings(
    counts: Mapping[str, int],
    given: Mapping[str, int],
    known: Collection[str],
    notes: Notes,
    *,
    merge: bool,
) -> dict[str, str]:
    """The spelling to use for each label that has several; nothing unless they are merged."""
    groups: dict[str, list[str]] = {}
    for label in (*known, *counts):
        group = groups.setdefault(key_of(label), [])
        if label not in group:
            group.append(label)
    spelling = {}
    for group in groups.values():
        written = [label for label in group if label in counts]
        if len(group) == 1 or not written:
            continue
        best = next((name for name in group if name in known), "")
        best = best or max(written, key=lambda label: given.get(label, 0))
        shown = listed([_counted(name, given, notes) for name in written])
        if merge:
            spelling.update(dict.fromkeys(written, best))
            notes.say(f"one label, '{best}': {shown}")
        elif len(written) > 1:
            notes.say(
                f"labels that differ in case, spaces or dashes only: {shown}; "
                "--merge-labels makes them one"
            )
        else:
            notes.say(f"the model knows '{best}', the file {shown}; --merge-labels makes them one")
    return spelling


def _counted(name: str, given: Mapping[str, int], notes: Notes) -> str:
    where = notes.where(name)
    return f"'{name}' ({given.get(name, 0):,}{f': {where}' if where else ''})"


def _warn(counts: Mapping[str, int], known: Collection[str], notes: Notes) -> None:
    for label, count in sorted(counts.items()):
        if label not in known and _NOTHING.fullmatch(label.casefold()):
            notes.say(
                f"'{label}' ({count:,} entries) counts as a label; if it says that there is none: "
                f"--no-label {shlex.quote(label)}"
            )
    if len(counts) > _MOST_COMPARED:
        return
    for a, b in combinations(sorted(counts), 2):
        if _alike(key_of(a), key_of(b)):
            notes.say(
                f"'{a}' ({counts[a]:,}) and '{b}' ({counts[b]:,}) differ in one letter and count "
                "as two labels"
            )


def _alike(a: str, b: str) -> bool:
    """Whether two names differ in one letter."""
    if a == b or min(len(a), len(b)) < _LONG_NAME or abs(len(a) - len(b)) > 1:
        return False
    x, y = (a, b) if len(a) >= len(b) else (b, a)
    at = next((at for at, (m, n) in enumerate(zip(x, y, strict=False)) if m != n), len(y))
    rest = y[at:] if len(x) > len(y) else y[at + 1 :]
    return x[at + 1 :] == rest and x[at].isalpha() and (len(x) > len(y) or y[at].isalpha())


def _names(record: Record) -> set[str]:
    return {*record.labels, *record.shares, *record.unknown}


def _renamed(record: Record, spelling: Mapping[str, str], dropped: Collection[str]) -> Record:
    if not _names(record) & (spelling.keys() | set(dropped)):
        return record

    def kept(labels: Iterable[str]) -> list[str]:
        return [spelling.get(label, label) for label in labels if label not in dropped]

    return replace(
        record,
        labels=tuple(dict.fromkeys(kept(record.labels))),
        shares={
            spelling.get(label, label): share
            for label, share in record.shares.items()
            if label not in dropped
        },
        unknown=frozenset(kept(record.unknown)),
        evidence=tuple(
            (spelling.get(label, label), quote)
            for label, quote in record.evidence
            if label not in dropped
        ),
    )
