"""What of a run was measured by meters whose calibration did not hold. It holds nothing up. Needs a running scope."""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from meterbook.billing import models, values
from meterbook.billing.queries.runs import find_run
from meterbook.kernel.period import Period
from meterbook.metering import queries as metering_queries


@dataclass(frozen=True)
class Uncalibrated:
    """An account that pays for what such a meter counted; since when its calibration did not hold, as a day there."""

    account_id: int
    account_public_id: uuid.UUID
    account_number: str
    customer_name: str
    point_public_id: uuid.UUID
    point_code: str
    point_name: str
    serial_number: str
    first: date
    is_failed: bool


def uncalibrated_of_run(*, run_public_id: uuid.UUID) -> list[Uncalibrated]:
    """This will return which accounts of a run pay for meters past their calibration, by account number, in 4 queries.

    Accounts that were left out are not among them; nor are meters of which no test is on record. It follows what is
    known of tests now: a test that is noted later takes a meter out.

    :raises meterbook.billing.queries.runs.RunNotFound: when it is not there or belongs to another organization
    """
    run = find_run(run_public_id)
    if run.state == values.RunState.CANCELED:
        return []
    members = models.RunMember.objects.filter(organization_id=run.organization_id, run=run).exclude(
        state=values.MemberState.EXCLUDED
    )
    rows = models.RunShare.objects.filter(
        organization_id=run.organization_id, run=run, account_id__in=members.values("account_id")
    ).select_related("account__customer", "meter_point")
    billed = list(rows.order_by("id").values_list("meter_point_id", "during"))
    if not billed:
        return []
    within = Period(min(during.lower for _id, during in billed), max(during.upper for _id, during in billed))
    past = metering_queries.past_calibration(meter_point_ids={point for point, _during in billed}, within=within)
    shares: dict[int, list[models.RunShare]] = defaultdict(list)
    for share in rows.filter(meter_point_id__in={each.meter_point_id for each in past}).order_by("during", "id"):
        shares[share.meter_point_id].append(share)
    found = {
        (share.account_id, each.meter_point_id, each.meter_public_id): _told(share, each)
        for each in past
        for share in shares[each.meter_point_id]
        if share.during.lower < each.period.end and each.period.start < share.during.upper
    }
    return sorted(found.values(), key=lambda each: (each.account_number, each.point_code, each.serial_number))


def _told(share: models.RunShare, past: metering_queries.PastCalibration) -> Uncalibrated:
    return Uncalibrated(
        account_id=share.account_id,
        account_public_id=share.account.public_id,
        account_number=share.account.number,
        customer_name=share.account.customer.name,
        point_public_id=share.meter_point.public_id,
        point_code=share.meter_point.code,
        point_name=share.meter_point.name,
        serial_number=past.serial_number,
        first=past.first,
        is_failed=past.is_failed,
    )
