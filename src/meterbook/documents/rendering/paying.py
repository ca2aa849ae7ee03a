"""How a document is paid and checked: words and codes of the two boxes on its first page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from meterbook.documents.rendering import looks, qr
from meterbook.documents.rendering.words import Language

EURO = "EUR"
FOURS = re.compile(r".{1,4}")

Plain = dict[str, Any]


@dataclass(frozen=True)
class Proof:
    """Where a document is checked: its code as people read it, and the address of the page; empty where none is known.

    `address` leads to the document itself, `page` to where a code is typed.
    """

    code: str
    address: str = ""
    page: str = ""


def own_text(texts: looks.Said, language: Language) -> str:
    """This will return what the template says in a language, or in English where it says nothing in that one."""
    return texts.get(language.code) or texts.get("en") or ""


def check(proof: Proof | None, language: Language) -> Plain | None:
    """This will return the box by which anybody checks the document; None where it has no code."""
    if proof is None:
        return None
    return {
        "code": proof.code,
        "qr": qr.drawn(proof.address or proof.code),
        "alt": language.say("verify_alt", address=proof.address or proof.code),
        "where": language.say("verify_at", address=_shown(proof.page)) if proof.address else language.say("verify_by"),
    }


def payment(content: Mapping[str, Any], number: str, due: str, look: looks.Look, language: Language) -> Plain:
    """This will return how the amount is paid: lines, and a code where it can be paid by one.

    :param due: decimal text; nothing is to be paid where it is not positive
    """
    told: Plain = {"lines": [], "qr": "", "alt": ""}
    if Decimal(due) <= 0:
        return told
    name = look.payee or content["organization"]["name"]
    if look.iban:
        lines = [name, f"IBAN {' '.join(FOURS.findall(look.iban))}", f"BIC {look.bic}" if look.bic else ""]
        told["lines"] = [each for each in lines if each]
    if own := own_text(look.payment, language):
        told["lines"].append(own)
    if look.shows_payment_code:
        told["qr"], told["alt"] = _code(content["currency"], number, due, name, look, language)
    return told


def _code(currency: str, number: str, due: str, name: str, look: looks.Look, language: Language) -> tuple[str, str]:
    """A transfer that a bank's app fills in, where it is in euro; else the reference, so that nobody mistypes it."""
    if look.iban and currency == EURO:
        text = qr.transfer(payee=name, iban=look.iban, bic=look.bic, amount=due, reference=number)
        if text is not None:
            return qr.drawn(text), language.say("pay_code_transfer")
    return qr.drawn(number), language.say("pay_code_reference", number=number)


def _shown(address: str) -> str:
    return address.partition("://")[2] or address
