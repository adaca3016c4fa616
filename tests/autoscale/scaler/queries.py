"""The same query where everything goes faster: ranges are shorter, seconds and rates are told anew."""

from __future__ import annotations

import re

_UNITS = {"s": 1, "m": 60, "h": 3600}
_RANGE = re.compile(r"\[(\d+)([smh])\]")
#: A function over a range of one metric, such as `rate(journal_entries_total{...}[1m])`.
_OVER_RANGE = re.compile(r"\b(\w+)\((journal_\w+)(?:\{[^}]*\})?\[\d+[smh]\]\)")
#: A metric that tells seconds, as it is now and not over a range.
_SECONDS = re.compile(r"\bjournal_\w*_seconds(?:_sum)?\b(?:\{[^}]*\})?(?!\s*[\[{])")
_RATES = {"rate", "irate", "deriv"}


def faster(query: str, speed: float) -> str:
    """A query whose answer, where all goes `speed` times as fast, is that of the query at speed 1.

    Args:
        query: PromQL. Of functions over ranges it may have `rate`, `irate` and `deriv`.
        speed: 1 leaves the query as it is.

    Raises:
        ValueError: the query has a range whose meaning at another speed is not known.
    """
    if speed == 1:
        return query
    known = [match for match in _OVER_RANGE.finditer(query) if match[1] in _RATES]
    if len(known) != query.count("["):
        raise ValueError(
            f"only {', '.join(sorted(_RATES))} of one metric can be told anew: {query}"
        )

    def per_second(match: re.Match[str]) -> str:
        # Seconds of work in a second are the same at any speed.
        told_in_seconds = re.search(r"_seconds(_sum)?$", match[2])
        return match[0] if told_in_seconds else f"({match[0]} / {speed:g})"

    def shorter(match: re.Match[str]) -> str:
        return f"[{round(1000 * int(match[1]) * _UNITS[match[2]] / speed)}ms]"

    told = _SECONDS.sub(lambda match: f"({match[0]} * {speed:g})", query)
    return _RANGE.sub(shorter, _OVER_RANGE.sub(per_second, told))
