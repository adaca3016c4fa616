"""The form in which a trace travels with an entry: `traceparent` of W3C Trace Context.

https://www.w3.org/TR/trace-context/#traceparent-header
"""

from __future__ import annotations

import re

#: The clear header of a message, and the member of a result.
TRACEPARENT = "traceparent"
#: Version 00, a trace id and a span id that are not zero, and flags: nothing that could be a text.
_FORM = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def as_traceparent(value: object) -> str | None:
    """What any producer or caller may have sent, if it is a `traceparent`; else None.

    Later versions of the form are not taken, as they may hold more than ids. Neither is
    `tracestate` looked at anywhere: it holds whatever others wrote there, and may be left out.
    """
    return value if isinstance(value, str) and _FORM.fullmatch(value) else None
