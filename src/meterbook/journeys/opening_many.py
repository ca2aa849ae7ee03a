"""Open postpaid accounts for several units at once: all of them, or none with the fault of each row."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from meterbook.customers import letting, records
from meterbook.customers import operations as customer_operations
from meterbook.foundation import operation, scoping
from meterbook.journeys import moving_in, operations, values
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models
from meterbook.metering import zones
from meterbook.sites import models as site_models


@dataclass(frozen=True)
class Opening:
    """One unit (`letting.Place.key`) with the account and the customer who will pay for it."""

    place: str
    number: str
    name: str
    email: str = ""


class OpeningsRefused(ValueError):
    """No account was opened; `faults` says what to correct, by place key."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(_("No account was opened; correct the rows that are marked."))
        self.faults = faults


@operation.operation
def open_accounts(
    *,
    actor: Actor,
    at: datetime,
    site: uuid.UUID,
    openings: Sequence[Opening],
    tariffs: Mapping[str, uuid.UUID],
    first_day: date,
    language: str,
    reason: str = "",
) -> list[uuid.UUID]:
    """This will open an account with a customer and its contracts for each unit; it returns their public ids in order.

    :param tariffs: by service code, as public ids
    :param first_day: as it is at the meters of each unit, else at the site
    :param reason: why a tariff is not the default, where one is not
    :raises OpeningsRefused: with every fault by place; nothing was opened
    """
    organization_id = scoping.current().organization_id
    found_site = site_models.Site.objects.filter(organization_id=organization_id, public_id=site).first()
    if found_site is None:
        raise OpeningsRefused({each.place: _("There is no such site.") for each in openings})
    faults: dict[str, str] = {}
    numbers: set[str] = set()
    opened = []
    for each in openings:
        try:
            if each.number in numbers:
                raise customer_operations.CodeTaken(_("Two rows have this account number; take another one."))
            numbers.add(each.number)
            with transaction.atomic():
                opened.append(_open(actor, at, found_site, each, tariffs, first_day, language, reason))
        except (operations.JourneyRefused, customer_operations.CodeTaken, records.CustomerCodeTaken) as error:
            faults[each.place] = str(error)
    if faults:
        raise OpeningsRefused(faults)
    return opened


def _open(
    actor: Actor,
    at: datetime,
    site: site_models.Site,
    opening: Opening,
    tariffs: Mapping[str, uuid.UUID],
    first_day: date,
    language: str,
    reason: str,
) -> uuid.UUID:
    place = next(iter(letting.places(at=at, site_id=site.pk, key=opening.place)), None)
    if place is None:
        raise operations.JourneyRefused(values.Step.UNIT, _("This unit has no meters of tenants any more."))
    zone = zones.common((each.zone for each in place.points), zones.resolve("", (), site.time_zone))
    starts_at = civil.start_of_day(first_day, zone)
    points = list(
        metering_models.MeterPoint.objects.filter(
            organization_id=site.organization_id, pk__in=[each.id for each in place.points]
        )
        .select_related("site")
        .order_by("code", "id")
    )
    moving_in.require_vacant(points=points, starts_at=starts_at)
    customer = records.create_record(
        actor=actor,
        at=at,
        code=opening.number,
        facts=records.Facts(name=opening.name, email=opening.email, language=language),
    )
    account = customer_operations.open_account(actor=actor, at=at, customer=customer, site=site, number=opening.number)
    chosen = {each.public_id: tariffs[each.service] for each in points if each.service in tariffs}
    tenancy = moving_in.NewTenancy(account, chosen, starts_at, {}, reason)
    moving_in.begin(actor=actor, at=at, tenancy=tenancy, points=points)
    return account.public_id
