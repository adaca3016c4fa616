"""Importing Presidio without the libraries that only its own NLP engines need.

Importing Presidio imports spaCy, thinc, and of Hugging Face's library all that serves pipelines:
seconds of every start, and 150 MB. Our engine (`worker.anonymizer.nlp_engine`) uses none of them.
So while Presidio is imported, spaCy and thinc have stand-ins, and packages that it can do without
seem not to be installed. Afterwards whoever imports them gets them.

Of its hundred recognizers we use five. The patterns of the others are not compiled, which Presidio
does on import to see that each is sound, and what its recognizer of e-mail addresses needs is
imported when that is used.
"""

from __future__ import annotations

import importlib
import sys
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType
from typing import TYPE_CHECKING, Any

import regex

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: What Presidio imports without asking whether it is installed, for its own engines.
REPLACED = ("spacy", "thinc")
#: What Presidio does without where it is not installed.
LEFT_OUT = ("stanza", "transformers")
#: Imported when it is first used.
LATER = ("tldextract",)
#: The module whose class compiles every pattern that it is given.
_PATTERN = "presidio_analyzer.pattern"


class _StandIn(type):
    """The type of the stand-in for whatever a replaced library holds: classes and decorators."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _nothing


def _nothing(*_: object, **__: object) -> Any:
    """Stands in for a function that makes a decorator."""
    return lambda decorated: decorated


class _StandInModule(ModuleType):
    """A module in which every name is a class that can be inherited from."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _StandIn(name, (), {})


class _Finder(MetaPathFinder, Loader):
    """Finds stand-ins for libraries that are replaced, and nothing for those left out."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: object = None
    ) -> ModuleSpec | None:
        del target
        if fullname in LATER:
            spec = PathFinder.find_spec(fullname, path)
            if spec is not None and spec.loader is not None:
                spec.loader = LazyLoader(spec.loader)
            return spec
        package = fullname.partition(".")[0]
        if package in LEFT_OUT:
            raise ModuleNotFoundError(f"{package} is left out", name=package)
        return ModuleSpec(fullname, self, is_package=True) if package in REPLACED else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _StandInModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run."""


@contextmanager
def without_libraries() -> Iterator[None]:
    """Let Presidio be imported without the libraries of its own engines.

    What of them is imported already is out of sight meanwhile.
    """
    finder = _Finder()
    hidden = _take_out()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        _take_out()
        sys.modules.update(hidden)


def _take_out() -> dict[str, ModuleType]:
    """Take the libraries out of the modules that are imported; returns them."""
    packages = {*REPLACED, *LEFT_OUT}
    names = [name for name in sys.modules if name.partition(".")[0] in packages]
    return {name: sys.modules.pop(name) for name in names}


@contextmanager
def _unchecked_patterns() -> Iterator[None]:
    """Let Presidio take the patterns of its own recognizers for sound."""
    compiled = regex.compile

    def compile_for_others(*args: Any, **options: Any) -> Any:
        if sys._getframe(1).f_globals.get("__name__") == _PATTERN:  # noqa: SLF001
            return None
        return compiled(*args, **options)

    regex.compile = compile_for_others
    try:
        yield
    finally:
        regex.compile = compiled


@contextmanager
def imported_lightly() -> Iterator[None]:
    """Import Presidio without them, or with them where another version of it needs more of them."""
    try:
        with without_libraries(), _unchecked_patterns():
            importlib.import_module("presidio_analyzer.predefined_recognizers")
    except Exception:  # noqa: BLE001 - whatever a stand-in cannot stand in for
        for name in [name for name in sys.modules if name.partition(".")[0] == "presidio_analyzer"]:
            del sys.modules[name]
    yield
