"""Gateways as people keep them: added, changed, revoked; which meters they read; security events looked into."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from meterbook.acquisition import events, gateway_models, gateways, models
from meterbook.acquisition import gateway_values as values
from meterbook.acquisition.gateway_values import GatewayProfile
from meterbook.acquisition.operations import devices
from meterbook.acquisition.push import signing
from meterbook.audit import operations as audit_operations
from meterbook.foundation import events as foundation_events
from meterbook.foundation import operation, scoping, vault
from meterbook.kernel.actor import Actor
from meterbook.sites import models as site_models


class GatewayMisconfigured(ValueError):
    """A gateway needs a name that its site does not have yet, and a limit from 1 to 1000 or none."""


class GatewayRevoked(ValueError):
    """The gateway was revoked; add a new one."""


class LimitReached(ValueError):
    """The profile of the gateway allows no further meter."""


@operation.operation
def create_gateway(
    *,
    actor: Actor,
    at: datetime,
    site: uuid.UUID,
    name: str,
    profile: GatewayProfile = GatewayProfile.CARD,
    most_meters: int | None = values.USUAL_LIMIT,
) -> gateway_models.Gateway:
    """This will add a gateway to a site. It can send once it has enrolled with a code (`issue_code`).

    :param most_meters: how many meters a field card may read; a central gateway has no limit
    :raises GatewayMisconfigured: naming what is wrong
    :raises site_models.Site.DoesNotExist: when the organization has no such site
    """
    organization_id = scoping.current().organization_id
    place = site_models.Site.objects.get(organization_id=organization_id, public_id=site)
    limit = _limit(profile, most_meters)
    fields = {"name": _name(name), "profile": profile.value, "most_meters": limit}
    sealed = vault.seal(signing.encode(signing.new_secret()))
    try:
        with transaction.atomic():
            made = gateway_models.Gateway.objects.create(
                organization_id=organization_id,
                site=place,
                signing_key=sealed,
                **fields,
            )
    except IntegrityError as error:
        raise GatewayMisconfigured(
            _("The site has a gateway “%(name)s” already; take another name.") % {"name": name.strip()}
        ) from error
    after = {"site": place.code, **fields}
    note(actor, at, "create_gateway", made, None, after)
    return made


@operation.operation
def change_gateway(
    *,
    actor: Actor,
    at: datetime,
    public_id: uuid.UUID,
    name: str,
    profile: GatewayProfile,
    most_meters: int | None,
    orders_by_sequence: bool,
) -> None:
    """This will change name and profile of a gateway; the same again changes nothing.

    :param orders_by_sequence: it has no clock: its messages count by their sequence, whatever time they name
    :raises gateways.GatewayNotFound: when there is no such gateway
    :raises GatewayMisconfigured: naming what is wrong
    :raises LimitReached: when it reads more meters than the new limit allows
    """
    gateway = locked(public_id)
    limit = _limit(profile, most_meters)
    count = links_of(gateway).count()
    if limit is not None and count > limit:
        raise LimitReached(
            _("The gateway reads %(count)s meters already; remove some before its profile allows %(limit)s only.")
            % {"count": count, "limit": limit}
        )
    fields = {
        "name": _name(name),
        "profile": profile.value,
        "most_meters": limit,
        "orders_by_sequence": orders_by_sequence,
    }
    before = {field: getattr(gateway, field) for field in fields}
    if before == fields:
        return
    for field, value in fields.items():
        setattr(gateway, field, value)
    try:
        with transaction.atomic():
            gateway.save(update_fields=list(fields))
    except IntegrityError as error:
        raise GatewayMisconfigured(
            _("The site has a gateway “%(name)s” already; take another name.") % {"name": name.strip()}
        ) from error
    note(actor, at, "change_gateway", gateway, before, fields)


@operation.operation
def revoke_gateway(*, actor: Actor, at: datetime, public_id: uuid.UUID, reason: str) -> None:
    """This will end a gateway: its next message is refused, its codes are void. One that was revoked stays as it is.

    Its meters are free for another gateway; what it sent stays.

    :raises gateways.GatewayNotFound: when there is no such gateway
    """
    gateway = locked(public_id)
    if gateway.revoked_at is not None:
        return
    gateway.revoked_at = at
    gateway.save(update_fields=["revoked_at"])
    end_codes(gateway, at)
    links_of(gateway).update(removed_at=at)
    stop_reading(actor, at, models.Device.objects.filter(organization_id=gateway.organization_id, bus__gateway=gateway))
    note(actor, at, "revoke_gateway", gateway, None, {"revoked_at": at}, reason=reason)


@operation.operation
def ask_for_rotation(*, actor: Actor, at: datetime, public_id: uuid.UUID) -> None:
    """This will ask a gateway to exchange its key: it is told with the next answer, and does so by itself.

    :raises gateways.GatewayNotFound: when there is no such gateway
    :raises GatewayRevoked: when it was revoked
    """
    gateway = require_working(public_id)
    gateway.rotation_asked_at = at
    gateway.save(update_fields=["rotation_asked_at"])
    note(actor, at, "ask_for_rotation", gateway, None, {"rotation_asked_at": at})


@operation.operation
def settle_incidents(*, actor: Actor, at: datetime, public_id: uuid.UUID, reason: str) -> int:
    """This will note that somebody looked into all security events of a gateway; their alarms end. It answers how many.

    :param reason: what was found; it stays beside them
    :raises gateways.GatewayNotFound: when there is no such gateway
    """
    gateway = locked(public_id)
    incidents = gateway_models.GatewayIncident.objects.filter(
        organization_id=gateway.organization_id, gateway=gateway, settled_at=None
    )
    kinds = tuple(incidents.order_by("kind").values_list("kind", flat=True))
    if not kinds:
        return 0
    incidents.update(settled_at=at, settled_by=actor.label[:200], reason=reason[:300])
    note(actor, at, "settle_incidents", gateway, None, {"kinds": list(kinds)}, reason=reason)
    foundation_events.publish(
        events.GatewaySettled(
            organization_id=gateway.organization_id, gateway_id=str(gateway.public_id), kinds=list(kinds)
        )
    )
    return len(kinds)


def locked(public_id: uuid.UUID) -> gateway_models.Gateway:
    """This will return a gateway for changing it.

    :raises gateways.GatewayNotFound: when there is none
    """
    found = (
        gateway_models.Gateway.objects.select_for_update(of=("self",))
        .select_related("site")
        .filter(organization_id=scoping.current().organization_id, public_id=public_id)
        .first()
    )
    if found is None:
        raise gateways.GatewayNotFound(_("There is no such gateway."))
    return found


def require_working(public_id: uuid.UUID) -> gateway_models.Gateway:
    """This will return a gateway that was not revoked, for changing it.

    :raises gateways.GatewayNotFound: when there is none
    :raises GatewayRevoked: when it was revoked
    """
    found = locked(public_id)
    if found.revoked_at is not None:
        raise GatewayRevoked(_("This gateway was revoked; add a new one."))
    return found


def end_codes(gateway: gateway_models.Gateway, at: datetime) -> None:
    """This will void the codes of a gateway that nobody used; part of an operation."""
    gateway_models.GatewayEnrolment.objects.filter(
        organization_id=gateway.organization_id, gateway=gateway, used_at=None, ended_at=None
    ).update(ended_at=at)


def stop_reading(actor: Actor, at: datetime, found: QuerySet[models.Device]) -> None:
    """This will end that devices are read, and their alarms; part of an operation."""
    for device in found.filter(is_enabled=True).select_related("bus", "meter").order_by("id"):
        devices.set_device_enabled(actor=actor, at=at, device=device, is_enabled=False)


def links_of(gateway: gateway_models.Gateway) -> QuerySet[gateway_models.GatewayMeter]:
    """This will return which meters a gateway reads now."""
    return gateway_models.GatewayMeter.objects.filter(
        organization_id=gateway.organization_id, gateway=gateway, removed_at=None
    )


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > 100:
        raise GatewayMisconfigured(_("Give the gateway a name of at most 100 signs."))
    return name


def _limit(profile: GatewayProfile, most_meters: int | None) -> int | None:
    if profile is GatewayProfile.CENTRAL:
        return None
    if most_meters is None or not 1 <= most_meters <= values.MOST_OF_CARD:
        raise GatewayMisconfigured(_("A field card reads from 1 to 1000 meters."))
    return most_meters


def note(
    actor: Actor,
    at: datetime,
    action: str,
    gateway: gateway_models.Gateway,
    before: Mapping[str, object] | None,
    after: Mapping[str, object] | None,
    *,
    reason: str = "",
) -> None:
    """This will write an entry about a gateway into the trail; part of an operation."""
    audit_operations.record(
        actor=actor,
        at=at,
        action=f"acquisition:{action}",
        subject=gateway,
        before=before,
        after=after,
        reason=reason,
    )
