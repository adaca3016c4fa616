"""Places: addresses by their form, towns and islands by a list."""

from __future__ import annotations

from worker.anonymizer.patterns.places import addresses, known, roads

GROUPS = (*addresses.GROUPS, *roads.GROUPS, *known.GROUPS)
