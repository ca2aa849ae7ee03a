"""What a bill settles of earlier, estimated ones, as groups of its lines (B-22): both states are told."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from meterbook.documents.rendering import proof
from meterbook.documents.rendering.words import Language


def groups(content: Mapping[str, Any], language: Language) -> list[dict[str, Any]]:
    """This will return a group for each settled bill: its number and time, what was billed, what was used."""
    return [_group(each, language) for each in content.get("settlements", ())]


def sums(content: Mapping[str, Any]) -> dict[str, Decimal]:
    """This will return what is settled by service, before taxes."""
    found: dict[str, Decimal] = {}
    for line in (line for each in content.get("settlements", ()) for line in each["lines"]):
        found[line["service"]] = found.get(line["service"], Decimal(0)) + Decimal(line["amount"])
    return found


def _group(settled: Mapping[str, Any], language: Language) -> dict[str, Any]:
    points = settled["meter_points"]
    used = [
        language.say(
            "settled_use",
            name=each["name"],
            billed=language.scaled(each["billed"], each["decimals"]),
            actual=language.scaled(each["actual"], each["decimals"]),
            unit=language.unit(each["unit"]),
        )
        for each in points
    ]
    of = [language.say("settled_of", account=settled["account"])] if "account" in settled else []
    return {
        "service": points[0]["service"] if points else "",
        "name": language.say("settled", number=settled["bill"]),
        "sub": ", ".join([*of, proof.span(settled, language), *used]),
        "rows": [_row(each, language) for each in settled["lines"]],
        "sum": [],
    }


def _row(line: Mapping[str, Any], language: Language) -> dict[str, Any]:
    return {
        "name": language.text(line["text"]),
        "is_estimated": False,
        "is_apportioned": False,
        "quantity": language.quantity(line["quantity"], line["unit"]),
        "unit": language.unit(line["unit"], line["quantity"]),
        "price": "",
        "amount": language.number(line["amount"]),
    }
