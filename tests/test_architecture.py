"""The shape of the code: no circle of imports, nothing too large, one way to Celery's insides.

What may import what is held by the contracts in `pyproject.toml` (`make lint`).
"""

from __future__ import annotations

import ast
import graphlib
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PRODUCT = ("producer", "worker", "training")
PACKAGES = (*PRODUCT, "deploy", "tests")
MOST_MODULES = 14
MOST_LINES = 300
MOST_FUNCTION_LINES = 60
MOST_SWITCHES = 9
#: The one package that may reach into Celery, kombu and billiard.
CELERY_INTERNALS = ROOT / "worker/celery_internals"
#: Packages of the worker that Celery never reaches (a contract of imports holds that).
WITHOUT_CELERY = {"anonymizer", "classifier", "models", "monitoring"}
#: Where the worker's settings may be read: what puts a process together.
COMPOSITION_ROOTS = {"worker/app.py", "worker/cli.py", "worker/doctor.py"}


@cache
def modules() -> dict[str, Path]:
    """Every module of ours by its dotted name, packages by the name of their folder."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "node_modules" in path.parts:
                continue
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imported_by(path: Path) -> Iterator[str]:
    """The modules of ours that a module names in an import, wherever in it that stands."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in modules() else str(node.module) for name in whole]
        else:
            continue
        yield from (name for name in names if name in modules())


def place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_imports_form_no_circle() -> None:
    """Also not in functions or under TYPE_CHECKING: a circle is two modules that are one."""
    graph = {name: {*imported_by(path)} - {name} for name, path in modules().items()}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as exc:
        pytest.fail("modules import one another in a circle: " + " <- ".join(exc.args[1]))


def test_no_folder_holds_too_many_modules() -> None:
    folders = Counter(
        place(path.parent)
        for path in modules().values()
        if path.name not in {"__init__.py", "conftest.py"}
    )
    large = {folder: number for folder, number in folders.items() if number > MOST_MODULES}
    assert not large, f"folders of more than {MOST_MODULES} modules: {large}"


def test_no_module_is_too_long() -> None:
    lines = {place(path): len(path.read_text("utf-8").splitlines()) for path in modules().values()}
    long = {module: number for module, number in lines.items() if number > MOST_LINES}
    assert not long, f"modules of more than {MOST_LINES} lines: {long}"


def test_no_function_is_too_long() -> None:
    long = {
        f"{place(path)}:{node.lineno} {node.name}": length
        for path in modules().values()
        for node in ast.walk(parsed(path))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > MOST_FUNCTION_LINES
    }
    assert not long, f"functions of more than {MOST_FUNCTION_LINES} lines: {long}"


def test_formatter_is_hardly_ever_switched_off() -> None:
    switch = re.compile(r"#\s*fmt:\s*(?:skip|off)")
    places = [
        f"{place(path)}:{number}"
        for path in modules().values()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if switch.search(line)
    ]
    assert len(places) <= MOST_SWITCHES, f"the formatter is switched off too often: {places}"


def test_private_names_of_celery_are_reached_from_one_package_only() -> None:
    """They change without notice: what must reach them stands together, and has tests."""
    reached = [
        f"{place(path)}:{node.lineno} {ast.unparse(node)}"
        for path in sorted((ROOT / "worker").rglob("*.py"))
        if CELERY_INTERNALS not in path.parents
        and path.relative_to(ROOT).parts[1] not in WITHOUT_CELERY
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute) and is_private(node)
    ]
    assert not reached, f"private names of others, outside {place(CELERY_INTERNALS)}: {reached}"


def is_private(node: ast.Attribute) -> bool:
    """Whether this is a private name of another object: not of `self`, `cls`, nor `os._exit`."""
    if not node.attr.startswith("_") or node.attr.endswith("__"):
        return False
    return not (isinstance(node.value, ast.Name) and node.value.id in {"self", "cls", "os"})


def test_settings_are_read_by_composition_roots_only() -> None:
    """Everything else is handed what it needs."""
    readers = {
        place(path)
        for path in (ROOT / "worker").rglob("*.py")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"WorkerSettings", "WorkerSettings.load"}
    }
    assert readers, "nothing reads the settings: this test looks for the wrong name"
    others = readers - COMPOSITION_ROOTS
    assert not others, f"settings are read outside {COMPOSITION_ROOTS}: {others}"
