"""Virtual meters: what is computed from other meters, and the formulas that say how."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _
from ninja import Router

from meterbook.api import entry, paging, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import reach
from meterbook.api.resources import virtual_shapes as shapes
from meterbook.identity.values import Module
from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.metering import formulas, permissions
from meterbook.metering import operations as metering_operations
from meterbook.metering import queries as metering_queries

router = Router(tags=["Virtual meters"])
LONGEST = timedelta(days=metering_queries.MOST_INPUT_DAYS - 1)


@endpoint(
    router,
    "GET",
    "/virtual-meters",
    permission=permissions.VIEW_METER,
    module=Module.METERING,
    answers=paging.Page[shapes.VirtualMeterListed],
    by_site=True,
)
def list_virtual_meters(
    request: entry.Request,
    site: uuid.UUID | None = None,
    cursor: values.Cursor | None = None,
    limit: values.Limit = paging.LIMIT,
) -> paging.Page[shapes.VirtualMeterListed]:
    """This will return virtual meters in the order of their making."""
    allowed = request.caller.access.sites(permissions.VIEW_METER)
    if site is not None:
        allowed = frozenset({reach.site(request, site, permissions.VIEW_METER).id})
    rows = metering_queries.list_virtual(site_ids=allowed, after_id=paging.after(request, cursor), limit=limit + 1)
    return paging.page(
        request, [(each.id, each) for each in rows], limit, lambda row: shapes.VirtualMeterListed(**_listed(row))
    )


@endpoint(
    router,
    "POST",
    "/virtual-meters",
    permission=permissions.MANAGE_METER,
    module=Module.METERING,
    answers=shapes.VirtualMeter,
    status=201,
    by_site=True,
)
def create_virtual_meter(request: entry.Request, given: shapes.NewVirtualMeter) -> shapes.VirtualMeter:
    """This will make a virtual meter; its days are computed within seconds, as far back as the formula counts."""
    caller = request.caller
    site = reach.site(request, given.site, permissions.MANAGE_METER)
    try:
        made = metering_operations.create_virtual_meter(
            actor=caller.actor,
            at=caller.at,
            site=site.public_id,
            node=given.place,
            code=given.code,
            name=given.name,
            service=given.service,
            purpose=given.purpose,
            role=given.role,
            starts_on=given.starts_on,
            rows=_rows(request, given.rows),
            reason=given.reason,
        )
    except metering_operations.FormulaUnfit as error:
        raise problems.invalid("/body/rows", str(error)) from error
    return _told(request, made.series.meter_point.public_id)


@endpoint(
    router,
    "GET",
    "/virtual-meters/{uuid:virtual}",
    permission=permissions.VIEW_METER,
    module=Module.METERING,
    answers=shapes.VirtualMeter,
    by_site=True,
)
def get_virtual_meter(request: entry.Request, virtual: uuid.UUID) -> shapes.VirtualMeter:
    """This will return a virtual meter with its formulas, those that were replaced as well."""
    reach.point(request, virtual, permissions.VIEW_METER)
    return _told(request, virtual)


@endpoint(
    router,
    "POST",
    "/virtual-meters/{uuid:virtual}/formulas",
    permission=permissions.MANAGE_METER,
    module=Module.METERING,
    answers=shapes.VirtualMeter,
    by_site=True,
)
def set_formula(request: entry.Request, virtual: uuid.UUID, given: shapes.NewFormula) -> shapes.VirtualMeter:
    """This will let another formula count from a local day on; the days since then are computed again."""
    reach.point(request, virtual, permissions.MANAGE_METER)
    try:
        metering_operations.set_formula(
            actor=request.caller.actor,
            at=request.caller.at,
            meter_point=virtual,
            starts_on=given.starts_on,
            rows=_rows(request, given.rows),
            reason=given.reason,
        )
    except metering_operations.NotVirtual as error:
        raise problems.not_found() from error
    except metering_operations.FormulaUnfit as error:
        raise problems.invalid("/body/rows", str(error)) from error
    return _told(request, virtual)


@endpoint(
    router,
    "GET",
    "/virtual-meters/{uuid:virtual}/inputs",
    permission=permissions.VIEW_METER,
    module=Module.METERING,
    answers=shapes.InputUses,
    by_site=True,
)
def list_inputs(
    request: entry.Request, virtual: uuid.UUID, first: values.DayGiven, until: values.DayGiven
) -> shapes.InputUses:
    """This will return what each row of the formulas gave in local days [first, until), 61 at most."""
    detail = reach.point(request, virtual, permissions.VIEW_METER)
    if not first < until <= first + LONGEST:
        raise problems.invalid("/query/until", _("Take a day after the first one, at most 61 days later."))
    row = _found(virtual)[0]
    uses = metering_queries.uses_of_inputs(
        meter_point=virtual,
        period=Period(civil.start_of_day(first, detail.zone), civil.start_of_day(until, detail.zone)),
        at=request.caller.at,
    )
    return shapes.InputUses(
        unit=row.unit.symbol,
        items=[
            shapes.InputUse(row=_row(request, each.term), used=f"{each.used:f}", missing=each.missing, due=each.due)
            for each in uses
        ],
    )


def _rows(request: entry.Request, given: list[shapes.FormulaRow]) -> list[metering_operations.FormulaRow]:
    found = []
    for place, each in enumerate(given):
        sides = () if each.heat is None else (("heat/flow", each.heat.flow), ("heat/returned", each.heat.returned))
        for name, point in (("meter_point", each.meter_point), *sides):
            if point is not None:
                _require_seen(request, point, f"/body/rows/{place}/{name}")
        mask = sum(1 << (day - 1) for day in set(each.weekdays or range(1, 8)))
        hours = formulas.Hours(mask, each.from_minute, each.until_minute)
        number, _sign, divisor = (each.constant_per_hour or each.factor).partition("/")
        factor = Fraction(number) / int(divisor or 1)
        found.append(metering_operations.FormulaRow(factor, each.meter_point, hours, _heat(each.heat)))
    return found


def _require_seen(request: entry.Request, point: uuid.UUID, place: str) -> None:
    try:
        reach.point(request, point, permissions.VIEW_METER)
    except (problems.Problem, metering_queries.MeterNotFound) as error:
        raise problems.invalid(place, _("There is no such meter.")) from error


def _heat(given: shapes.HeatOfWaterGiven | None) -> metering_operations.HeatOfWater | None:
    if given is None:
        return None
    figures = Decimal(given.density), Decimal(given.specific_heat)
    return metering_operations.HeatOfWater(given.flow, given.returned, *figures)


def _found(
    virtual: uuid.UUID,
) -> tuple[metering_queries.VirtualRow, tuple[metering_queries.FormulaShown, ...]]:
    try:
        return metering_queries.get_virtual(meter_point=virtual)
    except metering_queries.VirtualNotFound as error:
        raise problems.not_found() from error


def _told(request: entry.Request, virtual: uuid.UUID) -> shapes.VirtualMeter:
    row, shown = _found(virtual)
    return shapes.VirtualMeter(
        **_listed(row),
        formulas=[
            shapes.Formula(
                id=each.public_id,
                starts_at=values.instant(each.starts_at),
                is_in_force=each.is_in_force,
                author=each.author,
                reason=each.reason,
                recorded_at=values.instant(each.recorded_at),
                rows=[_row(request, term) for term in each.terms],
            )
            for each in shown
        ],
    )


def _listed(row: metering_queries.VirtualRow) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "site": row.site_public_id,
        "code": row.code,
        "name": row.name,
        "service": row.service,
        "purpose": row.purpose,
        "role": row.role,
        "series": row.series_code,
        "unit": row.unit.symbol,
        "inputs": row.inputs,
    }


def _row(request: entry.Request, term: metering_queries.TermRow) -> shapes.FormulaRowTold:
    is_seen = term.site_id is not None and request.caller.access.allows(permissions.VIEW_METER, term.site_id)
    return shapes.FormulaRowTold(
        meter_point=term.meter_point if is_seen else None,
        code=term.code if is_seen else "",
        name=term.name if is_seen else "",
        factor=str(term.factor),
        weekdays=[day + 1 for day in range(7) if term.hours.weekdays >> day & 1],
        from_minute=term.hours.from_minute,
        until_minute=term.hours.until_minute,
        heat=None
        if term.heat is None
        else shapes.HeatOfWaterTold(
            flow=_seen(request, term.heat.flow),
            returned=_seen(request, term.heat.returned),
            density=f"{term.heat.density:f}",
            specific_heat=f"{term.heat.specific_heat:f}",
        ),
    )


def _seen(request: entry.Request, side: metering_queries.Side) -> uuid.UUID | None:
    return side.meter_point if request.caller.access.allows(permissions.VIEW_METER, side.site_id) else None
