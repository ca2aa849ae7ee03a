"""Who pays by a tariff. Each read needs a running scope."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from meterbook.customers import models
from meterbook.foundation import scoping


@dataclass(frozen=True)
class UseRow:
    """An account with a running contract by the tariff, and what it pays for."""

    account_public_id: uuid.UUID
    account_number: str
    customer_name: str
    meter_point_name: str
    site_name: str


@dataclass(frozen=True)
class TariffUse:
    """Running contracts by site, the first of them, and the sites whose vacant units are billed by the tariff."""

    by_site: tuple[tuple[str, int], ...]
    first: tuple[UseRow, ...]
    vacancy_sites: tuple[str, ...]


def tariff_use(*, tariff_id: int, at: datetime, limit: int) -> TariffUse:
    """This will return where a tariff is used at an instant, with at most `limit` contracts, by account number."""
    organization_id = scoping.current().organization_id
    contracts = models.Contract.objects.filter(
        organization_id=organization_id, tariff_id=tariff_id, during__contains=at
    ).order_by("account__number", "id")
    counted = contracts.order_by("account__site__name").values_list("account__site__name").annotate(count=Count("id"))
    rows = contracts.select_related("account__customer", "account__site", "meter_point")[:limit]
    vacancies = models.Account.objects.filter(organization_id=organization_id, vacancy_tariff_id=tariff_id)
    return TariffUse(
        by_site=tuple(counted),
        first=tuple(
            UseRow(
                account_public_id=each.account.public_id,
                account_number=each.account.number,
                customer_name=each.account.customer.name,
                meter_point_name=each.meter_point.name,
                site_name=each.account.site.name,
            )
            for each in rows
        ),
        vacancy_sites=tuple(vacancies.order_by("site__name").values_list("site__name", flat=True)),
    )
