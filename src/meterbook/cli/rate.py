"""`meterbook rate`: what does this usage cost by this tariff? It needs no database."""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import sys
import zoneinfo
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from meterbook.kernel import civil
from meterbook.kernel.period import Period, PeriodInvalid
from meterbook.tariffs.rating import fold, intervals, plain, reading, usage
from meterbook.tariffs.rating.document import TariffDocument
from meterbook.tariffs.rating.lines import Rated
from meterbook.tariffs.rating.plan import Plan
from meterbook.tariffs.rating.problems import TariffInvalid, UsageMisfit

RATED, FAILED = 0, 2
COLUMNS = "{:<44} {:>16} {:<6} {:>14} {:>14}"


class CannotRate(ValueError):
    """The command's files or options cannot be used; the message names which and why."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare the arguments of the command."""
    parser.description = "Price usage by a tariff document and print every line; exit status 2 when it cannot be done."
    parser.add_argument("--tariff", required=True, metavar="FILE", help="a tariff document (JSON)")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--usage", metavar="CSV", help="intervals: columns start,kwh (or another unit)")
    source.add_argument("--determinants", metavar="JSON", help='totals: {"unit": "KWH", "total": "500"}')
    parser.add_argument("--zone", required=True, help="time zone of the meter, such as Europe/Madrid")
    parser.add_argument("--from", dest="first", required=True, metavar="DATE", help="first day of the period")
    parser.add_argument("--to", dest="until", required=True, metavar="DATE", help="the day after its final day")
    parser.add_argument("--language", default="en", help="language of the texts (default en)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")


def run(options: argparse.Namespace) -> int:
    """This will rate and print; it answers 2 with the reason when a file or option cannot be used."""
    try:
        text = _read(options.tariff)
        document = _document(options.tariff, text)
        zone = _zone(options.zone)
        answer = _rate(options, document, zone, _period(options, zone))
    except (CannotRate, UsageMisfit) as error:
        sys.stderr.write(f"meterbook: {error}\n")
        return FAILED
    if options.json:
        digest = hashlib.sha256(text.encode()).hexdigest()
        sys.stdout.write(json.dumps(_described(options, answer, digest), ensure_ascii=False, indent=2) + "\n")
    else:
        _print(answer.plan, answer.rated, options.language)
    return RATED


@dataclass(frozen=True)
class Answer:
    """What was rated, by what plan; `usage` tells of the intervals, and is absent for determinants."""

    plan: Plan
    rated: Rated
    usage: dict[str, int] | None = None


def _rate(options: argparse.Namespace, document: TariffDocument, zone: zoneinfo.ZoneInfo, period: Period) -> Answer:
    name = options.usage or options.determinants
    text = _read(name)
    try:
        if options.usage:
            return _by_intervals(text, document, zone, period)
        raw = json.loads(text, parse_float=str, object_pairs_hook=usage.once)
        state, scale = usage.from_determinants(raw, document)
    except json.JSONDecodeError as error:
        raise CannotRate(f"{name}, line {error.lineno}: this is not JSON ({error.msg}).") from error
    except RecursionError as error:
        raise CannotRate(f"{name}: brackets are nested too deeply.") from error
    except ValueError as error:  # UsageMisfit, and integers beyond what Python reads
        raise CannotRate(f"{name}: {error}") from error
    plan = Plan(document, zone, period, scale)
    return Answer(plan, fold.close(plan, state))


def _by_intervals(text: str, document: TariffDocument, zone: zoneinfo.ZoneInfo, period: Period) -> Answer:
    found = intervals.from_csv(text, zone=zone, period=period, unit=document.unit)
    plan = Plan(document, zone, period, found.scale)
    state = fold.begin(plan)
    for piece in found.pieces:
        state = fold.advance(plan, state, piece)
    state = dataclasses.replace(state, apportioned=state.apportioned + found.shared)
    counted = {
        "step_minutes": found.step // timedelta(minutes=1),
        "intervals": sum(state.counts),
        "apportioned": state.apportioned,
        "estimated": state.estimated,
    }
    return Answer(plan, fold.close(plan, state), counted)


def _period(options: argparse.Namespace, zone: zoneinfo.ZoneInfo) -> Period:
    first, until = _date("--from", options.first), _date("--to", options.until)
    if until <= first:
        raise CannotRate(f"--to {until} must be after --from {first}: it is the day after the final day.")
    try:
        return Period(civil.start_of_day(first, zone), civil.start_of_day(until, zone))
    except (OverflowError, PeriodInvalid) as error:
        raise CannotRate(f"The calendar of {zone} has no day from {first} to {until}.") from error


def _document(name: str, text: str) -> TariffDocument:
    try:
        return reading.read_text(text)
    except TariffInvalid as error:
        listed = "\n".join(f"  {each}" for each in error.problems)
        raise CannotRate(f"{name} is not a sound tariff:\n{listed}") from error


def _read(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CannotRate(f"{name} cannot be read: {error}") from error


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CannotRate(f"--zone “{name}” is not a time zone; take a name such as Europe/Madrid.") from error


def _date(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CannotRate(f"{option} “{text}” is not a date such as 2026-03-01.") from error


def _described(options: argparse.Namespace, answer: Answer, digest: str) -> dict[str, Any]:
    plan = answer.plan
    document = plan.document
    return {
        "tariff": {
            "code": document.code,
            "name": document.name.get(options.language, document.name["en"]),
            "sha256": digest,
        },
        "zone": plan.zone.key,
        "period": {
            "from": plan.period.start.astimezone(plan.zone).isoformat(),
            "to": plan.period.end.astimezone(plan.zone).isoformat(),
            "days": len(plan.days),
        },
        **({} if answer.usage is None else {"usage": answer.usage}),
        **plain.described(answer.rated, language=options.language),
    }


def _print(plan: Plan, rated: Rated, language: str) -> None:
    described = plain.described(rated, language=language)
    until = plan.days[-1] + timedelta(days=1)
    rows = [
        f"{plan.document.name.get(language, plan.document.name['en'])}, {plan.days[0]} to {until} ({plan.zone.key})",
        "",
        COLUMNS.format("Line", "Quantity", "Unit", "Price", rated.currency),
    ]
    rows.extend(
        COLUMNS.format(line["text"][:44], line["quantity"], line["unit"], line["price"], line["amount"])
        for line in described["lines"]
    )
    rows.extend(
        COLUMNS.format(tax["text"][:44], tax["base"], "", tax["rate"], tax["amount"]) for tax in described["taxes"]
    )
    rows.append(COLUMNS.format("Total", "", "", "", described["total"]))
    sys.stdout.write("\n".join(rows) + "\n")
