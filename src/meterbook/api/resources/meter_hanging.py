"""Exchange a meter, take it away without another one, and hang one at a point that has none."""

from __future__ import annotations

import uuid
from typing import Annotated

from django.utils.translation import gettext as _
from ninja import Router

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import coming_meters, meter_changes, reach
from meterbook.api.resources import meter_shapes as shapes
from meterbook.identity.values import Module
from meterbook.journeys import exchange_meter, exchange_proposals, hanging_meters
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries

router = Router(tags=["Meters"])


class Removal(values.Given):
    """The meter that is taken away, and what every register that counts showed last, by series, before multipliers."""

    meter: uuid.UUID
    removed_at: values.InstantGiven
    finals: Annotated[dict[meter_changes.Register, meter_changes.FinalReading], meter_changes.FEW]
    reason: meter_changes.Reason


class Hanging(coming_meters.Coming):
    """The meter that comes to a point without one, and what every register of its model that counts showed first.

    One of that model and number that hangs nowhere hangs again. `unit_id` or `secondary` is its address on the line of
    the meter that hung there before; without them nothing asks it.
    """

    installed_at: values.InstantGiven
    reason: meter_changes.Reason


class Exchange(coming_meters.Coming):
    """The meter that comes, and what both showed, before multipliers.

    `old_meter` is the one that is taken away: had it been exchanged meanwhile, nothing happens. `finals` are by series,
    `openings` by register of the new model; both name every register that counts. `unit_id` is the new meter's address
    on the line of the old one, `secondary` that of an M-Bus meter by its number; without them nothing asks it.
    """

    old_meter: uuid.UUID
    exchanged_at: values.InstantGiven
    finals: Annotated[dict[meter_changes.Register, meter_changes.FinalReading], meter_changes.FEW]
    reason: meter_changes.Reason


@endpoint(
    router,
    "POST",
    "/meter-points/{uuid:point}/remove",
    permission=permissions.MANAGE_METER,
    module=Module.METERING,
    answers=shapes.MeterPoint,
    by_site=True,
    by_single=True,
)
def remove_meter_of_point(request: entry.Request, point: uuid.UUID, given: Removal) -> shapes.MeterPoint:
    """This will take the meter of a point away with its last readings; the point stays without a meter."""
    caller = request.caller
    detail = reach.point(request, point, permissions.MANAGE_METER, is_assigned_enough=True)
    meter_changes.require_past("removed_at", given.removed_at, caller.at)
    finals = coming_meters.finals(given.finals)
    shown = {code: each.value for code, each in finals.items()}
    meter_changes.require_shown("finals", shown, detail, given.removed_at)
    hanging_meters.remove(
        actor=caller.actor,
        at=caller.at,
        point_id=detail.public_id,
        meter_id=given.meter,
        removed_at=given.removed_at,
        finals=finals,
        reason=given.reason,
    )
    return shapes.told(metering_queries.get_meter(public_id=detail.public_id))


@endpoint(
    router,
    "POST",
    "/meter-points/{uuid:point}/install",
    permission=permissions.MANAGE_METER,
    module=Module.METERING,
    answers=shapes.MeterPoint,
    by_site=True,
    by_single=True,
)
def install_meter_at_point(request: entry.Request, point: uuid.UUID, given: Hanging) -> shapes.MeterPoint:
    """This will hang a meter at a point that has none, with its first readings; the series of the point go on."""
    caller = request.caller
    detail = reach.point(request, point, permissions.MANAGE_METER, is_assigned_enough=True)
    new = coming_meters.new_meter(request, detail, given)
    meter_changes.require_past("installed_at", given.installed_at, caller.at)
    hanging_meters.install(
        actor=caller.actor,
        at=caller.at,
        point_id=detail.public_id,
        installed_at=given.installed_at,
        new=new,
        reason=given.reason,
        noted=coming_meters.noted(given),
    )
    return shapes.told(metering_queries.get_meter(public_id=detail.public_id))


class ProposedFinal(values.Told):
    """A counting register of the meter that hangs there, before multipliers, in `unit`.

    `latest` is what it is known to have shown last before, at `latest_at`; `proposed` what it shows then, as far as
    readings tell it. Null: somebody must read it.
    """

    series: str
    unit: str
    latest: values.DecimalTold | None
    latest_at: values.InstantTold | None
    proposed: values.DecimalTold | None


class ExchangeProposal(values.Told):
    """What the registers of a meter show at `at`, to be checked against the display; `old_meter` names it."""

    old_meter: uuid.UUID
    at: values.InstantTold
    finals: list[ProposedFinal]


@endpoint(
    router,
    "GET",
    "/meter-points/{uuid:point}/exchange-proposal",
    permission=permissions.MANAGE_METER,
    module=Module.METERING,
    answers=ExchangeProposal,
    by_site=True,
    by_single=True,
)
def propose_exchange(
    request: entry.Request, point: uuid.UUID, at: values.InstantGiven | None = None
) -> ExchangeProposal:
    """This will propose the last readings of the meter that hangs at a point, as of `at`, or of now."""
    detail = reach.point(request, point, permissions.MANAGE_METER, is_assigned_enough=True)
    if detail.current is None:
        raise problems.Problem(409, "state", _("No meter hangs at this meter point; set one up instead."))
    instant = at or request.caller.at
    if instant > request.caller.at:
        raise problems.invalid("/query/at", _("That lies ahead; take an instant that is over."))
    return ExchangeProposal(
        old_meter=detail.current.meter_public_id,
        at=values.instant(instant),
        finals=[_proposed(each) for each in exchange_proposals.proposals(detail=detail, at=instant)],
    )


def _proposed(offer: exchange_proposals.Proposal) -> ProposedFinal:
    latest = offer.latest
    return ProposedFinal(
        series=offer.series.code,
        unit=offer.register.unit,
        latest=None if latest is None else values.decimal(offer.number(latest.raw)),
        latest_at=None if latest is None else values.instant(latest.at),
        proposed=None if offer.proposed is None else values.decimal(offer.number(offer.proposed)),
    )


@endpoint(
    router,
    "POST",
    "/meter-points/{uuid:point}/exchange",
    permission=permissions.MANAGE_METER,
    module=Module.METERING,
    answers=shapes.MeterPoint,
    by_site=True,
    by_single=True,
)
def exchange_meter_of_point(request: entry.Request, point: uuid.UUID, given: Exchange) -> shapes.MeterPoint:
    """This will exchange the meter of a meter point at one instant, with the last readings and the first ones."""
    caller = request.caller
    detail = reach.point(request, point, permissions.MANAGE_METER, is_assigned_enough=True)
    meter_changes.require_past("exchanged_at", given.exchanged_at, caller.at)
    finals = coming_meters.finals(given.finals)
    shown = {code: each.value for code, each in finals.items()}
    meter_changes.require_shown("finals", shown, detail, given.exchanged_at)
    exchange_meter.exchange(
        actor=caller.actor,
        at=caller.at,
        point_id=detail.public_id,
        old_meter_id=given.old_meter,
        exchanged_at=given.exchanged_at,
        finals=finals,
        new=coming_meters.new_meter(request, detail, given),
        reason=given.reason,
        noted=coming_meters.noted(given),
    )
    return shapes.told(metering_queries.get_meter(public_id=detail.public_id))
