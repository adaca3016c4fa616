"""The least scores from which a word counts as personal data, by entity type and by casing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from worker.anonymizer.taggers import lexicon
from worker.anonymizer.taggers.words import CASINGS, LOWER, UPPER

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What weighs more where the tagger is unsure: that nothing personal stays (strict), or also that
#: people's own words stay (balanced).
Privacy = Literal["balanced", "strict"]
PRIVACIES: tuple[Privacy, ...] = get_args(Privacy)
#: The strict threshold as a share of the usual one, for taggers that do not tell theirs.
STRICT_SHARE = 0.625

#: The least score of each entity type, beside the threshold. An age is a number, and most numbers
#: of a diary are none; but people word their ages in more ways than patterns hold. With 0.3 for
#: organizations six more of 2,671 entities leaked, and one entry fewer of 685 was altered.
FLOORS = {"PERSON": 0.0, "LOCATION": 0.0, "ORGANIZATION": 0.0, "AGE": 0.5}
#: The least score of all other types. Most of what they hold has a form that the patterns find.
OTHER_FLOOR = 0.9
#: The share of the threshold that a word must reach, by how it is written. A word with a capital
#: and small letters is seldom anything but a name, and a tagger that was trained on lower case too
#: gives it lower scores; the more so if a list has it as a name. At the beginning of a sentence a
#: capital tells less, and nothing of an ordinary word.
LOWER_SHARE, UPPER_SHARE = 1.25, 0.6
CAPITAL_SHARE, CAPITAL_NAME_SHARE = 0.4, 0.25
FIRST_SHARE, FIRST_ORDINARY_SHARE = 0.4, 1.25
#: From so common on, a word of English that no list has as a name is an ordinary word.
_ORDINARY = 1


def for_privacy(privacy: Privacy, usual: float, told: Mapping[str, float]) -> float:
    """The threshold for a choice of privacy.

    Args:
        privacy: the choice.
        usual: the tagger's threshold, between 0 and 1, which is that of `balanced`.
        told: thresholds by choice, as far as the tagger's folder holds any.
    """
    return told.get(privacy, usual * STRICT_SHARE if privacy == "strict" else usual)


def floor(entity_type: str, threshold: float, usual: float) -> float:
    """The least score of a word of an entity type.

    Args:
        entity_type: the type.
        threshold: the tagger's threshold, between 0 and 1.
        usual: the threshold at which the floors above hold. With the threshold the floor moves in
            proportion: down to 0 where that is 0, and up to 1 where that is 1. A floor of 0 stays.
    """
    least = FLOORS.get(entity_type, OTHER_FLOOR)
    if threshold <= usual:
        return least * threshold / usual
    rest = (threshold - usual) / (1.0 - usual)
    return least + (1.0 - least) * rest if least else 0.0


def share_of_threshold(token_type: int, *, first: bool) -> float:
    """The share of the threshold that a word must reach.

    Args:
        token_type: how it is written and what the lexicon knows of it.
        first: whether it begins a sentence.
    """
    kind, casing = divmod(token_type, CASINGS)
    if casing == LOWER:
        return LOWER_SHARE
    if casing == UPPER:
        return UPPER_SHARE
    frequency, first_name, surname, place, _ = lexicon.properties(kind)
    if first:
        ordinary = frequency >= _ORDINARY and first_name < lexicon.RATHER_A_NAME
        return FIRST_ORDINARY_SHARE if ordinary and not surname and not place else FIRST_SHARE
    return CAPITAL_NAME_SHARE if first_name >= lexicon.RATHER_A_NAME or surname else CAPITAL_SHARE
