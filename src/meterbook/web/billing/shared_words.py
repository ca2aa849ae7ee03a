"""Shared costs in words: keys, sources, weights, and what a sheet did."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _

from meterbook.billing import pool_words
from meterbook.billing.content import shared_costs
from meterbook.billing.invoice_words import LINE_KINDS
from meterbook.billing.pools.definition import Key, Kind, Leaving, LineKind, Source
from meterbook.billing.queries import pools as pool_queries
from meterbook.kernel.quantity import Unit
from meterbook.web.billing import words as bill_words

Plain = Mapping[str, Any]


def kind(code: str) -> str:
    """This will name what is shared."""
    return str(pool_words.KINDS[Kind(code)]) if code in set(Kind) else code


def key(code: str) -> str:
    """This will name a key."""
    return str(pool_words.KEYS[Key(code)]) if code in set(Key) else code


def keys(definition: Plain) -> str:
    """This will name the keys of a definition: "30 % by area, 70 % by use"."""
    parts = definition.get("parts", [])
    if len(parts) == 1:
        return key(parts[0]["key"])
    if definition.get("division") == "EACH":
        named = [each for each in parts if each.get("of")]
        rest = [key(each["key"]) for each in parts if not each.get("of")]
        said = [
            _("%(lines)s: %(key)s")
            % {"lines": ", ".join(str(LINE_KINDS[LineKind(kind)]) for kind in each["of"]), "key": key(each["key"])}
            for each in named
        ]
        return "; ".join([*rest, *said])
    said = [
        _("%(percent)s %% by %(key)s") % {"percent": bill_words.tidy(each["percent"]), "key": key(each["key"]).lower()}
        for each in parts
    ]
    return ", ".join(said)


def source(definition: Plain) -> str:
    """This will name where the cost comes from."""
    code = definition.get("source", {}).get("kind", "")
    return str(pool_words.SOURCES[Source(code)]) if code in set(Source) else code


def days(first: date, until: date) -> str:
    """This will write days up to the one before `until`; a whole month by its name."""
    final = until - timedelta(days=1)
    if first.day == 1 and until.day == 1 and 27 < (until - first).days < 32:
        return formats.date_format(first, "YEAR_MONTH_FORMAT")
    begins, ends = (formats.date_format(each, "SHORT_DATE_FORMAT") for each in (first, final))
    return begins if first == final else f"{begins}{bill_words.SPREAD}{ends}"


def weight(text: str, unit: str, *, is_daily: bool) -> str:
    """This will write a key value with its unit: "120.5 m²", "1,205 m² · days"."""
    unit_text = unit
    if is_daily:
        unit_text = _("%(unit)s · days") % {"unit": unit} if unit else _("days")
    return f"{exact(text)}\u00a0{unit_text}" if unit_text else exact(text)


def exact(text: str) -> str:
    """This will write an exact number; what no decimal holds to six places, with a sign that says so."""
    if "/" not in text:
        return bill_words.tidy(text)
    numerator, denominator = text.split("/")
    return "≈\u00a0" + bill_words.tidy(str((Decimal(numerator) / Decimal(denominator)).quantize(Decimal("0.000001"))))


def unit(code: str) -> str:
    """This will write a unit as people do."""
    return Unit(code).symbol if code in set(Unit) else code


def share(told: Plain) -> str:
    """This will say how a share came about: own key value of all, percent, days."""
    if told.get("why") == shared_costs.LATER:
        spread = days(*(date.fromisoformat(told[each]) for each in ("first_day", "until_day")))
        return _("%(days)s: comes with a later bill") % {"days": spread}
    if told.get("why"):
        return str(pool_words.WHYS.get(told["why"], told["why"]))
    said = [
        _("%(key)s: %(own)s of %(whole)s, %(percent)s %%")
        % {
            "key": key(told["key"]),
            "own": weight(told["own"], told["unit"], is_daily=told["is_daily"]),
            "whole": weight(told["whole"], told["unit"], is_daily=told["is_daily"]),
            "percent": bill_words.tidy(told["percent"]),
        }
    ]
    if told.get("is_vacancy"):
        said.append(_("vacant"))
    if told.get("is_estimated"):
        said.append(_("from estimates"))
    if told.get("leaving"):
        said.append(str(pool_words.LEFT[Leaving(told["leaving"])]))
    return ", ".join(said)


def pools_of(codes: Collection[str]) -> dict[str, str]:
    """This will name the shared costs among the codes by which a run is summed up."""
    wanted = {each: each.removeprefix(shared_costs.NET) for each in codes if each.startswith(shared_costs.NET)}
    named = pool_queries.names_of(codes=list(wanted.values())) if wanted else {}
    return {each: named[code][0] for each, code in wanted.items() if code in named}
