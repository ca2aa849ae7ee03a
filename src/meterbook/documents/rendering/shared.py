"""What a customer bears of shared costs, as lines of the bill that anybody can work out again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from meterbook.documents.rendering import words
from meterbook.documents.rendering.words import Language

SERVICE = "POOL"  # in the place of a service
PLACES = 6  # of a key value that no decimal number holds

Plain = dict[str, Any]


def named(cost: Mapping[str, Any], code: str) -> str:
    """This will name what a share is of, the cost and the line of it, in a language as far as it was said in it."""
    pool = cost["pool"]
    said: str = pool.get("names", {}).get(code, pool["name"])
    if line := cost.get("line"):
        said += f": {line.get('texts', {}).get(code, line['text'])}"
    return said


def sums(content: Mapping[str, Any]) -> dict[str, Decimal]:
    """This will return what all shared costs are together, under the name of their section; nothing without any."""
    found = [Decimal(each["amount"]) for each in content.get("shared_costs", ())]
    return {SERVICE: sum(found, Decimal(0))} if found else {}


def groups(content: Mapping[str, Any], language: Language) -> list[Plain]:
    """This will return a section of lines, one for each share."""
    found = content.get("shared_costs", ())
    if not found:
        return []
    name = language.among("services", SERVICE)
    return [
        {
            "service": SERVICE,
            "name": name,
            "sub": language.say("shared_note"),
            "rows": [_row(each, content["currency"], language) for each in found],
            "sum": [language.say("point_total", name=name), language.number(str(sums(content)[SERVICE]))],
        }
    ]


def _row(cost: Mapping[str, Any], currency: str, language: Language) -> Plain:
    if not cost.get("why") and "part" not in cost:
        return _taken_back(cost, language)
    return {
        "name": _name(cost, currency, language),
        "is_estimated": bool(cost.get("is_estimated")),
        "is_apportioned": False,
        "quantity": "" if cost.get("why") else language.number(words.trimmed(cost["percent"], 0)),
        "unit": "" if cost.get("why") else "%",
        "price": "" if cost.get("why") else language.number(cost["part"]),
        "amount": language.number(cost["amount"]),
    }


def _taken_back(cost: Mapping[str, Any], language: Language) -> Plain:
    """On a credit note: the cost and its amount; how that came about stands on the bill."""
    return {
        "name": named({"pool": cost["pool"]}, language.code),
        "is_estimated": False,
        "is_apportioned": False,
        "quantity": "",
        "unit": "",
        "price": "",
        "amount": language.number(cost["amount"]),
    }


def _name(cost: Mapping[str, Any], currency: str, language: Language) -> str:
    pool = named(cost, language.code)
    if cost.get("why") == "LATER":
        first, until = (date.fromisoformat(cost[each]) for each in ("first_day", "until_day"))
        days = {"first": language.day(first), "last": language.day(until - timedelta(days=1))}
        return language.say("shared_later", pool=pool, why=language.among("shared_whys", "LATER"), **days)
    if cost.get("why"):
        why = language.among("shared_whys", cost["why"])
        return language.say("shared_why", pool=pool, total=language.money(cost["total"], currency), why=why)
    member = cost["member"]["name"] or cost["member"]["code"]
    told = language.say(
        "shared_line",
        pool=pool,
        total=language.money(cost["total"], currency),
        by=language.among("shared_keys", cost["key"]),
        own=_exact(cost["own"], language),
        whole=_weight(cost, language),
        member=member,
    )
    if cost["is_vacancy"]:
        told += ", " + language.say("vacant")
    if cost.get("leaving"):
        told += "; " + language.among("shared_leaving", cost["leaving"])
    return told


def _weight(cost: Mapping[str, Any], language: Language) -> str:
    unit = language.say("shared_days", unit=cost["unit"]).strip() if cost["is_daily"] else cost["unit"]
    return f"{_exact(cost['whole'], language)}{words.HARD_SPACE}{unit}".strip()


def _exact(text: str, language: Language) -> str:
    if "/" not in text:
        return language.number(words.trimmed(text, 0))
    value = Fraction(text)
    rounded = Decimal(round(value * 10**PLACES)).scaleb(-PLACES)
    return f"≈{words.HARD_SPACE}{language.number(words.trimmed(str(rounded), 0))}"
