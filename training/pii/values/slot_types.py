"""Which personal data a slot of a template holds."""

from __future__ import annotations

from worker.anonymizer.taggers.entity_types import ENTITY_TYPES

#: The tagger's types; what has no type here is no personal data and must stay.
TYPES = ENTITY_TYPES
TYPE_OF_SLOT = {
    "PERSON": "PERSON",
    "FIRST": "PERSON",
    "LAST": "PERSON",
    "NICK": "PERSON",
    "CITY": "LOCATION",
    "COUNTRY": "LOCATION",
    "REGION": "LOCATION",
    "STREET": "LOCATION",
    "LANDMARK": "LOCATION",
    "ZIP": "LOCATION",
    "ORG": "ORGANIZATION",
    "SCHOOL": "ORGANIZATION",
    "CLINIC": "ORGANIZATION",
    "CHURCH": "ORGANIZATION",
    "DATE": "DATE_TIME",
    "DOB": "DATE_TIME",
    "AGE": "AGE",
    "HANDLE": "CONTACT",
    "USERNAME": "CONTACT",
    "PHONE": "CONTACT",
    "EMAIL": "CONTACT",
    "URL": "CONTACT",
    "ID": "ID",
    "CARD": "ID",
    "IBAN": "ID",
    "IP": "ID",
}
