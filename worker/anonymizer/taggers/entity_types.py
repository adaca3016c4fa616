"""Our types of personal data, and what others call them."""

from __future__ import annotations

import re

#: What the shipped tagger tells apart.
KINDS = ("PERSON", "LOCATION", "ORGANIZATION", "DATE_TIME", "AGE", "CONTACT", "ID")
_SYNONYMS = {
    "PERSON": """
        per pers person_name name first_name last_name given_name surname family_name middle_name
        nickname patient doctor
    """,
    "LOCATION": """
        loc gpe fac facility address street_address street location_address city country state
        county region zip zip_code postcode postal_code building_num
        building_number secondary_address
    """,
    "ORGANIZATION": "org organisation company company_name corporation school hospital employer",
    "DATE_TIME": "date_of_birth dob birth_date birthday",
    "CONTACT": """
        email email_address phone phone_number telephone telephone_num mobile fax url website
        username user_name handle social_handle
    """,
    "ID": """
        id_number id_num id_card_num us_ssn ssn social_num credit_card credit_card_number financial
        account account_num account_number iban iban_code ip ip_address mac_address passport
        passport_num us_passport driver_license driver_license_num us_driver_license tax_num
        medical_record medical_record_number mrn nhs uk_nhs us_bank_number license_plate
    """,
}  # fmt: skip


def _plain(label: str) -> str:
    return re.sub(r"[\W_]", "", label).lower()


_OWN = {_plain(kind): kind for kind in KINDS} | {
    _plain(word): kind for kind, words in _SYNONYMS.items() for word in words.split()
}


def own_kind(label: str) -> str | None:
    """Our type for another's name of it (`PER`, `GPE`, `givenName`); None for what we do not know.

    A plain `DATE` is none: taggers that have it take "today" for one, and diaries are full of that.
    """
    return _OWN.get(_plain(label))
