"""Do the worker's stages give what plainer ones give? Prints one JSON object for each file.

    python -m tests.bench.same [FILE.jsonl ...] [--texts N] [--precision fp32|bf16]

Each file holds JSON lines with a `text` each; without any the shipped entries are read. The worker's
stages run as in a child: batches, unpadded passes, gates, tokens shared between stages. The plain ones
are those of `tests.bench.same.plain`, in fp32.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from producer.errors import JournalError
from tests.bench.errors import BenchError
from tests.bench.same import plain
from tests.bench.same.compared import compare, run
from tests.bench.texts import read_texts, sample
from worker.child import factory
from worker.errors import WorkerError
from worker.settings import WorkerSettings

_BATCH = 64


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument(
    "files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE"
)
@click.option("--texts", type=click.IntRange(1), help="At most so many of each file (all).")
@click.option(
    "--precision",
    type=click.Choice(["fp32", "bf16", "fp16"]),
    default="fp32",
    show_default=True,
    help="Of the worker's stages; the plain ones compute in fp32.",
)
def main(files: tuple[Path, ...], texts: int | None, precision: str) -> None:
    """Compare the worker's stages with plainer ones on texts."""
    try:
        stages = factory.load_ahead(WorkerSettings.load(device="cpu", precision=precision))
        assert stages is not None  # on a CPU they always are
        plainer = plain.load()
        for file in files or (None,):
            found = read_texts(file)
            chosen = found if texts is None else sample(found, texts)
            differences = compare(
                chosen,
                run(stages, behind=stages.memory.forget),
                run(plainer, around=plain.every_address),
                batch=_BATCH,
                tell=_tell,
            )
            name = file.name if file else "the shipped entries"
            print(json.dumps({"texts_of": name, "precision": precision, **differences.as_json()}))
    except (BenchError, WorkerError, JournalError) as exc:
        click.echo(f"same: {exc}", err=True)
        sys.exit(1)


def _tell(done: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{done} texts", nl=False, err=True)


if __name__ == "__main__":
    main()
