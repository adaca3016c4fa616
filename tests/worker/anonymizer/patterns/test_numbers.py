"""Numbers that identify: spoken, of records, plates and wallets; and numbers that do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

SPOKEN = (
    "her number, ⟦oh seven seven double nine, one four six, oh two eight⟧, on my hand",
    "the new account is ⟦four four one nine seven two zero five⟧",
    "landline was ⟦five five five, oh one nine two⟧ back then",
    "The card ending in ⟦three three oh seven⟧ is cancelled",
    "call us back on ⟦plus four four, seven nine one one, one two three, double four five⟧",
    "sort code ⟦two oh, four five, oh nine⟧, she repeated it",
    "my pin is ⟦nine two one six⟧ and now you know",
    "the door code, ⟦four four seven one⟧, is on the fridge",
    "he rings from ⟦zero eight hundred, triple two, nine nine one⟧ every night",
    "it ends in ⟦double seven one three⟧",
    "the passcode is ⟦forty-two seventeen⟧",
    "ring ⟦oh one three one, four nine six, oh double one eight⟧ after six",
    "reference ⟦eight one one six zero three⟧, they said",
    "her extension is ⟦four four one two⟧ at work",
    "write me at ⟦lena dot brook at gmail dot com⟧ ok",
)
NOT_SPOKEN = (
    "One two three four, breathe in. One two three four, hold.",
    "Counted back from one hundred in sevens: ninety three, eighty six, seventy nine.",
    "We lost four nil, then three one, then drew two all away.",
    "oh five more minutes, oh two more pages",
    "one two three four five six seven eight nine ten, ready or not",
    "ten nine eight seven six five four three two one, liftoff",
    "four in, seven hold, eight out",
    "one step, two steps, three",
    "we call it a four four two and lose",
    "two four six eight, who do we appreciate",
    "I rang her one two three times",
    "the code is one I wrote",
)
RECORDS = (
    "the crime reference ⟦CR/48213/24⟧ on a card",
    "Quote ⟦Q-77120-B⟧ for the boiler is 2,340 pounds",
    "policy no ⟦HX 9910 4427 3⟧ expires on friday",
    "Hospital number ⟦K4419027⟧ on the wristband",
    "Our case ⟦2023-CV-009417⟧ is listed",
    "tracking number is ⟦JD0146 0000 7712 3395⟧",
    "has lost file ⟦LN/2291/kb⟧ and sounded upset",
    "invoice ⟦INV-20931⟧ is still not paid",
    "ticket #⟦884213⟧ was closed without a word",
    "my badge number is ⟦55102⟧ now",
    "order ⟦114-3941689-8772232⟧ never came",
    "the docket ⟦21-cr-00318⟧ has my name on it",
    "pin is ⟦4471⟧ for the gate",
    "the door code is ⟦2251⟧ by the lift",
    "wifi password: ⟦tulip-77⟧ on the board",
    "it said ⟦550e8400-e29b-41d4-a716-446655440000⟧ and crashed",
    "the serial number is ⟦C02XG2JHJG5J⟧",
    "booking ref ⟦X7K2PQ⟧ for the ferry",
)
NO_RECORDS = (
    "Page 212 of 640 and I still don't know.",
    "Bus 43, then the 271, then the night bus N29.",
    "room b204, third floor, size 10.5 shoes",
    "got a quote for 2,340 pounds and another for 1900",
    "in case 3 of them come, order 12 pizzas",
    "error code 404 and exit code 137 all day",
    "ticket was 40, the order was 55 euros",
    "B12 1000 mcg, vitamin D 800 IU",
    "PHQ-9 and GAD-7, COVID-19 again",
    "the quote of the day: nothing",
    "the password is wrong, the pin is missing",
    "I sat my A-levels, watched Fast-9 and GTA-5",
    "my case is closed and the file is gone",
    "chapter 12, verse 3, hymn 481",
)
PLATES = (
    "white van ⟦KR19 VLX⟧ across our drive",
    "a blue Civic, plate ⟦8TRK402⟧, the kid saw it",
    "a tiny car, ⟦B-KM 4471⟧, like a trolley",
    "number plate ⟦AB12 CDE⟧ in the mirror",
    "registration is ⟦191-D-40518⟧ if they ask",
    "the taxi had ⟦KA 01 AB 1234⟧ on it",
    "the lorry, ⟦AA-123-BC⟧, never stopped",
    "license plate ⟦7XYZ 123⟧, silver",
    "reg ⟦ls67 kwp⟧, grey polo",
    "plate number ⟦HXB 4471⟧, a red pickup",
    "his truck, ⟦HJK-4821⟧, in my spot",
)
NO_PLATES = (
    "a plate of 12 biscuits and a plate, 3 forks",
    "the M25 and the A40 were shut, van on the B4069",
    "my car did 40 MPG at 70 MPH",
    "the BMW 320 and the KIA 4 by the gate",
    "registration opens at 9 and closes at 5",
    "IN 10 days, AT 12 PM",
    "the GPS 300 and the USB 3 in the car",
    "AA meeting 123 days in",
    "WW2 book, CO2 alarm, MP3 player",
    "THE 90 MIN RUN",
)
WALLETS = (
    "all sent to ⟦1ERomiW36wGLy11SHyS2xp6pPhbg3T26ir⟧, lighter",
    "wallet is ⟦bc1q73rt2kgsq0wyqmj9j8yjurgyywtekv5j7c2c38⟧ and",
    "a little, ⟦0xcf732461fed6037f2ed9b520fdc766c40be7a61a⟧, gone",
    "money at ⟦3B11fMYQhbWCwWDqFxfrCJVMUpddE7SY6D⟧. We laughed",
    "my sol address, ⟦2N5uYbFbcC4ffPdfpuC1Cip34aV7Y62JogrUtXYy1ArR⟧, sigh",
    "tips go to ⟦ltc1qw7ttm3rjnrs8ahhykm6z87hkure5frsh967wag⟧ now",
    "Wrote ⟦TKFDcPwFbdVQsSKmY9qVVSJkALBJXf77RK⟧ on the back",
    "xrp to ⟦rN7n7otQDd6FczFgLdSqtcsAUxDkw6fzRH⟧ please",
    "doge: ⟦DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L⟧ ha",
    "my name there is ⟦quietmoss.eth⟧ now",
    "taproot ⟦bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr⟧ done",
)
NO_WALLETS = (
    "Lost 0.043 BTC and some sleep. ETH is down 6%.",
    "the sticker says 0xBEEF and 0x7f",
    "I bought SOL and DOGE for fun",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaahhhhhhhh no",
    "1111111 and nothing",
    "supercalifragilisticexpialidocious",
    "bc1 is where my bike is",
    "TTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTT",
    "my eth is gone",
    "bitcoin bitcoin bitcoin",
)


@pytest.mark.parametrize("marked", [*SPOKEN, *RECORDS, *PLATES, *WALLETS])
def test_a_number_that_identifies_is_found(
    found_by_patterns: Callable[[str], str], marked: str
) -> None:
    assert found_by_patterns(marked) == marked


@pytest.mark.parametrize("text", [*NOT_SPOKEN, *NO_RECORDS, *NO_PLATES, *NO_WALLETS])
def test_a_number_that_identifies_nobody_stays(
    found_by_patterns: Callable[[str], str], text: str
) -> None:
    assert found_by_patterns(text) == text
