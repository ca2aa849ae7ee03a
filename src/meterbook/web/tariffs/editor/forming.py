"""From a form that came back to the document, and from a document to what its page shows."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import QueryDict
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import gettext as _

from meterbook.tariffs import sources
from meterbook.tariffs.rating import reading
from meterbook.tariffs.rating.document import TariffDocument
from meterbook.tariffs.rating.problems import Problem, TariffInvalid
from meterbook.web.tariffs import picture, stairs, views
from meterbook.web.tariffs.editor import faults, fields, grid, layout, loose, sheet, structure
from meterbook.web.tariffs.editor import preview as previewing
from meterbook.web.tariffs.editor.loose import Raw

MOST_VALUES = 1_900  # a request may carry 2000 (settings), some of which are the form's own


@dataclass(frozen=True)
class Filled:
    """The document that the form holds, and its text: as it came when nothing was changed."""

    text: str
    raw: Raw


def of(raw: Raw) -> Filled:
    """This will return a document with its text."""
    return Filled(loose.written(raw), raw)


def fitting(text: str) -> Raw:
    """This will return a document that the form can show.

    :raises loose.Unreadable: when it is none, or has more values than one request may carry
    """
    raw = loose.parse(text)
    if sum(len(each.shown) for each in sheet.of(raw).fields()) > MOST_VALUES:
        raise loose.Unreadable(loose.Unreadable.__doc__)
    return raw


def filled(posted: QueryDict) -> Filled:
    """This will write what came back into the document that travelled with the form.

    :raises loose.Unreadable: when that document was tampered with
    """
    text = posted.get("base", "").replace("\r\n", "\n")
    base = loose.parse(text)
    raw = copy.deepcopy(base)
    sheet.take(sheet.of(raw), posted)
    held = grid.read(raw)
    painted = grid.parse(posted.get("grid", ""), held) if held is not None and posted.get("grid") else None
    if painted is not None:
        grid.apply(raw, painted)
    return Filled(text, raw) if raw == base else of(raw)


def page(
    raw: Raw,
    text: str,
    posted: Mapping[str, str],
    problems: Iterable[Problem],
    *,
    is_new: bool,
    calendars: Sequence[tuple[str, str]] = (),
    series: Sequence[tuple[str, str]] = (),
) -> dict[str, Any]:
    """This will return what the page of the form shows; `calendars` can be named, by code and name."""
    bare = sheet.of(raw, has_code=is_new)
    found = faults.located(raw, problems, bare)
    form = sheet.of(raw, has_code=is_new, problems=faults.by_path(found), calendars=calendars, series=series)
    wanted = posted.get("do", "")
    in_times = wanted != "paint" and (wanted == "times" or posted.get("times") == "on")
    return {
        "base": text,
        "sheet": form,
        "faults": found,
        "in_times": in_times,
        "has_holidays": any(each.get("is_holiday") for each in raw.get("day_types", [])),
        "shapes": sheet.shapes(),
        "simple_shapes": structure.SIMPLE,
        "painter": painter(raw, form.grid) if form.grid is not None and not in_times else None,
        "page_texts": texts(),
        "open": {fields.identifier(each.path) for each in found},
    }


def preview(raw: Raw, posted: Mapping[str, str], *, today: date) -> dict[str, Any]:
    """This will return what the preview shows: the example month, or how many places must be corrected first."""
    document: TariffDocument | None = None
    problems: tuple[Problem, ...] = ()
    try:
        document = reading.read(raw, sources.calendars())
    except TariffInvalid as error:
        problems = error.problems
    form = previewing.form_of(posted, document, today=today)
    rated = previewing.rated(document, form, today=today) if document is not None else None
    return {
        "example_form": form,
        "example": previewing.told(rated) if rated is not None else None,
        "days": picture.month_days(document, _month(form, today), language=views.language()) if document else (),
        "stairs": stairs.stairs(document, _used(form), language=views.language()) if document else (),
        "unit": picture.symbol(document.unit.value) if document is not None else "",
        "waiting": len(problems),
        "lacking": previewing.lacking(document, form, today=today) if document is not None and rated is None else "",
        "cautions": views.cautions_of(document, views.language()) if document is not None else [],
    }


def _used(form: previewing.ExampleForm) -> Decimal | None:
    """The quantity of the example, where it was answered."""
    found: Decimal | None = form.cleaned_data.get("quantity") if form.is_valid() else None
    return found


def _month(form: previewing.ExampleForm, today: date) -> date:
    """The first day of the example month, of this month when it was not answered."""
    month = form.cleaned_data.get("month") if form.is_valid() else None
    return date(today.year, month or today.month, 1)


def painter(raw: Raw, found: grid.Grid) -> dict[str, Any]:
    """This will return what the painter draws."""
    seasons = raw.get("seasons") or [{"code": grid.ALL, "name": _("All year")}]
    days = [(str(WEEKDAYS[number]), str(WEEKDAYS_ABBR[number])) for number in range(7)]
    days += [(_("Holidays"), _("Hol."))] * (len(found.days) - 7)
    prices = _prices(raw)
    shades = _shades(found, prices)
    return {
        "seasons": [layout.said(each.get("name", "")) for each in seasons],
        "days": days,
        "periods": [
            {
                "name": layout.said(each.get("name", "")),
                "price": fields.localized(prices.get(each.get("code", ""), "")),
                "shade": shade,
            }
            for each, shade in zip(raw["periods"], shades, strict=True)
        ],
        "slots": found.slots,
        "cells": found.cells,
    }


def _prices(raw: Raw) -> dict[str, str]:
    """The prices of the first charge that has them by period."""
    components = raw.get("components", [])
    return next((each["prices"] for each in components if structure.shape_of(each) == "BY_PERIOD"), {})


def _shades(found: grid.Grid, prices: Mapping[str, str]) -> list[int]:
    """Shade 1 is the cheapest, 5 the dearest; in the document's order while prices are missing."""
    values = [fields.number(prices.get(code, "")) for code in found.periods]
    known: list[Any] = list(range(len(values))) if None in values else values
    ranked = sorted(set(known))
    return [1 + ranked.index(each) * (picture.SHADES - 1) // max(1, len(ranked) - 1) for each in known]


def texts() -> dict[str, str]:
    """This will return what the painter says, by key."""
    return {
        "paint_cell": _("{day} {from} to {to}: {price}"),
        "paint_gap": _("no price"),
        "paint_twice": _("two prices"),
        "paint_done": _("{price}: {days}, {from} to {to}."),
        "paint_chosen": _("{price} chosen."),
        "paint_undone": _("Undone."),
        "paint_redone": _("Done again."),
        "paint_copied": _("{day} copied."),
        "paint_covered": _("All {count} cells have a price"),
        "paint_open": _("{count} cells have no price or two"),
        "paint_span": _("{first} to {last}"),
        "paint_failed": _("The preview could not be drawn anew; what you typed is kept."),
    }
