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
    CHARGE_BACK = "CHARGE_BACK"  # what a cost center bears: no invoice, and in no number series


DOCUMENT_KIND_CAPTIONS = {
    DocumentKind.BILL: _("Bill"),
    DocumentKind.CREDIT_NOTE: _("Credit note"),
    DocumentKind.RECEIPT: _("Receipt"),
    DocumentKind.REFUND: _("Refund"),
    DocumentKind.PRINT: _("Print file"),
    DocumentKind.CHARGE_BACK: _("Charge-back statement"),
}

REVERSED = "-R"  # ends the number of what takes a charge-back statement back; numbers of a series end with a digit


def caption_of(kind: DocumentKind, number: str) -> str:
    """This will name a document: what takes a charge-back statement back is no credit note to a customer."""
    if kind is DocumentKind.CREDIT_NOTE and number.endswith(REVERSED):
        return str(_("Charge-back taken back"))
    return str(DOCUMENT_KIND_CAPTIONS[kind])


# Kinds that are registered when they are issued, with a code that anybody may check.
REGISTERED = (
    DocumentKind.BILL,
    DocumentKind.CREDIT_NOTE,
    DocumentKind.RECEIPT,
    DocumentKind.REFUND,
    DocumentKind.CHARGE_BACK,
)


class Mark(enum.StrEnum):
    """What became of an issued document."""

    CREDITED = "CREDITED"  # taken back by a credit note
    REPLACED = "REPLACED"  # another document stands in its place
    HIDDEN = "HIDDEN"  # the public page answers as if there were none
    SHOWN = "SHOWN"  # and does so no longer


class LogoOwner(enum.StrEnum):
    """Whose picture it is, beside the organization's own."""

    SITE = "SITE"
    CUSTOMER = "CUSTOMER"


REASON_LENGTH = 300
# Before place and year, where a kind has a series of its own beside that of bills.
SIGNS = {DocumentKind.CREDIT_NOTE: "CN-", DocumentKind.RECEIPT: "RC-", DocumentKind.REFUND: "RF-"}

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
