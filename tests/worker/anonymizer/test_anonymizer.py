"""The real anonymizer: Presidio and spaCy as a worker loads them."""

from __future__ import annotations

import gc
import itertools
import logging
import os
import shutil
import subprocess
import sys
import textwrap
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import worker.anonymizer.anonymizer as module
from worker.anonymizer.anonymizer import Anonymized, Anonymizer
from worker.errors import AnonymizationError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

#: The card, IBAN and SSN are the specimens of their issuers' documentation.
PERSONAL = {
    "month and day": ("It began on March 3rd, I think.", "March 3rd", "DATE_TIME"),
    "day and month": ("We met on 3 March 2021 at noon.", "3 March 2021", "DATE_TIME"),
    "numeric date": ("The letter says 3/14/21 on top.", "3/14/21", "DATE_TIME"),
    "ISO date": ("Due 2024-02-29 at the latest.", "2024-02-29", "DATE_TIME"),
    "phone": ("She said to call (212) 555-0147 any time.", "(212) 555-0147", "PHONE_NUMBER"),
    "phone abroad": ("He can be reached at +44 20 7946 0958.", "+44 20 7946 0958", "PHONE_NUMBER"),
    "e-mail": ("I wrote to jane.doe@example.com twice.", "jane.doe@example.com", "EMAIL_ADDRESS"),
    "e-mail with a misspelt domain": (
        "Mail me at jane.doe@gmial.con please.",
        "jane.doe@gmial.con",
        "EMAIL_ADDRESS",
    ),
    "card": ("I gave them 4111 1111 1111 1111 again.", "4111 1111 1111 1111", "CREDIT_CARD"),
    "IBAN": ("Rent goes to DE89370400440532013000 now.", "DE89370400440532013000", "IBAN_CODE"),
    "IP": ("The log showed 192.168.17.4 all night.", "192.168.17.4", "IP_ADDRESS"),
    "SSN": ("My social security number is 078-05-1126.", "078-05-1126", "US_SSN"),
    "web address": ("I read www.example.org/forum/42 too long.", "www.example.org/forum/42", "URL"),
    "bare domain": ("My blog jane-doe.com gets no readers.", "jane-doe.com", "URL"),
}
HARMLESS = (
    "Today was hard.",
    "I woke up this morning and last Friday came back to me.",
    "I was so sad.So I went home.",
    "Nobody calls me at home.my dog does not count.",
    "My vitamin d3 and b12 are low.",
    "I take 20 mg every night, sometimes 2 x 20 mg.",
    "I slept 3 hours, ate 2 apples and walked 10000 steps.",
    "She may be right, in march we march.",
    "I counted 4521 stitches on the box.",
    "The ratio was 3:2, we ended at 10:30, and I said:: nothing.",
)


def one(anonymizer: Anonymizer, text: str) -> Anonymized:
    (found,) = anonymizer.anonymize([text])
    return found


def test_the_tutorials_sentence(anonymizer: Anonymizer) -> None:
    text = "My name is Jane Doe, and I live in New York. I had a tough day at work."
    found = one(anonymizer, text)
    assert found.text == (
        "My name is <PERSON>, and I live in <LOCATION>. I had a tough day at work."
    )
    assert [(s.type, text[s.start : s.end]) for s in found.spans] == [
        ("PERSON", "Jane Doe"),
        ("LOCATION", "New York"),
    ]


@pytest.mark.parametrize(("text", "what", "kind"), PERSONAL.values(), ids=PERSONAL)
def test_personal_data_goes(anonymizer: Anonymizer, text: str, what: str, kind: str) -> None:
    found = one(anonymizer, text)
    assert found.text == text.replace(what, f"<{kind}>")
    assert [text[s.start : s.end] for s in found.spans] == [what]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_identifies_nobody_stays(anonymizer: Anonymizer, text: str) -> None:
    found = one(anonymizer, text)
    assert (found.text, found.spans) == (text, ())


ODD = (
    "",
    " ",
    "\n",
    "\r\n\t",
    "x",
    "😀",
    "😀 Jane Doe 😀 New York 🎉",
    "Zoe\u0308 and Jane Doe met.",
    "אני גרה בניו יורק עם Jane Doe.",
    "\u200bJane\u200b Doe\u200d and\ufeff I",
    "a\x00b Jane Doe\x1b[31m",
    "\u202eJane Doe\u202c",
    "Jane Doe\nJane Doe",
    "<PERSON> met Jane Doe",
    '{"a": "Jane Doe"}',
    "Call (212) 555-0147 or (212) 555-0148 or 😀 jane@example.com.",
    "A" * 3000,
    "Jane Doe " * 300,
    "\ud7ff\ue000\ufffd",
    "👩‍👩‍👧 and Jane Doe",
)


def check(text: str, found: Anonymized) -> None:
    """Spans are ranges of the text, in order; rebuilding from them gives the anonymized text."""
    rebuilt, position = "", 0
    for span in found.spans:
        assert position <= span.start < span.end <= len(text)
        rebuilt += text[position : span.start] + f"<{span.type}>"
        position = span.end
    assert found.text == rebuilt + text[position:]
    assert found.offsets.to_submitted(0, len(found.text)) == (0, len(text))


