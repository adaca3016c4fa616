"""Does the anonymizer's memory stay flat? Many short entries of words and names never seen before.

    python -m tests.bench.soak --entries 300000

One thread, one process, the worker's own anonymizer. Prints one JSON line; exit code 1 if resident
memory grew by 5% or more after warm-up.
"""

from __future__ import annotations

import gc
import json
import random
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from worker.errors import WorkerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MOST_GROWTH_PERCENT = 5.0
SEED = 11
_BATCH = 64
_KIB = 1024
#: By then the allocator and oneDNN have met most shapes of a batch. On a CPU with bf16, memory grew
#: by 10% from entry 640 to entry 2,560, and by 2% over the next 1,280.
_WARM_UP_SHARE, _LEAST_WARM_UP = 0.1, 2_560
_CONSONANTS, _VOWELS = "bcdfghjklmnprstvwz", "aeiou"
_SENTENCES = (
    "Met {name} near {place} and we talked about the {word}.",
    "today was {word}, i told {name} that {word} is all i can think of",
    "{NAME} NEVER CALLED. {word} again.",
    "My {word} says {name} from {place} will be fine, but I slept {number} hours and cried.",
    "no {word} today",
    "wrote to {name}@{word}.com, @{name}{number} and called 020 7946 {number:04}. {word}, {word}.",
)


@dataclass(frozen=True, slots=True)
class Soak:
    """What a soak found: resident memory in MiB, growth in percent of that after warm-up."""

    entries: int
    warm_up: int
    resident_mib: float
    resident_mib_end: float
    growth_percent: float
    entries_per_second: float

    @property
    def flat(self) -> bool:
        """Whether memory grew by less than is allowed."""
        return self.growth_percent < MOST_GROWTH_PERCENT


def texts() -> Iterator[str]:
    """Short entries without end, the same every time; words and names hardly ever come twice."""
    source = random.Random(SEED)

    def word(least: int = 3) -> str:
        return "".join(
            source.choice(_CONSONANTS) + source.choice(_VOWELS)
            for _ in range(source.randint(least, least + 3))
        )

    while True:
        name = word(2).title()
        yield source.choice(_SENTENCES).format(
            name=name,
            NAME=name.upper(),
            place=word().title(),
            word=word(),
            number=source.randrange(10_000),
        )


def resident() -> float:
    """This process's resident memory in MiB (Linux)."""
    gc.collect()
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / _KIB
    raise OSError("no VmRSS")


def soak(
    anonymize: Callable[[Sequence[str]], object], entries: int, warm_up: int | None = None
) -> Soak:
    """Anonymize `entries` texts after a warm-up and compare resident memory.

    Args:
        anonymize: takes a batch of texts.
        entries: how many after the warm-up.
        warm_up: how many before; a tenth by default, at least 2,560.
    """
    if warm_up is None:
        warm_up = max(_LEAST_WARM_UP, round(_WARM_UP_SHARE * entries))
    source = texts()

    def run(count: int) -> None:
        for start in range(0, count, _BATCH):
            anonymize([next(source) for _ in range(min(_BATCH, count - start))])

    run(warm_up)
    before = resident()
    started = time.perf_counter()
    run(entries)
    seconds = time.perf_counter() - started
    after = resident()
    return Soak(
        entries=entries,
        warm_up=warm_up,
        resident_mib=round(before, 1),
        resident_mib_end=round(after, 1),
        growth_percent=round(100 * (after - before) / before, 2),
        entries_per_second=round(entries / seconds, 1),
    )


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--entries", type=click.IntRange(1), default=300_000, show_default=True)
@click.option("--warm-up", type=click.IntRange(1), help="Entries before (a tenth, 2,560 at least).")
@click.option("--tagger", type=click.Path(path_type=Path), help="Folder of another tagger.")
def main(entries: int, warm_up: int | None, tagger: Path | None) -> None:
    """Soak the anonymizer: its resident memory after warm-up and at the end."""
    import torch

    from worker.anonymizer.anonymizer import Anonymizer
    from worker.models.compute import Compute

    torch.set_num_threads(1)
    try:
        anonymizer = Anonymizer.load(tagger, Compute("cpu"))
        found = soak(anonymizer.anonymize, entries, warm_up)
    except WorkerError as exc:
        click.echo(f"soak: {exc}", err=True)
        sys.exit(2)
    click.echo(json.dumps(asdict(found)))
    sys.exit(0 if found.flat else 1)


if __name__ == "__main__":
    main()
