"""`journal-train fit`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

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
from training.cli.fit_options import check_together, fit_options
from training.cli.reading import read_options, reading_options
from training.entries.files.notes import Notes
from training.entries.record import label_names
from training.entries.sources import read_sources, read_validation
from training.entries.window_size import window_for
from training.options import ANY_WEIGHT
from worker import extras

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("data", nargs=-1)
@click.option("--out", type=FOLDER, required=True, help="The model folder to write.")
@click.option(
    "--base",
    help="Encoder to start from: a folder, cached hub name or package:NAME, each with "
    "@sha256:DIGITS if you like; `large`, an encoder of 110 M parameters; a model folder, or "
    "`shipped`, to go on from.",
    show_default="the built-in MiniLM",
)
@click.option("--epochs", type=click.IntRange(1), default=4)
@click.option(
    "--patience",
    type=click.IntRange(1),
    metavar="N",
    help="End training when N epochs in a row were no better.",
)
@click.option(
    "--train-layers",
    type=click.IntRange(0),
    metavar="N",
    help="Let only the N upper layers learn: a large encoder takes less time and memory, "
    "and small data is learnt less by heart.",
    show_default="all; three quarters of the built-in base's",
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
@reading_options
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
    "--threshold",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=None,
    metavar="P",
    show_default="(each label's own, tuned on the validation entries)",
    help="The same threshold for every label.",
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
@click.option(
    "--sentence-weight",
    type=click.FloatRange(0),
    default=0.0,
    metavar="W",
    help="Learn also from sentences in their place, where `evidence` is marked; how much these "
    "count. For the built-in base.",
)
@click.option(
    "--composed",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Make N more entries of calm ones with a short thought or a marked sentence (or what "
    "stands in its place in a reframe) among them.",
)
@click.option(
    "--soft-labels",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.0,
    metavar="SHARE",
    help="How much of what is to be learnt of an entry as a whole is what the large model says of "
    "it. For `shipped` and `later`, of which that is recorded.",
)
@click.option(
    "--averaged",
    type=click.IntRange(1),
    default=1,
    metavar="N",
    help="Learn N times from the same start and average the weights: steadier, and N times as "
    "long.",
)
@click.option(
    "--with-earlier",
    is_flag=True,
    help="Keep the earlier shipped model's weights for short texts. For `shipped` and `later`.",
)
@click.option(
    "--threads",
    type=click.IntRange(1),
    metavar="N",
    help="Cores to compute with; the last bits of the weights depend on their number.",
    show_default="all of them",
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
@click.option(
    "--small", is_flag=True, help="Write an adapter of the built-in base (3 MB) or of `large`."
)
@click.option("--no-anonymize", is_flag=True, help="DATA is anonymized already.")
@click.option("--allow-download", is_flag=True, help="Fetch --base from the model hub.")
def fit(data: tuple[str, ...], out: Path, **given: Any) -> None:
    """Fine-tune a model on DATA and write it as a verified model folder.

    DATA is a CSV (.csv, .tsv) with a column `text` and either a column `labels`, of lists such as
    "['Mind Reading']" or of names between semicolons, or a column for each label, of 0 and 1 or of
    shares of readers; or JSON (.jsonl, .json) with these fields. Delimiter and encoding are told
    from the file.

    JSON may also hold `votes` of several readers, `reframes` (texts on the same matter without a
    distortion), `evidence`, and a `mask` of labels that are not known. Rows that break a rule are
    told all at once, by line and column, and nothing is learnt unless --skip-invalid is given.

    Several files may be given, FILE=WEIGHT to weigh one. Of several, a file that never gives a
    certain label tells nothing about it in its labelled entries; those without any label count as
    free of all. `shipped` stands for the synthetic entries that come with journal-stream, `later`
    for those that came after them; without DATA the shipped ones are what is used.

    Several GPUs: `torchrun --nproc-per-node 2 -m training.cli fit ...`; --batch-size is then
    shared out among them.
    """
    require("accelerate", "datasets", "faker", "matplotlib", *extras.MODELS)
    if not given["no_anonymize"]:
        require(*extras.ANONYMIZER)
    with one_line_errors(), new_progress() as progress:
        processes.check(**{k: given[k] for k in ("batch_size", "max_minutes", "resume")})
        check_together(data, given)
        prepare_libraries(offline=not given["allow_download"])
        from training.finetuning.base_model import find_base
        from training.output.atomic_folder import check_target

        check_target(out)
        progress.begin("reading the entries")
        reading, notes = read_options(given), Notes(progress.note)
        records = read_sources(data, options=reading, notes=notes)
        validation = (
            read_validation(given["validation"], label_names(records), options=reading, notes=notes)
            if given["validation"]
            else None
        )
        window = given["window_tokens"] or window_for(records)
        base = find_base(given["base"])
        progress.begin("loading libraries")
        from training.fit import fit as fit_model  # brings torch

        fit_model(
            records,
            validation,
            out,
            base=base,
            anonymizer=None if given["no_anonymize"] else new_anonymizer(),
            options=fit_options(data, out, {**given, "window_tokens": window}, _changed(given)),
            progress=progress,
        )


def _changed(given: dict[str, Any]) -> dict[str, Any]:
    """The options that stand on the command line, in the order of their declaration."""
    context = click.get_current_context()
    default = click.core.ParameterSource.DEFAULT
    return {k: v for k, v in given.items() if context.get_parameter_source(k) is not default}
