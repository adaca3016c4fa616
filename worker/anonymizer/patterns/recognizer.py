"""The Presidio recognizer that searches a text for all patterns whose gates let it pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.anonymizer.patterns import (
    ages,
    contacts,
    dates,
    organizations,
    people,
    places,
    records,
    spoken,
    wallets,
)
from worker.anonymizer.patterns.gates import Features
from worker.anonymizer.patterns.rules import Rule
from worker.anonymizer.presidio import EntityRecognizer, RecognizerResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from presidio_analyzer.nlp_engine import NlpArtifacts

    from worker.anonymizer.patterns.rules import Group

#: Every pattern, by type and gate.
GROUPS: tuple[Group, ...] = (
    *dates.GROUPS,
    *ages.GROUPS,
    *contacts.GROUPS,
    *places.GROUPS,
    *records.GROUPS,
    *spoken.GROUPS,
    *wallets.GROUPS,
    *organizations.GROUPS,
    *people.GROUPS,
)

#: Opens the gates that most texts of their kind open. Invented, as everything in it.
_ORDINARY = """\
I am 34 and my mum has been tired since the first of June, maybe the oldest here. In the office
at 9, then at 12 Hill Road, where somebody called from the choir. I felt sick, and I will see her
at twenty past. A lady asked about the dog."""


class FormRecognizer(EntityRecognizer):  # type: ignore[misc]
    """Finds personal data that has a form or a sure cue, of all types in one go.

    One recognizer takes the place of one for each type, because Presidio's own work for a
    recognizer takes longer than most gates.

    Args:
        groups: the patterns with their gates.
        gated: whether to ask the gates; without them the findings are the same, and later.
    """

    def __init__(self, groups: Sequence[Group] = GROUPS, *, gated: bool = True) -> None:
        self._groups = tuple(groups)
        self._gated = gated
        types = dict.fromkeys(group.entity_type for group in groups)
        super().__init__(supported_entities=list(types), name="patterns")

    def load(self) -> None:
        """Load nothing: expressions are compiled when they are first needed, or by `prepare`."""

    def prepare(self) -> None:
        """Compile now the expressions that many texts need, which takes longer than the texts do.

        The others are compiled by the first text that opens their gate, in some milliseconds. Most
        of them are needed by fewer than one text in thirty.
        """
        features = Features(_ORDINARY)
        for group in self._groups:
            often = group.gate(features)
            for pattern in group.patterns:
                if often or not isinstance(pattern, Rule):
                    pattern.prepare()

    def analyze(
        self,
        text: str,
        entities: list[str],
        nlp_artifacts: NlpArtifacts | None = None,
    ) -> list[RecognizerResult]:
        """Find what the patterns match.

        Args:
            text: the text of an entry.
            entities: the entity types asked for.
            nlp_artifacts: not needed.

        Returns:
            The findings, as half-open character ranges of `text`.

        Raises:
            TimeoutError: a pattern searched for too long; what it would have found is not known.
        """
        del nlp_artifacts
        features = Features(text)
        found = []
        for group in self._groups:
            if self._gated and not group.gate(features):
                continue
            if group.entity_type not in entities:
                continue
            for pattern in group.patterns:
                found += [
                    RecognizerResult(group.entity_type, start, end, pattern.score)
                    for start, end in pattern.matches(features)
                ]
        return found
