"""From a record of the Utility Rate Database to a tariff document, and what of the record it does not hold.

A record charges by calendar months: its steps, minimums and highest powers are those of a month. Where periods with
steps share a month, all energy of the month fills the steps, and each period has its part of every step.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from meterbook.tariffs.rating.problems import Problem
from meterbook.tariffs.rating.problems import gettext_noop as _
from meterbook.tariffs.urdb import demands, energies, naming
from meterbook.tariffs.urdb.record import MONTHS, Record, RecordInvalid
from meterbook.tariffs.urdb.seasons import Plan, plan

FORMAT = "meterbook-tariff/1"
UNNAMED = "urdb"
DAYS_A_YEAR = Decimal(365)


@dataclass(frozen=True)
class Converted:
    """A document (JSON as `rating.reading.read` takes it), and remarks on what it leaves out, by key of the record."""

    document: dict[str, Any]
    remarks: tuple[Problem, ...]


def convert(record: Record, *, as_ssc: bool = False, decimals: int | None = None) -> Converted:
    """This will make a tariff document of a record.

    :param as_ssc: what NREL's SSC reads otherwise: a price for a day is due 365/12 times a month and one for a year by
        twelfths, and demand is that of the intervals there are, whatever window the record names
    :param decimals: of demand, where it is not to be rounded as documents usually do
    :raises record.RecordInvalid: naming the key of a charge that no tariff holds
    """
    if as_ssc:
        record = _by_mean_months(record)
    found = plan(record)
    components = [
        *_fixed(record),
        *demands.components(record, found),
        *energies.components(record, found),
    ]
    components += _minimum(record, components)
    for each in components if decimals is not None else ():
        if "demand" in each:
            each["demand"] = {**each["demand"], "decimals": decimals}
    document: dict[str, Any] = {
        "format": FORMAT,
        "code": _code(record),
        "name": " · ".join(filter(None, (record.utility, record.name)))[:200],
        "currency": "USD",
        "unit": "KWH",
        "decimals": 3,
        **_calendar(found, record),
        "components": components,
    }
    return Converted(document, tuple(_remarks(record)))


def _by_mean_months(record: Record) -> Record:
    times = {"$/day": DAYS_A_YEAR / MONTHS, "$/year": 1 / Decimal(MONTHS)}

    def monthly(amount: Decimal, per: str) -> Decimal:
        return amount * times.get(per, Decimal(1))

    return replace(
        record,
        fixed=monthly(record.fixed, record.fixed_per),
        fixed_per="$/month" if record.fixed_per in times else record.fixed_per,
        least=record.least if record.least_per == "$/year" else monthly(record.least, record.least_per),
        least_per="$/month" if record.least_per == "$/day" else record.least_per,
        window=None,
    )


def _code(record: Record) -> str:
    text = re.sub(r"[^a-z0-9]+", "-", (record.name or record.label).lower()).strip("-")
    return (text or UNNAMED)[:40].strip("-")


def _calendar(found: Plan, record: Record) -> dict[str, Any]:
    """Seasons, day types and windows, where there is more than one price period."""
    names = naming.periods(found, record)
    seasons = [
        {"code": each.code, "name": naming.season(each.months), "starts": f"{each.months[0]:02}-01"}
        for each in found.seasons
    ]
    kept: dict[str, Any] = {"periods": [{"code": code, "name": names[code]} for code in found.codes]}
    if len(found.codes) == 1 and len(seasons) == 1:
        return kept
    kinds = [
        {"code": "weekday", "name": naming.WEEKDAY, "weekdays": ["MON", "TUE", "WED", "THU", "FRI"]},
        {"code": "weekend", "name": naming.WEEKEND, "weekdays": ["SAT", "SUN"]},
    ]
    calendar = [
        {"seasons": [each.code], "day_types": [kind], "windows": _windows(hours)}
        for each in found.seasons
        for kind, hours in (("weekday", each.weekday), ("weekend", each.weekend))
    ]
    return {**kept, "seasons": seasons, "day_types": kinds, "calendar": calendar}


def _windows(hours: Sequence[str]) -> list[dict[str, str]]:
    windows: list[dict[str, str]] = []
    for hour, code in enumerate(hours):
        if windows and windows[-1]["period"] == code:
            windows[-1]["to"] = f"{hour + 1:02}:00"
        else:
            windows.append({"from": f"{hour:02}:00", "to": f"{hour + 1:02}:00", "period": code})
    return windows


def _fixed(record: Record) -> Iterable[dict[str, Any]]:
    charges = {"$/day": "FIXED_DAILY", "$/month": "FIXED_MONTHLY", "$/year": "FIXED_YEARLY"}
    if record.fixed:
        yield {
            "code": "fixed",
            "name": naming.FIXED,
            "charge": naming.chosen(charges, record.fixed_per, "fixedchargeunits"),
            "price": naming.price(record.fixed),
        }


def _minimum(record: Record, components: list[dict[str, Any]]) -> list[dict[str, Any]]:
    lengths: dict[str, Any] = {"$/day": {"days": 1}, "$/month": "MONTH_DAYS"}
    if not record.least or record.least_per == "$/year":
        return []
    if not components:
        raise RecordInvalid("energyratestructure", _("nothing has a price but the minimum bill"))
    length = naming.chosen(lengths, record.least_per, "minchargeunits")
    return [
        {
            "code": "minimum",
            "name": naming.MINIMUM,
            "charge": "MINIMUM_BILL",
            "price": naming.price(record.least),
            "components": [each["code"] for each in components],
            "proration": length,
        }
    ]


def _remarks(record: Record) -> Iterable[Problem]:
    yearly = record.least if record.least_per == "$/year" else Decimal(0)
    for place, amount in (("annualmincharge", record.least_year), ("mincharge", yearly)):
        if amount:
            words = _("a minimum of the year (%(amount)s) is not taken; bills are monthly.")
            yield Problem(place, words, {"amount": amount})
    if record.reactive:
        words = _("the price of a kvar (%(amount)s) is not taken; add it where it is due.")
        yield Problem("demandreactivepowercharge", words, {"amount": record.reactive})
    if demands.has_flat(record) and record.demand is not None and (record.lookback_percent or any(record.ratchet)):
        words = _("it is taken for the highest demand of all hours, not for that of demand periods.")
        yield Problem("lookbackpercent" if record.lookback_percent else "demandratchetpercentage", words, {})
    for place in record.unpriced:
        yield Problem(place, _("this step has no rate; it costs nothing."), {})
    steps = [step for ladder in record.energy.ladders for step in ladder] if record.energy else []
    if any(step.sell != Decimal(0) for step in steps):
        yield Problem("sell", _("what is fed in is not paid by this tariff; add a component on the export register."))
    if record.fed_in:
        words = _("the rule for what is fed in (%(rule)s) is not taken; add a component on the export register.")
        yield Problem("dgrules", words, {"rule": record.fed_in})
