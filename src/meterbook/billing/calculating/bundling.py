"""Whether the services of an account share a bill, as its calendar says, and which of them a run bills (M-091)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from meterbook.billing import models, values
from meterbook.billing.calculating import facts
from meterbook.metering import models as metering_models
from meterbook.metering.values import Service

_ORDER = {each.value: place for place, each in enumerate(values.BILLED_SERIES)}


def apart(organization_id: int, site_id: int, account_ids: Collection[int]) -> set[int]:
    """This will return those of these accounts that get a bill for each service.

    The calendar in whose group an account is decides, else that of the site; without a calendar all is on one bill.
    """
    calendars = models.BillingCalendar.objects.filter(organization_id=organization_id, site_id=site_id, is_active=True)
    if not calendars.filter(bundling=values.Bundling.BY_SERVICE.value).exists():
        return set()
    usual = calendars.filter(has_group=False, bundling=values.Bundling.BY_SERVICE.value).exists()
    groups = models.CalendarAccount.objects.filter(organization_id=organization_id, calendar__in=calendars)
    own = dict(groups.order_by("id").values_list("account_id", "calendar__bundling"))
    return {each for each in account_ids if (own[each] == values.Bundling.BY_SERVICE.value if each in own else usual)}


def kept(run: models.BillRun, shares: Sequence[facts.Share]) -> list[facts.Share]:
    """This will return what a run bills of what accounts pay for: of those with several bills one service.

    A bill by hand is for all that was asked for.
    """
    if run.services is not None:
        services = _services(run, shares)
        return [each for each in shares if services[each.meter_point_id] in run.services]
    if run.exact is not None or run.meter_point_ids is not None:
        return list(shares)
    split = apart(run.organization_id, run.site_id, {each.account_id for each in shares})
    if not split:
        return list(shares)
    services = _services(run, shares)
    first: dict[int, str] = {}
    for each in shares:
        service = services[each.meter_point_id]
        first[each.account_id] = min(first.get(each.account_id, service), service, key=_ORDER.__getitem__)
    return [
        each
        for each in shares
        if each.account_id not in split or services[each.meter_point_id] == first[each.account_id]
    ]


def others(run: models.BillRun, shares: Sequence[facts.Share]) -> Mapping[Service, list[int]]:
    """This will return the services that a run leaves to runs of their own, with the accounts that have them.

    :param shares: all that the accounts pay for
    """
    mine = set(kept(run, shares))
    left = [each for each in shares if each not in mine]
    services = _services(run, left)
    found: dict[str, set[int]] = defaultdict(set)
    for each in left:
        found[services[each.meter_point_id]].add(each.account_id)
    return {Service(each): sorted(found[each]) for each in sorted(found, key=_ORDER.__getitem__)}


def _services(run: models.BillRun, shares: Iterable[facts.Share]) -> dict[int, str]:
    points = metering_models.MeterPoint.objects.filter(
        organization_id=run.organization_id, pk__in={each.meter_point_id for each in shares}
    )
    return dict(points.order_by("id").values_list("id", "service"))
