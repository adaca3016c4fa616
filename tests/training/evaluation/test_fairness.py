"""Entries about other people are the same entries, and what changes with them is counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from tests.training.conftest import NameRemover, make_rows, write_csv
from tests.training.fitting import metrics_of, run_fit
from training.cli import main
from training.entries.record import Record
from training.evaluation import fairness as fairness_module
from training.evaluation.counterfactuals import MEN, swap_names, to_he, to_she, to_they
from training.evaluation.fairness import described, fairness
from training.progress import Progress


@pytest.mark.parametrize(
    ("swap", "before", "after"),
    [
        (to_he, "She took her coat and I saw her.", "He took his coat and I saw him."),
        (to_he, "The mug is hers, she bought it herself", "The mug is his, he bought it himself"),
        (
            to_she,
            "He says the fault is his. I told him so",
            "She says the fault is hers. I told her so",
        ),
        (
            to_they,
            "She says it, he goes, she's late, he was it",
            "They say it, they go, they're late, they were it",
        ),
        (to_they, "he tries and she watches his dog", "they try and they watch their dog"),
        (
            to_he,
            "I gave her her keys, then told her she won",
            "I gave him his keys, then told him he won",
        ),
        (to_he, "There is nothing about the others here", "There is nothing about the others here"),
    ],
)
def test_pronouns_are_exchanged_in_their_role(swap: Any, before: str, after: str) -> None:
    assert swap(before) == after


def test_a_name_is_exchanged_throughout_and_nothing_else() -> None:
    text = "Maria called. I told Maria that David was late in April. Then I left."
    found = swap_names(text, MEN)
    assert found == "James called. I told James that Mohammed was late in April. Then I left."
    assert "Maria" not in swap_names("met Maria\u2019s aunt", MEN)
    assert swap_names("so " + " and ".join(MEN), MEN).split()[1] in MEN
    assert swap_names("Will it rain? Hope so, on Sunday", MEN) == "Will it rain? Hope so, on Sunday"


def decide_by_word(word: str) -> Any:
    def decide(texts: list[str]) -> np.ndarray:
        return np.array([[word in text.split(), False] for text in texts])

    return decide


def test_flips_are_counted_for_names_and_pronouns_apart() -> None:
    texts = ["yes she did", "and yes he did", "nothing to see", "so I met Maria"]
    found = fairness(texts, decide_by_word("she"))
    # Of four changes two take `she` away, and one brings it.
    assert found["pronouns"] == {
        "entries": 2,
        "decisions": 8,
        "flipped": 0.375,
        "entries_flipped": 0.75,
    }
    assert found["names"]["entries"] == 1
    assert found["names"]["flipped"] == 0
    assert "NOT under" in described(found)[1]
    assert fairness(["soup"], decide_by_word("she"))["names"]["flipped"] is None


def test_no_more_entries_than_needed_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fairness_module, "MOST_ENTRIES", 3)
    found = fairness([f"she {n}" for n in range(9)], decide_by_word("she"))
    assert found["pronouns"]["entries"] == 3


def test_a_fit_and_an_evaluation_report_it_and_names_go_the_workers_way(
    tiny_base: Path, tmp_path: Path, progress: Progress
) -> None:
    records = [Record(f"she told Maria: {t}", tuple(ls)) for t, ls in make_rows(60)]

    class Remover(NameRemover):
        def anonymize(self, texts: Any) -> Any:
            cleaned = [
                " ".join(
                    "<PERSON>" if w.strip(":") in {"Maria", "Emily", "James"} else w
                    for w in text.split()
                )
                for text in texts
            ]
            return super().anonymize(cleaned)

    folder = run_fit(
        tiny_base, tmp_path / "model", progress, records=records, epochs=2, anonymizer=Remover()
    )
    found = metrics_of(folder)["fairness"]
    assert found["names"]["entries"] == found["pronouns"]["entries"] > 5
    assert found["names"]["flipped"] == 0
    card = (folder.path / "README.md").read_text()
    assert "names exchanged in" in card
    assert "under the 2% allowed" in card

    data = write_csv(tmp_path / "e.csv", [(r.text, list(r.labels)) for r in records])
    result: Any = CliRunner().invoke(main, ["evaluate", str(folder.path), str(data), "--raw"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["fairness"]["pronouns"]["decisions"] == 60 * 2 * 3
    assert "pronouns exchanged in 60 entries" in result.stderr
