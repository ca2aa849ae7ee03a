"""Bills and credit notes as PDF, from their content in the form of docs/reference/bill-format.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from meterbook.documents.rendering import compiler, credit_notes, drawing, fitting, looks, page, paying, tables
from meterbook.documents.rendering.page import Issue

TEMPLATE = "bill.typ"
FORMAT, CREDIT_FORMAT = "meterbook-bill/1", "meterbook-credit-note/1"
ATTACHED = {FORMAT: "bill.json", CREDIT_FORMAT: "credit-note.json"}
AIRY = 100
FLOWING: fitting.Layout = (AIRY, None)
NEARLY_ONE = 2  # pages of a credit note that may fit one when it is set denser


class FormatUnknown(ValueError):
    """The content of the document is of another format; render it with the release that wrote it, or a newer one."""


@dataclass(frozen=True)
class Balance:
    """Of the account, as decimal text, signed: what the customer owes is positive.

    `previous` right after the bill before, `since` what was paid or corrected after it (payments are negative), `due`
    with this bill.
    """

    previous: str
    since: str
    due: str


def render_bill(
    content: Mapping[str, Any],
    *,
    number: str,
    bill_date: date,
    due_date: date,
    sha256: str,
    code: str,
    language: str,
    balance: Balance | None = None,
    logo: bytes | None = None,
    look: looks.Look = page.PLAIN,
    checked: paying.Proof | None = None,
) -> bytes:
    """This will set a bill as PDF/A-3 and PDF/UA-1 with its content attached. The same arguments give the same bytes.

    Of B-70 it shows what the content holds. `organization` may also hold `tax_number`, `address` and `contact` (text);
    `customer` may be null for a landlord. About 25 ms of one core. Never call it in a process that forks later.

    :param sha256: digest of the issued bill, in hexadecimal
    :param code: fingerprint of the content, such as DMWD-DIBA-NRBP
    :param language: "en" or "es"
    :param logo: picture (PNG) that stands in the place of the operator's initials
    :param balance: told below the total; without it the bill says what it charges alone
    :param look: the template
    :param checked: the random code by which anybody checks the document, and where
    :raises FormatUnknown: when the content is not "meterbook-bill/1"
    :raises meterbook.documents.rendering.words.LanguageMissing: when there are no words in the language
    """
    if content.get("format") != FORMAT:
        raise FormatUnknown(f"{content.get('format')!r}: {FormatUnknown.__doc__}")
    issue = Issue(number, bill_date, due_date, sha256, code)
    told = page.of_bill(content, issue, language, look, checked)
    if balance is not None:
        amounts = (balance.previous, balance.since, str(content["total"]), balance.due)
        told["balance"] = page.balance(amounts, content["currency"], language)
    pdf = b""
    for layout in fitting.layouts(told):
        pdf = _set(told, layout, content, logo, bill_date)
        if layout[1] is None or compiler.pages(pdf) == fitting.PAGES:
            break
    return pdf


def render_credit_note(
    content: Mapping[str, Any],
    *,
    number: str,
    note_date: date,
    sha256: str,
    code: str,
    language: str,
    logo: bytes | None = None,
    look: looks.Look = page.PLAIN,
    checked: paying.Proof | None = None,
) -> bytes:
    """This will set a credit note as PDF/A-3 and PDF/UA-1, as `render_bill` does a bill; on one page if it fits.

    :raises FormatUnknown: when the content is not "meterbook-credit-note/1"
    """
    if content.get("format") != CREDIT_FORMAT:
        raise FormatUnknown(f"{content.get('format')!r}: {FormatUnknown.__doc__}")
    issue = Issue(number, note_date, note_date, sha256, code)
    told = credit_notes.of_credit_note(content, issue, language, look, checked)
    airy = _set(told, FLOWING, content, logo, note_date)
    if compiler.pages(airy) == NEARLY_ONE:
        for air in fitting.AIRS[1:]:
            denser = _set(told, (air, None), content, logo, note_date)
            if compiler.pages(denser) == 1:
                return denser
    return airy


def _set(
    told: Mapping[str, Any], layout: fitting.Layout, content: Mapping[str, Any], logo: bytes | None, day: date
) -> bytes:
    air, proof_air = layout
    drawings = drawing.drawn(told, air, AIRY if proof_air is None else proof_air)
    data = {
        **told,
        "layout": layout,
        "drawn": drawings,
        "tables": tables.fitted(told),
        "attached": ATTACHED[content["format"]],
        "has_logo": bool(logo),
    }
    files = {
        "data.json": json.dumps(data, ensure_ascii=False).encode(),
        "content.json": json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(),
    }
    if logo:
        files["logo.json"] = json.dumps([*logo]).encode()  # files are texts; the template puts the bytes together
    return compiler.compile_pdf(TEMPLATE, files, day=day)
