"""Periods of meter points cut by who pays. Needs a running scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _

from meterbook.customers import models
from meterbook.foundation import scoping
from meterbook.kernel.period import Period
from meterbook.metering import models as metering_models


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


def occupancy(*, meter_point_ids: Iterable[int], period: Period) -> dict[int, list[Share]]:
    """This will cut a period at each meter point by who pays; what no contract covers goes to the landlord.

    The shares of a meter point touch each other and together are the period.

    :raises NoLandlord: when a gap lies at a site without a landlord's account
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
    landlords = _landlords(ids)
    return {each: _shares(by_point[each], period, landlords.get(each)) for each in ids}


def _shares(contracts: list[models.Contract], period: Period, landlord: models.Account | None) -> list[Share]:
    found = []
    for contract in contracts:
        start = max(contract.during.lower, period.start)
        end = period.end if contract.during.upper is None else min(contract.during.upper, period.end)
        found.append(Share(contract.account_id, contract.pk, contract.tariff_id, Period(start, end)))
    for gap in period.gaps(each.period for each in found):
        if landlord is None:
            raise NoLandlord(
                _("Nobody pays from %(start)s to %(end)s, and the site has no landlord's account: open one first.")
                % {"start": gap.start.isoformat(), "end": gap.end.isoformat()}
            )
        found.append(Share(landlord.pk, None, landlord.vacancy_tariff_id, gap))
    return sorted(found, key=lambda each: each.period)


def _landlords(meter_point_ids: list[int]) -> dict[int, models.Account]:
    scope = scoping.current().organizations
    points = metering_models.MeterPoint.objects.filter(organization_id__in=scope, pk__in=meter_point_ids)
    site_of = dict(points.order_by("id").values_list("pk", "site_id"))
    accounts = models.Account.objects.filter(
        organization_id__in=scope, is_landlord=True, site_id__in=set(site_of.values())
    )
    by_site = {each.site_id: each for each in accounts.order_by("id")}
    return {point: by_site[site] for point, site in site_of.items() if site in by_site}
