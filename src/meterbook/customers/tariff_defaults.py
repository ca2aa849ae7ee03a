"""Which tariff contracts of a group are expected to have (M-057): set from a day on, looked up, and who has another.

Of several that fit, the building's comes before the site's, that before the organization's; in each, the one for the
kind of customer before the one for all.
"""

from __future__ import annotations

import enum
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.customers import models, values
from meterbook.foundation import operation, scoping
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models
from meterbook.metering import values as metering_values
from meterbook.sites import models as site_models
from meterbook.sites import values as site_values
from meterbook.tariffs import models as tariff_models

MOST = 5_000  # contracts that are looked through at once for other tariffs


class DefaultInvalid(ValueError):
    """What was asked cannot be; `field` is at fault: tariff, site, building or first_day."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


class DefaultLevel(enum.StrEnum):
    """Where a default comes from, the nearest first."""

    BUILDING = "BUILDING"
    SITE = "SITE"
    ORGANIZATION = "ORGANIZATION"


@dataclass(frozen=True)
class Group:
    """Whom a default is for; None: all of them. Site and building by public id."""

    service: metering_values.Service
    site: uuid.UUID | None = None
    building: uuid.UUID | None = None
    customer_kind: values.CustomerKind | None = None


@dataclass(frozen=True)
class DefaultRow:
    """A default with its days [first_day, until_day); `until_day` None: no end is set."""

    public_id: uuid.UUID
    service: metering_values.Service
    site_id: int | None
    site_public_id: uuid.UUID | None
    site_name: str
    building_id: int | None
    building_public_id: uuid.UUID | None
    building_name: str
    customer_kind: values.CustomerKind | None
    tariff_id: int
    tariff_public_id: uuid.UUID
    tariff_code: str
    currency: str
    first_day: date
    until_day: date | None

    @property
    def level(self) -> DefaultLevel:
        """Where it comes from."""
        if self.building_id is not None:
            return DefaultLevel.BUILDING
        return DefaultLevel.ORGANIZATION if self.site_id is None else DefaultLevel.SITE

    def holds(self, day: date) -> bool:
        """This will tell whether it holds on a day."""
        return self.first_day <= day and (self.until_day is None or day < self.until_day)


@dataclass(frozen=True)
class Place:
    """What decides which default fits: `buildings` are the places above a meter, by internal id."""

    service: metering_values.Service
    site_id: int
    currency: str
    buildings: frozenset[int] = frozenset()
    customer_kind: values.CustomerKind | None = None


@dataclass(frozen=True)
class OtherTariff:
    """A running contract by another tariff than the default of its group."""

    contract: uuid.UUID
    account_number: str
    customer_name: str
    point_code: str
    point_name: str
    tariff_code: str
    starts_at: datetime
    zone: ZoneInfo
    default: DefaultRow


def best(rows: Iterable[DefaultRow], place: Place, day: date) -> DefaultRow | None:
    """This will choose the nearest default that fits a place on a day; None when there is none."""
    fitting = [each for each in rows if each.holds(day) and _fits(each, place)]
    order = list(DefaultLevel)
    return min(fitting, key=lambda each: (order.index(each.level), each.customer_kind is None), default=None)


def _fits(row: DefaultRow, place: Place) -> bool:
    return (
        row.service is place.service
        and row.currency == place.currency
        and row.site_id in (None, place.site_id)
        and (row.building_id is None or row.building_id in place.buildings)
        and row.customer_kind in (None, place.customer_kind)
    )


def list_defaults(*, sites: Collection[int] | None = None) -> list[DefaultRow]:
    """This will return all defaults, those of the organization first, then by site and building, newest days first.

    :param sites: internal ids; only theirs and the organization's; None: all
    """
    found = _own().select_related("site", "building", "tariff")
    if sites is not None:
        found = found.filter(Q(site__isnull=True) | Q(site_id__in=list(sites)))
    rows = [_row(each) for each in found.order_by("service", "customer_kind", "-during", "id")]
    return sorted(rows, key=lambda each: (each.site_id is not None, each.site_name, each.building_name))


def has_any() -> bool:
    """This will tell whether the scope's organization has set a default, for any day."""
    return _own().exists()


def default_for(*, point_id: int, customer_kind: values.CustomerKind | None, day: date) -> DefaultRow | None:
    """This will return the default for a meter point (internal id) on a day; None when there is none."""
    owner = scoping.current().organization_id
    points = metering_models.MeterPoint.objects.filter(organization_id=owner, pk=point_id).select_related("site")
    return defaults_for([(each, customer_kind, day) for each in points])[0] if points else None


def defaults_for(
    asked: Sequence[tuple[metering_models.MeterPoint, values.CustomerKind | None, date]],
) -> list[DefaultRow | None]:
    """This will return the default for each meter point, kind of customer and day, in a fixed number of queries."""
    rows = list_defaults()
    if not rows:
        return [None for _each in asked]
    parents = _parents({point.site_id for point, _kind, _day in asked})
    return [best(rows, _place(point, parents, kind), day) for point, kind, day in asked]


def other_tariffs(*, at: datetime) -> list[OtherTariff]:
    """This will return the contracts that run by another tariff than their default on that day, by account number."""
    rows = list_defaults()
    if not rows:
        return []
    owner = scoping.current().organization_id
    contracts = models.Contract.objects.filter(
        organization_id=owner,
        during__contains=at,
        account__is_landlord=False,
        meter_point__service__in={each.service.value for each in rows},
    ).select_related("account__customer", "meter_point__site", "tariff")
    listed = list(contracts.order_by("account__number", "meter_point__code", "id")[:MOST])
    parents = _parents({each.meter_point.site_id for each in listed})
    found = []
    for each in listed:
        point = each.meter_point
        place = _place(point, parents, values.CustomerKind(each.account.customer.kind))
        default = best(rows, place, civil.local_date(at, point.zone))
        if default is not None and default.tariff_id != each.tariff_id:
            found.append(_other(each, default))
    return found


