"""Pictures of the gateway's page and of the demo, on this machine: `make screenshots`.

Starts a server, a worker with the shipped model and a gateway, uses the page in Chromium as a
person would, under a load that comes and goes, and writes the pictures into `deploy/pictures`.
Then it runs the demo and draws the end of what that prints. `ARGS="--only demo"` takes that alone.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import tempfile
import threading
import time
import urllib.request
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import click
from PIL import Image

from deploy.local import demo_picture
from deploy.local.browser import chromium
from deploy.local.processes import ModuleProcess, Process
from deploy.local.server import Server, free_port
from producer.gateway import api_keys
from producer.sealing import new_key, write_key_file

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FOLDER = Path(__file__).parents[1] / "pictures"
#: As long as the charts show.
LIVE_SECONDS = 120.0
READY_SECONDS = 30.0
#: In one request.
MOST_ENTRIES = 100
#: Few colours keep a picture of text and flat areas small, and look the same.
COLOURS = 160
WIDE = {"width": 1160, "height": 800}
PHONE = {"width": 360, "height": 740}
#: Enough to wait for: a worker on two cores reads them in some seconds.
BURST = 1_000
TEXT = "Rain again, so we played cards and ate the good biscuits."


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", type=click.Choice(["page", "demo"]), help="One of the two.")
def main(only: str | None) -> None:
    """Take the pictures of the page, then that of the demo."""
    FOLDER.mkdir(exist_ok=True)
    if only != "demo":
        with tempfile.TemporaryDirectory(prefix="journal-pictures-") as folder:
            take_page(Path(folder))
    if only != "page":
        path = FOLDER / "demo.svg"
        demo_picture.take(path)
        tell(path)


def take_page(work: Path) -> None:
    """Every picture of the page.

    Args:
        work: a folder for keys and logs.
    """
    program = shutil.which("chromium")
    if program is None:
        raise SystemExit("screenshots: needs chromium (apt-get install chromium)")
    with ExitStack() as stack:
        system = System(work, stack)
        browser = stack.enter_context(chromium(program))
        take_all(system, browser)


class System:
    """A server, a worker and a gateway, each ready.

    Args:
        work: a folder for keys and logs.
        stack: stops them.
    """

    def __init__(self, work: Path, stack: ExitStack) -> None:
        keys_file, api_keys_file = work / "keys.json", work / "api-keys.json"
        write_key_file(keys_file, [new_key()])
        key, stored = api_keys.new_key("demo", rate="none")
        api_keys.write(api_keys_file, (stored,))
        server = stack.enter_context(Server(directory=work / "redis"))
        environment = {"JOURNAL_REDIS_URL": server.url, "JOURNAL_KEYS_FILE": str(keys_file)}
        worker = stack.enter_context(Process("run", environment, log=work / "worker.log"))
        self._port = free_port()
        self._key = key
        self.address = f"http://127.0.0.1:{self._port}/#key={key}"
        self._gateway = ModuleProcess(
            "producer.gateway.cli",
            *("run", "--port", str(self._port), "--api-keys-file", str(api_keys_file)),
            environment=environment,
            log=work / "gateway.log",
        )
        stack.enter_context(self._gateway)
        worker.wait_ready()
        self._wait_ready()

    def submit(self, count: int) -> None:
        """Give the worker something to do."""
        for start in range(0, count, MOST_ENTRIES):
            entries = [{"text": TEXT}] * min(MOST_ENTRIES, count - start)
            body = json.dumps({"entries": entries}).encode()
            headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
            urllib.request.urlopen(
                urllib.request.Request(f"http://127.0.0.1:{self._port}/v1/entries", body, headers),
                timeout=READY_SECONDS,
            ).close()

    def stop_gateway(self) -> None:
        """Leave the page without its gateway."""
        self._gateway.stop()

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self._port}/readyz", timeout=5).close()
            except OSError:
                if not self._gateway.running or time.monotonic() > deadline:
                    raise SystemExit(f"screenshots: {self._gateway.last_line()}") from None
                time.sleep(0.1)
            else:
                return


def take_all(system: System, browser: Browser) -> None:
    """Every picture."""
    for scheme, size in (("light", WIDE), ("dark", WIDE), ("light", PHONE)):
        name = "phone" if size is PHONE else scheme
        take_way_of_an_entry(system, open_page(system, browser, scheme, size), name)
    live = [open_page(system, browser, scheme) for scheme in ("light", "dark")]
    for page in live:
        page.click("#tab-live")
    ended = threading.Event()
    load = threading.Thread(target=come_and_go, args=(system, ended))
    load.start()
    live[0].wait_for_timeout(1000 * LIVE_SECONDS)
    ended.set()
    load.join()
    for page, scheme in zip(live, ("light", "dark"), strict=True):
        take(page, f"live-{scheme}")
    page = open_page(system, browser, "light")
    page.click("#example")
    system.stop_gateway()
    page.click("#send")
    page.locator("#try-now").wait_for()
    take(page, "unreachable-light")


def open_page(system: System, browser: Browser, scheme: str, size: dict[str, int] = WIDE) -> Page:
    """The page with its key; sharp enough for screens with small pixels."""
    page = browser.new_page(
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": size["width"], "height": size["height"]},
        device_scale_factor=2,
        reduced_motion="reduce",
    )
    page.goto(system.address)
    page.locator("#change-key").wait_for()
    return page


def take_way_of_an_entry(system: System, page: Page, name: str) -> None:
    """Written, waiting behind others, and answered."""
    page.click("#example")
    take(page, f"write-{name}")
    system.submit(BURST)
    page.click("#send")
    page.get_by_text("others.").wait_for()
    take(page, f"waiting-{name}")
    page.locator(".pattern").first.wait_for()
    page.mouse.move(0, 0)
    take(page, f"result-{name}", whole=name == "phone")
    page.close()


def come_and_go(system: System, ended: threading.Event) -> None:
    """A load in waves."""
    for count in itertools.cycle((2, 20, 80, 240, 400, 160, 40, 8)):
        system.submit(count)
        if ended.wait(2.0):
            return


def take(page: Page, name: str, *, whole: bool = False) -> None:
    """Write a picture of what is seen; `whole`: of the whole page."""
    picture = Image.open(BytesIO(page.screenshot(full_page=whole, animations="disabled")))
    path = FOLDER / f"page-{name}.png"
    picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    tell(path)


def tell(path: Path) -> None:
    """Say that a picture was written."""
    print(f"{os.path.relpath(path)}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
