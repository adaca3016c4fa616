"""What a worker knows ahead that it will count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.child.factory import counted
from worker.models.folder import ModelFolder
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from pathlib import Path

    from worker.anonymizer.anonymizer import Anonymizer

TEXT = (
    "Ada Lovelace, 36, of Paris, met me at Acme Corp on May 3rd 2021: ada@example.com, 078-05-1120."
)


def test_every_label_and_every_type_is_known_before_the_first_entry(
    tiny_model: Path, anonymizer: Anonymizer
) -> None:
    known = counted(WorkerSettings.load(model=tiny_model))
    assert known["labels"] == ModelFolder.open(tiny_model).labels
    found = {span.type for span in anonymizer.anonymize([TEXT])[0].spans}
    assert len(found) > 4
    assert found <= set(known["entity_types"])
    assert set(anonymizer._analyzer.get_supported_entities()) <= set(known["entity_types"])
