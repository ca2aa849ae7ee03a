"""Words of documents."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

DIGITS = 6  # of a number, at least


class DocumentKind(enum.StrEnum):
    """What is numbered and filed."""

    BILL = "BILL"
    CREDIT_NOTE = "CREDIT_NOTE"
    RECEIPT = "RECEIPT"
    REFUND = "REFUND"
    PRINT = "PRINT"  # many documents in one file, for the printer


DOCUMENT_KIND_CAPTIONS = {
    DocumentKind.BILL: _("Bill"),
    DocumentKind.CREDIT_NOTE: _("Credit note"),
    DocumentKind.RECEIPT: _("Receipt"),
    DocumentKind.REFUND: _("Refund"),
    DocumentKind.PRINT: _("Print file"),
}

TAX_NUMBER_LENGTH = 40
ADDRESS_LENGTH = 300
CONTACT_LENGTH = 200


@dataclass(frozen=True)
class LetterheadFacts:
    """What stands at the head of documents beside the organization's name; each may be empty.

    `address` has one line of print a line; `contact` says how the reader reaches the organization; `logo` is the
    checksum of a picture (`documents.logos`).
    """

    tax_number: str = ""
    address: str = ""
    contact: str = ""
    logo: str = ""
