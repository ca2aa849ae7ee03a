"""What earlier bills of an account leave behind: demand maxima, ladders over the year, unused allowances (B-41)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from meterbook.billing import models
from meterbook.billing.calculating import facts
from meterbook.billing.calculating.wanted import Wanted
from meterbook.billing.content import banked
from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating import pricing_power
from meterbook.tariffs.rating.inputs import NOTHING_BANKED, History, MonthlyDemand

_DAYS_A_MONTH = 31
_YEAR = 12


@dataclass(frozen=True)
class Earlier:
    """Lines of issued bills by account and meter point, the oldest first; a later bill of the same time wins."""

    lines: Mapping[tuple[int, str], list[tuple[date, Mapping[str, Any]]]] = field(default_factory=dict)

    def of(self, wanted: Wanted) -> History:
        """This will return what a share goes on from."""
        found = self.lines.get(_key(wanted), [])
        demand: dict[tuple[str, date], tuple[Decimal, Unit | None]] = {}
        ladder: dict[str, tuple[str, Decimal]] = {}
        allowance: dict[str, Decimal] = {}
        for first, line in found:
            trace, component = line["trace"], line["component"]
            if "actual" in trace and "excess" not in trace:
                key = f"{component}.{trace['period']}" if "period" in trace else component
                demand[key, first.replace(day=1)] = Decimal(trace["actual"]), pricing_power.unit_of(line["unit"])
            if "year_used" in trace:
                ladder[component] = trace["year_from"], Decimal(trace["year_used"])
            if "left" in trace.get("allowance", {}):
                allowance[component] = Decimal(trace["allowance"]["left"])
        lines = [line for _first, line in found]
        begins = wanted.share.period.start.astimezone(wanted.point.zone).date()
        return History(
            demand=tuple(MonthlyDemand(month, code, *found_in) for (code, month), found_in in sorted(demand.items())),
            ladder={code: used for code, (year_from, used) in ladder.items() if _is_same_year(year_from, begins)},
            allowance=allowance,
            bank={code: banked.after(NOTHING_BANKED, lines, code) for code in sorted(banked.components(lines))},
        )


def _is_same_year(year_from: str, day: date) -> bool:
    """Whether a ladder that began on a day still goes on."""
    began = date.fromisoformat(year_from)
    try:
        ends = began.replace(year=began.year + 1)
    except ValueError:
        ends = began + timedelta(days=365)
    return began <= day < ends


def load(run: facts.Run, wanted: Sequence[Wanted]) -> Earlier:
    """This will load the bills of accounts whose tariff looks back, in one query; nothing where none does.

    Bills that were credited count no more: what came instead of them does. What a bank holds is never too old; where
    the months looked at have no bill with one, those before are read in a second query.
    """
    looking = [each for each in wanted if each.needs.months or each.needs.carried or each.needs.banks]
    if not looking:
        return Earlier()
    is_carried = any(each.needs.carried or each.needs.banks for each in looking)
    months = max(_YEAR if is_carried else 0, *(each.needs.months for each in looking))
    begins = run.first_day - timedelta(days=_DAYS_A_MONTH * (months + 1))
    bills = models.Bill.objects.filter(
        organization_id=run.organization_id,
        run__days__startswith__lt=run.first_day,
        credit_note__isnull=True,
    )
    accounts = {each.share.account_id for each in looking}
    found = _listed(bills.filter(account_id__in=accounts, run__days__startswith__gte=begins))
    lacking = {
        each.share.account_id
        for each in looking
        if each.needs.banks and not banked.components([line for _day, line in found.get(_key(each), ())])
    }
    if lacking:
        older = _listed(bills.filter(account_id__in=lacking, run__days__startswith__lt=begins))
        for key, listed in older.items():
            kept = [each for each in listed if banked.components([each[1]])]
            found[key] = kept + found.get(key, [])
    return Earlier(found)


def _key(wanted: Wanted) -> tuple[int, str]:
    return wanted.share.account_id, str(wanted.point.public_id)


def _listed(bills: QuerySet[models.Bill]) -> dict[tuple[int, str], list[tuple[date, Mapping[str, Any]]]]:
    """Lines by account and meter point, the oldest first; a later bill of the same time wins."""
    newest: dict[tuple[int, str, str], list[tuple[date, Mapping[str, Any]]]] = {}
    rows = bills.order_by("run__days", "id").values_list("account_id", "draft__content")
    for account_id, content in rows:
        for point, start, listed in _charges(json.loads(bytes(content))):
            newest[account_id, point, start] = listed
    found: dict[tuple[int, str], list[tuple[date, Mapping[str, Any]]]] = {}
    for (account_id, point, _start), listed in sorted(newest.items(), key=lambda each: each[0]):
        found.setdefault((account_id, point), []).extend(listed)
    return found


def _charges(content: Mapping[str, Any]) -> Iterator[tuple[str, str, list[tuple[date, Mapping[str, Any]]]]]:
    for point in content["meter_points"]:
        settled = banked.settled(content, point["public_id"])
        for index, charge in enumerate(point["charges"], 1):
            first = datetime.fromisoformat(charge["from"]).date()
            more = settled if index == len(point["charges"]) else []
            yield point["public_id"], charge["from"], [(first, line) for line in (*charge["lines"], *more)]
