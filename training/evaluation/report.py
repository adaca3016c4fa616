"""Everything `evaluate` has to say about a model, as JSON and for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from training.entries.multi_hot import multi_hot
from training.evaluation.evaluate import answer, evaluate
from training.evaluation.fairness import described, fairness
from training.evaluation.tables import print_details, print_scores
from training.scoring.bootstrap import share_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rich.console import Console

    from training.entries.record import Record
    from training.evaluation.evaluate import Evaluation, TextClassifier
    from training.progress import Progress
    from worker.anonymizer.anonymizer import Anonymizer
    from worker.models.folder import ModelFolder


class Report:
    """A model's answers to labelled entries, to negatives, and to entries about other people.

    Args:
        folder: the model's.
        classifier: the worker's.
        anonymizer: None to classify texts as they are.
        progress: is told about every stage.
        records: labelled entries.
        negatives: entries to which no label applies; may be None.

    Raises:
        DataError: an entry cannot be anonymized, or no label is known to the model.
    """

    def __init__(
        self,
        folder: ModelFolder,
        classifier: TextClassifier,
        *,
        anonymizer: Anonymizer | None,
        progress: Progress,
        records: list[Record],
        negatives: list[Record] | None = None,
    ) -> None:
        self._folder = folder

        def decide(texts: list[str]) -> NDArray[np.bool_]:
            found = answer(texts, classifier, anonymizer=anonymizer, progress=progress)
            return multi_hot((item.labels for item in found), folder.labels) > 0

        self.evaluation: Evaluation = evaluate(
            records, folder.labels, classifier, anonymizer=anonymizer, progress=progress
        )
        self.fairness = fairness([record.text for record in records], decide)
        self.negatives: dict[str, Any] | None = None
        if negatives:
            flags: NDArray[np.bool_] = np.array(
                [row.any() for row in decide([record.text for record in negatives])]
            )
            self.negatives = {
                "entries": len(flags),
                "labelled_share": round(float(flags.mean()), 4),
                "interval": share_interval(flags),
            }

    def to_json(self) -> dict[str, Any]:
        """Every figure."""
        found = self.evaluation
        return {
            "model": self._folder.name,
            "version": self._folder.version,
            **found.scores.to_json(),
            "intervals": found.intervals,
            "expected_calibration_error": round(found.reliability.error, 4),
            "by_length": found.by_length,
            "by_style": found.by_style,
            "negatives": self.negatives,
            "fairness": self.fairness,
            "unknown_labels": list(found.unknown_labels),
            "unscored_labels": list(found.unscored_labels),
        }

    def print(self, console: Console) -> None:
        """The same for people."""
        found = self.evaluation
        print_scores(found.scores, console)
        lines = []
        for names, reason in (
            (found.unknown_labels, "left out, as the model does not know them"),
            (found.unscored_labels, "not scored, as the data never gives them"),
        ):
            if names:
                lines.append(f"{reason}: {', '.join(names)}")
        print_details(found, console)
        if self.negatives:
            low, high = self.negatives["interval"]
            lines.append(
                f"of {self.negatives['entries']:,} negatives, "
                f"{self.negatives['labelled_share']:.1%} were given a label "
                f"(95% interval {low:.1%} to {high:.1%})"
            )
        for line in (*lines, *described(self.fairness)):
            console.print(line, highlight=False, soft_wrap=True)
