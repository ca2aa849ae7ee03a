"""What earlier bills of an account leave behind: demand maxima, ladders over the year, unused allowances (B-41)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from meterbook.billing import models
from meterbook.billing.calculating import facts
from meterbook.billing.calculating.wanted import Wanted
from meterbook.tariffs.rating.inputs import History, MonthlyDemand

_DAYS_A_MONTH = 31
_YEAR = 12


@dataclass(frozen=True)
class Earlier:
    """Lines of issued bills by account and meter point, the oldest first; a later bill of the same time wins."""

    lines: Mapping[tuple[int, str], list[tuple[date, Mapping[str, Any]]]] = field(default_factory=dict)

    def of(self, wanted: Wanted) -> History:
        """This will return what a share goes on from."""
        found = self.lines.get((wanted.share.account_id, str(wanted.point.public_id)), [])
        demand: dict[tuple[str, date], Decimal] = {}
        ladder: dict[str, tuple[str, Decimal]] = {}
        allowance: dict[str, Decimal] = {}
        for first, line in found:
            trace, component = line["trace"], line["component"]
            if "actual" in trace and "excess" not in trace:
                key = f"{component}.{trace['period']}" if "period" in trace else component
                demand[key, first.replace(day=1)] = Decimal(trace["actual"])
            if "year_used" in trace:
                ladder[component] = trace["year_from"], Decimal(trace["year_used"])
            if "left" in trace.get("allowance", {}):
                allowance[component] = Decimal(trace["allowance"]["left"])
        begins = wanted.share.period.start.astimezone(wanted.point.zone).date()
        return History(
            demand=tuple(MonthlyDemand(month, code, value) for (code, month), value in sorted(demand.items())),
            ladder={code: used for code, (year_from, used) in ladder.items() if _is_same_year(year_from, begins)},
            allowance=allowance,
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
    """This will load the bills of accounts whose tariff looks back, in one query; nothing where none does."""
    looking = [each for each in wanted if each.needs.months or each.needs.carried]
    if not looking:
        return Earlier()
    months = max(max(each.needs.months, _YEAR if each.needs.carried else 0) for each in looking)
    rows = models.Bill.objects.filter(
        organization_id=run.organization_id,
        account_id__in={each.share.account_id for each in looking},
        run__days__startswith__lt=run.first_day,
        run__days__startswith__gte=run.first_day - timedelta(days=_DAYS_A_MONTH * (months + 1)),
    ).order_by("run__days", "id")
    newest: dict[tuple[int, str, str], list[tuple[date, Mapping[str, Any]]]] = {}
    for account_id, content in rows.values_list("account_id", "draft__content"):
        for point, start, listed in _charges(json.loads(bytes(content))):
            newest[account_id, point, start] = listed
    found: dict[tuple[int, str], list[tuple[date, Mapping[str, Any]]]] = {}
    for (account_id, point, _start), listed in sorted(newest.items(), key=lambda each: each[0]):
        found.setdefault((account_id, point), []).extend(listed)
    return Earlier(found)


def _charges(content: Mapping[str, Any]) -> Iterator[tuple[str, str, list[tuple[date, Mapping[str, Any]]]]]:
    for point in content["meter_points"]:
        for charge in point["charges"]:
            first = datetime.fromisoformat(charge["from"]).date()
            yield point["public_id"], charge["from"], [(first, line) for line in charge["lines"]]
