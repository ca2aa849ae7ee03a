"""Exchange the meter at a point: the old one's final readings, the new one's first, and who is asked from then on."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _

from meterbook.acquisition import brokers as acquisition_brokers
from meterbook.acquisition import catalogue
from meterbook.acquisition import models as acquisition_models
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import senders as acquisition_senders
from meterbook.foundation import operation, scoping
from meterbook.journeys import add_meter, counting, filling, hung_registers, noting_assets
from meterbook.kernel.actor import Actor
from meterbook.metering import models, values
from meterbook.metering import operations as metering_operations
from meterbook.metering import queries as metering_queries


class NothingToExchange(LookupError):
    """No meter hangs at this meter point; set one up instead."""


class ChangedMeanwhile(ValueError):
    """Another meter hangs there by now: look at its page, then begin again."""


@dataclass(frozen=True)
class NewMeter:
    """The meter that comes. Readings by register code, in the register's unit as it shows them (before multipliers).

    `unit_id` is its address on the old meter's bus; None leaves it unread by itself. `secondary` is the address of an
    M-Bus meter by its number, in place of `unit_id`. `rated_per_hour` as `MeterPlan`.
    """

    serial_number: str
    model_code: str
    multiplier: Fraction = Fraction(1)
    rated_per_hour: Decimal | None = None
    unit_id: int | None = None
    secondary: str = ""
    openings: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Final:
    """What a register of the old meter showed last, in its unit; estimated when nobody read it."""

    value: Decimal
    is_estimated: bool = False


def shown_before(
    *, meter: metering_queries.InstallationRow, series: metering_queries.SeriesRow, until: datetime
) -> metering_queries.ReadingRow | None:
    """This will return the latest reading before `until` of the meter that hangs there, or None.

    What another meter showed there before says nothing of this one.
    """
    found = metering_queries.latest_readings(series=series, since=meter.starts_at, until=until, limit=1)
    return found[0] if found else None


@dataclass(frozen=True)
class Shown:
    """What a register showed at an instant, as the integer of its resolution."""

    at: datetime
    raw: int


@dataclass(frozen=True)
class Piece:
    """Counts (of the register's resolution) that one multiplier holds for."""

    counts: int
    factor: Fraction


def last_shown(
    *, meter: metering_queries.InstallationRow, series: metering_queries.SeriesRow, until: datetime
) -> Shown | None:
    """This will return what is known last before `until`: a reading, or what was noted when the multiplier changed."""
    reading = shown_before(meter=meter, series=series, until=until)
    known = [Shown(reading.at, reading.raw)] if reading is not None else []
    known += [
        Shown(each.starts_at, each.shown[series.id])
        for each in meter.multipliers[1:]
        if each.starts_at < until and series.id in each.shown
    ]
    return max(known, key=lambda each: each.at, default=None)


def pieces(
    *,
    multipliers: Sequence[metering_queries.MultiplierRow],
    series: metering_queries.SeriesRow,
    since: Shown,
    final: Shown,
) -> tuple[Piece, ...]:
    """This will divide what was counted between two readings at the changes of the multiplier, as derivation does.

    Nothing when it is not known what the register showed at a change between them.
    """
    factor, at, found = Fraction(1), since, []
    for each in multipliers:
        if each.starts_at <= since.at:
            factor = each.factor
        elif each.starts_at < final.at:
            if series.id not in each.shown:
                return ()
            found.append(Piece(each.shown[series.id] - at.raw, factor))
            factor, at = each.factor, Shown(each.starts_at, each.shown[series.id])
    return (*found, Piece(final.raw - at.raw, factor))


@operation.operation
def exchange(
    *,
    actor: Actor,
    at: datetime,
    point_id: uuid.UUID,
    old_meter_id: uuid.UUID,
    exchanged_at: datetime,
    finals: Mapping[str, Final],
    new: NewMeter,
    reason: str,
    noted: noting_assets.Noted = noting_assets.NOTHING,
) -> None:
    """This will exchange the meter at a point at one instant, and ask the new one where the old one was asked (B-07).

    The old device is kept, off; a job asks for a photo where a final value is estimated without one. All or nothing.

    :param old_meter_id: the meter that is taken away, as the person saw it
    :param finals: by series code
    :param noted: seals of the new meter, photos of both
    :raises NothingToExchange: when no meter hangs there
    :raises ChangedMeanwhile: when it is another one than `old_meter_id`
    :raises add_meter.MeterRefused: naming the field at fault
    """
    installation = _expected(point_id, old_meter_id)
    heard = _heard_again(installation.meter, new)
    with add_meter.blaming("serial_number", metering_operations.CodeTaken):
        meter = metering_operations.create_meter(
            actor=actor,
            at=at,
            organization_id=installation.organization_id,
            serial_number=new.serial_number,
            model_code=new.model_code,
            is_primary=catalogue.current().is_primary(new.model_code),
        )
    with (
        add_meter.blaming("exchanged_at", metering_operations.OutsideInstallation),
        add_meter.blaming("multiplier", metering_operations.RegistersArePrimary),
    ):
        hung = metering_operations.exchange_meter(
            actor=actor,
            at=at,
            installation=installation,
            exchanged_at=exchanged_at,
            closings=closings_of(installation, finals),
            meter=meter,
            registers=_registers(installation, new, heard),
            multiplier=new.multiplier,
            rated_per_hour=new.rated_per_hour,
            reason=reason,
        )
    noting_assets.note(actor, at, noted, instant=exchanged_at, came=hung, went=installation, reason=reason)
    if noted.went is None and any(each.is_estimated for each in finals.values()):
        noting_assets.ask_for_photo(actor, at, installation)
    _connect(actor, at, installation.meter, meter, new, heard)


def _registers(
    installation: models.Installation, new: NewMeter, heard: acquisition_operations.SubscriptionFacts | None
) -> tuple[metering_operations.RegisterPlan, ...]:
    service = values.Service(installation.meter_point.service)
    sent = acquisition_senders.registers_of_meter(meter_id=installation.meter_id)
    kept = hung_registers.kept_registers(metering_queries.get_meter(public_id=installation.meter_point.public_id))
    only = _heard_registers(heard) or sent
    return hung_registers.registers_of(new.model_code, service, new.openings, only=only, kept=kept)


def _expected(point_id: uuid.UUID, old_meter_id: uuid.UUID) -> models.Installation:
    installation = hanging(point_id)
    if installation.meter.public_id != old_meter_id:
        raise ChangedMeanwhile(_("Another meter hangs there by now: look at its page, then begin again."))
    return installation


@operation.operation
def multiply(
    *,
    actor: Actor,
    at: datetime,
    point_id: uuid.UUID,
    starts_at: datetime,
    multiplier: Fraction,
    registers: Mapping[str, Decimal],
    reason: str,
    protocol: str = "",
    noted: noting_assets.Noted = noting_assets.NOTHING,
) -> filling.Done:
    """This will count the meter at a point another number of times from an instant on (B-02).

    Where the organization asks two people for it, it waits for the second; what hangs there is noted at once.

    :param registers: what its registers showed then, by series code, in their units
    :param protocol: the number of the protocol that shows it, where there is no photo
    :param noted: the seals and transformers from then on, and photos
    :raises NothingToExchange: when no meter hangs there
    :raises add_meter.MeterRefused: naming the field at fault
    """
    if noted.changed is None and not protocol.strip():
        raise add_meter.MeterRefused("protocol", _("Add a photo, or the number of the protocol: it proves the change."))
    installation = hanging(point_id)
    decimals = _decimals(installation)
    with (
        add_meter.blaming(
            "multiplier", metering_operations.RegistersArePrimary, metering_operations.MultiplierUnchanged
        ),
        add_meter.blaming("starts_at", metering_operations.OutsideInstallation),
    ):
        plan = counting.plan_multiplier(
            actor=actor,
            at=at,
            installation=installation,
            recount=metering_operations.Recount(
                starts_at=starts_at,
                multiplier=multiplier,
                is_new=True,
                registers={
                    code: hung_registers.stored(value, decimals[code])
                    for code, value in registers.items()
                    if code in decimals
                },
                evidence={"protocol": protocol.strip()},
            ),
        )
    done = counting.carry_out(actor=actor, at=at, plan=plan, reason=reason)
    noting_assets.note(actor, at, noted, instant=starts_at, came=installation, reason=reason)
    return done


def hanging(point_id: uuid.UUID) -> models.Installation:
    """This will return the installation that has not ended at a meter point, locked, with its meter and its point.

    :raises NothingToExchange: when no meter hangs there, or a virtual one
    """
    found = (
        models.Installation.objects.select_for_update(of=("self",))
        .filter(
            organization_id=scoping.current().organization_id,
            meter_point__public_id=point_id,
            during__upper_inf=True,
        )
        .select_related("meter", "meter_point")
        .first()
    )
    if found is None:
        raise NothingToExchange(_("No meter hangs at this meter point; set one up instead."))
    if found.meter.model_code == values.VIRTUAL:
        raise NothingToExchange(_("A virtual meter is computed from others; change its formula instead."))
    return found


def closings_of(
    installation: models.Installation, finals: Mapping[str, Final]
) -> dict[str, metering_operations.Closing]:
    """This will return what the registers of a meter showed last as they are stored; by series code, as `finals`."""
    decimals = _decimals(installation)
    return {
        code: metering_operations.Closing(
            hung_registers.stored(final.value, decimals[code]), is_estimated=final.is_estimated
        )
        for code, final in finals.items()
        if code in decimals
    }


def _decimals(installation: models.Installation) -> dict[str, int]:
    """How finely the registers of the meter resolve, by series code."""
    registers = models.InstallationRegister.objects.filter(
        organization_id=installation.organization_id, installation=installation
    ).select_related("series")
    return {each.series.code: each.decimals for each in registers.order_by("id")}


def _heard_again(old: models.Meter, new: NewMeter) -> acquisition_operations.SubscriptionFacts | None:
    """How the new meter is heard at the broker at which the old one was: under its topic, when it sends as that did."""
    found = acquisition_brokers.subscription_of_meter(meter_id=old.pk)
    if found is None or new.model_code == values.IMPORTED:
        return None
    if found.model_code != new.model_code and not acquisition_brokers.comes_with_a_mapping(new.model_code):
        words = _("This model sends otherwise than the old meter did; choose the same one, and connect others anew.")
        raise add_meter.MeterRefused("model_code", words)
    row = found.row
    own = row.mapping if row.is_own and found.model_code == new.model_code else None
    return acquisition_operations.SubscriptionFacts(row.topic, row.channel, own, row.expected_seconds)


def _heard_registers(heard: acquisition_operations.SubscriptionFacts | None) -> Collection[str] | None:
    return heard.mapping.registers if heard is not None and heard.mapping is not None else None


def _connect(
    actor: Actor,
    at: datetime,
    old: models.Meter,
    new: models.Meter,
    plan: NewMeter,
    heard: acquisition_operations.SubscriptionFacts | None,
) -> None:
    """The old meter is asked no more; the new one is, on the same bus, when it has an address."""
    acquisition_operations.hand_over_meter(actor=actor, at=at, old=old, new=new)
    device = (
        acquisition_models.Device.objects.filter(organization_id=old.organization_id, meter=old, is_enabled=True)
        .select_related("bus")
        .first()
    )
    if device is None:
        return
    acquisition_operations.set_device_enabled(actor=actor, at=at, device=device, is_enabled=False)
    if heard is not None:
        add_meter.subscribe(actor, at, device.bus, new, heard)
        return
    if plan.model_code != values.IMPORTED and _sends_on(actor, at, device, new, plan):
        return
    if plan.unit_id is None and not plan.secondary:
        return
    with add_meter.blaming("unit_id", acquisition_operations.AddressTaken, acquisition_operations.DeviceMisconfigured):
        acquisition_operations.create_device(
            actor=actor,
            at=at,
            bus=device.bus,
            meter=new,
            unit_id=plan.unit_id or 0,
            live_seconds=device.live_seconds,
            secondary=plan.secondary,
        )


def _sends_on(actor: Actor, at: datetime, device: acquisition_models.Device, new: models.Meter, plan: NewMeter) -> bool:
    """What sends by HTTP keeps its address, when it counts what is sent there."""
    refused = acquisition_operations.SenderMisconfigured, acquisition_operations.DeviceMisconfigured
    with add_meter.blaming("model_code", *refused):
        return acquisition_operations.hand_over_sender(
            actor=actor, at=at, old=device, meter=new, model_code=plan.model_code
        )
