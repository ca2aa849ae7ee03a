"""Periods of meter points cut by who pays. Needs a running scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meterbook.customers import models, vacant_tariffs
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.metering import models as metering_models
from meterbook.metering import zones as metering_zones


@dataclass(frozen=True)
class Share:
    """Who pays for a meter point during a period: a contract's account, or in a gap the landlord's (B-33)."""

    account_id: int
    contract_id: int | None
    tariff_id: int | None
    period: Period

    @property
    def is_vacancy(self) -> bool:
        """Whether no contract covers the time."""
        return self.contract_id is None


class NoLandlord(LookupError):
    """The site has no landlord's account that could take a vacancy; open one first."""


def occupancy(*, meter_point_ids: Iterable[int], period: Period, has_vacancies: bool = True) -> dict[int, list[Share]]:
    """This will cut a period at each meter point by who pays; what no contract covers goes to the landlord.

    The shares of a meter point touch each other and together are the period.

    :param has_vacancies: False leaves out what no contract covers
    :raises NoLandlord: when a gap lies at a site without a landlord's account; it names the meter and the days there
    """
    ids = sorted(set(meter_point_ids))
    contracts = models.Contract.objects.filter(
        organization_id__in=scoping.current().organizations,
        meter_point_id__in=ids,
        during__overlap=DateTimeTZRange(period.start, period.end, "[)"),
    )
    by_point: dict[int, list[models.Contract]] = defaultdict(list)
    for contract in contracts.order_by("during", "id"):
        by_point[contract.meter_point_id].append(contract)
    if not has_vacancies:
        return {each: _covered(by_point[each], period) for each in ids}
    landlords = _landlords(ids)
    spans = {each: _covered(by_point[each], period) for each in ids}
    gaps = {each: period.gaps(own.period for own in spans[each]) for each in ids}
    unpaid = [each for each in ids if gaps[each] and each not in landlords]
    if unpaid:
        raise _no_landlord(unpaid, {each: gaps[each][0] for each in unpaid})
    chosen = vacant_tariffs.choose(gaps=gaps, landlords=landlords)
    return {each: _with_vacancies(each, spans[each], gaps[each], landlords.get(each), chosen) for each in ids}


def _covered(contracts: list[models.Contract], period: Period) -> list[Share]:
    found = []
    for contract in contracts:
        start = max(contract.during.lower, period.start)
        end = period.end if contract.during.upper is None else min(contract.during.upper, period.end)
        found.append(Share(contract.account_id, contract.pk, contract.tariff_id, Period(start, end)))
    return found


def _with_vacancies(
    point: int,
    shares: list[Share],
    gaps: list[Period],
    landlord: models.Account | None,
    tariffs: Mapping[tuple[int, Period], int | None],
) -> list[Share]:
    vacant = [] if landlord is None else [Share(landlord.pk, None, tariffs[point, gap], gap) for gap in gaps]
    return sorted([*shares, *vacant], key=lambda each: each.period)


def _no_landlord(point_ids: list[int], gaps: Mapping[int, Period]) -> NoLandlord:
    """What to say of the meters: the first in the order of their codes by name, the others by their count."""
    points = metering_models.MeterPoint.objects.filter(
        organization_id__in=scoping.current().organizations, pk__in=point_ids
    )
    point = points.select_related("site", "node").order_by("sort_code", "id")[0]
    zone = metering_zones.resolve(point.time_zone, point.former_zones, point.site.time_zone)
    gap, others = gaps[point.pk], len(point_ids) - 1
    said = {
        "place": point.node.name if point.node else point.name,
        "meter": point.code,
        "first": _day(gap.start, zone),
        "last": _day(gap.end - timedelta.resolution, zone),
        "site": point.site.name,
        "count": others,
    }
    if not others:
        words = _(
            "%(place)s (meter %(meter)s) is vacant from %(first)s to %(last)s, and %(site)s has no landlord's "
            "account that pays for it: open one first."
        )
        return NoLandlord(words % said)
    words = ngettext(
        "%(place)s (meter %(meter)s) is vacant from %(first)s to %(last)s, and so is %(count)s other meter; "
        "%(site)s has no landlord's account that pays for them: open one first.",
        "%(place)s (meter %(meter)s) is vacant from %(first)s to %(last)s, and so are %(count)s other "
        "meters; %(site)s has no landlord's account that pays for them: open one first.",
        others,
    )
    return NoLandlord(words % said)


def _day(instant: datetime, zone: ZoneInfo) -> str:
    return str(formats.date_format(civil.local_date(instant, zone), "SHORT_DATE_FORMAT"))


def _landlords(meter_point_ids: list[int]) -> dict[int, models.Account]:
    scope = scoping.current().organizations
    points = metering_models.MeterPoint.objects.filter(organization_id__in=scope, pk__in=meter_point_ids)
    site_of = dict(points.order_by("id").values_list("pk", "site_id"))
    accounts = models.Account.objects.filter(
        organization_id__in=scope, is_landlord=True, site_id__in=set(site_of.values())
    )
    by_site = {each.site_id: each for each in accounts.order_by("id")}
    return {point: by_site[site] for point, site in site_of.items() if site in by_site}
