"""API keys: made, listed, removed, and refused where others could change them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from producer.errors import ConfigurationError
from producer.gateway import api_keys
from producer.gateway.cli import main
from tests.producer.gateway.support import add_key

ROOT = Path(__file__).parents[3]


def gateway(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, prog_name="journal-gateway")


def told(*arguments: str) -> list[dict[str, Any]]:
    result = gateway(*arguments)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_key_is_told_once_and_only_its_hash_is_kept(api_keys_file: Path) -> None:
    file = ("--file", str(api_keys_file))
    (made,) = told("keys", "new", "my-app", *file, "--rate", "600/minute")
    assert made["key"].startswith("jsk_my-app_")
    assert len(made["key"].split("_", 2)[2]) >= 43
    content = api_keys_file.read_text()
    assert made["key"] not in content
    assert made["key"].split("_", 2)[2] not in content
    assert api_keys_file.stat().st_mode & 0o777 == 0o600
    (second,) = told("keys", "new", "my-app", *file)
    keys = api_keys.ApiKeys(api_keys_file)
    for one in (made, second):
        found = keys.find(one["key"])
        assert found is not None
        assert (found.name, found.id) == ("my-app", one["id"])
    assert [one["rate"] for one in told("keys", "list", *file)] == ["600/minute", None]
    (third,) = told("keys", "new", "import", *file, "--lane", "bulk")
    assert [one["lane"] for one in told("keys", "list", *file)] == [None, None, "bulk"]
    assert (found := api_keys.ApiKeys(api_keys_file).find(third["key"]))
    assert found.lane == "bulk"
    told("keys", "remove", made["id"], *file)
    left = api_keys.ApiKeys(api_keys_file)
    assert left.find(made["key"]) is None
    assert left.find(second["key"]) is not None


def test_a_webhook_brings_a_secret_of_its_own(api_keys_file: Path) -> None:
    file = ("--file", str(api_keys_file))
    (made,) = told("keys", "new", "a", *file, "--webhook-url", "https://example.com/hook")
    endpoint = api_keys.ApiKeys(api_keys_file).content.endpoints["a"]
    assert endpoint.secret == made["webhook_secret"]
    assert endpoint.secret not in repr(endpoint)
    assert made["webhook_secret"] not in gateway("keys", "list", *file).output


def test_the_secret_of_a_webhook_may_lie_in_a_file_of_its_own(api_keys_file: Path) -> None:
    add_key(api_keys_file, "a", webhook_url="https://example.com/hook")
    content = json.loads(api_keys_file.read_text())
    webhook = content["keys"][0]["webhook"]
    secret = webhook.pop("secret")
    webhook["secret_file"] = "hook.secret"
    api_keys_file.write_text(json.dumps(content))
    file = api_keys_file.with_name("hook.secret")
    file.write_text(f"{secret}\n")
    file.chmod(0o600)
    assert api_keys.ApiKeys(api_keys_file).content.endpoints["a"].secret == secret
    file.chmod(0o644)
    with pytest.raises(ConfigurationError, match="others may read it"):
        api_keys.ApiKeys(api_keys_file)


@pytest.mark.parametrize(
    "arguments",
    [
        ("My App",),
        ("a_b",),
        ("a" * 33,),
        ("",),
        ("a", "--rate", "many"),
        ("a", "--lane", "Night Shift"),
        ("a", "--rate", "0/minute"),
        ("a", "--webhook-url", "ftp://example.com/"),
        ("a", "--webhook-url", "https://user:secret@example.com/"),
    ],
)
def test_what_is_no_name_rate_or_url_is_refused(
    api_keys_file: Path, arguments: tuple[str, ...]
) -> None:
    result = gateway("keys", "new", *arguments, "--file", str(api_keys_file))
    assert result.exit_code == 2
    assert result.stderr.startswith("journal-gateway: ")
    assert not api_keys_file.exists()


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o644])
def test_a_file_that_others_may_change_or_read_secrets_of_is_refused(
    api_keys_file: Path, mode: int
) -> None:
    add_key(api_keys_file, "a", webhook_url="https://example.com/hook")
    api_keys_file.chmod(mode)
    with pytest.raises(ConfigurationError, match="others may"):
        api_keys.ApiKeys(api_keys_file)


def test_a_file_that_breaks_leaves_the_keys_as_they_were(
    api_keys_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    token = add_key(api_keys_file, "a")
    keys = api_keys.ApiKeys(api_keys_file)
    for content in ("{", '{"keys": [{"name": "Zebulon"}]}'):
        api_keys_file.write_text(content)
        assert keys.changed() is None
        assert keys.changed() is None
    api_keys_file.unlink()
    assert keys.changed() is None
    assert keys.find(token) is not None
    assert len(caplog.records) == 3
    assert "Zebulon" not in caplog.text


@pytest.mark.parametrize("arguments", [("run",), ("run", "--api-keys-file", "nowhere.json")])
def test_a_gateway_without_keys_does_not_start(arguments: tuple[str, ...]) -> None:
    result = gateway(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("journal-gateway: ")
    assert len(result.stderr.splitlines()) == 1


def test_without_its_packages_the_gateway_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules.update(fastapi=None, uvicorn=None);"
        "from producer.gateway.cli import main; main(['run'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 2
    assert done.stderr == (
        "journal-gateway: this command needs the gateway packages: "
        "pip install 'journal-stream[gateway]'\n"
    )


def test_a_secret_that_can_sign_nothing_is_refused(api_keys_file: Path) -> None:
    file = ("--file", str(api_keys_file))
    told("keys", "new", "a", *file, "--webhook-url", "https://example.com/hook")
    content = json.loads(api_keys_file.read_text())
    content["keys"][0]["webhook"]["secret"] = "whsec_" + "a=" * 20
    api_keys_file.write_text(json.dumps(content))
    with pytest.raises(ConfigurationError, match="no base64"):
        api_keys.ApiKeys(api_keys_file)


def test_a_file_that_is_gone_is_told_once_and_its_keys_stay(
    api_keys_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (made,) = told("keys", "new", "a", "--file", str(api_keys_file))
    keys = api_keys.ApiKeys(api_keys_file)
    api_keys_file.unlink()
    assert [keys.changed() for _ in range(3)] == [None] * 3
    assert keys.find(made["key"])
    assert len(caplog.records) == 1
