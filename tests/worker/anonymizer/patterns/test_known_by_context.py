"""Pets, nicknames and organizations that only the words around them, or a list, tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from worker.anonymizer.patterns.listed import names
from worker.anonymizer.patterns.organizations.known import PLAIN, TYPICAL, WORDS
from worker.anonymizer.patterns.people.known import FIGURES

if TYPE_CHECKING:
    from collections.abc import Callable

COMPANIONS = (
    "my hamster ⟦Nugget⟧ hid in the tube",
    "Walked our old dog, ⟦Gravy⟧, round the reservoir",
    "She has a tortoise called ⟦Trouser⟧ and no garden",
    "⟦Bishop⟧, my parrot, said what happened",
    "it was ⟦Biscuit⟧ the cat who found it",
    "because ⟦Ottoman⟧ (cat, not furniture) was asleep on the tablets",
    "We had to put ⟦Trigger⟧ to sleep on a Tuesday",
    "Grateful for the dog, ⟦Tofu⟧, being an idiot",
    "one cup, ⟦Mochi⟧ purring on my feet",
    "his name is ⟦Biscuit⟧ and he is brown",
    "I took ⟦Teapot⟧ to the vet and cried in the car",
    "new guy called ⟦spud⟧ kept his hood up",
    "a colleague called ⟦Spud⟧, my neighbour nicknamed ⟦twig⟧",
    "there was a nurse called ⟦patience⟧ on the ward",
    "a friend nicknamed ⟦Twig⟧ drove",
    "and ⟦babcia zosia⟧ came, and ⟦oma Trudi⟧",
    "the vet's girl calls her ⟦Biscuit⟧, so she stays",
    "she's called ⟦Marigold⟧ and she is fast",
    "and then ⟦Tita Baby⟧ brought soup",
    "with ⟦Aunty Precious⟧ and her umbrella",
    "and so I told ⟦Oga Prosper⟧ I was tired",
    "⟦mrs windowsill⟧ next door, and ⟦mr. pebble⟧ the caretaker",
)
NO_COMPANIONS = (
    "the nurse called confirming, a man called wanting money, someone called reception",
    "the boy called truce and the lady called collect",
    "Sadly, my dog died. The dog Sadly died. Honestly, my cat",
    "I said Bless the dog, Kiss the cat",
    "Something barked and everything barked",
    "The Chief Constable, Mama Mia, papa Smurf, baba Ganoush",
    "put Everyone to sleep",
    "The dog is asleep and the cat has eaten",
    "walked the dog. Then the cat wanted out",
    "Feed the cat, Brush the dog, Sleep",
    "Finding my dog took an hour",
    "a kid called me names, a man called out, a lady called back",
    "my dog I adore, my cat She rules",
    "a girl called him and a boy called about it",
    "Mr and Mrs, mr right, mr who, mrs is late",
    "We put everything to sleep mode",
    "the dog show Saturday and the cat food Aisle",
    "Mama I am fine, Papa He said",
    "at the dog park On Monday",
    "abuela said hi, oma liked it, papi went home",
    "He calls me Mum, she's called twice, he is called Away",
)
ORGANIZATIONS = (
    "a group called ⟦Acorns⟧ with a good carpet",
    "The charity is called ⟦Second Wind⟧ and they ring on Fridays",
    "she runs a café called ⟦thimble⟧ by the canal",
    "Opened the workbook from ⟦Compass⟧ at the page on urges",
    "another letter from ⟦Fernlea Housing⟧ about the damp",
    "a leaflet for ⟦Papyrus⟧ in my bag",
    "the ceramics class at ⟦Kiln⟧ was full",
    "Meera from ⟦Survivors Together⟧ kept a hand on the table",
    "Dad's care home, ⟦The Willows⟧, rang at seven".replace("⟦The ", "The ⟦"),
    "maybe ask ⟦caulfield swim club⟧ about it",
    "in the room above the ⟦Jolly Sailor⟧, which is ironic",
)
SOMEWHERE = (
    "went down to ⟦Lucky Fruits⟧ for the good ones",
    "back from ⟦Costa Rica⟧, home via ⟦Oak and Ivy⟧",
)
NO_ORGANIZATIONS = (
    "At Last Somebody said it, to Whom It May Concern",
    "Silver in Long Jump, nothing in Triple Jump",
    "The school called about my boy, the clinic called back",
    "a shop called me a thief, a club called off the match",
    "a letter from Mum, an email from Monday, the bill from Christmas",
    "class at noon, group at the church, meeting at Easter",
    "I was away from the House",
    "a leaflet for the hospital",
    "a company called asking, a clinic called yesterday, an agency called again",
    "at the Doctor's, coffee at the Dentist's",
    "the extension is 450 square feet, extension 2021 was done",
    "started at Nine, meeting at Noon, working for Myself, manager at Work",
    "Home and Work, Coffee and Cake, From Here On",
    "the Salad bar, the Mars bar, the Search bar, the Blood bank",
    "my school, Thankfully, closed",
    "the school swim club, our tennis club and the local youth club",
    "at the home, the big one, nobody rang",
)
FIGURES_MEANT = (
    "mum went on about ⟦trump⟧ again",
    "then ⟦Obama⟧ spoke, and ⟦taylor swift⟧ cancelled",
    "one more ⟦busta rhymes⟧ video, then ⟦draymond⟧ missed it",
    "⟦Ice Spice⟧ and ⟦Zac Efron⟧'s face all over the feed",
)
NO_FIGURES = (
    "played the ace, it trumped his, the birds were swift",
    "she sang with her swifts",
    "no ice spice left, the messier the better",
    "zac wore efron_blue",
    "watched Obama, and taylor swift on the radio",
)
KNOWN = (
    "sat in the ⟦Aldi⟧ car park for an hour",
    "dad did nights at ⟦tesco⟧ for years",
    "a letter from the ⟦DVLA⟧ again",
    "had a ⟦greggs⟧ on the bench",
    "my cousin at ⟦McDonald\u2019s⟧ sneaks me fries",
    "⟦Royal Free⟧ again on Thursday",
    "a loan from ⟦barclays⟧ and a sofa on it",
)
KNOWN_WORDS = (
    "popped into ⟦Boots⟧ for the cream",
    "a shift at ⟦boots⟧ and then the bus",
    "she works for ⟦Shell⟧ offshore",
    "stacking lamps at ⟦Target⟧ all night",
    "mum was at work at ⟦amazon⟧ til six",
    "the ⟦Target⟧ on the corner, aisle nine",
    "Quit ⟦Amazon⟧ today, handed in the badge",
    "a coin from ⟦AA⟧, the heavy one",
    "she is ⟦RCCG⟧ too and may not like it",
    "a loan from the ⟦Bank of Ireland⟧ and ⟦British Airways⟧ lost it",
    "Ran into her at the ⟦Co-op⟧ again",
    "Rang ⟦Mermaids⟧ and a girl answered",
    "ok so i'm outside the ⟦velvet goat⟧ and he's late again",
    "bacon rolls at the ⟦rusty anchor⟧, they know us",
    "⟦open hands⟧ rang about the wardrobe",
    "told ⟦fox and fern⟧ that i can't do sundays",
    "bad week. ⟦lark rise⟧ is closing, all of them have to move",
    "⟦vault⟧ laid off the whole night team",
    "so ⟦cloud nine⟧ overcharged us for the castle",
    "the girls from ⟦spin cycle⟧ and me, all in red",
    "they let me go from ⟦full plate⟧, by text",
    "a slot at ⟦helping hands⟧ on friday",
    "we joined the ⟦tuesday ramblers⟧ and they've closed the ⟦dirty duck⟧",
    "the lady from ⟦little acorn⟧ rang about the place",
    "First night at the ⟦Dirty Duck⟧, and ⟦Larch House⟧ rang",
)
NO_KNOWN = (
    "my boots are wet and the target is far",
    "Boots off, kettle on. Target weight reached.",
    "a gap between two shells, next to the amazon river",
    "WENT TO BED IN BOOTS",
    "the dirty duck by the pond, one rusty anchor, a little acorn in my pocket",
    "with open hands she rang the bell, told common sense from nonsense, kept an open door",
    "the anchor stopped the boat, the lantern had no oil, a fig tree gave us nine figs",
    "the open door banged, cloud nine is where she lives, I had a second wind at last",
    "DVLA have lost my photo",
    "laughed at the dirty duck toy and at the rusty anchor chain",
    "laughed at the dirty duck. Looked at the little acorn and sighed, shut the dirty duck",
    "Colours for the hall: Burnt Sienna, Rose Madder. In the bath a Little Yellow Duck.",
    "Garden jobs: stake the Rambling Rose. Mood: Bone Idle. Read The Wonky Donkey twice.",
    "never MIND that, GOSH I was tired, I really RELATE to it",
    "my dogs trust me, I met police, legal and general advice",
    "the Sky is dark, the Tram was late, the Queen's speech",
    "quit Next year, left Apple, work for next week",
    "a parcel from Amazon, a photo from Apple",
    "the BMW and a Ford by the gate",
    "a snake_aldi_case",
    "taldiz and greggsy",
)


@pytest.mark.parametrize(
    "marked", [*COMPANIONS, *ORGANIZATIONS, *SOMEWHERE, *KNOWN, *KNOWN_WORDS, *FIGURES_MEANT]
)
def test_what_its_context_or_a_list_tells_is_found(
    found_by_patterns: Callable[[str], str], marked: str
) -> None:
    assert found_by_patterns(marked) == marked


@pytest.mark.parametrize("text", [*NO_COMPANIONS, *NO_ORGANIZATIONS, *NO_KNOWN, *NO_FIGURES])
def test_what_only_looks_like_one_stays(found_by_patterns: Callable[[str], str], text: str) -> None:
    assert found_by_patterns(text) == text


@pytest.mark.parametrize("file", [PLAIN, WORDS, TYPICAL, FIGURES])
def test_a_list_holds_each_name_once_and_in_lower_case(file: str) -> None:
    found = names(file)
    assert len(found) > 50
    assert len(set(found)) == len(found)
    assert [name for name in found if name != name.lower().strip() or "\u2019" in name] == []


def test_no_name_stands_in_both_lists() -> None:
    assert not {*names(PLAIN)} & {*names(WORDS)}
    assert not {*names(TYPICAL)} & {*names(PLAIN), *names(WORDS)}
