"""Presidio without the libraries of its own NLP engines."""

from __future__ import annotations

from tests.worker.fresh_process import run_python

USED = """
import sys
import spacy  # whoever has it imported keeps it
from worker.anonymizer import presidio
import spacy.tokens
assert spacy is sys.modules["spacy"] and spacy.blank("en")("a word")[1].text == "word"
assert issubclass(presidio.NlpEngine, object)
print("transformers" in sys.modules)
"""
NEEDED = """
import sys
from worker.anonymizer import presidio_import
presidio_import.REPLACED, presidio_import.LEFT_OUT = ("spacy",), ("regex", "transformers")
from worker.anonymizer import presidio
print(presidio.CreditCardRecognizer().name, "spacy" in sys.modules)
"""


def test_spacy_stays_what_it_is_for_others() -> None:
    assert run_python(USED).stdout.split() == ["False"]


def test_a_presidio_that_needs_more_is_imported_in_the_ordinary_way() -> None:
    assert run_python(NEEDED).stdout.split() == ["CreditCardRecognizer", "True"]
