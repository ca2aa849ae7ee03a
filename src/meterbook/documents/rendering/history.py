"""Twelve months of use: bars of use a day, gaps marked, estimates hatched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from meterbook.documents.rendering import proof, words
from meterbook.documents.rendering.words import Language
from meterbook.kernel import rounding

FULL = 1000  # height of the highest bar
MONTHS = 12
NONE, MEASURED, ESTIMATED = "none", "measured", "estimated"

Plain = dict[str, Any]


def chart(content: Mapping[str, Any], language: Language, *, is_compared: bool = True) -> Plain | None:
    """This will return the bars of the meter point that costs most, or None when no point has a known month.

    :param is_compared: tell what the same month of the year before was, where it is on record
    """
    points = [point for point in _points(content) if _is_known(point)]
    if not points:
        return None
    point = max(points, key=_cost)
    rows = point["history"][-MONTHS:]
    averages = _averages(rows)
    places = _places(averages, point["decimals"])
    unit = language.unit(point["unit"])
    kinds = [_kind(row) for row in rows]
    notes = [language.say(f"history_{kind}") for kind in (NONE, ESTIMATED) if kind in kinds]
    bars = _bars(rows, averages, lambda average: _said(average, point["decimals"], places, language), language)
    quantity = f"{language.scaled(point['quantity'], point['decimals'])} {unit}"
    return {
        "name": proof.point_name(point, language),
        "service": point["service"],
        "unit": language.say("a_day", unit=unit),
        "bars": bars,
        "alt": language.say(
            "history_alt", name=proof.point_name(point, language), unit=unit, bars=_told(rows, bars, language)
        ),
        "average": f"{language.number(point['daily_average'])} {unit}",
        "average_is": language.say("average_is", quantity=quantity, days=language.count(point["days"], "DAY")),
        "before": proof.last_year(point, language) if is_compared else "",
        "note": " ".join(notes or [language.say("history_whole")]),
    }


def _told(rows: Sequence[Mapping[str, Any]], bars: Sequence[Plain], language: Language) -> str:
    """The chart in words, for who cannot see it."""
    return "; ".join(
        f"{language.month(row['month'])} {row['month'][:4]} {bar['value']}"
        + (f" ({language.say('estimated')})" if bar["kind"] == ESTIMATED else "")
        for row, bar in zip(rows, bars, strict=True)
    )


def table(content: Mapping[str, Any], language: Language) -> Plain | None:
    """This will return a row of quantities and bars for each meter point, or None when no point has a known month."""
    points = [point for point in _points(content) if _is_known(point)]
    if not points:
        return None
    longest = max((point["history"][-MONTHS:] for point in points), key=len)
    return {
        "months": [[language.month(row["month"]), row["month"][:4]] for row in longest],
        "rows": [_table_row(point, len(longest), language) for point in points],
        "note": language.say("history_table_note"),
    }


def _table_row(point: Mapping[str, Any], columns: int, language: Language) -> Plain:
    rows = point["history"][-MONTHS:]
    missing = [{"kind": NONE, "height": 0, "label": "", "value": language.say("none")}] * (columns - len(rows))
    known = [abs(row["quantity"]) for row in rows if row["quantity"] is not None]
    places = _places(known, point["decimals"])
    cells = _bars(rows, _averages(rows), None, language)
    for cell, row in zip(cells, rows, strict=True):
        if row["quantity"] is not None:
            cell["value"] = _said(row["quantity"], point["decimals"], places, language)
    return {
        "name": proof.point_name(point, language),
        "service": point["service"],
        "unit": language.unit(point["unit"]),
        "cells": [*missing, *cells],
    }


def _points(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Each meter point once, although the bill may hold several parts of its time."""
    return list({point["public_id"]: point for point in content["meter_points"]}.values())


def _is_known(point: Mapping[str, Any]) -> bool:
    """Whether any month of it is on record; bars that are all dashes say nothing."""
    return any(row["quantity"] is not None for row in point["history"][-MONTHS:])


def _cost(point: Mapping[str, Any]) -> Decimal:
    return sum((Decimal(charge["net"]) for charge in point["charges"]), Decimal(0))


def _averages(rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Use a day in the scale of the quantity, 0 where there is none."""
    return [rounding.divide(row["quantity"] or 0, row["days"] or 1) for row in rows]


def _bars(
    rows: Sequence[Mapping[str, Any]],
    averages: Sequence[int],
    say: Callable[[int], str] | None,
    language: Language,
) -> list[Plain]:
    highest = max([*averages, 1])
    bars = []
    for row, average in zip(rows, averages, strict=True):
        kind = _kind(row)
        value = language.say("none") if kind == NONE else say(average) if say else ""
        height = 0 if kind == NONE else max(0, average) * FULL // highest
        bars.append({"kind": kind, "height": height, "label": language.month(row["month"]), "value": value})
    return bars


def _kind(row: Mapping[str, Any]) -> str:
    if row["quantity"] is None:
        return NONE
    return ESTIMATED if row["is_estimated"] else MEASURED


def _places(values: Sequence[int], decimals: int) -> int:
    """As many decimals as a narrow column holds: 1,234 or 123.4 or 12.34."""
    digits = len(str(max([*map(abs, values), 0]))) - decimals
    return max(0, min(decimals, 4 - max(digits, 1), 2))


def _said(value: int, decimals: int, places: int, language: Language) -> str:
    exact = Decimal(words.scaled(value, decimals))
    return language.number(f"{rounding.round_decimal(exact, places):f}")
