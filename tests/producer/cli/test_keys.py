"""`journal keys`: key files are made, rotated and listed, and never show a key."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING, Any

import pytest

from producer import KeySet

if TYPE_CHECKING:
    from pathlib import Path


def new(journal: Any, path: Path, *options: str) -> Any:
    return journal("keys", "new", "--file", str(path), *options)


def material(path: Path) -> list[str]:
    return [key["k"] for key in json.loads(path.read_text())["keys"]]


def test_a_new_key_file_is_its_owners_and_shows_only_the_id(journal: Any, tmp_path: Path) -> None:
    path = tmp_path / "new.json"
    result = new(journal, path)
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout) == {"kid": KeySet.load(path).current, "keys": 1}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert material(path)[0] not in result.output


def test_a_key_file_is_never_overwritten(journal: Any, tmp_path: Path) -> None:
    path = tmp_path / "new.json"
    new(journal, path)
    before = path.read_bytes()
    result = new(journal, path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"journal: {path} exists; --rotate")
    assert path.read_bytes() == before


def test_rotation_puts_the_new_key_first_and_keeps_the_older(journal: Any, tmp_path: Path) -> None:
    path = tmp_path / "new.json"
    kids = [json.loads(new(journal, path).stdout)["kid"]]
    first = material(path)
    kids.insert(0, json.loads(new(journal, path, "--rotate").stdout)["kid"])
    kids.insert(0, json.loads(new(journal, path, "--rotate").stdout)["kid"])
    assert KeySet.load(path).key_ids == tuple(kids)
    assert material(path)[2:] == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_rotation_drops_what_is_beyond_keep(journal: Any, tmp_path: Path) -> None:
    path = tmp_path / "new.json"
    second = new(journal, path) and json.loads(new(journal, path, "--rotate").stdout)["kid"]
    third = json.loads(new(journal, path, "--rotate", "--keep", "1").stdout)["kid"]
    assert KeySet.load(path).key_ids == (third, second)


@pytest.mark.parametrize("content", [None, "", "{}", '{"keys": [{"kid": "a", "k": "SECRET"}]}'])
def test_what_is_no_key_file_is_not_rotated(
    journal: Any, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "new.json"
    if content is not None:
        path.write_text(content)
    result = new(journal, path, "--rotate")
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    assert "SECRET" not in result.output
    assert (path.read_text() if path.exists() else None) == content


def test_keep_needs_rotate_and_a_folder_must_exist(journal: Any, tmp_path: Path) -> None:
    assert new(journal, tmp_path / "new.json", "--keep", "1").exit_code == 2
    result = new(journal, tmp_path / "no" / "new.json")
    assert result.exit_code == 2
    assert result.stderr.endswith("No such file or directory\n")


def test_listing_shows_ids_and_no_key(journal: Any, tmp_path: Path) -> None:
    path = tmp_path / "new.json"
    new(journal, path)
    new(journal, path, "--rotate")
    result = journal("keys", "list", "--file", str(path))
    current, older = KeySet.load(path).key_ids
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"kid": current, "seals": True},
        {"kid": older, "seals": False},
    ]
    assert not any(key in result.output for key in material(path))


def test_a_key_is_added_then_promoted_then_the_old_one_removed(
    journal: Any, tmp_path: Path
) -> None:
    path = tmp_path / "keys.json"
    old = json.loads(new(journal, path).stdout)["kid"]
    added = json.loads(journal("keys", "add", "--file", str(path)).stdout)["kid"]
    assert KeySet.load(path).key_ids == (old, added)
    assert journal("keys", "remove", "--file", str(path), old).exit_code == 2  # it seals
    assert journal("keys", "promote", "--file", str(path), added).exit_code == 0
    assert KeySet.load(path).key_ids == (added, old)
    assert journal("keys", "remove", "--file", str(path), old).exit_code == 0
    assert KeySet.load(path).key_ids == (added,)
    assert journal("keys", "promote", "--file", str(path), "none").exit_code == 2
