"""Files and months of `meterbook rate`: the tariff, of ours or of others, and a year by its months."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import zoneinfo
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.tariffs.rating import pricing_power
from meterbook.tariffs.rating.document import TariffDocument
from meterbook.tariffs.rating.inputs import Inputs, MonthlyDemand
from meterbook.tariffs.rating.lines import Rated
from meterbook.tariffs.urdb import converting, record

DEMAND_DECIMALS = 4  # of a rate of others, which rounds none: at $20 for a kW a tenth of a cent


class CannotRate(ValueError):
    """The command's files or options cannot be used; the message names which and why."""


def read(name: str) -> str:
    """This will read a text file.

    :raises CannotRate: when it is not there, or no text
    """
    try:
        return Path(name).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CannotRate(f"{name} cannot be read: {error}") from error


def tariff(options: argparse.Namespace) -> tuple[str, str]:
    """This will return the name of the tariff's file and its document; what a rate leaves out is said.

    :raises CannotRate: when a rate of the Utility Rate Database cannot be taken, naming the key, or options contradict
    """
    if options.tariff:
        if options.as_ssc:
            raise CannotRate("--as-ssc goes with --urdb; a tariff document says itself how it is read.")
        return options.tariff, read(options.tariff)
    try:
        found = converting.convert(
            record.read_text(read(options.urdb)), as_ssc=options.as_ssc, decimals=DEMAND_DECIMALS
        )
    except record.RecordInvalid as error:
        raise CannotRate(f"{options.urdb}: {error}") from error
    for remark in found.remarks:
        sys.stderr.write(f"meterbook: {options.urdb}: {remark}\n")
    return options.urdb, json.dumps(found.document, ensure_ascii=False)


def months(period: Period, zone: zoneinfo.ZoneInfo) -> Iterator[Period]:
    """This will cut a period at the beginnings of calendar months."""
    start = period.start
    while start < period.end:
        following = civil.start_of_day(civil.next_month(civil.local_date(start, zone).replace(day=1)), zone)
        end = min(following, period.end)
        yield Period(start, end)
        start = end


def after(given: Inputs, document: TariffDocument, rated: Rated, month: date) -> Inputs:
    """This will add the highest powers of a month to what is known for the next one."""
    known = {each.code for each in document.components if each.demand is not None}
    found = {
        line.code: MonthlyDemand(
            month.replace(day=1), line.component, Decimal(line.trace["actual"]), pricing_power.unit_of(line.unit)
        )
        for line in rated.lines
        if line.component in known and "actual" in line.trace
    }
    history = dataclasses.replace(given.history, demand=(*given.history.demand, *found.values()))
    return dataclasses.replace(given, history=history)


def gathered(told: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """This will put the bills of months into one object with their total; a single bill stays as it is."""
    if len(told) == 1:
        return told[0]
    first, final = told[0]["period"], told[-1]["period"]
    return {
        "tariff": told[0]["tariff"],
        "zone": told[0]["zone"],
        "period": {"from": first["from"], "to": final["to"], "days": sum(each["period"]["days"] for each in told)},
        "months": [{key: value for key, value in each.items() if key not in {"tariff", "zone"}} for each in told],
        "currency": told[0].get("currency"),
        "total": str(sum((Decimal(each["total"]) for each in told), Decimal(0))),
    }
