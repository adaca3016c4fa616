"""From a CSV file with a column `text` to a table of labels.

    pip install journal-stream
    export JOURNAL_REDIS_URL=redis://localhost:6379/0 JOURNAL_KEYS_FILE=keys.json
    python csv_to_labels.py entries.csv

It ends when all rows are answered, in the order of the file.
"""

import csv
import sys
import uuid
from pathlib import Path

from rich.console import Console
from rich.table import Table

from producer import EntryFailed, JournalClient, JournalEntry

#: Seconds to wait for each result: the first has to wait for a worker to come to it.
PATIENCE = 600


def read_entries(path: Path) -> list[JournalEntry]:
    """One entry a row, with ids that no other run uses."""
    run = uuid.uuid4().hex[:8]
    with path.open(encoding="utf-8", newline="") as file:
        return [
            JournalEntry(entry_id=f"{run}-{number}", text=row["text"])
            for number, row in enumerate(csv.DictReader(file), 1)
        ]


def main(path: Path) -> None:
    """Submit all rows at once, then show their results in the same order."""
    entries = read_entries(path)
    table = Table("row", "label", "score", "where", title=str(path), show_lines=True)
    with JournalClient() as client:
        # With `reply` each result can be asked for by its id. What reads the results of a backend
        # (`client.results`) is not disturbed: it gets them as well.
        client.submit_many(entries, reply=True)
        for number, entry in enumerate(entries, 1):
            try:
                result = client.result(entry.entry_id, timeout=PATIENCE)
            except EntryFailed as failure:
                table.add_row(str(number), f"failed: {failure.reason}")
                continue
            for label in result.labels:
                # Evidence is ranges of the submitted text. A result holds no text of the entry.
                quotes = [entry.text[piece.start : piece.end] for piece in label.evidence]
                table.add_row(str(number), label.label, f"{label.score:.2f}", "\n".join(quotes))
            if not result.labels:
                table.add_row(str(number), "none")
    Console().print(table)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
