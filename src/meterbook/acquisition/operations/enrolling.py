"""How a gateway comes by its key: with a code that a person gave it, once; later by its key, for the next one."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from meterbook.acquisition import carriers, gateway_models
from meterbook.acquisition import gateway_values as values
from meterbook.acquisition.operations import gateway_meters
from meterbook.acquisition.operations import gateways as gateway_operations
from meterbook.acquisition.push import codes, signing
from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation, scoping, vault
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models


class CodeRefused(PermissionError):
    """The code is unknown, was used, is older than 15 minutes, or its gateway was revoked: which, nobody is told."""


@dataclass(frozen=True)
class MadeCode:
    """A code, which nobody can see again; `expires_at` is real time."""

    code: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True)
class FoundCode:
    """Where a code belongs: ids, and nothing else."""

    organization_id: int
    enrolment_id: int


@dataclass(frozen=True)
class Enrolled:
    """What a gateway is told when it enrols. `secret` is that of HMAC, empty for Ed25519.

    `carrier` is the broker through which it sends, as its configuration tells it; None for HTTPS alone.
    """

    gateway: uuid.UUID
    name: str
    key: uuid.UUID
    server_key: str
    most_meters: int | None
    meters: tuple[str, ...]
    secret: str = field(default="", repr=False)
    carrier: dict[str, Any] | None = None


@operation.operation
def issue_code(
    *, actor: Actor, at: datetime, real_at: datetime, public_id: uuid.UUID, overlap_days: int = 0
) -> MadeCode:
    """This will draw the code with which a gateway enrols, and void those before.

    A gateway that has a key enrols again, such as a new device in place of a broken one: the former key works on for
    the overlap, so that what the former device holds can be sent still.

    :raises gateways.GatewayNotFound: when there is no such gateway
    :raises gateway_operations.GatewayRevoked: when it was revoked
    :raises gateway_operations.GatewayMisconfigured: when the overlap is not 0 to 30 days
    """
    if not 0 <= overlap_days <= values.LONGEST_OVERLAP_DAYS:
        raise gateway_operations.GatewayMisconfigured(_("The former key may work for 0 to 30 days more."))
    gateway = gateway_operations.require_working(public_id)
    gateway_operations.end_codes(gateway, at)
    code, expires_at = codes.new(), real_at + values.CODE_LIFETIME
    gateway_models.GatewayEnrolment.objects.create(
        organization_id=gateway.organization_id,
        gateway=gateway,
        digest=codes.digest(code),
        expires_at=expires_at,
        overlap_days=overlap_days,
    )
    after = {"expires_at": expires_at, "overlap_days": overlap_days}
    audit_operations.record(
        actor=actor, at=at, action="acquisition:issue_code", subject=gateway, before=None, after=after
    )
    return MadeCode(code, expires_at)


def find_code(*, code: str) -> FoundCode:
    """This will find where a code belongs, before anything of it is believed. Runs outside a scope.

    :raises CodeRefused: when there is none
    """
    try:
        digest = codes.digest(code)
    except codes.CodeInvalid as error:
        raise _refused() from error
    with connection.cursor() as cursor:
        cursor.execute("SELECT organization_id, enrolment_id FROM acquisition_enrolment_of(%s)", [digest])
        row = cursor.fetchone()
    if row is None:
        raise _refused()
    return FoundCode(*row)


@operation.operation
def enrol(
    *,
    actor: Actor,
    at: datetime,
    real_at: datetime,
    enrolment_id: int,
    algorithm: signing.Algorithm,
    public_half: str = "",
    meters: Sequence[str] = (),
) -> Enrolled:
    """This will give a gateway its key for a code, once.

    :param public_half: of the Ed25519 key that the gateway drew; HMAC gets its secret from here
    :param meters: serial numbers of meters at its site that it reads; those without a gateway are added to it
    :raises CodeRefused: when the code was used, is too old, or its gateway was revoked
    :raises signing.KeyInvalid: when the public half is none
    :raises gateway_operations.LimitReached: when its profile allows fewer meters; the code stays good
    :raises gateway_meters.MeterNotFree: naming the meter that is unknown here or has a gateway
    """
    organization_id = scoping.current().organization_id
    code = gateway_models.GatewayEnrolment.objects.select_for_update().get(
        organization_id=organization_id, pk=enrolment_id
    )
    gateway = gateway_models.Gateway.objects.select_for_update(of=("self",)).get(
        organization_id=organization_id, pk=code.gateway_id
    )
    is_over = code.used_at is not None or code.ended_at is not None or code.expires_at <= real_at
    if is_over or gateway.revoked_at is not None:
        raise _refused()
    gateway_meters.require_room(gateway, len(set(meters)))
    found = _meters(gateway, meters)
    gateway_meters.link_meters(actor=actor, at=at, gateway=gateway, meters=found)
    code.used_at = at
    code.save(update_fields=["used_at"])
    gateway.enrolled_at = at
    gateway.save(update_fields=["enrolled_at"])
    end_keys(gateway, real_at + timedelta(days=code.overlap_days))
    return _give(actor, at, "enrol_gateway", gateway, algorithm, public_half)


@operation.operation
def exchange_key(
    *,
    actor: Actor,
    at: datetime,
    real_at: datetime,
    gateway_id: int,
    algorithm: signing.Algorithm,
    public_half: str = "",
) -> Enrolled:
    """This will give a gateway its next key, asked with the present one, which works for seven days more.

    :raises signing.KeyInvalid: when the public half is none
    """
    gateway = gateway_models.Gateway.objects.select_for_update(of=("self",)).get(
        organization_id=scoping.current().organization_id, pk=gateway_id
    )
    end_keys(gateway, real_at + values.KEY_OVERLAP)
    gateway.rotation_asked_at = None
    gateway.save(update_fields=["rotation_asked_at"])
    return _give(actor, at, "exchange_gateway_key", gateway, algorithm, public_half)


def end_keys(gateway: gateway_models.Gateway, until: datetime) -> None:
    """This will have the keys of a gateway end, those that do not end earlier; part of an operation. Real time."""
    keys = gateway_models.GatewayKey.objects.filter(organization_id=gateway.organization_id, gateway=gateway)
    keys.filter(Q(ends_at=None) | Q(ends_at__gt=until)).update(ends_at=until)


def _give(
    actor: Actor,
    at: datetime,
    action: str,
    gateway: gateway_models.Gateway,
    algorithm: signing.Algorithm,
    public_half: str,
) -> Enrolled:
    secret, sealed = "", ""
    if algorithm is signing.Algorithm.HMAC:
        secret = signing.encode(signing.new_secret())
        sealed, public_half = vault.seal(secret), ""
    else:
        signing.decode(public_half, length=signing.SECRET_BYTES)
    key = gateway_models.GatewayKey.objects.create(
        organization_id=gateway.organization_id,
        gateway=gateway,
        algorithm=algorithm.value,
        sealed=sealed,
        public_half=public_half,
    )
    after = {"key": str(key.public_id), "algorithm": algorithm.value}
    audit_operations.record(
        actor=actor, at=at, action=f"acquisition:{action}", subject=gateway, before=None, after=after
    )
    links = gateway_models.GatewayMeter.objects.filter(
        organization_id=gateway.organization_id, gateway=gateway, removed_at=None
    )
    carrier = carriers.find(gateway_id=gateway.pk)
    return Enrolled(
        gateway=gateway.public_id,
        name=gateway.name,
        key=key.public_id,
        server_key=signing.encode(signing.public_half(signing.decode(vault.open_sealed(gateway.signing_key)))),
        most_meters=gateway.most_meters,
        meters=tuple(links.order_by("id").values_list("meter__serial_number", flat=True)),
        secret=secret,
        carrier=carrier.as_json() if carrier is not None and carrier.is_enabled else None,
    )


def _meters(gateway: gateway_models.Gateway, serials: Sequence[str]) -> list[metering_models.Meter]:
    found = []
    for serial in dict.fromkeys(serials):
        meters = metering_models.Meter.objects.filter(organization_id=gateway.organization_id, serial_number=serial)
        here = list(
            meters.filter(
                installation__during__upper_inf=True, installation__meter_point__site_id=gateway.site_id
            ).order_by("id")[:2]
        )
        if len(here) != 1:
            words = _("The site of this gateway has no meter, or several, with the number %(number)s.")
            raise gateway_meters.MeterNotFree(words % {"number": serial[:60]})
        found += here
    return found


def _refused() -> CodeRefused:
    return CodeRefused(_("This code is not valid: draw a new one on the page of the gateway; it holds for 15 minutes."))
