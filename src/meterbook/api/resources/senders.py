"""Devices that send by HTTP. A token is told when it is drawn, and never again."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Field

from meterbook.acquisition import catalogue, permissions, senders
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import values as acquisition_values
from meterbook.acquisition.drivers.mqtt import mapping
from meterbook.acquisition.library import documents
from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import brokers as broker_resources
from meterbook.api.resources import reach
from meterbook.identity.values import Module
from meterbook.journeys import add_sender
from meterbook.kernel import clock
from meterbook.metering import permissions as metering_permissions

router = Router(tags=["Senders"])
Instant = values.InstantTold | None


class SenderGiven(values.Given):
    """How a device sends: where its values stand (as at a broker, without topics), and how often at least.

    `is_open`: it sends no token, and is heard from local networks only.
    """

    values: list[broker_resources.PlaceGiven] = Field(min_length=1, max_length=mapping.MOST_LINES)
    time: str = Field("", max_length=mapping.LONGEST_POINTER)
    expected_seconds: int = Field(acquisition_values.EXPECTED_SECONDS, ge=1, le=3600)
    is_open: bool = False


class NewSender(SenderGiven):
    """A meter that shall send: `meter`, which hangs there and is read in no way, or a new one by code, name, number."""

    site: uuid.UUID
    model_code: values.Code
    meter: uuid.UUID | None = None
    code: str = Field("", max_length=40)
    name: str = Field("", max_length=200)
    serial_number: str = Field("", max_length=60)


class RevokedSender(values.Given):
    """Why; it stays in the audit trail."""

    reason: values.Note


class NewToken(values.Given):
    """Whether the former token works for a day more."""

    keeps_former: bool = True


class SenderTold(values.Told):
    """A device that sends by HTTP; it sends to `/push/v1/devices/{id}`."""

    id: uuid.UUID
    serial_number: str
    model: str
    site_name: str
    meter_point: uuid.UUID | None
    values: list[broker_resources.PlaceTold]
    time: str
    expected_seconds: int
    is_open: bool
    is_enabled: bool
    status: acquisition_values.DeviceStatus
    heard_at: Instant
    problem: str | None
    refused: int
    refusal: str
    revoked_at: Instant


class SenderDrawn(SenderTold):
    """A device with the token that was drawn for it, told this once; null where it needs none."""

    token: str | None


class SendersTold(values.Told):
    """The devices that send by HTTP."""

    items: list[SenderTold]


@endpoint(
    router,
    "GET",
    "/senders",
    permission=permissions.VIEW_DEVICE,
    module=Module.METERING,
    answers=SendersTold,
    by_site=True,
)
def list_senders(request: entry.Request) -> SendersTold:
    """This will return the devices that send by HTTP."""
    off = reach.without(request, permissions.VIEW_DEVICE)
    rows = senders.list_senders(site_ids=request.caller.access.sites(permissions.VIEW_DEVICE))
    return SendersTold(items=[SenderTold(**_told(each)) for each in rows if each.site_id not in off])


@endpoint(
    router,
    "POST",
    "/senders",
    permission=permissions.MANAGE_DEVICE,
    module=Module.METERING,
    answers=SenderDrawn,
    status=201,
    by_site=True,
)
def create_sender(request: entry.Request, given: NewSender) -> SenderDrawn:
    """This will have a meter send by HTTP, and tell its token this once."""
    caller = request.caller
    site = reach.site(request, given.site, permissions.MANAGE_DEVICE)
    if given.meter is None:
        if not caller.access.allows(metering_permissions.MANAGE_METER, site.id):
            words = _("You may not add meters at this site; name one that hangs there.")
            raise problems.invalid("/body/meter", words)
        for name in ("code", "name", "serial_number"):
            if not getattr(given, name).strip():
                raise problems.invalid(f"/body/{name}", _("A new meter needs this."))
    made = add_sender.add_sender(
        actor=caller.actor,
        at=caller.at,
        plan=add_sender.SendingMeter(
            site.public_id,
            given.model_code,
            _facts(given, given.model_code),
            meter=given.meter,
            code=given.code.strip(),
            name=given.name.strip(),
            serial_number=given.serial_number.strip(),
        ),
        starts_at=caller.at,
    )
    return _drawn(request, made.public_id, made.token)


@endpoint(
    router,
    "GET",
    "/senders/{uuid:sender}",
    permission=permissions.VIEW_DEVICE,
    module=Module.METERING,
    answers=SenderTold,
    by_site=True,
)
def get_sender(request: entry.Request, sender: uuid.UUID) -> SenderTold:
    """This will return a device that sends by HTTP."""
    return SenderTold(**_told(_find(request, sender, permissions.VIEW_DEVICE)))


@endpoint(
    router,
    "PUT",
    "/senders/{uuid:sender}",
    permission=permissions.MANAGE_DEVICE,
    module=Module.METERING,
    answers=SenderDrawn,
    by_site=True,
)
def change_sender(request: entry.Request, sender: uuid.UUID, given: SenderGiven) -> SenderDrawn:
    """This will change how a device sends; `token` is told where it gets its first one by that."""
    row = _find(request, sender, permissions.MANAGE_DEVICE)
    caller = request.caller
    facts = _facts(given, row.model_code)
    token = acquisition_operations.change_sender(actor=caller.actor, at=caller.at, public_id=sender, facts=facts)
    return _drawn(request, sender, token or "")


@endpoint(
    router,
    "POST",
    "/senders/{uuid:sender}/token",
    permission=permissions.MANAGE_DEVICE,
    module=Module.METERING,
    answers=SenderDrawn,
    by_site=True,
)
def rotate_sender(request: entry.Request, sender: uuid.UUID, given: NewToken) -> SenderDrawn:
    """This will draw another token for a device, also for one that was revoked, and tell it this once."""
    _find(request, sender, permissions.MANAGE_DEVICE)
    caller = request.caller
    made = acquisition_operations.rotate_sender(
        actor=caller.actor,
        at=caller.at,
        real_at=clock.real_now(),
        public_id=sender,
        keeps_former=given.keeps_former,
    )
    return _drawn(request, sender, made.token)


@endpoint(
    router,
    "POST",
    "/senders/{uuid:sender}/revocation",
    permission=permissions.MANAGE_DEVICE,
    module=Module.METERING,
    answers=SenderTold,
    by_site=True,
)
def revoke_sender(request: entry.Request, sender: uuid.UUID, given: RevokedSender) -> SenderTold:
    """This will end the address of a device: its next message is refused."""
    _find(request, sender, permissions.MANAGE_DEVICE)
    caller = request.caller
    acquisition_operations.revoke_sender(actor=caller.actor, at=caller.at, public_id=sender, reason=given.reason)
    return SenderTold(**_told(_find(request, sender, permissions.MANAGE_DEVICE)))


def _facts(given: SenderGiven, model_code: str) -> acquisition_operations.SenderFacts:
    try:
        model = catalogue.current().load(model_code)
    except documents.ModelUnknown as error:
        raise problems.invalid("/body/model_code", str(error)) from error
    return acquisition_operations.SenderFacts(
        mapping=mapping.MessageMap(broker_resources.places_of(given.values, model), given.time),
        expected_seconds=given.expected_seconds,
        is_open=given.is_open,
    )


def _find(request: entry.Request, sender: uuid.UUID, permission: str) -> senders.SenderRow:
    return senders.get_sender(public_id=sender, site_ids=request.caller.access.sites(permission))


def _drawn(request: entry.Request, sender: uuid.UUID, token: str) -> SenderDrawn:
    return SenderDrawn(**_told(_find(request, sender, permissions.MANAGE_DEVICE)), token=token or None)


def _told(row: senders.SenderRow) -> dict[str, Any]:
    told = row.mapping.as_json()
    return {
        "id": row.public_id,
        "serial_number": row.serial_number,
        "model": row.model_code,
        "site_name": row.site_name,
        "meter_point": row.point_id,
        "values": broker_resources.places_told(told["values"]),
        "time": told["time"],
        "expected_seconds": row.expected_seconds,
        "is_open": row.is_open,
        "is_enabled": row.is_enabled,
        "status": row.status,
        "heard_at": values.maybe_instant(row.answered_at),
        "problem": f"{row.problem.words} {row.problem.remedy}" if row.problem is not None else None,
        "refused": row.refused,
        "refusal": row.refusal,
        "revoked_at": values.maybe_instant(row.revoked_at),
    }
