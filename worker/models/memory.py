"""Memory of a process that has loaded its models."""

from __future__ import annotations

import ctypes


def give_back_freed() -> bool:
    """Give the operating system what was freed, where the C library keeps it: with glibc.

    Loading makes each tensor two or three times (of the base, merged, in oneDNN's layout); what is
    freed between those that stay is kept for later, and every child has it in its share. See
    `malloc_trim(3)`.

    Returns:
        Whether the C library could be asked.
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError):
        return False
    trim(0)
    return True
