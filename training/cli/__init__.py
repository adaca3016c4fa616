"""`journal-train`: anonymize a CSV, fine-tune a model on it, evaluate the model.

The libraries read their settings from the environment when they are first imported, and take
seconds to import: each command sets what they need first and imports them then.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from training import distributed as processes
from training.cli.common import (
    FILE,
    FOLDER,
    new_anonymizer,
    new_progress,
    one_line_errors,
    prepare_libraries,
    require,
)
from training.cli.pii import evaluate_pii, pii
from training.entries.reading import TEXT, label_names, read_plain, read_records
from training.entries.sources import read_sources, read_validation
from training.options import ANY_WEIGHT, fit_options, window_for
from worker import extras


@click.group(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(package_name="journal-stream")
def main() -> None:
    """Make a model for journal-stream from a CSV of `text,labels`."""


@main.command()
@click.argument("source", type=FILE)
@click.argument("target", type=FILE)
@click.option("--column", default=TEXT, help="The column to anonymize.")
def anonymize(source: Path, target: Path, column: str) -> None:
    """Copy the CSV file SOURCE to TARGET with one column anonymized.

    All other columns stay as they are. TARGET is readable by its owner only.
    """
    require(*extras.ANONYMIZER)
    with one_line_errors(), new_progress() as progress:
        from training.entries.anonymize import anonymize_csv  # noqa: PLC0415

        progress.begin("loading the anonymizer")
        anonymizer = new_anonymizer()
        entries = anonymize_csv(
            source,
            target,
            column=column,
            anonymizer=anonymizer,
            begin=lambda total: progress.begin("anonymizing", total),
            advance=progress.advance,
        )
        progress.note(f"{entries:,} entries written to {target}")


@main.command()
@click.argument("data", nargs=-1)
@click.option("--out", type=FOLDER, required=True, help="The model folder to write.")
@click.option(
    "--base",
    help="Encoder to start from: a folder or cached hub name; a model folder, "
    "or `shipped`, to go on from.",
    show_default="the built-in MiniLM",
)
@click.option("--epochs", type=click.IntRange(1), default=4)
@click.option(
    "--patience",
    type=click.IntRange(1),
    metavar="N",
    help="End training when N epochs in a row were no better.",
)
@click.option("--batch-size", type=click.IntRange(1), default=16)
@click.option(
    "--learning-rate",
    type=click.FloatRange(0, 1, min_open=True),
    show_default="1.5e-4 for small encoders, 3e-5 for large ones",
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=13)
@click.option(
    "--window-tokens",
    type=click.IntRange(16, 8192),
    help="Tokens the model sees at once.",
    show_default="128, or 256 where a tenth of the entries is longer",
)
@click.option("--validation", type=FILE, help="Entries to choose epoch and thresholds with.")
@click.option(
    "--validation-share",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.15,
    help="Share of DATA set aside without --validation.",
)
@click.option("--name", help="Name of the model.", show_default="the folder's name")
@click.option(
    "--max-minutes",
    type=click.FloatRange(0, min_open=True),
    help="Train less rather than longer than this.",
)
@click.option(
    "--min-precision",
    type=click.FloatRange(0, 1),
    default=0.0,
    help="Raise thresholds until labels are right this often.",
)
@click.option(
    "--max-false-alarms",
    type=click.FloatRange(0, 1),
    default=1.0,
    help="Share of entries without a label that may be given one.",
)
@click.option(
    "--at-least",
    multiple=True,
    metavar="LABEL=P",
    help="A label's threshold is no lower than this; may be repeated.",
)
@click.option(
    "--least-expected",
    type=click.FloatRange(0),
    default=0.0,
    metavar="N",
    help="Give labels only where the probabilities add up to N at least.",
)
@click.option(
    "--any-weight",
    type=click.FloatRange(0),
    default=ANY_WEIGHT,
    help="How much it counts whether an entry has any label at all: more where readers "
    "differ about which, 0 where labels are sure.",
)
@click.option("--class-weights", is_flag=True, help="Let positives of rare labels count more.")
@click.option(
    "--precision",
    type=click.Choice(["auto", "fp32", "bf16"]),
    default="auto",
    help="Arithmetic of training; auto is bf16 where the hardware has it.",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Keep checkpoints beside --out and go on where the same fit ended.",
)
@click.option("--small", is_flag=True, help="Write an adapter of the built-in base: 3 MB.")
@click.option("--no-anonymize", is_flag=True, help="DATA is anonymized already.")
@click.option("--allow-download", is_flag=True, help="Fetch --base from the model hub.")
def fit(data: tuple[str, ...], out: Path, **given: Any) -> None:
    """Fine-tune a model on DATA (.csv or .jsonl) and write it as a verified model folder.

    DATA holds a column `text` and a column `labels`, a list of names such as
    "['Mind Reading']". JSON lines may also hold `votes` of several readers, `reframes` (texts on
    the same matter without a distortion), `evidence`, and a `mask` of labels that are not known.

    Several files may be given, FILE=WEIGHT to weigh one. Of several, a file that never gives a
    certain label tells nothing about it in its labelled entries; those without any label count as
    free of all. `shipped` stands for the synthetic entries that come
    with journal-stream; without DATA they are what is used.

    Several GPUs: `torchrun --nproc-per-node 2 -m training.cli fit ...`; --batch-size is then
    shared out among them.
    """
    require("accelerate", "datasets", "faker", "matplotlib", *extras.MODELS)
    if not given["no_anonymize"]:
        require(*extras.ANONYMIZER)
    with one_line_errors(), new_progress() as progress:
        processes.check(**{k: given[k] for k in ("batch_size", "max_minutes", "resume")})
        prepare_libraries(offline=not given["allow_download"])
        from training.finetuning.base_model import find_base  # noqa: PLC0415
        from training.output.atomic_folder import check_target  # noqa: PLC0415

        check_target(out)
        records = read_sources(data)
        validation = (
            read_validation(given["validation"], label_names(records))
            if given["validation"]
            else None
        )
        window = given["window_tokens"] or window_for(records)
        base = find_base(given["base"])
        progress.begin("loading libraries")
        from training.fit import fit as fit_model  # noqa: PLC0415 - brings torch

        folder = fit_model(
            records,
            validation,
            out,
            base=base,
            anonymizer=None if given["no_anonymize"] else new_anonymizer(),
            options=fit_options(data, out, {**given, "window_tokens": window}, _changed(given)),
            progress=progress,
        )
        if folder is not None:
            progress.note(f"model {folder.name} {folder.version} written to {out}")


@main.command()
@click.argument("model", type=FOLDER)
@click.argument("data", type=FILE)
@click.option("--out", type=FOLDER, help="Write plots (PNG) into this folder.")
@click.option("--negatives", type=FILE, help="Entries (`text`) to which no label applies.")
@click.option("--raw", is_flag=True, help="Do not anonymize first.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto")
@click.option("--precision", type=click.Choice(["auto", "fp32", "bf16", "int8"]), default="auto")
def evaluate(
    model: Path, data: Path, out: Path | None, negatives: Path | None, *, raw: bool, **options: Any
) -> None:
    """Score the folder MODEL on DATA (.csv or .jsonl): a table on stderr, JSON on stdout."""
    require("faker", *(["matplotlib"] if out else []), *extras.MODELS)
    if not raw:
        require(*extras.ANONYMIZER)
    with one_line_errors(), new_progress() as progress:
        prepare_libraries(offline=True)
        from training.output.atomic_folder import make_folder  # noqa: PLC0415
        from worker.models.folder import ModelFolder  # noqa: PLC0415

        folder = ModelFolder.open(model)
        records = read_records(data)
        plain = read_plain(negatives) if negatives else None
        if out:
            make_folder(out)  # what cannot be written is told before everything is scored
        progress.begin("loading the model")
        from training.evaluation.report import Report  # noqa: PLC0415
        from worker.classifier.classifier import Classifier  # noqa: PLC0415 - brings torch
        from worker.models.compute import Compute  # noqa: PLC0415

        report = Report(
            folder,
            Classifier.load(folder, Compute(**options)),
            anonymizer=None if raw else new_anonymizer(),
            progress=progress,
            records=records,
            negatives=plain,
        )
        plots = _write_plots(report.evaluation, out) if out else []
    console = Console(stderr=True)
    report.print(console)
    for plot in plots:
        console.print(f"plot: {plot}", soft_wrap=True)
    click.echo(json.dumps(report.to_json()))


def _changed(given: dict[str, Any]) -> dict[str, Any]:
    """The options that stand on the command line, in the order of their declaration."""
    context = click.get_current_context()
    default = click.core.ParameterSource.DEFAULT
    return {k: v for k, v in given.items() if context.get_parameter_source(k) is not default}


def _write_plots(result: Any, out: Path) -> list[Path]:
    from training.errors import OutputError  # noqa: PLC0415
    from training.evaluation.plots import write_plots  # noqa: PLC0415 - brings matplotlib

    try:
        return write_plots(result, out)
    except OSError as exc:
        raise OutputError(f"{out}: {exc.strerror or 'cannot be written'}") from None


@main.command()
@click.argument("folder", type=FOLDER, default=Path("models"))
def runs(folder: Path) -> None:
    """The table of all fits whose models were written into FOLDER."""
    from training.output.run_log import print_runs, read_runs  # noqa: PLC0415

    with one_line_errors():
        print_runs(read_runs(folder), Console())


main.add_command(pii)
main.add_command(evaluate_pii)

if __name__ == "__main__":
    main()