def test_spans_are_ranges_of_the_submitted_text(anonymizer: Anonymizer) -> None:
    for text, found in zip(ODD, anonymizer.anonymize(ODD), strict=True):
        check(text, found)


@settings(deadline=None, database=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(texts=st.lists(st.text(max_size=60) | st.sampled_from(ODD), max_size=4))
def test_any_text_is_searched_and_maps_back(anonymizer: Anonymizer, texts: list[str]) -> None:
    for text, found in zip(texts, anonymizer.anonymize(texts), strict=True):
        check(text, found)


def test_a_batch_equals_its_texts_one_by_one(anonymizer: Anonymizer) -> None:
    texts = [*(text for text, _, _ in PERSONAL.values()), *HARMLESS, *ODD]
    together = anonymizer.anonymize(texts)
    for text, found in zip(texts, together, strict=True):
        alone = one(anonymizer, text)
        assert (alone.text, alone.spans) == (found.text, found.spans)


def test_an_empty_batch_is_no_error(anonymizer: Anonymizer) -> None:
    assert anonymizer.anonymize([]) == []


# Failing closed


class Broken:
    """A recognizer's place in the engine, that raises with the text in its message."""

    def __init__(self, error: type[Exception]) -> None:
        self._error = error

    def analyze(self, text: str, **_: Any) -> list[Any]:
        raise self._error(f"cannot read {text}")


@pytest.mark.parametrize("error", [ValueError, RuntimeError, KeyError, RecursionError])
def test_a_recognizer_that_raises_fails_the_batch_without_its_text(
    anonymizer: Anonymizer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: type[Exception],
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(anonymizer, "_analyzer", Broken(error))
    with pytest.raises(AnonymizationError) as caught:
        anonymizer.anonymize(["A secret canary."])
    assert "canary" not in f"{caught.value!r} {caught.value}"
    assert caught.value.__suppress_context__
    assert "canary" not in caplog.text


def test_a_search_that_runs_out_of_time_fails(
    anonymizer: Anonymizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATTERN_SECONDS", 0.0)
    with pytest.raises(AnonymizationError, match="out of time"):
        anonymizer.anonymize(["A secret canary."])


def test_presidios_own_limit_is_ours(anonymizer: Anonymizer) -> None:
    import presidio_analyzer.pattern_recognizer as presidio

    assert presidio.REGEX_TIMEOUT_SECONDS == module.PATTERN_SECONDS


def test_a_span_that_was_not_replaced_fails(
    anonymizer: Anonymizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Careless:
        def anonymize(self, text: str, findings: Sequence[Any]) -> Any:
            return type("Result", (), {"text": text, "items": []})()

    monkeypatch.setattr(anonymizer, "_engine", Careless())
    with pytest.raises(AnonymizationError):
        anonymizer.anonymize(["My name is Jane Doe."])


@pytest.mark.parametrize(
    "text",
    [
        "Dr Anna Dr Ben (4) Dr Carla",
        "Anna, 29, Ben, 31, came",
        "Anna St. Mary's Primary School",
        "Mr Mr Smith Mrs Jones",
        "Anna (4)(5) Ben",
        "Aunt Ilka Aunt Ilka",
    ],
)
def test_names_with_what_belongs_to_them_are_replaced_whole(
    anonymizer: Anonymizer, text: str
) -> None:
    (found,) = anonymizer.anonymize([text])
    assert "Anna" not in found.text
    assert "Smith" not in found.text
    assert all(a.end <= b.start for a, b in itertools.pairwise(found.spans))


# Memory, network


def test_nothing_of_a_batch_stays_in_memory(anonymizer: Anonymizer) -> None:
    def batch(turn: int) -> None:
        anonymizer.anonymize([f"word{turn}x{i} met name{turn}y{i} at 9." for i in range(40)])

    tracemalloc.start()
    try:
        for turn in range(6):
            batch(turn)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for turn in range(6, 18):
            batch(turn)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 50_000  # 960 new words are kept nowhere


OFFLINE = textwrap.dedent("""
    import ipaddress, socket

    def guarded(name):
        real = getattr(socket, name)
        def call(*arguments, **options):
            raise SystemExit(f"{name} was called: {arguments}")
        return call

    real_connect = socket.socket.connect
    def connect(self, address):
        if self.family == socket.AF_UNIX or ipaddress.ip_address(address[0]).is_loopback:
            return real_connect(self, address)
        raise SystemExit(f"connect to {address}")
    socket.socket.connect = connect
    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        setattr(socket, name, guarded(name))

    from worker.anonymizer.anonymizer import Anonymizer
    from worker.models.compute import EXACT
    (found,) = Anonymizer.load(compute=EXACT).anonymize(
        ["Jane Doe wrote jane.doe@gmial.con and http://example.co.uk or call (212) 555-0147."]
    )
    print(found.text)
""")


def test_loading_and_searching_ask_no_network_and_write_no_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    command = [sys.executable, "-c", OFFLINE]
    unshare = shutil.which("unshare")
    if unshare and subprocess.run([unshare, "-n", "true"], capture_output=True).returncode == 0:
        command = [unshare, "-n", *command]
    environment = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ("<PERSON> wrote <EMAIL_ADDRESS> and <URL> or call <PHONE_NUMBER>.\n")
    assert list(home.iterdir()) == []
