"""Reads of contracts as a list and one by one. Each needs a running scope."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from meterbook.customers import models, values
from meterbook.foundation import scoping
from meterbook.metering import values as metering_values


@dataclass(frozen=True)
class AgreementRow:
    """A contract: who pays for which meter point by which tariff, from when until when (None: no end agreed)."""

    public_id: uuid.UUID
    account_id: int
    account_public_id: uuid.UUID
    account_number: str
    customer_public_id: uuid.UUID
    customer_name: str
    point_public_id: uuid.UUID
    point_code: str
    point_name: str
    place_name: str
    service: metering_values.Service
    tariff_public_id: uuid.UUID
    tariff_code: str
    tariff_name: str
    site_name: str
    currency: str
    zone: ZoneInfo
    starts_at: datetime
    ends_at: datetime | None
    start_reading: values.SeenReading | None
    end_reading: values.SeenReading | None
    start_further: Mapping[str, values.SeenReading]
    end_further: Mapping[str, values.SeenReading]


class Show(enum.StrEnum):
    """Which contracts are listed."""

    RUNNING = "running"
    COMING = "coming"
    ENDED = "ended"
    ALL = "all"


@dataclass(frozen=True)
class Narrowing:
    """Which contracts are listed; `search` is a part of a customer, account, unit or meter point."""

    show: Show = Show.RUNNING
    search: str = ""


@dataclass(frozen=True)
class AgreementPage:
    """A page of contracts, and how many each filter finds of those that match the search."""

    rows: tuple[AgreementRow, ...]
    counts: Mapping[Show, int]


class ContractNotFound(LookupError):
    """There is no such contract in this organization."""


def list_agreements(*, narrowing: Narrowing, at: datetime, offset: int = 0, limit: int | None = 50) -> AgreementPage:
    """This will return a page of contracts, the newest first, in two queries.

    :param limit: None: all of them
    """
    shown = _shown(at)
    found = _matching(narrowing.search)
    counts = found.aggregate(**{each.value: Count("pk", filter=shown[each]) for each in Show})
    rows = found.filter(shown[narrowing.show]).order_by("-during", "-id")
    part = rows[offset:] if limit is None else rows[offset : offset + limit]
    return AgreementPage(tuple(_row(each) for each in part), {each: counts[each.value] for each in Show})


def agreements_after(
    *, narrowing: Narrowing, at: datetime, after_id: int, limit: int, without_sites: Collection[int] = ()
) -> list[tuple[int, AgreementRow]]:
    """This will return contracts with their ids in the order in which they were made, behind an id; for programs.

    :param without_sites: ids of sites whose contracts are left out
    """
    found = _matching(narrowing.search).filter(_shown(at)[narrowing.show], pk__gt=after_id)
    if without_sites:
        found = found.exclude(account__site_id__in=without_sites)
    return [(each.pk, _row(each)) for each in found.order_by("pk")[:limit]]


def get_agreement(*, public_id: uuid.UUID) -> AgreementRow:
    """This will return one contract.

    :raises ContractNotFound: when it is not there or belongs to another organization
    """
    found = _contracts().filter(public_id=public_id).first()
    if found is None:
        raise ContractNotFound(_("There is no such contract."))
    return _row(found)


def of_account(*, account_id: int) -> list[AgreementRow]:
    """This will return the contracts of an account, the newest first."""
    return [_row(each) for each in _contracts().filter(account_id=account_id).order_by("-during", "-id")]


def _shown(at: datetime) -> dict[Show, Q]:
    return {
        Show.RUNNING: Q(during__contains=at),
        Show.COMING: Q(during__startswith__gt=at),
        Show.ENDED: Q(during__endswith__lte=at),
        Show.ALL: Q(),
    }


def _matching(search: str) -> QuerySet[models.Contract]:
    found = _contracts()
    if not search:
        return found
    return found.filter(
        Q(account__customer__name__icontains=search)
        | Q(account__number__icontains=search)
        | Q(meter_point__code__icontains=search)
        | Q(meter_point__name__icontains=search)
        | Q(meter_point__node__name__icontains=search)
    )


def _contracts() -> QuerySet[models.Contract]:
    contracts = models.Contract.objects.filter(organization_id=scoping.current().organization_id)
    return contracts.select_related(
        "account__customer", "account__site", "meter_point__node", "meter_point__site", "tariff"
    )


def _row(each: models.Contract) -> AgreementRow:
    account, point = each.account, each.meter_point
    start, end = (values.SeenMeter.of(each.readings.get(edge, {})) for edge in ("start", "end"))
    return AgreementRow(
        public_id=each.public_id,
        account_id=account.pk,
        account_public_id=account.public_id,
        account_number=account.number,
        customer_public_id=account.customer.public_id,
        customer_name=account.customer.name,
        point_public_id=point.public_id,
        point_code=point.code,
        point_name=point.name,
        place_name=point.node.name if point.node else "",
        service=metering_values.Service(point.service),
        tariff_public_id=each.tariff.public_id,
        tariff_code=each.tariff.code,
        tariff_name=each.tariff.name,
        site_name=account.site.name,
        currency=account.currency,
        zone=point.zone,
        starts_at=each.during.lower,
        ends_at=each.during.upper,
        start_reading=start.main,
        end_reading=end.main,
        start_further=start.further,
        end_further=end.further,
    )
