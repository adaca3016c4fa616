"""How files of entries are read."""

from __future__ import annotations

from dataclasses import dataclass

TEXT, LABELS = "text", "labels"


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """See `journal-train fit --help`.

    Attributes:
        text_column: the column or field of the text.
        label_column: that of the labels; None for `labels`, or else `label`, or else every column
            that holds nothing but 0 and 1, or shares between them.
        encoding: Python's name of a file's encoding; None for what its beginning tells, or UTF-8.
        skip_invalid: leave out rows that break a rule, and tell of them.
        no_label: names that mean that an entry has no label.
        merge_labels: names that differ in case, spaces and dashes only are one label.
    """

    text_column: str = TEXT
    label_column: str | None = None
    encoding: str | None = None
    skip_invalid: bool = False
    no_label: tuple[str, ...] = ()
    merge_labels: bool = False
