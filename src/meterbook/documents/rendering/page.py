"""What the template prints of a bill: every word and figure as final text, in one language. Page 1 pays."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from meterbook.documents.rendering import (
    compiler,
    drawing,
    history,
    looks,
    paying,
    proof,
    sections,
    settled,
    shared,
    words,
    workings,
)
from meterbook.documents.rendering.words import Language

STEPS = 4  # boxes before the total that a line of the page holds
UNITS_NAMED = 3
PLAIN = looks.Look()
SHORT_NAME = 44  # characters of a line in the foot of a page
ESCAPED = re.compile(r"\\[tnfr]|\\u000b|[\u2028\u2029]")  # BREAKS, as JSON writes them
BREAKS = re.compile(r"[\t-\r\u2028\u2029]+")

Plain = dict[str, Any]


@dataclass(frozen=True)
class Issue:
    """What a bill gets when it is issued."""

    number: str
    bill_date: date
    due_date: date
    sha256: str
    code: str


def of_bill(
    content: Mapping[str, Any],
    issue: Issue,
    code: str,
    look: looks.Look = PLAIN,
    checked: paying.Proof | None = None,
) -> Plain:
    """This will return all that bill.typ prints; characters that the typeface does not have are squares.

    :param look: how it looks and what else it says
    :param checked: where the bill is checked, once it has a code for that
    :raises words.LanguageMissing: when there are no words in the language
    """
    language, is_internal = words.of(code), bool(content["account"].get("is_internal"))
    if is_internal:
        language, look = language.of_charge_back(), looks.internal(look)
    made = {
        **frame(look, language, title="bill"),
        "number": issue.number,
        "code": issue.code,
        "sha": issue.sha256,
        "kind": _kind(content, language),
        "operator": operator(content, language),
        "customer": customer(content, language),
        "facts": facts(content, issue, language, []),
        "due": _due(content, issue, language),
        "is_estimated": content["is_estimated"],
        "is_apportioned": content.get("is_apportioned", False),
        **amounts(content, language),
        "reference": "" if is_internal else language.say("reference", number=issue.number),
        "payment": paying.payment(content, issue.number, content["total"], look, language),
        "check": paying.check(checked, language),
        "chart": history.chart(content, language, is_compared=look.shows_comparison),
        "balance": [],
        "has_proof": True,
        **proof.sections(content, language, look),
        "history": history.table(content, language),
    }
    return printable(made, language)


def frame(look: looks.Look, language: Language, *, title: str) -> Plain:
    """This will return what every document takes from its template: colors, paper, title, words of the language.

    :param title: key of the title: "bill" or "credit_note", each with a title and a notice of the template's own
    """
    own, notice = (look.title, look.notice) if title == "bill" else (look.credit_title, look.credit_notice)
    return {
        "lang": language.code,
        "t": {key: value for key, value in language.words.items() if isinstance(value, str) and "{" not in value},
        "title": paying.own_text(own, language) or language.say(title),
        "page": language.words["page"],
        "paper": look.paper.value,
        "palette": asdict(looks.palette(look.accent)),
        "colors": drawing.COLORS,
        "shows_boxes": look.shows_boxes,
        "notice": paying.own_text(notice, language),
    }


def amounts(content: Mapping[str, Any], language: Language) -> Plain:
    """This will return the lines of a document and their sums."""
    return {
        "heads": _heads(content["currency"], language),
        "steps": _steps(content, language),
        "total": language.money(content["total"], content["currency"]),
        "groups": [*_groups(content, language), *shared.groups(content, language)],
        "sums": _sums(content, language),
    }


def _kind(content: Mapping[str, Any], language: Language) -> str:
    """What is special about the bill, below its title."""
    if Decimal(content["total"]) < 0:
        return language.say("credit_bill")
    return language.say("vacancy_bill") if content["account"]["is_landlord"] else ""


def operator(content: Mapping[str, Any], language: Language) -> Plain:
    """This will return who issues the document."""
    who = content["organization"]
    initials = "".join(word[0] for word in who["name"].split() if word[0].isalnum())[:2].upper()
    return {
        "name": who["name"],
        "short": textwrap.shorten(who["name"], SHORT_NAME, placeholder="…"),
        "initials": initials,
        "lines": _identity(who, language),
    }


def customer(content: Mapping[str, Any], language: Language) -> Plain:
    """This will return whom the document is for; a landlord may have no customer of his own."""
    who = content.get("customer")
    head = language.say("landlord" if content["account"]["is_landlord"] else "customer")
    if not who:
        return {"head": head, "name": content["site"]["name"], "lines": []}
    return {"head": head, "name": who["name"], "lines": _identity(who, language)}


def _identity(who: Mapping[str, Any], language: Language) -> list[str]:
    lines = [line.strip() for line in (who.get("address") or "").splitlines() if line.strip()]
    if who.get("tax_number"):
        lines.append(f"{language.say('tax_id')} {who['tax_number']}")
    return lines


def facts(
    content: Mapping[str, Any], issue: Issue, language: Language, more: Sequence[tuple[str, list[str]]]
) -> list[Plain]:
    """This will return the facts beside the customer: number, dates, account, place, period.

    :param more: further ones after the date, by the key of their caption
    """
    units = list(dict.fromkeys(point["unit_name"] for point in content["meter_points"] if point["unit_name"]))
    named = ", ".join(units[:UNITS_NAMED])
    if len(units) > UNITS_NAMED:
        named += " " + language.say("more_units", count=str(len(units) - UNITS_NAMED))
    found = [
        ("number", [issue.number]),
        ("issued", [language.day(issue.bill_date)]),
        *more,
        ("account", [content["account"]["number"]]),
        ("site", [content["site"]["name"]]),
        ("units" if len(units) > 1 else "unit", [named] if units else []),
        ("period", _period(content, language)),
    ]
    return [{"label": language.say(key), "lines": lines} for key, lines in found if lines]


def _period(content: Mapping[str, Any], language: Language) -> list[str]:
    period = content["period"]
    length = f"{language.count(period['days'], 'DAY')}, {language.length(period['minutes'])}"
    zone = f"{period.get('zone') or content['site']['zone']} ({language.offsets(period['offsets'])})"
    until = language.say("until", until=language.moment(period["until"]))
    return [language.moment(period["from"]), until, length, zone]


def _due(content: Mapping[str, Any], issue: Issue, language: Language) -> Plain:
    total = Decimal(content["total"])
    amount = language.money(content["total"].removeprefix("-"), content["currency"])
    if total > 0 and content["account"].get("is_internal"):
        return {"label": language.say("due"), "amount": amount, "by": language.say("no_payment"), "day": ""}
    if total > 0:
        return {
            "label": language.say("due"),
            "amount": amount,
            "by": language.say("pay_by"),
            "day": language.day(issue.due_date),
        }
    return {
        "label": language.say("credit" if total < 0 else "nothing"),
        "amount": amount,
        "by": language.say("no_payment"),
        "day": "",
    }


def _heads(currency: str, language: Language) -> Plain:
    return {key: language.say(key, currency=currency) for key in ("price", "amount", "base", "tax_amount")}


def _steps(content: Mapping[str, Any], language: Language) -> list[Plain]:
    """The sum of each service, and the taxes: together the total."""
    sums = settled.sums(content)
    for section in sections.by_service(content):
        if any(content["meter_points"][each]["charges"] for each in section.places):
            sums[section.service] = sums.get(section.service, Decimal(0)) + section.net
    sums |= shared.sums(content)
    room = STEPS - bool(content["taxes"])
    kept, rest = list(sums.items()), Decimal(0)
    if len(kept) > room:
        rest = sum((amount for _service, amount in kept[room - 1 :]), rest)
        kept = kept[: room - 1]
    steps = [(language.among("services", service), str(amount)) for service, amount in kept]
    if len(sums) > room:
        steps.append((language.say("other_services"), str(rest)))
    if content["taxes"]:
        steps.append((language.say("taxes_step"), content["tax"]))
    return [{"label": label, "amount": language.money(amount, content["currency"])} for label, amount in steps]


def _groups(content: Mapping[str, Any], language: Language) -> list[Plain]:
    """Lines by service, meter point and tariff version; of several services each ends with its sum."""
    found: list[Plain] = []
    services = sections.by_service(content)
    for section in services:
        points = [sections.part_of(content["meter_points"][each], section.service) for each in section.places]
        found += [
            {
                "service": point["service"],
                "name": proof.point_name(point, language),
                "sub": _group_words(point, charge, content["period"], language),
                "rows": [_row(line, point, content["currency"], language) for line in charge["lines"]],
                "sum": [],
            }
            for point in points
            for charge in point["charges"]
        ]
        if sections.are_summed(services) and any(point["charges"] for point in points):
            service = language.among("services", section.service)
            found[-1]["sum"] = [language.say("point_total", name=service), language.number(str(section.net))]
    return [*found, *settled.groups(content, language)]


def _group_words(
    point: Mapping[str, Any], charge: Mapping[str, Any], period: Mapping[str, Any], language: Language
) -> str:
    tariff = charge["tariff"]
    said = [language.say("tariff", name=language.text(tariff["name"]), version=str(tariff["version"]))]
    if (charge["from"], charge["until"]) != (period["from"], period["until"]):
        said.append(proof.span(charge, language))
        if point.get("zone") and point["zone"] != period.get("zone"):
            said[-1] += f" ({point['zone']})"
    if point.get("is_vacancy"):
        said.append(language.say("vacant"))
    return ", ".join(said)


def _row(line: Mapping[str, Any], point: Mapping[str, Any], currency: str, language: Language) -> Plain:
    is_metered, detail = line["unit"] not in words.COUNTED, workings.of_line(line, language)
    return {
        "name": language.text(line["text"]),
        "is_estimated": is_metered and "quality" in point and proof.is_estimated(point),
        "is_apportioned": is_metered and point.get("is_apportioned", False),
        "quantity": language.quantity(line["quantity"], line["unit"]),
        "unit": language.unit(line["unit"], line["quantity"]),
        "price": language.price(line["price"], currency),
        "amount": language.number(line["amount"]),
        **({"detail": detail} if detail else {}),
    }


def _sums(content: Mapping[str, Any], language: Language) -> list[list[str]]:
    taxes = [
        [f"{language.text(tax['text'])} {language.percent(tax['rate'])}", language.number(tax["amount"])]
        for tax in content["taxes"]
    ]
    return [[language.say("net"), language.number(content["net"])], *taxes]


def balance(amounts: Sequence[str], currency: str, code: str) -> list[Plain]:
    """This will return the lines that lead from what was owed before to what is owed now, the result last.

    :param amounts: before, posted since, this bill, now
    """
    language = words.of(code)
    keys = ("balance_before", "balance_since", "total", "balance_now")
    return [
        {"label": language.say(key), "amount": language.money(amount, currency)}
        for key, amount in zip(keys, amounts, strict=True)
    ]


def printable(made: Plain, language: Language) -> Plain:
    """This will put squares for what cannot be printed, and a note about them when there are any."""
    told = {key: value for key, value in made.items() if key != "t"}
    whole = json.dumps(told, ensure_ascii=False)
    if compiler.covered(whole) == whole and compiler.UNKNOWN not in whole and not ESCAPED.search(whole):
        return made
    found: Plain = {"t": made["t"], **{key: _clean(value) for key, value in told.items()}}
    if any(compiler.UNKNOWN in str(value) for key, value in found.items() if key != "t"):
        found["notes"].append(language.say("note_glyphs"))
    return found


def _clean(value: Any) -> Any:  # noqa: ANN401 - a tree of JSON
    if isinstance(value, str):
        return compiler.covered(BREAKS.sub(" ", value))
    if isinstance(value, Mapping):
        return {key: _clean(each) for key, each in value.items()}
    if isinstance(value, Sequence):
        return [_clean(each) for each in value]
    return value
