"""The picture of a run: load, workers, the oldest entry's age, latency."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from tests.autoscale.load import Profile
    from tests.autoscale.record import Sample
    from tests.autoscale.scaler.foresight import Plan

#: Latencies are told for each so many seconds of the run.
_BUCKET_SECONDS = 20.0


#: On a ground of its own, so that it can be read on light and dark pages.
_TEXT, _GRID = "#1f2328", "#d0d7de"
_FIRST, _SECOND, _LIMIT = "#0969da", "#8c6c00", "#cf222e"


@dataclass(frozen=True)
class Story:
    """What is drawn.

    Attributes:
        profile: the load.
        samples: what was seen.
        plan: the workers of a scaler that knows the load to come.
        period: seconds of a period of that plan.
        latencies: (seconds of the run when an entry was sent, seconds until its answer).
        longest_wait: the bound, in seconds.
    """

    profile: Profile
    samples: Sequence[Sample]
    plan: Plan
    period: float
    latencies: Sequence[tuple[float, float]]
    longest_wait: float


def draw(story: Story, path: Path) -> None:
    """Write the picture as SVG, without a date."""
    style: Any = {
        "svg.hashsalt": "autoscale",
        "svg.fonttype": "none",
        "font.family": "sans-serif",
        "font.size": 9,
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=(8.4, 7.2), layout="constrained")
        FigureCanvasSVG(figure)
        load, workers, oldest, latency = figure.subplots(4, 1, sharex=True)
        _load(load, story)
        _workers(workers, story)
        _oldest(oldest, story)
        _latency(latency, story)
        for axes in (load, workers, oldest, latency):
            _frame(axes)
        latency.set_xlabel("minutes", color=_TEXT)
        latency.set_xlim(0, story.profile.seconds / 60)
        figure.savefig(path, metadata={"Date": None})


def _load(axes: Axes, story: Story) -> None:
    minutes = [second / 60 for second, _ in story.profile.corners]
    axes.plot(minutes, [load for _, load in story.profile.corners], color=_FIRST)
    for second, number in story.profile.bursts:
        axes.annotate(
            f"{number * story.profile.base:.0f} at once",
            (second / 60, story.profile.rate(second) / story.profile.base),
            (0, 22),
            textcoords="offset points",
            ha="center",
            color=_TEXT,
            arrowprops={"arrowstyle": "->", "color": _TEXT},
        )
    axes.set_title("Entries that arrive, in multiples of the base load", loc="left", color=_TEXT)


def _workers(axes: Axes, story: Story) -> None:
    seen = _changes(story.samples)
    minutes = [sample.at / 60 for sample in seen]
    starts = np.arange(len(story.plan.workers)) * story.period / 60
    axes.step(
        starts,
        story.plan.workers,
        where="post",
        color=_SECOND,
        linestyle="--",
        label="of a scaler that knows the load to come",
    )
    present = [sample.present for sample in seen]
    ready = [sample.ready for sample in seen]
    axes.fill_between(minutes, present, step="post", color=_FIRST, alpha=0.18, lw=0)
    axes.step(minutes, ready, where="post", color=_FIRST, label="ready (area: all, paid for)")
    axes.set_ylim(top=1.2 * max(present))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_title("Workers", loc="left", color=_TEXT)
    _legend(axes)


def _changes(samples: Sequence[Sample]) -> list[Sample]:
    """The samples at which there are other workers than before, and the last."""
    return [
        samples[0],
        *(
            after
            for before, after in itertools.pairwise(samples)
            if (before.ready, before.present) != (after.ready, after.present)
        ),
        samples[-1],
    ]


def _oldest(axes: Axes, story: Story) -> None:
    minutes = [sample.at / 60 for sample in story.samples]
    axes.plot(minutes, [sample.oldest for sample in story.samples], color=_FIRST)
    axes.axhline(story.longest_wait, color=_LIMIT, linestyle=":")
    axes.set_title(
        "Seconds that the oldest entry has waited, and the bound", loc="left", color=_TEXT
    )


def _latency(axes: Axes, story: Story) -> None:
    buckets: dict[int, list[float]] = {}
    for at, seconds in story.latencies:
        buckets.setdefault(int(at // _BUCKET_SECONDS), []).append(seconds)
    places = sorted(buckets)
    minutes = [(place + 0.5) * _BUCKET_SECONDS / 60 for place in places]
    for share, colour in ((99, _SECOND), (50, _FIRST)):
        values = [float(np.percentile(buckets[place], share)) for place in places]
        axes.plot(minutes, values, color=colour, label=f"p{share}")
    axes.set_title("Seconds from submit to result", loc="left", color=_TEXT)
    _legend(axes)


def _legend(axes: Axes) -> None:
    axes.legend(loc="upper left", frameon=False, labelcolor=_TEXT)


def _frame(axes: Axes) -> None:
    axes.set_ylim(bottom=0)
    axes.tick_params(colors=_TEXT)
    axes.grid(color=_GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(_GRID)
