"""The entity types of personal data, and the names that other models' labels have for them."""

from __future__ import annotations

import re

#: The label of tokens that are no personal data.
OUTSIDE = "O"
#: The entity types that the shipped tagger tells apart.
ENTITY_TYPES = ("PERSON", "LOCATION", "ORGANIZATION", "DATE_TIME", "AGE", "CONTACT", "ID")
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
}


def _normalized(label: str) -> str:
    return re.sub(r"[\W_]", "", label).lower()


_BY_NAME = {_normalized(name): name for name in ENTITY_TYPES} | {
    _normalized(synonym): name
    for name, synonyms in _SYNONYMS.items()
    for synonym in synonyms.split()
}


def entity_type(label: str) -> str | None:
    """The entity type that a label names (`PER`, `GPE`, `givenName`); None if it names none.

    A plain `DATE` names none: taggers that have it find "today", and diaries are full of that.
    """
    return _BY_NAME.get(_normalized(label))
