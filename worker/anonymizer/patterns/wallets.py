"""Addresses of cryptocurrency wallets, by the alphabets and lengths of their encodings.

Checksums are not computed: an address with a mistake in it still leads to a person, and nothing
else in a diary has these forms.
"""

from __future__ import annotations

import re

from worker.anonymizer.patterns.gates import any_part, every, has_digit, matching
from worker.anonymizer.patterns.rules import Group, Rule

_BASE58 = r"[1-9A-HJ-NP-Za-km-z]"
_LOWER, _UPPER, _DIGIT = (re.compile(part) for part in ("[a-z]", "[A-Z]", r"\d"))


def _is_mixed(text: str, start: int, end: int) -> bool:
    """Whether a string has small letters, capitals and digits, as no word has."""
    return all(part.search(text, start, end) for part in (_LOWER, _UPPER, _DIGIT))


GROUPS = (
    Group(
        "CRYPTO",
        # https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki, Ethereum's hex addresses
        # (20 bytes) and transactions (32 bytes), base58 of 20 to 80 bytes.
        every(has_digit, matching(r"[0-9A-Za-z]{25}")),
        (
            Rule(
                "bech32",
                r"\b(?:(?:bc|tb|ltc|addr|cosmos|bnb)1|bitcoincash:)[02-9ac-hj-np-z]{25,110}\b",
                0.9,
            ),
            Rule("hexadecimal", r"\b0x(?:[\da-f]{64}|[\da-f]{40})\b", 0.9),
            Rule("base58", rf"(?-i:(?<![\w/+=]){_BASE58}{{25,110}}(?![\w/+=]))", 0.8, _is_mixed),
        ),
    ),
    Group(
        "CRYPTO",
        any_part(".eth"),
        (Rule("ENS name", r"(?<![\w.@-])[a-z\d][\w-]{2,40}\.eth\b", 0.8),),
    ),
)
