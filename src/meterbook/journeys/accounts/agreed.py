"""The rules of the sheet of contracts: nobody pays twice for the same time, and what is billed stays."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from meterbook.customers import tariff_defaults
from meterbook.customers import values as customer_values
from meterbook.journeys import moving_in
from meterbook.journeys.accounts.planner import Planner, laid_over, require
from meterbook.journeys.accounts.sheets import AccountSheet, Holder
from meterbook.journeys.building.planning import Entry
from meterbook.journeys.building.present import Values
from meterbook.kernel import civil
from meterbook.metering import models as metering_models
from meterbook.metering import values as metering_values

_SHEET = AccountSheet.CONTRACTS


@dataclass(frozen=True)
class Time:
    """The time of a contract: of a row of the workbook, or of one that is there (no `line`)."""

    start: datetime
    end: datetime | None
    line: int | None
    who: str


def plan_contracts(planner: Planner) -> None:
    """This will compare the sheet of contracts with what is there."""
    present = planner.present
    times: dict[str, list[Time]] = defaultdict(list)
    for found in planner.accept(_SHEET, present.values_of_contracts, {}):
        key = str(planner.code_of(_SHEET, found.values))
        known = present.values_of_contracts.get(key)
        entry = laid_over(_asked_again(planner, found, key), known, ("account", "tariff"))
        point = present.points.get(str(entry.values["point"]))
        if known is None:
            _check_new(planner, entry, point)
        else:
            _check_known(planner, entry, known, key)
        if point is not None:
            times[point.code].append(_time(planner, entry, key, point))
        planner.keep(_SHEET, entry, known)
    for key, contract in present.contracts.items():
        if contract.meter_point.code in times and key not in planner.seen[_SHEET]:
            during = contract.during
            times[contract.meter_point.code].append(Time(during.lower, during.upper, None, contract.account.number))
    for listed in times.values():
        _check_overlaps(planner, listed)
    _check_defaults(planner)


def _asked_again(planner: Planner, entry: Entry, key: str) -> Entry:
    """A row of a contract that is there: its reason was read when it was made; a tariff may still wait for approval."""
    known = planner.present.values_of_contracts.get(key)
    if known is None:
        return entry
    is_waiting = entry.values.get("tariff") == planner.present.waiting.get(key, "")
    return replace(
        entry,
        values={
            **entry.values,
            "reason": None,
            "tariff": known["tariff"] if is_waiting else entry.values.get("tariff"),
        },
    )


def _check_defaults(planner: Planner) -> None:
    """A new contract by another tariff than the default of its group says why (M-057)."""
    if planner.problems.total:
        return
    asked = []
    for each in planner.plan.entries[_SHEET]:
        since = each.values["since"]
        if each.is_new and isinstance(since, date) and not each.values.get("reason"):
            asked.append((each, planner.present.points[str(each.values["point"])], since))
    kinds = [_kind(planner, str(each.values["account"])) for each, _point, _since in asked]
    found = tariff_defaults.defaults_for(
        [(point, kind, since) for (_each, point, since), kind in zip(asked, kinds, strict=True)]
    )
    for (each, _point, _since), kind, default in zip(asked, kinds, found, strict=True):
        if kind is not None and default is not None and default.tariff_code != each.values["tariff"]:
            planner.blame(
                _SHEET,
                each.line,
                "reason",
                _("The default is %(default)s.") % {"default": default.tariff_code},
                _("Take the default, or write why another tariff is to hold."),
            )


def _kind(planner: Planner, number: str) -> customer_values.CustomerKind | None:
    """Of the customer of an account that is there or is made by the workbook; None: the account is the landlord's."""
    seen = planner.seen[AccountSheet.ACCOUNTS].get(number)
    values = planner.present.values_of_accounts[number] if seen is None else seen.values
    if values.get("holder") == Holder.LANDLORD:
        return None
    code = str(values["customer"])
    made = planner.seen[AccountSheet.CUSTOMERS].get(code)
    if made is not None:
        return customer_values.CustomerKind(str(made.values["kind"]))
    return customer_values.CustomerKind(planner.present.customers[code].kind)


def bounds(values: Values, point: metering_models.MeterPoint) -> tuple[datetime, datetime | None]:
    """This will return from when until when a new contract runs: from midnight to midnight at the meter."""
    since, until = values["since"], values.get("until")
    if not isinstance(since, date):
        raise TypeError("the first day of an accepted row is a day")
    end = civil.start_of_day(until + timedelta(days=1), point.zone) if isinstance(until, date) else None
    return civil.start_of_day(since, point.zone), end


def _time(planner: Planner, entry: Entry, key: str, point: metering_models.MeterPoint) -> Time:
    start, end = bounds(entry.values, point)
    known = planner.present.contracts.get(key)
    if known is not None:
        start = known.during.lower
        if entry.values.get("until") == planner.present.values_of_contracts[key]["until"]:
            end = known.during.upper
    return Time(start, end, entry.line, str(entry.values.get("account")))


