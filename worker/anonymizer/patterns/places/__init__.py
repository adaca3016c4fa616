"""Places: addresses by their form, towns and islands by a list."""

from __future__ import annotations

from worker.anonymizer.patterns.places import addresses, known

GROUPS = (*addresses.GROUPS, *known.GROUPS)
