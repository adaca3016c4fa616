"""Places in figures, network addresses, user names, and organizations named by ordinary words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

COORDINATES = (
    "ashes at ⟦47.31902, 8.05117⟧ by the larch",
    "The buoy is at ⟦54°11'27\"N 4°36'02\"W⟧, we rowed",
    "only ⟦7FG8V3PX+QM⟧ on a bit of card",
    "meet at ⟦GV4H+2Q⟧ he wrote",
    "Parked at grid ref ⟦SK 127 836⟧ and walked",
    "geo:⟦-36.84512,174.76103⟧, wrong beach",
    "lat ⟦-33.8719⟧ long ⟦151.2046⟧ if anyone",
    "latitude: ⟦52.2053⟧, longitude: ⟦0.1218⟧",
    "we camped at ⟦52.2053° N, 0.1218° E⟧ that night",
    "the hut, ⟦N 46° 31.245' E 7° 58.112'⟧, was full",
    "it is at ///⟦filled.count.soap⟧ he said",
    "the bench at ⟦TQ 3003 8045⟧ is hers",
    "(⟦40.741895,-73.989308⟧)",
)
NO_COORDINATES = (
    "BP 128 over 79, temperature 37.2, sats 97.",
    "New lenses: -3.50 left, -2.25 right, axis 90.",
    "B+ for the essay, a 4+2 fold, C++ can wait",
    "it was 21° outside and 18° in here",
    "1.5, 2.25 and 3.75 cups",
    "my long 3.5 hour walk, my lat pulldown at 45.5",
    "turned the pot 90° and the other 45° N of nothing",
    "5'11\" and 6'2\" in socks",
    "ratio 1.618, 2.718 and so on",
    "SK is my sister and NY 100 is a dream",
)
ADDRESSES = (
    "log shows ⟦fd12:3456:789a::17⟧ connecting",
    "from ⟦203.0.113.77⟧ and read my drafts",
    "down ⟦2001:db8:85a3:8d3:1319:8a2e:370:7348⟧ for him",
    "answers at ⟦fe80::1c2d:3eff:fe4a:5b6c⟧, like a cat",
    "under the box, ⟦3c:5a:b4:1f:0e:77⟧, while i lay",
    "pinged ⟦2001:db8::1⟧ twice",
)
NO_ADDRESSES = (
    "sleep:: 7h40 lights:: 23:05 up:: 06:50 mood:: fair",
    "std::vector made me cry and so did a::b",
    "face:: tired. bead:: two rows. dad:: called. fade:: not yet",
    "Version 2.14.0.3 of the habit app",
    "Cake is 3:2:1 flour, butter, sugar.",
    "face::bead and cafe::decade, add::ed",
    "note:: a: b: c: d",
    "::",
    "am :: 8:: pm :: 10::",
    "7::8 was the score",
)
HANDLES = (
    "⟦quietfern88⟧ liked a post of mine",
    "my gamertag was ⟦xX_plumduff_Xx⟧ then",
    "Followed back by ⟦late.bus.luna⟧ today",
    "dm'd ⟦kofi.makes.chairs⟧ about the leg",
    "added ⟦moss_and_mortar⟧ on discord",
    "on reddit as ⟦u/tired_tenor_77⟧ and",
    "my handle on the running app is ⟦slowpoke_sal⟧ and",
    "tagged by ⟦@nori.and.salt⟧ in a photo",
    "⟦salt_and_ink⟧ commented under my drawing",
    "blocked ⟦greyheron1990⟧ and slept",
    "I go by ⟦pine.needle_7⟧ online",
    "my psn is ⟦TheQuietOne42⟧ if you play",
    "play with ⟦softrain#4471⟧ most nights",
    "messaged ⟦old_tin_roof⟧, no answer",
    "screen name ⟦lemonpith⟧ since school",
    "messaged ⟦greta.bakes⟧ about bread",
)
MORE_HANDLES = (
    "got hacked so its not me, ⟦xx_mossy_the_tired_xx⟧",
    "a woman called ⟦buttonsinabowl⟧ messaged me",
    "my snap so its ⟦wren.misplaced⟧ if i forget",
)
NO_HANDLES = (
    "a woman called earlier who said nothing",
    "a thing called perfectionism told me so",
    "Every username I wanted was taken.",
    "node_modules ate my disk again, snake_case forever",
    "followed by sleep.Then soup",
    "dm'd him about it, messaged my sister",
    "added 200g flour and b12 drops",
    "my_var is_none again, I wrote test_one",
    "he liked covid19 jokes, nobody commented",
    "my profile is private and my account is old",
    "blocked him on everything",
    "I follow the rules, i.e. most of them",
    "my username is gone, my handle broke",
    "added salt. it helped",
    "messaged him.then slept",
)
STREETS = (
    "we met on ⟦the corner of Mill Lane and 4 Garrick Close⟧",
    "we moved to ⟦12 Via Garibaldi 40⟧ then",
    "at ⟦Rue de la Paix 8⟧, third floor",
    "goodbye ⟦22 Calle del Olmo⟧, wet wall and all",
    "a parcel for ⟦7 rue des Lilas⟧ came",
    "write to ⟦Unit 4821 Box 77⟧, ⟦APO AE 09021⟧",
)
NO_STREETS = (
    "in the corner of the room and the hall",
    "flew via Dallas 2 years ago",
    "via 3 trains",
    "2 via Skype, 3 via post",
    "unit 4 is done, box 12 is not",
)
PEOPLE = (
    "昨天跟⟦李思远⟧一起吃饭，很开心。",
    "想给⟦陈曦⟧说谢谢",
    "⟦佐藤⟧さんが来た。⟦ユキ⟧ちゃんも。",
    "⟦지훈⟧씨가 왔다",
    "أمس رأيت ⟦سلمى⟧ و⟦خالد⟧ في السوق",
)
NO_PEOPLE = (
    "今天和朋友一起去图书馆，心情好多了。",
    "お母さんと赤ちゃんが寝た。皆さん、たくさん食べた。",
    "아저씨가 날씨가 좋다고 했다",
    "نمت متأخرا والجو حار",
)
PLACES = (
    "on the train to ⟦reading⟧, late again",
    "went to ⟦bath⟧ for the day",
)
NO_PLACES = (
    "went back to reading, then had a bath",
    "a long hot bath, nice",
    "moved from reading poems to writing",
)
ORGANIZATIONS = (
    "quiz at the ⟦golden otter⟧ again",
    "he works at the ⟦red stag⟧ now",
    "rang the ⟦Samaritans⟧ at four",
    "a candle at ⟦Our Lady of the Fields⟧, unlit",
    "I work for ⟦Brightloom⟧ now",
    "Quiz night at the ⟦Copper Kettle⟧ and we came fourth",
    "she works at ⟦Copper Kettle⟧ now",
    "booked at ⟦harbour dental⟧ for thursday",
    "taken on at ⟦orange peel studios⟧, tea first",
    "outside the ⟦Lamb and Lantern⟧ and we talked",
    "the ⟦Bright Steps nursery⟧ rang",
    "at ⟦hawthorn lane primary⟧ he is kind",
    "a shift at ⟦Second Spoon⟧ and my feet",
    "He got a job at ⟦Paper & Thread⟧ in town",
    "interview at ⟦northlight logistics⟧ went okay",
    "haircut at the ⟦Golden Comb⟧ again",
    "at ⟦tiny acorns nursery⟧ they love him",
    "⟦Bright Steps⟧ rang about the nursery place.",
    "met up with the ⟦Thursday Knitters⟧ again",
    "The ⟦Attic Players⟧ have lost the key",
    "At the till in ⟦Plenty⟧, the new greengrocer, I was short",
    "read it aloud at the ⟦Lantern⟧, you know, where they do the open mic",
    "cake at ⟦Crumbs⟧ to get over the bill",
    "he plays bass in ⟦wet cardboard⟧, they are good",
    "we are a band!! name is the ⟦soft launch⟧. me on keys",
    "keys from the ⟦corner cupboard⟧ thats the charity shop",
    "sang with the ⟦Northfield Ramblers⟧ and the ⟦Quay Street Choir⟧",
    "gaming night with ⟦Potato Squad⟧ and no sleep",
    "⟦Women of the Quay⟧ brought soup to the pickets",
    "moved to the rehab place, ⟦Quiet Waters⟧. It faces the car park.",
    "monday i start at the ⟦reading room⟧, that bookshop by the tram",
    "im done with ⟦tidy minds⟧, the therapist there kept yawning",
)
NO_ORGANIZATIONS = (
    "the old oak by the red inn door",
    "looked at the black horse standing there",
    "I work for him, I work for love, not for Christmas",
    "our lady of the house says no",
    "Walked past the old castle, the pub was shut, forgot the dental floss",
    "blue as a school jumper at the pond",
    "The corner shop, the bakery, the bank: everyone asked",
    "she works at home and he works at night",
    "a job at the hospital and a shift at the bar",
    "the French bakery and the Turkish restaurant",
    "at the Christmas Market and at the Town Hall",
    "from good dental care, at local primary",
    "Mum rang about dinner. Then Dad called.",
    "Yesterday Mum rang, Later Dad texted",
    "I work at A&E, he works for HR",
    "at the nursery, by the studio, near the surgery",
    "at the new day nursery, from a hair salon",
    "she plays drums in my band, guitar in church, piano in local pubs",
    "dinner at Eight, coffee at home, lunch at Christmas",
    "The Walkers came and the Singers left, a choir of crows",
    "Women of a certain age, Friends of mine, Mothers of three",
    "went to the corner shop, the manager there was rude",
    "sat at the kitchen table, the chair there wobbles",
    "got home, Mum asleep, the place, Thank God, was warm",
)


@pytest.mark.parametrize(
    "marked",
    [*COORDINATES, *ADDRESSES, *HANDLES, *MORE_HANDLES, *STREETS, *PEOPLE, *PLACES, *ORGANIZATIONS],
)
def test_a_name_with_a_form_or_a_cue_is_found(
    found_by_patterns: Callable[[str], str], marked: str
) -> None:
    assert found_by_patterns(marked) == marked


@pytest.mark.parametrize(
    "text",
    [
        *NO_COORDINATES,
        *NO_ADDRESSES,
        *NO_HANDLES,
        *NO_STREETS,
        *NO_PEOPLE,
        *NO_PLACES,
        *NO_ORGANIZATIONS,
    ],
)
def test_what_only_looks_like_a_name_stays(
    found_by_patterns: Callable[[str], str], text: str
) -> None:
    assert found_by_patterns(text) == text