def _check_new(planner: Planner, entry: Entry, point: metering_models.MeterPoint | None) -> None:
    present, line, values = planner.present, entry.line, entry.values
    require(planner, _SHEET, line, "point", values["point"], present.points)
    accounts = {**present.values_of_accounts, **planner.seen[AccountSheet.ACCOUNTS]}
    is_account = require(planner, _SHEET, line, "account", values.get("account"), accounts)
    is_tariff = require(planner, _SHEET, line, "tariff", values.get("tariff"), present.tariffs)
    _check_order(planner, entry)
    if point is None:
        return
    if is_account:
        _check_account(planner, entry, point)
    if is_tariff:
        _check_tariff(planner, entry, point)
    taken = present.taken.get(point.pk)
    if taken is not None and bounds(values, point)[0] < taken:
        planner.blame(
            _SHEET,
            line,
            "since",
            _("The time of this meter point is billed until %(day)s.")
            % {"day": f"{taken.astimezone(point.zone):%Y-%m-%d}"},
            _("Take that day or a later one, or cancel that bill run first."),
        )
    _look_at_meter(planner, entry, point)


def _look_at_meter(planner: Planner, entry: Entry, point: metering_models.MeterPoint) -> None:
    """A contract may be older than the meter, as on the pages; more often the day is mistyped."""
    hung = planner.present.hung.get(point.pk)
    since = entry.values["since"]
    if hung is None or not isinstance(since, date):
        return
    first = civil.local_date(hung, point.zone)
    if since < first:
        planner.hint(
            _SHEET,
            entry.line,
            "since",
            _("The meter hangs there since %(day)s; nothing was counted before.") % {"day": first},
            _("If the first day is a mistake, take that day or a later one."),
        )


def _check_order(planner: Planner, entry: Entry) -> None:
    since, until = entry.values["since"], entry.values.get("until")
    if isinstance(since, date) and isinstance(until, date) and until < since:
        planner.blame(_SHEET, entry.line, "until", _("It is before the first day."), _("Take that day or a later one."))


def _check_account(planner: Planner, entry: Entry, point: metering_models.MeterPoint) -> None:
    number = str(entry.values["account"])
    known = planner.present.accounts.get(number)
    seen = planner.seen[AccountSheet.ACCOUNTS].get(number)
    site = seen.values.get("site") if seen is not None else known.site.code if known is not None else None
    if known is not None and known.state == customer_values.AccountState.CLOSED:
        planner.blame(
            _SHEET, entry.line, "account", _("This account is closed."), _("Open a new one under another number.")
        )
    if site != point.site.code:
        planner.blame(
            _SHEET,
            entry.line,
            "account",
            _("The account is at another site than the meter point."),
            _("Take an account of site “%(site)s”.") % {"site": point.site.code},
        )


def _check_tariff(planner: Planner, entry: Entry, point: metering_models.MeterPoint) -> None:
    tariff = planner.present.tariffs[str(entry.values["tariff"])]
    if tariff.currency != point.site.currency:
        planner.blame(
            _SHEET,
            entry.line,
            "tariff",
            _("This tariff is not in %(currency)s.") % {"currency": point.site.currency},
            _("Take a tariff in the currency of the site."),
        )
    version = tariff.current or tariff.draft
    counted = metering_values.series_type(metering_values.COUNTED_SERIES[metering_values.Service(point.service)])
    if version is not None and not moving_in.is_priced(version.document.unit, counted.unit):
        planner.blame(
            _SHEET,
            entry.line,
            "tariff",
            _("It prices %(unit)s, which this meter does not count.") % {"unit": version.document.unit.symbol},
            _("Take another tariff."),
        )


def _check_known(planner: Planner, entry: Entry, known: Values, key: str) -> None:
    """What was agreed stays: only its end may be set, or come earlier, where nothing is billed beyond it."""
    for column in ("account", "tariff"):
        if entry.values.get(column) != known[column]:
            planner.blame(
                _SHEET,
                entry.line,
                column,
                _("It is “%(before)s” already.") % {"before": known[column]},
                _("Give this row a last day, and add a row that begins the day after it."),
            )
    until, before = entry.values.get("until"), known["until"]
    if until == before:
        return
    if until is None or (isinstance(before, date) and isinstance(until, date) and until > before):
        planner.blame(
            _SHEET,
            entry.line,
            "until",
            _("The end was agreed for %(day)s.") % {"day": before},
            _("It may come earlier. If somebody goes on paying, add a row that begins the day after it."),
        )
        return
    _check_order(planner, entry)
    contract = planner.present.contracts[key]
    billed = planner.present.billed.get(contract.pk)
    ends_at = bounds(entry.values, contract.meter_point)[1]
    if billed is not None and ends_at is not None and billed > ends_at:
        planner.blame(
            _SHEET,
            entry.line,
            "until",
            _("Bills reach until %(day)s.") % {"day": f"{billed.astimezone(contract.meter_point.zone):%Y-%m-%d}"},
            _("End the contract on the page of its account, where the bills are shown."),
        )


def _check_overlaps(planner: Planner, listed: list[Time]) -> None:
    ordered = sorted(listed, key=lambda each: (each.start, each.line or 0))
    for before, after in itertools.pairwise(ordered):
        if before.end is not None and before.end <= after.start:
            continue
        # The row that is new is at fault: of two rows the later one.
        line = after.line if after.line is not None else before.line
        if line is None:
            continue
        other = before if line == after.line else after
        planner.blame(
            _SHEET,
            line,
            "since" if other is before else "until",
            _("Account “%(number)s” pays for this meter point at that time.") % {"number": other.who}
            if other.line is None
            else _("Row %(line)s covers that time already.") % {"line": other.line},
            _("Give the earlier contract a last day, or correct the days."),
        )
