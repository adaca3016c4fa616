"""Texts with slots: what examples are generated from."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from training.pii.mining import mine, mined_texts

if TYPE_CHECKING:
    from collections.abc import Sequence

#: One template in so many is not learnt from.
HELD_OUT_EVERY = 20


@dataclass(frozen=True, slots=True)
class Templates:
    """Texts with slots in braces.

    Attributes:
        people: about people.
        other: with other personal data.
        traps: with none, but with words that look like some (May, Will, Hope).
        plain: with none.
        everyday: whole entries with none, of many ways of life and with words of many languages.
        named: whole entries with personal data.
        posts: short ones, as people post and comment, most of them with names.
    """

    people: tuple[str, ...]
    other: tuple[str, ...]
    traps: tuple[str, ...]
    plain: tuple[str, ...]
    everyday: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    posts: tuple[str, ...] = ()

    @classmethod
    def shipped(cls) -> Templates:
        """Those written for this project, and the entries of the classifier's training data."""
        mined_people, mined_none = mine(mined_texts())
        return cls(
            people=(*_read("people"), *mined_people),
            other=_read("other"),
            traps=_read("none"),
            plain=tuple(mined_none),
            everyday=(
                *_read("everyday_none"),
                *_read("pages_none"),
                *_read("lookalikes_none"),
            ),
            named=(
                *_read("everyday_names"),
                *_read("pages_names"),
                *_read("lookalikes_names"),
            ),
            posts=_read("posts_names"),
        )

    def pools(self) -> tuple[tuple[str, ...], ...]:
        """All of them, in the order of the fields."""
        return (
            self.people,
            self.other,
            self.traps,
            self.plain,
            self.everyday,
            self.named,
            self.posts,
        )

    def split(self) -> tuple[Templates, Templates]:
        """Those to learn from, and every twentieth, by its hash, to judge by."""
        pools = [_split(pool) for pool in self.pools()]
        learnt, held_out = zip(*pools, strict=True)
        return Templates(*learnt), Templates(*held_out)


def _read(name: str) -> tuple[str, ...]:
    """The lines of a file of templates, without comments."""
    file = files("training").joinpath("data", "pii", f"{name}.txt")
    lines = file.read_text("utf-8").splitlines()
    return tuple(line for line in lines if line.strip() and not line.startswith("# "))


def _split(templates: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The same wherever a template stands, so that new ones move no other."""
    held_out = tuple(t for t in templates if zlib.crc32(t.encode()) % HELD_OUT_EVERY == 0)
    learnt = tuple(t for t in templates if t not in set(held_out))
    return learnt or held_out, held_out or learnt[:1]
