"""A bill as PDF, from its content in the form of docs/reference/bill-format.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from meterbook.documents.rendering import compiler, fitting, page
from meterbook.documents.rendering.page import Issue

TEMPLATE = "bill.typ"
FORMAT = "meterbook-bill/1"


class FormatUnknown(ValueError):
    """The content of the bill is of another format; render it with the release that wrote it, or a newer one."""


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
) -> bytes:
    """This will set a bill as PDF/A-3, tagged, with its content attached. The same arguments give the same bytes.

    Of B-70 it shows what the content holds. `organization` may also hold `tax_number`, `address` and `contact` (text);
    `customer` may be null for a landlord. About 40 ms of one core. Never call it in a process that forks later.

    :param sha256: digest of the issued bill, in hexadecimal
    :param code: verification code, such as DMWD-DIBA-NRBP
    :param language: "en" or "es"
    :param logo: picture (PNG) that stands in the place of the operator's initials
    :param balance: told below the total; without it the bill says what it charges alone
    :raises FormatUnknown: when the content is not "meterbook-bill/1"
    :raises meterbook.documents.rendering.words.LanguageMissing: when there are no words in the language
    """
    if content.get("format") != FORMAT:
        raise FormatUnknown(f"{content.get('format')!r}: {FormatUnknown.__doc__}")
    issue = Issue(number, bill_date, due_date, sha256, code)
    told = page.of_bill(content, issue, language)
    if balance is not None:
        amounts = (balance.previous, balance.since, str(content["total"]), balance.due)
        told["balance"] = page.balance(amounts, content["currency"], language)
    attached = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    pdf = b""
    for own, air in fitting.layouts(told):
        inputs = {"data": json.dumps({**told, "layout": [own, air]}, ensure_ascii=False), "content": attached}
        if logo is not None:
            inputs["logo"] = json.dumps([*logo])  # inputs are texts; the template puts the bytes together
        pdf = compiler.compile_pdf(TEMPLATE, inputs, day=bill_date)
        if air is None or compiler.pages(pdf) == fitting.PAGES:
            break
    return pdf
