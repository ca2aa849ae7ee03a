"""How finely the landlord sees what tenants use (L-50), and who has looked at it in detail. Each needs a scope."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Exists, F, OuterRef
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.customers import models, permissions, values
from meterbook.foundation import operation, scoping
from meterbook.identity import values as identity_values
from meterbook.kernel.actor import Actor
from meterbook.kernel.period import Period
from meterbook.sites import models as site_models
from meterbook.sites import values as site_values
from meterbook.sites.values import UsageType


@dataclass(frozen=True)
class Sight:
    """Which contracts of tenants run in a period, and in which parts of it only days may be shown."""

    contract_ids: tuple[int, ...] = ()
    days_only: tuple[Period, ...] = ()

    @property
    def is_limited(self) -> bool:
        """Whether there is such a part."""
        return bool(self.days_only)


@dataclass(frozen=True)
class PrivacyRow:
    """What holds at a site."""

    site_public_id: uuid.UUID
    site_name: str
    dwellings: values.Granularity
    commercial: values.Granularity


@dataclass(frozen=True)
class LookRow:
    """That somebody looked at a tenant's use in detail on a day."""

    viewer: str
    day: date
    way: values.LookWay
    point_name: str
    looked_at: datetime


class SiteNotThere(LookupError):
    """There is no such site in this organization."""


def class_of(*, usage: str, is_unit: bool, is_person: bool) -> values.PlaceClass:
    """This will tell whether people live at a meter point.

    What its place is used for decides; where nobody said, a unit that a person pays for counts as a dwelling.
    """
    is_dwelling = usage == UsageType.HOME if usage else is_unit and is_person
    return values.PlaceClass.DWELLING if is_dwelling else values.PlaceClass.COMMERCIAL


def sight(*, access: identity_values.Access, meter_point: uuid.UUID, period: Period, at: datetime) -> Sight:
    """This will return how finely somebody of the landlord may see a meter point in a period, in one query.

    A consent to use in detail that is in force at `at` lifts the limit, for those who may see detail at all: others
    see of dwellings whole days only.
    """
    organization_id = scoping.current().organization_id
    consents = models.Consent.objects.filter(
        organization_id=organization_id,
        customer_id=OuterRef("account__customer_id"),
        kind=values.ConsentKind.DETAILED_USE.value,
        withdrawn_at=None,
        given_at__lte=at,
    )
    contracts = models.Contract.objects.filter(
        organization_id=organization_id,
        meter_point__public_id=meter_point,
        account__is_landlord=False,
        during__overlap=DateTimeTZRange(period.start, period.end, "[)"),
    ).annotate(agreed=Exists(consents))
    rows = contracts.order_by("during", "id").values_list(
        "pk",
        "during",
        "agreed",
        "meter_point__node__usage",
        "meter_point__node__kind",
        "account__customer__kind",
        "meter_point__site__siteprivacy__dwellings",
        "meter_point__site__siteprivacy__commercial",
        "meter_point__site_id",
        "meter_point_id",
    )
    contract_ids, limited = [], []
    for pk, during, agreed, usage, node_kind, customer_kind, dwellings, commercial, site, point in rows:
        contract_ids.append(pk)
        kind = class_of(
            usage=usage or "",
            is_unit=node_kind == site_values.NodeKind.UNIT,
            is_person=customer_kind == values.CustomerKind.PERSON,
        )
        chosen = dwellings if kind is values.PlaceClass.DWELLING else commercial
        finest = values.Granularity(chosen) if chosen else values.GRANULARITY_AT_FIRST[kind]
        sees = access.allows(permissions.SEE_DETAILED_USE, site) or point in access.meters(permissions.SEE_DETAILED_USE)
        is_closed = kind is values.PlaceClass.DWELLING and not sees
        if is_closed or (not agreed and finest is values.Granularity.DAY):
            end = period.end if during.upper is None else min(during.upper, period.end)
            limited.append(Period(max(during.lower, period.start), end))
    return Sight(tuple(contract_ids), tuple(limited))


def list_privacy() -> tuple[PrivacyRow, ...]:
    """This will return what holds at each site, by name."""
    sites = site_models.Site.objects.filter(organization_id=scoping.current().organization_id)
    dwelling, commercial = (values.GRANULARITY_AT_FIRST[each] for each in values.PlaceClass)
    return tuple(
        PrivacyRow(public_id, name, values.Granularity(first or dwelling), values.Granularity(second or commercial))
        for public_id, name, first, second in sites.order_by("name", "id").values_list(
            "public_id", "name", "siteprivacy__dwellings", "siteprivacy__commercial"
        )
    )


def looks_at(*, account_ids: Collection[int], limit: int = 100) -> tuple[LookRow, ...]:
    """This will return who looked at what the accounts used in detail, the latest first."""
    found = models.FineLook.objects.filter(
        organization_id=scoping.current().organization_id, contract__account_id__in=list(account_ids)
    )
    rows = found.annotate(point_name=F("contract__meter_point__name")).order_by("-looked_at", "-id")
    return tuple(
        LookRow(viewer, day, values.LookWay(way), name, looked_at)
        for viewer, day, way, name, looked_at in rows.values_list("viewer", "day", "way", "point_name", "looked_at")[
            :limit
        ]
    )


@operation.operation
def note_look(*, actor: Actor, at: datetime, contract_ids: Iterable[int], day: date, way: values.LookWay) -> None:
    """This will note that the actor looked at the use of contracts in detail; once a day, person and way is enough.

    It is not in the audit trail as well: this is the record itself, and nothing ever changes or removes it.
    """
    models.FineLook.objects.bulk_create(
        [
            models.FineLook(
                organization_id=scoping.current().organization_id,
                contract_id=each,
                viewer=actor.label[:200],
                day=day,
                way=way.value,
                looked_at=at,
            )
            for each in contract_ids
        ],
        ignore_conflicts=True,
    )


@operation.operation
def set_privacy(
    *,
    actor: Actor,
    at: datetime,
    site: uuid.UUID,
    dwellings: values.Granularity,
    commercial: values.Granularity,
) -> None:
    """This will set how finely the landlord sees the use of tenants of a site who have not agreed to more.

    :raises SiteNotThere: when the organization has no such site
    """
    organization_id = scoping.current().organization_id
    found = site_models.Site.objects.select_for_update().filter(organization_id=organization_id, public_id=site).first()
    if found is None:
        raise SiteNotThere(_("There is no such site."))
    before = next(each for each in list_privacy() if each.site_public_id == site)
    if (before.dwellings, before.commercial) == (dwellings, commercial):
        return
    models.SitePrivacy.objects.update_or_create(
        organization_id=organization_id,
        site=found,
        defaults={"dwellings": dwellings.value, "commercial": commercial.value},
    )
    audit_operations.record(
        actor=actor,
        at=at,
        action="customers:set_privacy",
        subject=found,
        before={"dwellings": before.dwellings, "commercial": before.commercial},
        after={"dwellings": dwellings, "commercial": commercial},
    )
