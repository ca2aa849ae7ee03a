"""`meterbook rate`: what does this usage cost by this tariff? It needs no database."""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import sys
import zoneinfo
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from meterbook.cli import rate_files
from meterbook.cli.rate_files import CannotRate
from meterbook.kernel import civil
from meterbook.kernel.period import Period, PeriodInvalid
from meterbook.tariffs.rating import fold, inputs, inputs_reading, intervals, measured, plain, reading, usage
from meterbook.tariffs.rating.document import CalendarDays, TariffDocument
from meterbook.tariffs.rating.lines import Rated
from meterbook.tariffs.rating.plan import Plan
from meterbook.tariffs.rating.problems import TariffInvalid, UsageMisfit

RATED, FAILED = 0, 2
COLUMNS = "{:<44} {:>16} {:<6} {:>14} {:>14}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare the arguments of the command."""
    parser.description = "Price usage by a tariff document and print every line; exit status 2 when it cannot be done."
    tariff = parser.add_mutually_exclusive_group(required=True)
    tariff.add_argument("--tariff", metavar="FILE", help="a tariff document (JSON)")
    tariff.add_argument(
        "--urdb", metavar="FILE", help="a rate of OpenEI's Utility Rate Database (JSON); it charges by months"
    )
    parser.add_argument(
        "--as-ssc",
        action="store_true",
        help="with --urdb: as NREL's SSC reads it, 365/12 days a month and the demand of the intervals there are",
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--usage",
        metavar="CSV",
        action="append",
        help="intervals: columns start,kwh (or another unit); once for each meter of the account",
    )
    source.add_argument("--determinants", metavar="JSON", help='totals: {"unit": "KWH", "total": "500"}')
    parser.add_argument(
        "--inputs", metavar="JSON", help="beside --usage: facts of the account, history, prices, invoices"
    )
    parser.add_argument("--holidays", metavar="JSON", help='calendars that the tariff names: {"es-md": ["2026-01-06"]}')
    parser.add_argument("--monthly", action="store_true", help="with --usage: one bill for each calendar month")
    parser.add_argument("--zone", required=True, help="time zone of the meter, such as Europe/Madrid")
    parser.add_argument("--from", dest="first", required=True, metavar="DATE", help="first day of the period")
    parser.add_argument("--to", dest="until", required=True, metavar="DATE", help="the day after its final day")
    parser.add_argument("--language", default="en", help="language of the texts (default en)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")


def run(options: argparse.Namespace) -> int:
    """This will rate and print; it answers 2 with the reason when a file or option cannot be used."""
    try:
        name, text = rate_files.tariff(options)
        document = _document(name, text, _calendars(options.holidays))
        zone = _zone(options.zone)
        answers = list(_answers(options, document, zone, _period(options, zone)))
    except (CannotRate, UsageMisfit) as error:
        sys.stderr.write(f"meterbook: {error}\n")
        return FAILED
    if options.json:
        digest = hashlib.sha256(text.encode()).hexdigest()
        told = rate_files.gathered([_described(options, each, digest) for each in answers])
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=2) + "\n")
        return RATED
    for each in answers:
        _print(each.plan, each.rated, options.language)
    if len(answers) > 1:
        total = sum((each.rated.total for each in answers), Decimal(0))
        sys.stdout.write("\n" + COLUMNS.format("All months", "", "", "", str(total)) + "\n")
    return RATED


@dataclass(frozen=True)
class Answer:
    """What was rated, by what plan; `usage` tells of the intervals, and is absent for determinants."""

    plan: Plan
    rated: Rated
    usage: dict[str, int] | None = None


def _answers(
    options: argparse.Namespace, document: TariffDocument, zone: zoneinfo.ZoneInfo, period: Period
) -> Iterator[Answer]:
    """One, or one for each month; the highest power of the months before goes along (B-41)."""
    if not options.usage or not (options.monthly or options.urdb):
        yield _rate(options, document, zone, period)
        return
    texts, given = list(map(_read, options.usage)), _inputs(options)
    for month in rate_files.months(period, zone):
        try:
            answer = _by_intervals(texts, document, zone, month, given)
        except ValueError as error:
            raise CannotRate(f"{', '.join(options.usage)}: {error}") from error
        yield answer
        given = rate_files.after(given, document, answer.rated, civil.local_date(month.start, zone))


def _inputs(options: argparse.Namespace) -> inputs.Inputs:
    return inputs_reading.read(_json(options.inputs)) if options.inputs else inputs.NONE


