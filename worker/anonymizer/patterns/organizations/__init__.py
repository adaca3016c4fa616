"""Organizations: known to many by name, or named by ordinary words in a context that tells it."""

from __future__ import annotations

from worker.anonymizer.patterns.organizations import by_context, by_people, gatherings, known

GROUPS = (*by_context.GROUPS, *by_people.GROUPS, *gatherings.GROUPS, *known.GROUPS)
