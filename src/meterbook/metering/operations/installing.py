"""Which meter hangs where: install, exchange, remove, change the multiplier (B-01, B-02, B-07)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation
from meterbook.kernel import quantity
from meterbook.kernel.actor import Actor
from meterbook.kernel.quantity import Unit
from meterbook.metering import models, values
from meterbook.metering.operations import marking


class PointOccupied(ValueError):
    """A meter serves the meter point at that time already; exchange it, or end its installation first."""


class MeterElsewhere(ValueError):
    """The meter hangs at another meter point at that time; end its installation there first."""


class RegistersArePrimary(ValueError):
    """The meter multiplies inside: its multiplier must be 1 (B-02)."""


class OutsideInstallation(ValueError):
    """The instant lies outside the time in which the meter hangs at the meter point."""


class ClosingMissing(ValueError):
    """An exchange needs what every register of the old meter showed, or an estimate marked as such."""


@dataclass(frozen=True)
class RegisterPlan:
    """A register of a meter and the series that it feeds; `opening` and `wrap` in units of 10^-decimals `unit`.

    `step` is the minutes of an interval where the series is made with it; None: what is usual for its kind.
    """

    register_code: str
    series_code: str
    unit: Unit
    decimals: int
    wrap: int | None = None
    opening: int | None = None
    step: int | None = None


@dataclass(frozen=True)
class Closing:
    """What a register showed when its meter was taken away."""

    value: int
    is_estimated: bool = False


@operation.operation
def install_meter(
    *,
    actor: Actor,
    at: datetime,
    meter_point: models.MeterPoint,
    meter: models.Meter,
    starts_at: datetime,
    registers: Iterable[RegisterPlan],
    multiplier: Fraction = Fraction(1),
    rated_per_hour: Decimal | None = None,
    reason: str = "",
) -> models.Installation:
    """This will hang a meter at a meter point from an instant on, and make the series that it feeds.

    :param rated_per_hour: the most that the supply can deliver, in the series' unit an hour (69 for 69 kW)
    :raises PointOccupied: when another meter serves the point then
    :raises MeterElsewhere: when the meter serves another point then
    :raises RegistersArePrimary: for a multiplier other than 1 on a meter that multiplies inside
    :raises quantity.UnitMismatch: when a register cannot feed its series
    """
    if meter.is_primary and multiplier != 1:
        raise RegistersArePrimary(_("This meter multiplies inside: its multiplier must be 1."))
    plans = tuple(registers)
    installation = _hang(meter_point, meter, starts_at, rated_per_hour)
    _add_multiplier(installation, starts_at, multiplier, {}, reason)
    feeds = feed(installation, plans)
    after = {
        "meter_point": meter_point.code,
        "meter": meter.serial_number,
        "starts_at": starts_at,
        "multiplier": str(multiplier),
        "rated_per_hour": rated_per_hour,
        "openings": {each.series.code: each.opening for each in feeds},
    }
    audit_operations.record(
        actor=actor, at=at, action="metering:install_meter", subject=meter, before=None, after=after, reason=reason
    )
    marking.mark_dirty_from(
        organization_id=meter_point.organization_id, series_ids=[each.series_id for each in feeds], starts_at=starts_at
    )
    return installation


@operation.operation
def remove_meter(
    *,
    actor: Actor,
    at: datetime,
    installation: models.Installation,
    ends_at: datetime,
    closings: Mapping[str, Closing],
    reason: str,
) -> models.Installation:
    """This will end an installation with what the registers showed.

    :param closings: by series code, in the register's resolution
    :raises OutsideInstallation: when it ended before, or would end before it began
    :raises ClosingMissing: when a cumulative register has no closing value
    """
    during = installation.during
    if during.upper is not None or ends_at <= during.lower:
        raise OutsideInstallation(_("The meter does not hang at this meter point at that time."))
    feeds = _feeds(installation)
    _close(feeds, closings)
    installation.during = DateTimeTZRange(during.lower, ends_at, "[)")
    installation.save(update_fields=["during"])
    after = {
        "ends_at": ends_at,
        "closings": {code: {"value": each.value, "is_estimated": each.is_estimated} for code, each in closings.items()},
    }
    audit_operations.record(
        actor=actor,
        at=at,
        action="metering:remove_meter",
        subject=installation.meter,
        before={"ends_at": None},
        after=after,
        reason=reason,
    )
    marking.mark_dirty_from(
        organization_id=installation.organization_id, series_ids=[each.series_id for each in feeds], starts_at=ends_at
    )
    return installation


@operation.operation
def exchange_meter(
    *,
    actor: Actor,
    at: datetime,
    installation: models.Installation,
    exchanged_at: datetime,
    closings: Mapping[str, Closing],
    meter: models.Meter,
    registers: Iterable[RegisterPlan],
    multiplier: Fraction = Fraction(1),
    rated_per_hour: Decimal | None = None,
    reason: str,
) -> models.Installation:
    """This will take a meter away and hang another one at the same instant: old final and new first readings (B-07).

    :raises OutsideInstallation: when the old meter does not hang there at that time
    :raises ClosingMissing: when a cumulative register of the old meter has no closing value
    :raises MeterElsewhere: when the new meter serves another point
    """
    remove_meter(actor=actor, at=at, installation=installation, ends_at=exchanged_at, closings=closings, reason=reason)
    return install_meter(
        actor=actor,
        at=at,
        meter_point=installation.meter_point,
        meter=meter,
        starts_at=exchanged_at,
        registers=registers,
        multiplier=multiplier,
        rated_per_hour=rated_per_hour,
        reason=reason,
    )


@operation.operation
def change_multiplier(
    *,
    actor: Actor,
    at: datetime,
    installation: models.Installation,
    starts_at: datetime,
    multiplier: Fraction,
    registers: Mapping[str, int],
    reason: str,
) -> models.MultiplierSegment:
    """This will count an installation's registers another number of times from an instant on (B-02).

    :param registers: by series code, what each register showed at that instant, in its resolution
    :raises OutsideInstallation: when the meter does not hang there at that time
    :raises RegistersArePrimary: on a meter that multiplies inside
    :raises ClosingMissing: when a cumulative register has no value
    """
    require_changeable(installation, starts_at)
    if installation.meter.is_primary:
        raise RegistersArePrimary(_("This meter multiplies inside: its multiplier must be 1."))
    feeds = _feeds(installation)
    _require_all(feeds, registers)
    shown = {str(each.series_id): registers[each.series.code] for each in feeds if each.series.code in registers}
    before = multiplier_at(installation, starts_at)
    segment = _add_multiplier(installation, starts_at, multiplier, shown, reason)
    audit_operations.record(
        actor=actor,
        at=at,
        action="metering:change_multiplier",
        subject=installation.meter,
        before={"multiplier": str(before)},
        after={"multiplier": str(multiplier), "starts_at": starts_at, "registers": dict(registers)},
        reason=reason,
    )
    marking.mark_dirty_from(
        organization_id=installation.organization_id, series_ids=[each.series_id for each in feeds], starts_at=starts_at
    )
    return segment


def _hang(
    meter_point: models.MeterPoint, meter: models.Meter, starts_at: datetime, rated_per_hour: Decimal | None
) -> models.Installation:
    try:
        with transaction.atomic():
            return models.Installation.objects.create(
                organization_id=meter_point.organization_id,
                meter_point=meter_point,
                meter=meter,
                during=DateTimeTZRange(starts_at, None, "[)"),
                rated_per_hour=rated_per_hour,
            )
    except IntegrityError as error:
        if "meter_at_one_point" in str(error):
            raise MeterElsewhere(
                _("Meter %(number)s hangs at another meter point at that time; end its installation there first.")
                % {"number": meter.serial_number}
            ) from error
        if "one_meter_at_a_point" in str(error):
            raise PointOccupied(
                _("A meter serves meter point %(code)s at that time already; exchange it instead.")
                % {"code": meter_point.code}
            ) from error
        raise


def feed(installation: models.Installation, plans: Sequence[RegisterPlan]) -> list[models.InstallationRegister]:
    """This will make registers of an installation, and their series; inside an operation.

    In the order of the plans, with few statements: a meter has twenty registers.
    """
    series = _series_of(installation, plans)
    return models.InstallationRegister.objects.bulk_create(
        models.InstallationRegister(
            organization_id=installation.organization_id,
            installation=installation,
            series=series[plan.series_code],
            register_code=plan.register_code,
            unit=plan.unit,
            decimals=plan.decimals,
            wrap=plan.wrap,
            opening=plan.opening,
        )
        for plan in plans
    )


def _series_of(installation: models.Installation, plans: Sequence[RegisterPlan]) -> dict[str, models.Series]:
    """The series of these plans by code, made where the meter point has none yet."""
    wanted = []
    for plan in plans:
        kind = values.series_type(plan.series_code)
        quantity.factor(plan.unit, kind.unit)
        wanted.append(
            models.Series(
                organization_id=installation.organization_id,
                meter_point=installation.meter_point,
                code=plan.series_code,
                kind=kind.kind,
                unit=kind.unit,
                decimals=kind.decimals,
                step=plan.step or kind.step,
            )
        )
    models.Series.objects.bulk_create(wanted, ignore_conflicts=True)
    found = models.Series.objects.filter(
        organization_id=installation.organization_id, meter_point=installation.meter_point
    )
    return {each.code: each for each in found}


def _add_multiplier(
    installation: models.Installation, starts_at: datetime, multiplier: Fraction, registers: dict[str, int], reason: str
) -> models.MultiplierSegment:
    return models.MultiplierSegment.objects.create(
        organization_id=installation.organization_id,
        installation=installation,
        starts_at=starts_at,
        numerator=multiplier.numerator,
        denominator=multiplier.denominator,
        registers=registers,
        reason=reason,
    )


def require_changeable(installation: models.Installation, starts_at: datetime) -> None:
    """This will refuse an instant at which the multiplier of an installation cannot change.

    :raises OutsideInstallation: outside of the time in which the meter hangs there, or at its very start
    """
    during = installation.during
    if starts_at <= during.lower or (during.upper is not None and starts_at >= during.upper):
        raise OutsideInstallation(_("The multiplier can change only while the meter hangs at the meter point."))
    known = models.MultiplierSegment.objects.filter(
        organization_id=installation.organization_id, installation=installation, starts_at=starts_at
    )
    if known.exists():
        raise OutsideInstallation(_("A multiplier begins at that instant already; correct that one instead."))


def require_all(installation: models.Installation, given: Mapping[str, object]) -> None:
    """This will refuse what leaves out a register that counts.

    :raises ClosingMissing: naming those that are missing
    """
    _require_all(_feeds(installation), given)


def multiplier_at(installation: models.Installation, instant: datetime) -> Fraction:
    """This will return how many times an installation counts at an instant; 1 where nobody said anything."""
    segment = (
        models.MultiplierSegment.objects.filter(
            organization_id=installation.organization_id, installation=installation, starts_at__lte=instant
        )
        .order_by("-starts_at")
        .first()
    )
    return Fraction(segment.numerator, segment.denominator) if segment is not None else Fraction(1)


def _feeds(installation: models.Installation) -> list[models.InstallationRegister]:
    feeds = models.InstallationRegister.objects.filter(
        organization_id=installation.organization_id, installation=installation
    )
    return list(feeds.select_related("series").order_by("id"))


def _close(feeds: list[models.InstallationRegister], closings: Mapping[str, Closing]) -> None:
    _require_all(feeds, closings)
    for feed in feeds:
        closing = closings.get(feed.series.code)
        if closing is not None:
            feed.closing, feed.is_closing_estimated = closing.value, closing.is_estimated
            feed.save(update_fields=["closing", "is_closing_estimated"])


def _require_all(feeds: list[models.InstallationRegister], given: Mapping[str, object]) -> None:
    needed = {each.series.code for each in feeds if each.series.kind == values.SeriesKind.CUMULATIVE}
    missing = sorted(needed - given.keys())
    if missing:
        raise ClosingMissing(
            _("What did the meter show? Missing: %(codes)s.")
            % {"codes": ", ".join(str(values.series_type(code).caption) for code in missing)}
        )