def _rate(options: argparse.Namespace, document: TariffDocument, zone: zoneinfo.ZoneInfo, period: Period) -> Answer:
    name = ", ".join(options.usage or [options.determinants])
    texts = list(map(_read, options.usage or [options.determinants]))
    try:
        if options.usage:
            return _by_intervals(texts, document, zone, period, _inputs(options))
        raw = json.loads(texts[0], parse_float=str, object_pairs_hook=usage.once)
        state, scale = usage.from_determinants(raw, document)
        given = inputs_reading.read(raw)
    except json.JSONDecodeError as error:
        raise CannotRate(f"{name}, line {error.lineno}: this is not JSON ({error.msg}).") from error
    except RecursionError as error:
        raise CannotRate(f"{name}: brackets are nested too deeply.") from error
    except ValueError as error:  # UsageMisfit, and integers beyond what Python reads
        raise CannotRate(f"{name}: {error}") from error
    plan = Plan(document, zone, period, scale)
    try:
        return Answer(plan, fold.close(plan, usage.placed(plan, state), given))
    except UsageMisfit as error:
        raise CannotRate(f"{name}: {error}") from error


def _by_intervals(
    texts: list[str], document: TariffDocument, zone: zoneinfo.ZoneInfo, period: Period, given: inputs.Inputs
) -> Answer:
    """All meters of an account; they count in one unit and step."""
    read = [intervals.from_csv(text, zone=zone, period=period, unit=document.unit) for text in texts]
    found = read[0]
    if any((each.scale, each.step) != (found.scale, found.step) for each in read):
        raise UsageMisfit("The files have different units or intervals; bring them into one.")
    plan = Plan(document, zone, period, found.scale)
    state = fold.together([_folded(plan, text, each) for text, each in zip(texts, read, strict=True)])
    counted = {
        "step_minutes": found.step // timedelta(minutes=1),
        "intervals": sum(state.counts),
        "apportioned": state.apportioned,
        "estimated": state.estimated,
    }
    return Answer(plan, fold.close(plan, state, given), counted)


def _folded(plan: Plan, text: str, found: intervals.Intervals) -> fold.State:
    state = fold.begin(plan)
    for piece in found.pieces:
        state = fold.advance(plan, state, piece)
    wanted, unit = measured.needed(plan), plan.document.unit
    others = intervals.channels_from_csv(text, wanted, zone=plan.zone, period=plan.period, unit=unit)
    for channel, other in others.items():
        for piece in other.pieces:
            state = fold.advance_channel(plan, state, channel, piece, other.scale)
    return dataclasses.replace(state, apportioned=state.apportioned + found.shared)


def _period(options: argparse.Namespace, zone: zoneinfo.ZoneInfo) -> Period:
    first, until = _date("--from", options.first), _date("--to", options.until)
    if until <= first:
        raise CannotRate(f"--to {until} must be after --from {first}: it is the day after the final day.")
    try:
        return Period(civil.start_of_day(first, zone), civil.start_of_day(until, zone))
    except (OverflowError, PeriodInvalid) as error:
        raise CannotRate(f"The calendar of {zone} has no day from {first} to {until}.") from error


def _document(name: str, text: str, calendars: Mapping[str, CalendarDays]) -> TariffDocument:
    try:
        return reading.read_text(text, calendars.get)
    except TariffInvalid as error:
        listed = "\n".join(f"  {each}" for each in error.problems)
        raise CannotRate(f"{name} is not a sound tariff:\n{listed}") from error


def _calendars(name: str | None) -> dict[str, CalendarDays]:
    """Lists of dates by the code of their calendar, or objects with `holidays` and `special`."""
    raw = {} if name is None else _json(name)
    if not isinstance(raw, dict):
        raise CannotRate(f"{name}: give lists of dates by the code of their calendar.")
    return {code: _days_of(f"{name}, {code}:", each) for code, each in raw.items()}


def _days_of(place: str, given: object) -> CalendarDays:
    lists: dict[str, Any] = given if isinstance(given, dict) else {"holidays": given}
    if not lists.keys() <= {"holidays", "special"} or not all(isinstance(each, list) for each in lists.values()):
        raise CannotRate(f'{place} give a list of dates, or {{"holidays": [...], "special": [...]}}.')
    holidays, special = (
        frozenset(_date(place, str(day)) for day in lists.get(key, ())) for key in ("holidays", "special")
    )
    return CalendarDays(holidays, special)


def _json(name: str) -> object:
    try:
        found: object = json.loads(_read(name), parse_float=str, object_pairs_hook=usage.once)
    except json.JSONDecodeError as error:
        raise CannotRate(f"{name}, line {error.lineno}: this is not JSON ({error.msg}).") from error
    except (RecursionError, ValueError) as error:
        raise CannotRate(f"{name}: {error or 'brackets are nested too deeply.'}") from error
    return found


def _read(name: str) -> str:
    return rate_files.read(name)


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
