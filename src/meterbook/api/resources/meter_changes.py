"""What is done to a meter that hangs: count it another number of times, hang its point elsewhere."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Literal

from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Field

from meterbook.acquisition import catalogue
from meterbook.acquisition.library import documents
from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import asset_shapes, meters, reach
from meterbook.api.resources import meter_shapes as shapes
from meterbook.identity.values import Module
from meterbook.journeys import changing_zones, exchange_meter, hung_registers, noting_assets
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.sites import permissions as site_permissions

router = Router(tags=["Meters"])
NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,6})?"
RATIO = re.compile(rf"^({NUMBER})(?:/({NUMBER}))?$")
Ratio = Annotated[str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,6})?(/[0-9]{1,9}(\.[0-9]{1,6})?)?$", max_length=40)]
Register = Annotated[values.Words, Field(min_length=1, max_length=60)]
Serial = Annotated[values.Words, Field(min_length=1, max_length=60)]
Reason = Annotated[values.Words, Field(min_length=1, max_length=200)]
FEW = Field(max_length=50)


class FinalReading(values.Given):
    """What a register showed last; estimated when nobody could read it."""

    value: values.DecimalGiven
    is_estimated: bool = False


class NewMultiplier(values.Given):
    """How many times a meter counts from an instant on, with what each counting register showed then, by series.

    Transformers left out stay as they are. `protocol` is the number of what proves the change.
    """

    starts_at: values.InstantGiven
    multiplier: Ratio
    shown: Annotated[dict[Register, values.DecimalGiven], FEW]
    current: asset_shapes.GivenTransformers | None = None
    voltage: asset_shapes.GivenTransformers | None = None
    protocol: Annotated[values.Words, Field(min_length=1, max_length=80)]
    reason: Reason


class PointMove(values.Given):
    """Where a meter point hangs from an instant on; `place` null is the site itself."""

    place: uuid.UUID | None
    moved_at: values.InstantGiven


class PointSettings(values.Given):
    """Name and code, and what differs from the site: there empty means that of the account or the site.

    What is left out stays. Another name, code or interval needs metering:manage_meter.
    """

    name: Annotated[values.Words, Field(min_length=1, max_length=200)] | None = None
    code: Annotated[values.Words, Field(min_length=1, max_length=40)] | None = None
    time_zone: Annotated[values.Words, Field(max_length=64)] | None = None
    language: Literal["", "en", "es"] | None = None
    interval: Literal[1, 5, 15, 30, 60] | None = Field(None, description="Minutes, of the counters, from today on.")


@endpoint(
    meters.router,
    "PATCH",
    "/meter-points/{uuid:point}",
    permission=site_permissions.EDIT_SITES,
    module=Module.METERING,
    answers=shapes.MeterPoint,
    by_site=True,
    by_single=True,
)
def change_meter_point(request: entry.Request, point: uuid.UUID, given: PointSettings) -> shapes.MeterPoint:
    """This will rename a meter point, or give it a time zone or document language of its own; billed days stay."""
    caller = request.caller
    detail = reach.point(request, point, permissions.VIEW_METER, is_assigned_enough=True)
    if not reach.holds(request, detail, site_permissions.EDIT_SITES):
        raise problems.not_found()
    if given.name is not None or given.code is not None:
        require(request, detail, permissions.MANAGE_METER)
        metering_operations.rename_point(
            actor=caller.actor,
            at=caller.at,
            meter_point=detail.public_id,
            code=given.code or detail.code,
            name=given.name or detail.name,
        )
    if given.interval is not None:
        require(request, detail, permissions.MANAGE_METER)
        metering_operations.set_step(
            actor=caller.actor, at=caller.at, meter_point=detail.public_id, minutes=given.interval
        )
    changing_zones.change_point(
        actor=caller.actor,
        at=caller.at,
        meter_point=detail.public_id,
        time_zone=given.time_zone,
        language=given.language,
    )
    return shapes.told(metering_queries.get_meter(public_id=detail.public_id))


@endpoint(
    router,
    "POST",
    "/meter-points/{uuid:point}/multiplier",
    permission=permissions.MANAGE_METER,
    module=Module.METERING,
    answers=shapes.MeterPoint,
    by_site=True,
    by_single=True,
)
def change_multiplier(request: entry.Request, point: uuid.UUID, given: NewMultiplier) -> shapes.MeterPoint:
    """This will count a meter another number of times from an instant on; the days since then are derived anew.

    Where two people are asked for, it waits among the edits of the meter for the second.
    """
    caller = request.caller
    detail = reach.point(request, point, permissions.MANAGE_METER, is_assigned_enough=True)
    require_past("starts_at", given.starts_at, caller.at)
    shown = {code: Decimal(each) for code, each in given.shown.items()}
    require_shown("shown", shown, detail, given.starts_at)
    exchange_meter.multiply(
        actor=caller.actor,
        at=caller.at,
        point_id=detail.public_id,
        starts_at=given.starts_at,
        multiplier=ratio(given.multiplier),
        registers=shown,
        reason=given.reason,
        protocol=given.protocol,
        noted=noting_assets.Noted(
            current=asset_shapes.transformers(given.current, "/body/current/ratio"),
            voltage=asset_shapes.transformers(given.voltage, "/body/voltage/ratio"),
        ),
    )
    return shapes.told(metering_queries.get_meter(public_id=detail.public_id))


@endpoint(
    router,
    "POST",
    "/meter-points/{uuid:point}/move",
    permission=site_permissions.EDIT_SITES,
    module=Module.METERING,
    answers=shapes.MeterPoint,
    by_site=True,
)
def move_meter_point(request: entry.Request, point: uuid.UUID, given: PointMove) -> shapes.MeterPoint:
    """This will hang a meter point at another place of its site from an instant on."""
    caller = request.caller
    detail = reach.point(request, point, permissions.VIEW_METER)
    if not caller.access.allows(site_permissions.EDIT_SITES, detail.site_id):
        raise problems.not_found()
    metering_operations.move_point(
        actor=caller.actor,
        at=caller.at,
        meter_point=detail.public_id,
        node=given.place,
        moved_at=given.moved_at,
    )
    return shapes.told(metering_queries.get_meter(public_id=detail.public_id))


def require(request: entry.Request, detail: metering_queries.MeterDetail, permission: str) -> None:
    """This will refuse what the operation's own right does not cover, and the caller does not hold.

    :raises problems.Problem: 403
    """
    if not reach.holds(request, detail, permission):
        words = _("This needs the permission %(permission)s, which the key or its owner lacks.")
        raise problems.Problem(403, "forbidden", words % {"permission": permission})


def ratio(text: str) -> Fraction:
    """This will read a factor: 40, or 200/5.

    :raises problems.Problem: when it is zero
    """
    found = RATIO.fullmatch(text)
    first, second = found.groups() if found else ("0", None)
    if not Fraction(first) or (second is not None and not Fraction(second)):
        raise problems.invalid(
            "/body/multiplier", _("Write a number above zero, such as 40, or a ratio such as 200/5.")
        )
    return Fraction(first) / Fraction(second or "1")


def require_past(field: str, instant: datetime, at: datetime) -> None:
    """This will refuse an instant that lies ahead.

    :raises problems.Problem: 422, naming the field
    """
    if instant > at:
        raise problems.invalid(f"/body/{field}", _("That lies ahead; take an instant that is over."))


def require_shown(
    field: str, given: Mapping[str, Decimal], detail: metering_queries.MeterDetail, instant: datetime
) -> None:
    """This will require every counting register of the meter, as finely as it counts, not below what it showed before.

    A register of maximum demand may be there.

    :raises problems.Problem: 422, naming each register at fault; 409 where no meter hangs
    """
    current = detail.current
    if current is None:
        raise problems.Problem(409, "state", _("No meter hangs at this meter point; set one up instead."))
    known = {each.id: each for each in detail.series}
    counters = {
        known[each.series_id].code: (known[each.series_id], each)
        for each in current.registers
        if known[each.series_id].kind is metering_values.SeriesKind.CUMULATIVE
    }
    maxima = {
        known[each.series_id].code: each
        for each in current.registers
        if known[each.series_id].kind is metering_values.SeriesKind.MAXIMUM
    }
    _require_all(field, given, counters, maxima)
    for code in maxima.keys() & given.keys():
        _require_fine(f"/body/{field}/{code}", given[code], maxima[code].decimals)
    for code, (series, register) in counters.items():
        _require_fine(f"/body/{field}/{code}", given[code], register.decimals)
        latest = exchange_meter.last_shown(meter=current, series=series, until=instant)
        if latest is not None and hung_registers.stored(given[code], register.decimals) < latest.raw:
            words = _("The meter showed more already; read it again, or correct that reading first.")
            raise problems.invalid(f"/body/{field}/{code}", words)


def require_openings(given: Mapping[str, Decimal], model: str, detail: metering_queries.MeterDetail) -> None:
    """This will require every counting register of the model that comes, which must measure what is measured there.

    :raises problems.Problem: 422, naming the model or each register at fault
    """
    try:
        if model != metering_values.IMPORTED and catalogue.current().load(model).service != detail.service:
            raise problems.invalid("/body/model", _("This model does not measure that; choose another model."))
        plans = hung_registers.registers_of(model, detail.service, kept=hung_registers.kept_registers(detail))
    except documents.ModelUnknown as error:
        raise problems.invalid("/body/model", str(error)) from error
    counters = {
        each.register_code: each
        for each in plans
        if metering_values.series_type(each.series_code).kind is metering_values.SeriesKind.CUMULATIVE
    }
    _require_all("openings", given, counters)
    for code, plan in counters.items():
        _require_fine(f"/body/openings/{code}", given[code], plan.decimals)


def _require_all(field: str, given: Mapping[str, Decimal], wanted: Iterable[str], others: Collection[str] = ()) -> None:
    listed = list(wanted)
    errors = [
        (f"/body/{field}/{code}", _("This register counts; say what it showed."))
        for code in listed
        if code not in given
    ]
    errors += [
        (f"/body/{field}/{code}", _("The meter has no such register that counts."))
        for code in given
        if code not in listed and code not in others
    ]
    if errors:
        words = _("The meter has other registers that count; each error names one.")
        raise problems.Problem(422, "invalid", words, errors=errors)


def _require_fine(pointer: str, value: Decimal, decimals: int) -> None:
    if value != value.quantize(Decimal(1).scaleb(-decimals)):
        words = _("The display shows at most %(decimals)s decimals; write the number as it stands there.")
        raise problems.invalid(pointer, words % {"decimals": decimals})
