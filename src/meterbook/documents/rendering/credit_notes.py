"""What the template prints of a credit note: the lines of a bill with the other sign, and which bill it takes back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from meterbook.documents.rendering import looks, page, paying, proof, words
from meterbook.documents.rendering.words import Language

Plain = dict[str, Any]


def of_credit_note(
    content: Mapping[str, Any], issue: page.Issue, code: str, look: looks.Look, checked: paying.Proof | None
) -> Plain:
    """This will return all that bill.typ prints of a credit note in the form "meterbook-credit-note/1".

    What takes the statement of a cost center back is no credit note: it has words of its own, and no tax (M-063).

    :raises words.LanguageMissing: when there are no words in the language
    """
    language, is_internal = words.of(code), bool(content["account"].get("is_internal"))
    language = language.of_taken_back() if is_internal else language.of_credit_note()
    look = looks.internal(look) if is_internal else look
    bill = content["bill"]
    corrects = language.say(
        "corrects_of", number=bill["number"], day=language.day(date.fromisoformat(bill["bill_date"]))
    )
    made = {
        **page.frame(look, language, title="credit_note"),
        "number": issue.number,
        "code": issue.code,
        "sha": issue.sha256,
        "kind": "",
        "operator": page.operator(content, language),
        "customer": page.customer(content, language),
        "facts": page.facts(content, issue, language, [("corrects", [corrects])]),
        "due": _due(content, language),
        "is_estimated": False,
        "is_apportioned": False,
        **page.amounts(content, language),
        "reference": "",
        "payment": {"lines": [], "qr": "", "alt": ""},
        "check": paying.check(checked, language),
        "chart": None,
        "balance": [],
        "has_proof": False,
        "meters": [],
        "use": [],
        **proof.taxes(content, language),
        "services": [],
        "notes": _notes(content, language, look),
        "legal": _legal(content, language, look),
        "history": None,
    }
    made["facts"][0]["label"] = language.say("credit_number")
    made["t"]["total"] = language.say("credit_total")
    return page.printable(made, language)


def _due(content: Mapping[str, Any], language: Language) -> Plain:
    """A bill that was a credit itself is charged back."""
    is_credit = Decimal(content["total"]) <= 0
    return {
        "label": language.say("credited" if is_credit else "charged_back"),
        "amount": language.money(content["total"].removeprefix("-"), content["currency"]),
        "by": language.say("credited_by" if is_credit else "charged_by"),
        "day": "",
    }


def _notes(content: Mapping[str, Any], language: Language, look: looks.Look) -> list[str]:
    reason = content.get("reason", "")
    notes = [language.say("note_reason", reason=reason)] if reason else []
    notes.append(language.say("note_credit", number=content["bill"]["number"]))
    return [*notes, *proof.reaching(content, language, look)]


def _legal(content: Mapping[str, Any], language: Language, look: looks.Look) -> list[str]:
    said = [language.say("legal_credit", operator=content["organization"]["name"]), language.say("attached_credit")]
    own = paying.own_text(look.legal, language)
    return [" ".join(said), *([own] if own else [])]