@operation.operation
def set_default(
    *, actor: Actor, at: datetime, group: Group, tariff: uuid.UUID | None, first_day: date
) -> models.TariffDefault | None:
    """This will let a tariff be the default of a group from a day on, until the next that is set; None: none is.

    What was set for that day ends there. Contracts stay as they are; new ones are proposed the default.

    :raises DefaultInvalid: when a site, building or tariff is not there, the currency differs, or there is no default
        to end
    """
    owner = scoping.current().organization_id
    site, building = _where(owner, group)
    wanted = None if tariff is None else _tariff(owner, tariff, site)
    kind = "" if group.customer_kind is None else group.customer_kind.value
    made = models.TariffDefault(
        organization_id=owner, site=site, building=building, service=group.service.value, customer_kind=kind
    )
    present, until = _make_room(made, first_day)
    if wanted is not None:
        made.tariff, made.during = wanted, DateRange(first_day, until, "[)")
        made.save()
    elif present is None:
        raise DefaultInvalid("first_day", _("No default holds on that day, so none can end."))
    audit_operations.record(
        actor=actor,
        at=at,
        action="customers:set_tariff_default",
        subject=made if present is None or wanted is not None else present,
        before={"tariff": None if present is None else present.tariff.code},
        after={
            "tariff": None if wanted is None else wanted.code,
            "service": group.service,
            "site": None if site is None else site.code,
            "building": None if building is None else building.code,
            "customer_kind": group.customer_kind,
            "first_day": first_day,
        },
    )
    return None if wanted is None else made


def _make_room(made: models.TariffDefault, first_day: date) -> tuple[models.TariffDefault | None, date | None]:
    """Ends what holds on a day for the same group; it returns that, and until when the day's default may hold."""
    same = _own().filter(site=made.site, building=made.building, service=made.service, customer_kind=made.customer_kind)
    rows = list(same.select_for_update(of=("self",)).select_related("tariff").order_by("during"))
    present = next((each for each in rows if first_day in each.during), None)
    if present is None:
        return None, min((each.during.lower for each in rows if each.during.lower > first_day), default=None)
    until = present.during.upper
    if present.during.lower == first_day:
        present.delete()
    else:
        present.during = DateRange(present.during.lower, first_day, "[)")
        present.save(update_fields=["during"])
    return present, until


def _where(owner: int, group: Group) -> tuple[site_models.Site | None, site_models.SiteNode | None]:
    if group.site is None:
        if group.building is not None:
            raise DefaultInvalid("building", _("Name the site of the building too."))
        return None, None
    site = site_models.Site.objects.filter(organization_id=owner, public_id=group.site).first()
    if site is None:
        raise DefaultInvalid("site", _("There is no such site."))
    if group.building is None:
        return site, None
    places = site_models.SiteNode.objects.filter(organization_id=owner, public_id=group.building, site=site)
    building = places.filter(kind=site_values.NodeKind.BUILDING.value, archived_at__isnull=True).first()
    if building is None:
        raise DefaultInvalid("building", _("This site has no such building."))
    return site, building


def _tariff(owner: int, tariff: uuid.UUID, site: site_models.Site | None) -> tariff_models.Tariff:
    found = tariff_models.Tariff.objects.filter(organization_id=owner, public_id=tariff).first()
    if found is None:
        raise DefaultInvalid("tariff", _("There is no such tariff."))
    if site is not None and found.currency != site.currency:
        words = _("Tariff %(tariff)s is in %(currency)s, the site is not.")
        raise DefaultInvalid("tariff", words % {"tariff": found.code, "currency": found.currency})
    return found


def _own() -> QuerySet[models.TariffDefault]:
    return models.TariffDefault.objects.filter(organization_id=scoping.current().organization_id)


def _parents(site_ids: Collection[int]) -> Mapping[int, int | None]:
    owner = scoping.current().organization_id
    nodes = site_models.SiteNode.objects.filter(organization_id=owner, site_id__in=site_ids)
    return dict(nodes.order_by("id").values_list("pk", "parent_id"))


def _place(
    point: metering_models.MeterPoint, parents: Mapping[int, int | None], kind: values.CustomerKind | None
) -> Place:
    above, node = set(), point.node_id
    while node is not None and node not in above:
        above.add(node)
        node = parents.get(node)
    return Place(metering_values.Service(point.service), point.site_id, point.site.currency, frozenset(above), kind)


def _other(contract: models.Contract, default: DefaultRow) -> OtherTariff:
    point = contract.meter_point
    return OtherTariff(
        contract=contract.public_id,
        account_number=contract.account.number,
        customer_name=contract.account.customer.name,
        point_code=point.code,
        point_name=point.name,
        tariff_code=contract.tariff.code,
        starts_at=contract.during.lower,
        zone=point.zone,
        default=default,
    )


def _row(each: models.TariffDefault) -> DefaultRow:
    site, building = each.site, each.building
    return DefaultRow(
        public_id=each.public_id,
        service=metering_values.Service(each.service),
        site_id=each.site_id,
        site_public_id=None if site is None else site.public_id,
        site_name="" if site is None else site.name,
        building_id=each.building_id,
        building_public_id=None if building is None else building.public_id,
        building_name="" if building is None else building.name,
        customer_kind=values.CustomerKind(each.customer_kind) if each.customer_kind else None,
        tariff_id=each.tariff_id,
        tariff_public_id=each.tariff.public_id,
        tariff_code=each.tariff.code,
        currency=each.tariff.currency,
        first_day=each.during.lower,
        until_day=each.during.upper,
    )
