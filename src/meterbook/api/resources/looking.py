"""How finely a program may read what a tenant uses (L-50): the same rule as for the screens, and the same record."""

from __future__ import annotations

from django.utils.translation import gettext as _

from meterbook.api import entry, problems
from meterbook.customers import granularity
from meterbook.customers.values import LookWay
from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.metering import queries as metering_queries


def require_detail(caller: entry.Caller, detail: metering_queries.MeterDetail, period: Period) -> None:
    """This will let a program read single readings or intervals of a period, and note that it did.

    :raises problems.Problem: 403 where only days may be shown, because the tenant has not agreed to more
    """
    found = granularity.sight(access=caller.access, meter_point=detail.public_id, period=period, at=caller.at)
    if found.is_limited:
        words = _("Somebody lives there who has not agreed to use being seen in detail; ask for another time or meter.")
        raise problems.Problem(403, "days_only", words)
    if found.contract_ids:
        granularity.note_look(
            actor=caller.actor,
            at=caller.at,
            contract_ids=found.contract_ids,
            day=civil.local_date(caller.at, detail.zone),
            way=LookWay.API,
        )
