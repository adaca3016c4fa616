"""Training runs of the tagger side by side, each in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from contextlib import contextmanager
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file, save_file

from training.errors import TrainingError
from training.finetuning.model import silence_libraries
from training.pii.learning import learn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.connection import Connection

    from training.pii.generation.example import Example
    from training.pii.generation.templates import Templates
    from training.pii.options import TaggerOptions
    from training.progress import Progress

#: Runs of fewer examples take less time than a process takes to start.
_FEWEST_EXAMPLES = 2_000


class _Reports:
    """The progress of a run in another process; `learn` tells it the examples that are done."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def begin(self, stage: str, total: int | None = None) -> None:
        """Stages of several runs at once are not told apart."""

    def advance(self, steps: int) -> None:
        """Tell that so many more steps are done."""
        self._pipe.send(steps)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Within the block torch computes in one thread: sums of several differ in their last bits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def learn_all(
    templates: Templates,
    options: TaggerOptions,
    progress: Progress,
    extra: Sequence[Example] = (),
) -> list[dict[str, torch.Tensor]]:
    """The weights of `options.averaged` runs, as many of them at once as there are processors.

    Each such run computes in one thread, so that its weights do not depend on how many processors
    there are. On a GPU, and if they are short, the runs follow one another.

    Raises:
        TrainingError: a process ended before its run did.
    """
    if torch.cuda.is_available() or options.examples < _FEWEST_EXAMPLES:
        with _one_thread():
            runs = range(options.averaged)
            return [learn(templates, options, progress, extra, run=run) for run in runs]
    # Each example is generated and learnt from.
    steps = options.examples + -(-options.examples // options.batch_size)
    progress.begin("training the tagger", options.averaged * steps)
    with tempfile.TemporaryDirectory(prefix="journal-train-") as folder:
        files = [Path(folder) / f"{run}.safetensors" for run in range(options.averaged)]
        waiting = list(enumerate(files))
        running: dict[Connection, Any] = {}
        context = multiprocessing.get_context("spawn")
        while waiting or running:
            while waiting and len(running) < (os.cpu_count() or 1):
                run, file = waiting.pop(0)
                ours, theirs = context.Pipe(duplex=False)
                arguments = (templates, options, theirs, list(extra), run, file)
                process = context.Process(target=_learn_into, args=arguments, daemon=True)
                process.start()
                theirs.close()
                running[ours] = process
            for pipe in wait(list(running)):
                assert not isinstance(pipe, int)
                _read(pipe, running, progress)
        return [load_file(file) for file in files]


def _read(pipe: Any, running: dict[Any, Any], progress: Progress) -> None:
    """Read one report; a pipe that is closed belongs to a process that ends."""
    try:
        progress.advance(pipe.recv())
    except EOFError:
        process = running.pop(pipe)
        process.join()
        if process.exitcode:
            raise TrainingError(f"a training process ended with {process.exitcode}") from None


def _learn_into(  # noqa: PLR0917 - what a process is started with
    templates: Templates,
    options: TaggerOptions,
    pipe: Connection,
    extra: list[Example],
    run: int,
    file: Path,
) -> None:
    """Run in a process of its own; the weights go into a file."""
    torch.set_num_threads(1)
    silence_libraries()
    reports: Any = _Reports(pipe)
    save_file(learn(templates, options, reports, extra, run=run), file)
