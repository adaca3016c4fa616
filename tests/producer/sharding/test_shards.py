"""Which shard an entry belongs to, and how shards are set."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer import ConfigurationError, Settings
from producer.sharding.rendezvous import owner
from producer.sharding.shards import parse_shards

IDS = [f"entry-{number}" for number in range(30_000)]
THREE = "a=redis://one:6379/0 b=redis://two:6379/0 c=redis://three:6379/0"
NAMES = st.text("abcdefghij-0123456789", min_size=1, max_size=32)


def test_three_shards_each_get_a_third_within_three_percent() -> None:
    shares = Counter(owner({"a": 1, "b": 1, "c": 1}, entry_id) for entry_id in IDS)
    for count in shares.values():
        assert count == pytest.approx(len(IDS) / 3, rel=0.03)


def test_a_weight_of_two_gets_twice_as_much() -> None:
    shares = Counter(owner({"a": 1, "b": 2, "c": 1}, entry_id) for entry_id in IDS)
    assert shares["b"] == pytest.approx(len(IDS) / 2, rel=0.03)


def test_a_new_shard_takes_its_share_and_nothing_else_moves() -> None:
    moved = Counter(
        (before, after)
        for entry_id in IDS
        if (before := owner({"a": 1, "b": 1, "c": 1}, entry_id))
        != (after := owner({"a": 1, "b": 1, "c": 1, "d": 1}, entry_id))
    )
    assert {after for _, after in moved} == {"d"}
    assert sum(moved.values()) == pytest.approx(len(IDS) / 4, rel=0.03)


@given(st.dictionaries(NAMES, st.integers(1, 9999), min_size=2, max_size=8), st.text(min_size=1))
def test_the_owner_stays_whatever_other_shard_goes(weights: dict[str, int], entry_id: str) -> None:
    first = owner(weights, entry_id)
    for gone in weights.keys() - {first}:
        left = {name: weight for name, weight in weights.items() if name != gone}
        assert owner(left, entry_id) == first


@given(st.dictionaries(NAMES, st.integers(0, 9999), min_size=1, max_size=8), st.text(min_size=1))
def test_the_order_of_the_setting_does_not_matter(weights: dict[str, int], entry_id: str) -> None:
    if any(weights.values()):
        reverse = dict(reversed(weights.items()))
        assert weights[owner(weights, entry_id)] > 0
        assert owner(weights, entry_id) == owner(reverse, entry_id)


def test_other_languages_find_the_same_owner() -> None:
    """The examples of the protocol's document."""
    weights = {"a": 1, "b": 1, "c": 2}
    assert [owner(weights, f"entry-{number}") for number in range(1, 7)] == list("ccbacb")


def test_shards_are_parsed() -> None:
    shards = parse_shards(
        "a=redis+sentinel://u:p@s1,s2/main/0?ssl_ca_certs=x\n  b=rediss://two;weight=0;also=3"
    )
    a, b = shards.all
    assert (a.name, a.weight, a.also) == ("a", 1, 1)
    assert a.url.get_secret_value() == "redis+sentinel://u:p@s1,s2/main/0?ssl_ca_certs=x"
    assert (b.name, b.weight, b.also) == ("b", 0, 3)
    assert "u:p" not in repr(shards)


def test_an_id_is_also_looked_for_where_the_other_weights_put_it() -> None:
    before = {"a": 1, "b": 1}
    after = {**before, "c": 1}
    shards = parse_shards(f"{THREE};also=0")
    for entry_id in IDS[:500]:
        both = dict.fromkeys((owner(after, entry_id), owner(before, entry_id)))
        assert shards.owners(entry_id) == tuple(both)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a", "name=URL"),
        ("A=redis://secret", "name=URL"),
        ("a=redis://secret;weight=-1", "weight=0 to 9999"),
        ("a=redis://secret;share=1", "weight=0 to 9999"),
        ("a=redis://secret a=redis://two", "same name"),
        ("a=redis://secret;weight=0", "above 0"),
    ],
)
def test_wrong_shards_are_refused_in_words_without_a_url(text: str, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem) as caught:
        Settings.load(shards=text)
    assert "secret" not in str(caught.value)


def test_one_shard_is_chosen_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNAL_SHARDS", THREE)
    monkeypatch.setenv("JOURNAL_SHARD", "b")
    settings = Settings.load()
    assert settings.shard_set is None
    assert settings.only_url.get_secret_value() == "redis://two:6379/0"


def test_what_works_on_one_redis_asks_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNAL_SHARDS", THREE)
    with pytest.raises(ConfigurationError, match="choose one of a, b, c by JOURNAL_SHARD"):
        _ = Settings.load().only_url
    with pytest.raises(ConfigurationError, match="names none of JOURNAL_SHARDS"):
        Settings.load(shard="d")


def test_a_url_that_is_given_means_that_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNAL_SHARDS", THREE)
    settings = Settings.load(redis_url="redis://other")
    assert settings.shard_set is None
    assert settings.only_url.get_secret_value() == "redis://other"
