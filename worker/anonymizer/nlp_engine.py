"""The NLP engine that Presidio works with: words by a pattern, entities by a tagger."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

from worker.anonymizer.presidio import NlpArtifacts, NlpEngine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from worker.anonymizer.taggers.base import Tagger
    from worker.anonymizer.taggers.tagged_span import TaggedSpan

_WORD = re.compile(r"\w+|[^\w\s]")


class TextArtifacts(NlpArtifacts):  # type: ignore[misc]
    """What a tagger found in a text, and its words if somebody asks for them: few texts need any.

    Args:
        text: the text of an entry.
        hits: what a tagger found in it.
    """

    def __init__(self, text: str, hits: list[TaggedSpan]) -> None:
        self._text = text
        self.entities = hits
        self.scores = [hit.score for hit in hits]
        self.nlp_engine = None

    @cached_property
    def _words(self) -> list[re.Match[str]]:
        return list(_WORD.finditer(self._text))

    @cached_property
    def tokens(self) -> list[str]:
        """The words."""
        return [word[0] for word in self._words]

    @cached_property
    def tokens_indices(self) -> list[int]:
        """The first character of each word."""
        return [word.start() for word in self._words]

    @cached_property
    def lemmas(self) -> list[str]:
        """The words in lower case: without a lemmatizer they serve for matching context words."""
        return [token.lower() for token in self.tokens]

    @property
    def keywords(self) -> list[str]:
        """The same as the lemmas."""
        return self.lemmas


class TaggerEngine(NlpEngine):  # type: ignore[misc]
    """Gives Presidio's recognizers the words of a text, and what a tagger found in it.

    It takes the place of Presidio's spaCy engine. spaCy's tokenizer cuts texts into nearly the
    same words, but takes a fifth of the anonymizer's time and keeps every word that it has seen
    in its vocabulary.

    Args:
        tagger: finds names, places and other personal data that has no form of its own.
    """

    def __init__(self, tagger: Tagger) -> None:
        self.tagger = tagger

    def process_texts(self, texts: Sequence[str]) -> list[NlpArtifacts]:
        """What Presidio's recognizers are given for each text, in the same order.

        The tagger reads all texts at once.
        """
        tagged = self.tagger.tag(texts)
        return [TextArtifacts(*pair) for pair in zip(texts, tagged, strict=True)]

    # The rest of Presidio's interface.

    def load(self) -> None:
        """Nothing to load: the tagger comes loaded."""

    def is_loaded(self) -> bool:
        """Always true."""
        return True

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        """See `process_texts`, for one text."""
        del language
        return self.process_texts([text])[0]

    def process_batch(
        self, texts: Iterable[str], language: str, **_: Any
    ) -> Iterator[tuple[str, NlpArtifacts]]:
        """Each text with its artifacts; see `process_texts`."""
        del language
        given = list(texts)
        yield from zip(given, self.process_texts(given), strict=True)

    def is_stopword(self, word: str, language: str) -> bool:
        """False: every word counts as context."""
        del word, language
        return False

    def is_punct(self, word: str, language: str) -> bool:
        """Whether a word holds no letter and no digit."""
        del language
        return not any(character.isalnum() for character in word)

    def get_supported_entities(self) -> list[str]:
        """The tagger's types."""
        return list(self.tagger.types)

    def get_supported_languages(self) -> list[str]:
        """English only."""
        return ["en"]
