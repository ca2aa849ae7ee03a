"""Virtual meters: make one, and say from when on which formula counts (decision 0018)."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Max
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation, scoping
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.metering import formulas, models, values
from meterbook.metering.operations import installing, marking, meters, virtual_inputs
from meterbook.metering.operations.virtual_inputs import FormulaRow, FormulaUnfit, Input
from meterbook.sites import models as site_models
from meterbook.sites.operations import finding

STEP = timedelta(days=1)


class FormulaCircular(FormulaUnfit):
    """A virtual meter would be computed from itself; take the row away that leads back to it."""


class NotVirtual(LookupError):
    """The organization has no such virtual meter."""


@operation.operation
def create_virtual_meter(
    *,
    actor: Actor,
    at: datetime,
    site: site_models.Site | uuid.UUID,
    code: str,
    name: str,
    service: values.Service,
    purpose: values.VirtualPurpose,
    starts_on: date,
    rows: Sequence[FormulaRow],
    role: values.PointRole = values.PointRole.OTHER,
    node: site_models.SiteNode | uuid.UUID | None = None,
    series_code: str = "",
    reason: str = "",
) -> models.VirtualMeter:
    """This will add a meter point whose series is computed from those of others.

    :param starts_on: the first day in its zone on which the formula counts
    :param series_code: the counter that is computed; empty: the one that the service is counted by
    :param role: OTHER counts in no sum of the site; MAIN is refused, because its inputs count already
    :param site: the site, or its public id; `node` likewise
    :raises meters.CodeTaken: when the organization has a meter point, or a virtual meter, of that code
    :raises FormulaUnfit: when the formula cannot be computed
    """
    if role is values.PointRole.MAIN:
        raise FormulaUnfit(_("A virtual meter cannot be the main meter of a site: what it is computed from counts."))
    catalogue = values.series_type(series_code or values.COUNTED_SERIES[service])
    if not catalogue.is_energy_like:
        raise FormulaUnfit(_("Virtual meters are computed from counters: choose energy, heat or volume."))
    place = finding.found_site(site)
    point = meters.create_meter_point(
        actor=actor,
        at=at,
        site=place,
        code=code,
        name=name,
        service=service,
        node=finding.found_node(place, node),
        role=role,
    )
    _hang(point, actor=actor, at=at, starts_at=_midnight(point, starts_on))
    inputs = virtual_inputs.find(rows, catalogue, service)
    virtual = _make(point, purpose, catalogue, inputs)
    _record(virtual, actor=actor, at=at, starts_on=starts_on, rows=rows, inputs=inputs, reason=reason)
    return virtual


@operation.operation
def set_formula(
    *,
    actor: Actor,
    at: datetime,
    meter_point: uuid.UUID,
    starts_on: date,
    rows: Sequence[FormulaRow],
    reason: str,
) -> models.VirtualFormula:
    """This will let another formula count from a day on; it takes the place of one that counts from the same day.

    What was computed with the former one stays on record; its days are computed again.

    :param starts_on: the first day in the zone of the meter point
    :raises NotVirtual: when the organization has no such virtual meter
    :raises FormulaUnfit: when the formula cannot be computed
    """
    organization_id = scoping.current().organization_id
    # All of them are held: two formulas that are changed at once must not lead to each other.
    held = list(
        models.VirtualMeter.objects.select_for_update(of=("self",))
        .filter(organization_id=organization_id)
        .select_related("series__meter_point__site")
        .order_by("id")
    )
    virtual = next((each for each in held if each.series.meter_point.public_id == meter_point), None)
    if virtual is None:
        raise NotVirtual(NotVirtual.__doc__)
    service = values.Service(virtual.series.meter_point.service)
    inputs = virtual_inputs.find(rows, values.series_type(virtual.series.code), service)
    _reach_back(virtual, _midnight(virtual.series.meter_point, starts_on))
    return _record(virtual, actor=actor, at=at, starts_on=starts_on, rows=rows, inputs=inputs, reason=reason)


def mark_points(*, organization_id: int, meter_point_ids: Collection[int]) -> None:
    """This will mark the virtual series of meter points from their first formula on: their hours are others now."""
    for virtual in (
        models.VirtualMeter.objects.filter(
            organization_id=organization_id, series__meter_point_id__in=list(meter_point_ids)
        )
        .select_related("series")
        .order_by("id")
    ):
        first = virtual.virtualformula_set.filter(organization_id=organization_id).order_by("starts_at", "id").first()
        if first is not None:
            _mark(virtual, [], first.starts_at, first.starts_at)


def _hang(point: models.MeterPoint, *, actor: Actor, at: datetime, starts_at: datetime) -> None:
    """A meter without registers, so that the point is one where something is measured from then on."""
    meter = meters.create_meter(
        actor=actor,
        at=at,
        organization_id=point.organization_id,
        serial_number=point.code,
        model_code=values.VIRTUAL,
    )
    installing.install_meter(actor=actor, at=at, meter_point=point, meter=meter, starts_at=starts_at, registers=())


def _make(
    point: models.MeterPoint,
    purpose: values.VirtualPurpose,
    catalogue: values.SeriesType,
    inputs: Collection[Input | None],
) -> models.VirtualMeter:
    """The series has the longest interval of its inputs: nothing that is measured need be spread."""
    steps = [
        each.step for row in inputs if row is not None for each in (row.series, row.warm, row.cold) if each is not None
    ]
    series = models.Series.objects.create(
        organization_id=point.organization_id,
        meter_point=point,
        code=catalogue.code,
        kind=catalogue.kind.value,
        unit=catalogue.unit.value,
        decimals=catalogue.decimals,
        step=max(steps, default=catalogue.step),
    )
    return models.VirtualMeter.objects.create(
        organization_id=point.organization_id, series=series, purpose=purpose.value
    )


def _midnight(point: models.MeterPoint, day: date) -> datetime:
    return civil.start_of_day(day, point.zone)


def _record(
    virtual: models.VirtualMeter,
    *,
    actor: Actor,
    at: datetime,
    starts_on: date,
    rows: Sequence[FormulaRow],
    inputs: Sequence[Input | None],
    reason: str,
) -> models.VirtualFormula:
    taken = virtual_inputs.together(inputs)
    _require_no_cycle(virtual, taken)
    organization_id = virtual.organization_id
    starts_at = _midnight(virtual.series.meter_point, starts_on)
    formula = models.VirtualFormula.objects.create(
        organization_id=organization_id,
        virtual=virtual,
        starts_at=starts_at,
        reason=reason,
        author=actor.label,
        recorded_at=at,
    )
    models.VirtualTerm.objects.bulk_create(
        [
            _term(formula, place, row, taken_from)
            for place, (row, taken_from) in enumerate(zip(rows, inputs, strict=True))
        ]
    )
    audit_operations.record(
        actor=actor,
        at=at,
        action="metering:set_formula",
        subject=virtual.series.meter_point,
        before=None,
        after={"starts_on": starts_on, "rows": [_written(each) for each in rows]},
        reason=reason,
    )
    _mark(virtual, sorted(taken), starts_at, at)
    return formula


def _term(formula: models.VirtualFormula, place: int, row: FormulaRow, taken_from: Input | None) -> models.VirtualTerm:
    heat = row.heat
    return models.VirtualTerm(
        organization_id=formula.organization_id,
        formula=formula,
        place=place,
        series=None if taken_from is None else taken_from.series,
        warm=None if taken_from is None else taken_from.warm,
        cold=None if taken_from is None else taken_from.cold,
        density=None if heat is None else heat.density,
        specific_heat=None if heat is None else heat.specific_heat,
        numerator=row.factor.numerator,
        denominator=row.factor.denominator,
        weekdays=row.hours.weekdays,
        from_minute=row.hours.from_minute,
        until_minute=row.hours.until_minute,
    )


def _written(row: FormulaRow) -> dict[str, object]:
    hours = row.hours
    found: dict[str, object] = {
        "meter_point": None if row.meter_point is None else str(row.meter_point),
        "factor": str(row.factor),
    }
    if not hours.is_always:
        found |= {
            "weekdays": hours.weekdays,
            "from_minute": hours.from_minute,
            "until_minute": hours.until_minute,
        }
    if row.heat is not None:
        heat = row.heat
        found |= {"density": str(heat.density), "specific_heat": str(heat.specific_heat)}
        found |= {"flow": str(heat.flow or row.meter_point), "returned": str(heat.returned or row.meter_point)}
    return found


def _require_no_cycle(virtual: models.VirtualMeter, inputs: set[int]) -> None:
    """Whatever the days on which formulas count: what counted once and what counts now must not lead in a circle."""
    feeds: dict[int, set[int]] = defaultdict(set)
    in_force: dict[tuple[int, datetime], int] = {}
    organization_id = virtual.organization_id
    for formula in models.VirtualFormula.objects.filter(organization_id=organization_id).order_by("recorded_at", "id"):
        in_force[formula.virtual_id, formula.starts_at] = formula.pk
    for fed, series_id in models.VirtualTerm.objects.filter(
        organization_id=organization_id, formula_id__in=in_force.values(), series_id__isnull=False
    ).values_list("formula__virtual__series_id", "series_id"):
        feeds[fed].add(series_id or 0)
    feeds[virtual.series_id] |= inputs
    cycle = formulas.find_cycle(feeds, virtual.series_id)
    if not cycle:
        return
    names = dict(
        models.Series.objects.filter(organization_id=organization_id, pk__in=cycle).values_list(
            "pk", "meter_point__name"
        )
    )
    if len(cycle) == 2:
        raise FormulaCircular(
            _("“%(name)s” cannot be computed from itself; take that row away.") % {"name": names[cycle[0]]}
        )
    raise FormulaCircular(
        _("This formula leads back to itself: %(way)s. Take one of these rows away.")
        % {"way": " ← ".join(names[each] for each in cycle)}
    )


def _reach_back(virtual: models.VirtualMeter, starts_at: datetime) -> None:
    """A formula may count before the first one did: then the virtual meter is there since then."""
    installation = (
        models.Installation.objects.select_for_update()
        .filter(organization_id=virtual.organization_id, meter_point_id=virtual.series.meter_point_id)
        .order_by("during")
        .first()
    )
    if installation is not None and starts_at < installation.during.lower:
        installation.during = DateTimeTZRange(starts_at, installation.during.upper, "[)")
        installation.save(update_fields=["during"])


def _mark(virtual: models.VirtualMeter, inputs: Sequence[int], starts_at: datetime, at: datetime) -> None:
    """Up to the newest block, and a day further: blocks that are stored meanwhile did not know of the formula."""
    days = models.SeriesDay.objects.filter(
        organization_id=virtual.organization_id, series_id__in=[virtual.series_id, *inputs]
    )
    newest = max(days.aggregate(newest=Max("day"))["newest"] or at.date(), at.date())
    first = starts_at.date() - STEP
    marking.mark_dirty(
        organization_id=virtual.organization_id,
        series_ids=[virtual.series_id],
        first_day=first,
        until_day=max(newest, first) + 2 * STEP,
    )
