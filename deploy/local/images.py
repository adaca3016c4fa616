"""`make images`: builds and runs the images without a container engine, and tells sizes and times.

buildah builds and runs in a chroot, for which root suffices: no daemon, no namespaces. Each image
is run as its own user, with its own command, against a Redis server of this machine, until it says
that it is ready. Prints one JSON line; exit code 1 if an image does not build, runs as root or does
not become ready.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deploy.local.processes import ROOT, ServingProcess
from deploy.local.server import Server, free_port
from producer.gateway import api_keys
from producer.sealing import new_key, write_key_file

if TYPE_CHECKING:
    from collections.abc import Sequence

TARGETS = ("exporter", "gateway", "worker", "training")
#: The user of all images, see `deploy/Dockerfile`.
USER = 10001
DEBIAN = "journal-stream-debian"
_PACKAGES = "python3,python3-venv,ca-certificates"
_READY_SECONDS = 180.0
_CHROOT = ("--isolation", "chroot", "--network", "host")
#: Which setting tells a program the port of its pages.
_PORTS = {
    "exporter": "JOURNAL_EXPORTER_PORT",
    "gateway": "JOURNAL_GATEWAY_PORT",
    "worker": "JOURNAL_METRICS_PORT",
}


class Container(ServingProcess):
    """An image that runs with its own command and user.

    Args:
        name: of the container, which exists already.
        command: what the image runs.
        environment: variables inside.
        folder: mounted read-only at the same path.
        port: where it serves its pages.
        log: the file for its output.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: dict[str, str],
        folder: Path,
        port: int,
        log: Path,
    ) -> None:
        super().__init__("", port=port, environment={}, log=log)
        variables = [f"--env={key}={value}" for key, value in environment.items()]
        mounted = f"--volume={folder}:{folder}:ro"
        self._command = ["buildah", "run", *_CHROOT, mounted, *variables, name, "--", *command]

    def stop(self, seconds: float = 60.0) -> int:
        """End the program inside: what runs it does not hand the signal on."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGTERM)
        return super().stop(seconds)


def build(target: str, base: str, options: Sequence[str]) -> tuple[str, float]:
    """Build an image; returns its name and the seconds it took.

    Raises:
        SystemExit: it did not build.
    """
    name = f"journal-stream-{target}"
    started = time.monotonic()
    _run(
        *("buildah", "build", *_CHROOT, "--format", "docker", "--layers", "--target", target),
        *("--build-arg", f"PYTHON_IMAGE={base}", "--file", "deploy/Dockerfile", "--tag", name),
        *options,
        ".",
    )
    return name, time.monotonic() - started


def debian() -> str:
    """A base image of Debian's packages, for a machine that reaches no registry of images."""
    if _ask("buildah", "images", "--noheading", "--filter", f"reference={DEBIAN}"):
        return f"localhost/{DEBIAN}"
    with tempfile.TemporaryDirectory(prefix="journal-debian-") as folder:
        _run("debootstrap", "--variant=minbase", f"--include={_PACKAGES}", "bookworm", folder)
        container = _ask("buildah", "from", "scratch")
        _run("buildah", "add", "--quiet", container, folder, "/")
        _run("buildah", "commit", "--quiet", "--rm", container, DEBIAN)
    return f"localhost/{DEBIAN}"


def tried(target: str, name: str, url: str) -> dict[str, Any]:
    """Run an image; returns its user, size in MB, and seconds from its start to its readiness."""
    container = _ask("buildah", "from", name)
    try:
        known = json.loads(_ask("buildah", "inspect", container))
        command = known["Docker"]["config"]["Cmd"]
        size = sum(layer["size"] for layer in json.loads(known["Manifest"])["layers"])
        user = _ask("buildah", "run", *_CHROOT, container, "--", "id", "-u")
        started = time.monotonic()
        if target in _PORTS:
            _wait_ready(target, container, command, url)
        else:
            _run("buildah", "run", *_CHROOT, container, "--", *command)
        seconds = time.monotonic() - started
    finally:
        _ask("buildah", "rm", container)
    return {"user": int(user), "mb": round(size / 1e6), "ready_seconds": round(seconds, 1)}


def _wait_ready(target: str, container: str, command: Sequence[str], url: str) -> None:
    with tempfile.TemporaryDirectory(prefix="journal-image-") as temporary:
        folder = Path(temporary)
        port = free_port()
        _, key = api_keys.new_key("check", rate="none")
        api_keys.write(folder / "api-keys.json", (key,))
        write_key_file(folder / "keys.json", [new_key()])
        for path in (folder, *folder.iterdir()):
            os.chown(path, USER, USER)
        environment = {
            "JOURNAL_REDIS_URL": url,
            "JOURNAL_KEYS_FILE": str(folder / "keys.json"),
            "JOURNAL_GATEWAY_API_KEYS_FILE": str(folder / "api-keys.json"),
            _PORTS[target]: str(port),
        }
        log = Path(temporary) / "log"
        with Container(
            container, command, environment=environment, folder=folder, port=port, log=log
        ) as running:
            running.wait_ready(_READY_SECONDS)


def _run(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()
        raise SystemExit(f"{' '.join(command[:2])} ended with {done.returncode}: {lines[-1]}")


def _ask(*command: str) -> str:
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--base", help="The base image. By default one is made of Debian's packages.")
@click.option("--only", multiple=True, type=click.Choice(TARGETS), help="Of all images, these.")
@click.option(
    "--build-option",
    "options",
    multiple=True,
    metavar="OPTION",
    help='For `buildah build`, such as "--build-arg=EXTRA_INDEX_URL=..." or "--volume=...".',
)
def main(base: str | None, only: tuple[str, ...], options: tuple[str, ...]) -> None:
    """Build and run the images without a container engine."""
    lacking = [name for name in ("buildah", "debootstrap") if not shutil.which(name)]
    if lacking or os.geteuid():
        raise click.ClickException("needs root, and Debian's packages buildah and debootstrap")
    images: dict[str, Any] = {}
    base = base or debian()
    with Server() as server:
        for target in only or TARGETS:
            name, seconds = build(target, base, options)
            images[target] = {"build_seconds": round(seconds), **tried(target, name, server.url)}
            click.echo(f"{target}: {images[target]}", err=True)
    click.echo(json.dumps(images))
    sys.exit(any(image["user"] == 0 for image in images.values()))


if __name__ == "__main__":
    main()
