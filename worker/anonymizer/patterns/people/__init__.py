"""People found without the tagger: by their script, by what stands beside them, by a list."""

from __future__ import annotations

from worker.anonymizer.patterns.people import companions, given, known, pets, scripts

GROUPS = (*scripts.GROUPS, *pets.GROUPS, *companions.GROUPS, *known.GROUPS, *given.GROUPS)
