"""Who could be billed for a run: the days of its meter points, each in its own zone, and who had them when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from meterbook.billing import models, values
from meterbook.customers import models as customer_models
from meterbook.customers import queries as customer_queries
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.metering import models as metering_models
from meterbook.metering import values as metering_values
from meterbook.metering import zones as metering_zones
from meterbook.sites import models as site_models
from meterbook.sites import values as site_values

Periods = dict[ZoneInfo, Period]


def of_site(site: site_models.Site, first_day: date, until_day: date) -> Periods:
    """This will return the days of a run in the zones of the site's meter points; that of the site first."""
    zones = [metering_zones.resolve("", (), site.time_zone), *set(_zones(site).values())]
    return {each: of_zone(first_day, until_day, each) for each in zones}


def of_run(run: models.BillRun) -> Periods:
    """This will return the time of a run in the zones of the site's meter points: free ends are the same instants."""
    periods = of_site(run.site, run.days.lower, run.days.upper)
    if run.exact is None:
        return periods
    return dict.fromkeys(periods, Period(run.exact.lower, run.exact.upper))


def points_of(run: models.BillRun) -> set[int] | None:
    """This will return the meter points at which a run looks; None: all of the site."""
    if run.meter_point_ids is not None:
        return set(run.meter_point_ids)
    if run.account_ids is None:
        return None
    if customer_models.Account.objects.filter(
        organization_id=run.organization_id, pk__in=run.account_ids, is_landlord=True
    ).exists():
        return None
    contracts = customer_models.Contract.objects.filter(
        organization_id=run.organization_id, account_id__in=run.account_ids
    )
    return set(contracts.order_by("id").values_list("meter_point_id", flat=True))


def asked(run: models.BillRun) -> Callable[[int], bool]:
    """This will tell for which accounts a run is: those named, or all that no other calendar has in its group."""
    if run.account_ids is not None:
        return set(run.account_ids).__contains__
    if run.calendar_id is None or run.meter_point_ids is not None:
        return lambda _account_id: True
    others = models.CalendarAccount.objects.filter(
        organization_id=run.organization_id, calendar__site_id=run.site_id, calendar__is_active=True
    ).exclude(calendar_id=run.calendar_id)
    apart = set(others.order_by("id").values_list("account_id", flat=True))
    return lambda account_id: account_id not in apart


def _zones(site: site_models.Site) -> dict[int, ZoneInfo]:
    """By meter point, of those whose days are not always those of the site now."""
    points = metering_models.MeterPoint.objects.filter(organization_id=site.organization_id, site=site)
    odd = points.exclude(time_zone="", former_zones=[]).order_by("id")
    return {
        pk: metering_zones.resolve(own, former, site.time_zone)
        for pk, own, former in odd.values_list("id", "time_zone", "former_zones")
    }


def occupancy(
    site: site_models.Site, periods: Periods, *, only: set[int] | None = None, has_vacancies: bool = True
) -> dict[int, list[customer_queries.Share]]:
    """This will return who had each meter point when; a vacancy only while a meter hangs there.

    A contract is not billed for time after a meter was removed and before another one is hung: nothing counts (decision
    0022). Time before the first meter is billed as far as readings say what was used.
    """
    own, usual = _zones(site), next(iter(periods))
    found: dict[int, list[customer_queries.Share]] = {}
    for zone, period in periods.items():
        others = [pk for pk, each in own.items() if each is not usual]
        points = metering_models.MeterPoint.objects.filter(organization_id=site.organization_id, site=site)
        if only is not None:
            points = points.filter(pk__in=only)
        if zone is usual:
            points = points.exclude(pk__in=others)
        else:
            points = points.filter(pk__in=[pk for pk, each in own.items() if each is zone])
        found |= _occupied(points, period, has_vacancies=has_vacancies)
    return found


def _occupied(
    points: QuerySet[metering_models.MeterPoint], period: Period, *, has_vacancies: bool
) -> dict[int, list[customer_queries.Share]]:
    organization_id = scoping.current().organization_id
    # What never had a contract and stands in no unit is no vacancy: a main meter, a corridor.
    billed = points.filter(
        Q(node__kind=site_values.NodeKind.UNIT)
        | Q(pk__in=customer_models.Contract.objects.filter(organization_id=organization_id).values("meter_point_id")),
        service__in=[each.value for each in values.BILLED_SERIES],
    )
    ids = list(billed.order_by("id").values_list("id", flat=True))
    hung, before = _hung(organization_id, ids, period), _hung_before(organization_id, ids, period)
    ids = [each for each in ids if hung[each]]
    served = {each: _served(hung[each], period, is_later=each in before) for each in ids}
    # Before its contract a main meter was nobody's vacancy: what went through it was billed behind it.
    sums = (metering_values.PointRole.MAIN, metering_values.PointRole.OTHER)
    let = set(billed.exclude(role__in=sums).order_by("id").values_list("id", flat=True))
    shares_of = customer_queries.occupancy(meter_point_ids=ids, period=period, has_vacancies=has_vacancies)
    return {
        point_id: [
            part
            for each in shares
            if point_id in let or not each.is_vacancy
            for part in _while(each, hung[point_id] if each.is_vacancy else served[point_id])
        ]
        for point_id, shares in shares_of.items()
    }


def _hung(organization_id: int, ids: list[int], period: Period) -> dict[int, list[Period]]:
    found: dict[int, list[Period]] = defaultdict(list)
    rows = metering_models.Installation.objects.filter(
        organization_id=organization_id, meter_point_id__in=ids, during__overlap=(period.start, period.end)
    )
    for point_id, during in rows.order_by("during", "id").values_list("meter_point_id", "during"):
        start, end, own = during.lower, during.upper or period.end, found[point_id]
        if own and own[-1].end == start:  # an exchange does not interrupt a vacancy: its tiers and lines stay whole
            start = own.pop().start
        own.append(Period(start, end))
    return found


def _hung_before(organization_id: int, ids: list[int], period: Period) -> set[int]:
    """The meter points at which a meter hung that was gone when the period began."""
    rows = metering_models.Installation.objects.filter(
        organization_id=organization_id, meter_point_id__in=ids, during__endswith__lte=period.start
    )
    return set(rows.order_by("id").values_list("meter_point_id", flat=True))


def _served(hung: list[Period], period: Period, *, is_later: bool) -> list[Period]:
    """While a meter hung, and before the first one that ever did."""
    first = hung[0]
    if is_later or first.start <= period.start:
        return hung
    return [Period(period.start, first.end), *hung[1:]]


def _while(share: customer_queries.Share, times: list[Period]) -> list[customer_queries.Share]:
    parts = [each.intersection(share.period) for each in times]
    return [
        customer_queries.Share(share.account_id, share.contract_id, share.tariff_id, part)
        for part in parts
        if part is not None
    ]


def of_zone(first_day: date, until_day: date, zone: ZoneInfo) -> Period:
    """This will return the days from `first_day` on, before `until_day`, as they are in a zone."""
    return Period(civil.start_of_day(first_day, zone), civil.start_of_day(until_day, zone))
