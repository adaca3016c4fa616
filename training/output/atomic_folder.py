"""A folder that appears complete or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from training.errors import OutputError
from worker.models.folder import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterator

_MODE = 0o755
_FILE_MODE = 0o644


def check_target(target: Path) -> None:
    """Check before any work that `target` can be written; an older model there will be replaced.

    Raises:
        OutputError: something else is in that place, or its parent is not to be written to.
    """
    if target.is_symlink() or (target.exists() and not _replaceable(target)):
        raise OutputError(f"{target}: exists and is no model folder")
    if target.exists() and (target.is_mount() or target.resolve() == Path.cwd()):
        # It is written beside and then renamed, which these cannot be.
        raise OutputError(f"{target}: a folder below it can be written, but not the place itself")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise OutputError(f"{target.parent}: {exc.strerror or 'cannot be made'}") from None
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise OutputError(f"{target.parent}: cannot be written")


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A temporary folder beside `target`, renamed to it if the block ends well.

    Raises:
        OutputError: it cannot be made or renamed.
    """
    try:
        made = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    except OSError as exc:
        raise OutputError(f"{target}: {exc.strerror or 'cannot be written'}") from None
    try:
        yield made
        made.chmod(_MODE)
        # Weights are written for their owner only; a container's worker is another user.
        for file in made.iterdir():
            file.chmod(_FILE_MODE)
        _swap(made, target)
    except OSError as exc:
        raise OutputError(f"{target}: {exc.strerror or 'cannot be written'}") from None
    finally:
        shutil.rmtree(made, ignore_errors=True)


def make_folder(folder: Path) -> None:
    """Make a folder for plots, unless it is there.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise OutputError(f"{folder}: {exc.strerror or 'cannot be written'}") from None


def _replaceable(target: Path) -> bool:
    return target.is_dir() and ((target / MANIFEST).is_file() or not any(target.iterdir()))


def _swap(made: Path, target: Path) -> None:
    if not target.exists():
        made.rename(target)
        return
    # A folder cannot be renamed over a full one: the old one steps aside first.
    aside = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    try:
        target.rename(aside / "old")
        try:
            made.rename(target)
        except BaseException:
            (aside / "old").rename(target)
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
