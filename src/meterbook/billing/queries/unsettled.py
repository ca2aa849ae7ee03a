"""Billing periods that are not closed yet, of meter points. Needs a running scope."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from meterbook.billing import models
from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.period import Period


@dataclass(frozen=True)
class OpenPeriod:
    """Days [first, until) that an account pays for at a meter point and that no closed run holds.

    `until_day` None: its end is not known yet; `run` None: no run has begun with it.
    """

    meter_point: uuid.UUID
    meter_name: str
    meter_code: str
    site_id: int
    account: uuid.UUID
    account_number: str
    customer_name: str
    first_day: date
    until_day: date | None
    run: uuid.UUID | None

    @property
    def last_day(self) -> date | None:
        """The final day, as people write it."""
        return None if self.until_day is None else self.until_day - timedelta(days=1)


def open_periods(*, meter_points: Collection[uuid.UUID], within: Period) -> list[OpenPeriod]:
    """This will return the open billing periods of meter points that a stretch of time touches, in two queries.

    A period is open from the end of what closed runs billed, or from the beginning of the contract; a run that is under
    way names its own days.

    :param within: such as an outage, up to now where it goes on
    """
    organization_id = scoping.current().organization_id
    shares: dict[int, list[tuple[Period, models.BillRun]]] = {}
    for share in (
        models.RunShare.objects.filter(organization_id=organization_id, meter_point__public_id__in=list(meter_points))
        .select_related("run")
        .order_by("during")
    ):
        shares.setdefault(share.meter_point_id, []).append((Period(share.during.lower, share.during.upper), share.run))
    contracts = (
        customer_models.Contract.objects.filter(
            organization_id=organization_id,
            meter_point__public_id__in=list(meter_points),
            during__overlap=(within.start, within.end),
        )
        .select_related("account__customer", "meter_point__site")
        .order_by("meter_point__sort_name", "during", "id")
    )
    return [found for contract in contracts for found in _of(contract, shares.get(contract.meter_point_id, []), within)]


def _of(
    contract: customer_models.Contract, shares: list[tuple[Period, models.BillRun]], within: Period
) -> Iterator[OpenPeriod]:
    point, account = contract.meter_point, contract.account
    zone: ZoneInfo = point.zone
    begins, ends = contract.during.lower, contract.during.upper

    def told(first: datetime, until: datetime | None, run: uuid.UUID | None) -> OpenPeriod:
        return OpenPeriod(
            meter_point=point.public_id,
            meter_name=point.name,
            meter_code=point.code,
            site_id=point.site_id,
            account=account.public_id,
            account_number=account.number,
            customer_name=account.customer.name,
            first_day=civil.local_date(first, zone),
            until_day=None if until is None else civil.local_date(until, zone),
            run=run,
        )

    own = [(part, run) for part, run in shares if part.end > begins and (ends is None or part.start < ends)]
    for part, run in own:
        if run.closed_at is None and part.start < within.end and within.start < part.end:
            yield told(part.start, part.end, run.public_id)
    free = max([begins, *(part.end for part, _run in own)])
    if (ends is None or free < ends) and free < within.end and (ends is None or within.start < ends):
        yield told(free, ends, None)
