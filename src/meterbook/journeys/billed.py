"""What bill runs have taken already: a time that is billed cannot get another payer. Each needs a running scope."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max
from django.db.models.functions import Upper

from meterbook.billing import models as billing_models
from meterbook.billing import values as billing_values
from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.kernel.period import Period
from meterbook.metering import queries as metering_queries
from meterbook.metering.queries import uses


@dataclass(frozen=True)
class Taken:
    """Until when a run has taken the time of a meter point, for which account; `is_issued`: the bill is out."""

    until: datetime
    account_number: str
    is_issued: bool


@dataclass(frozen=True)
class Rest:
    """What of a contract will be on the next bill: `period` None when all is billed; `use` None when nothing counts."""

    contract_id: int
    point_code: str
    point_name: str
    period: Period | None
    use: uses.Use | None


def taken_after(*, meter_point_ids: Collection[int], instant: datetime) -> Mapping[int, Taken]:
    """This will return, by meter point, until when a run that was not canceled has taken time after an instant."""
    shares = billing_models.RunShare.objects.filter(
        organization_id=scoping.current().organization_id,
        meter_point_id__in=list(meter_point_ids),
        during__endswith__gt=instant,
    ).select_related("run", "account")
    found: dict[int, Taken] = {}
    for each in shares.order_by("during", "id"):
        is_issued = each.run.state in (billing_values.RunState.CLOSED, billing_values.RunState.DELIVERED)
        found[each.meter_point_id] = Taken(each.during.upper, each.account.number, is_issued)
    return found


def rest_of(*, contracts: Iterable[customer_models.Contract], until: datetime) -> list[Rest]:
    """This will return what contracts used until an instant that no run has taken yet, in a fixed number of queries."""
    listed = list(contracts)
    shares = billing_models.RunShare.objects.filter(
        organization_id=scoping.current().organization_id, contract_id__in=[each.pk for each in listed]
    )
    billed = dict(shares.order_by("contract_id").values_list("contract_id").annotate(until=Max(Upper("during"))))
    periods: dict[int, Period | None] = {}
    for each in listed:
        start = max(each.during.lower, billed.get(each.pk, each.during.lower))
        end = until if each.during.upper is None else min(until, each.during.upper)
        periods[each.pk] = Period(start, end) if end > start else None
    used = metering_queries.used_in(
        periods={each.meter_point_id: [part] for each in listed if (part := periods[each.pk]) is not None}
    )
    return [
        Rest(
            each.pk,
            each.meter_point.code,
            each.meter_point.name,
            periods[each.pk],
            used.get(each.meter_point_id) if periods[each.pk] is not None else None,
        )
        for each in listed
    ]


def same_account_since(meter_point_id: int, instant: datetime) -> datetime | None:
    """This will return when the account that pays at an instant began to; contracts that follow each other are one.

    In a vacancy when it began. None: no contract is recorded.
    """
    contracts = customer_models.Contract.objects.filter(
        organization_id=scoping.current().organization_id, meter_point_id=meter_point_id
    ).order_by("-during")
    since: datetime | None = None
    account: int | None = None
    for each in contracts:
        if account is None and instant in each.during:
            account, since = each.account_id, each.during.lower
        elif account is None and each.during.upper is not None and each.during.upper <= instant:
            ended: datetime = each.during.upper
            return ended
        elif account is not None and each.account_id == account and each.during.upper == since:
            since = each.during.lower
        elif account is not None:
            break
    return since
