"""Another register of a meter that people read or files bring: from an instant on, with what it showed then."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation
from meterbook.kernel.actor import Actor
from meterbook.metering import by_hand, models, values
from meterbook.metering.operations import installing, marking, noting, placing
from meterbook.metering.queries import faces


class RegisterRefused(ValueError):
    """The register cannot be added; `field` (series, since, shown) names what is at fault, the message says why."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


@operation.operation
def add_register(
    *, actor: Actor, at: datetime, meter_point: uuid.UUID, series_code: str, since: datetime, shown: Decimal
) -> models.InstallationRegister:
    """This will count another register of the meter at a point from an instant on; `noting.make_room` comes first.

    What it counted before is not known, and stays so. Its intervals are as long as those of the meter's other counters.

    :param since: not before the meter was hung; at that very instant the number is its opening
    :param shown: as the display showed it then, in the unit of the series
    :raises MeterNotFound: when the organization has no such meter point
    :raises RegisterRefused: naming what is at fault
    """
    point = placing.held_point(meter_point)
    installation = _hand_read(point)
    if series_code not in by_hand.offered(values.Service(point.service)):
        raise RegisterRefused("series", _("A meter of this service does not count that; choose another register."))
    if not installation.during.lower <= since <= at:
        raise RegisterRefused("since", _("Take an instant since the meter hangs there, and not one that lies ahead."))
    feed = _feed(installation, series_code, shown, is_opening=since == installation.during.lower)
    audit_operations.record(
        actor=actor,
        at=at,
        action="metering:add_register",
        subject=installation.meter,
        before=None,
        after={"meter_point": point.code, "series": series_code, "since": since, "shown": shown, "unit": feed.unit},
    )
    if feed.opening is None:
        _note(actor, at, point, series_code, since, shown)
    else:
        marking.mark_dirty_from(
            organization_id=point.organization_id, series_ids=[feed.series_id], starts_at=installation.during.lower
        )
    return feed


@operation.operation
def add_model_registers(
    *,
    actor: Actor,
    at: datetime,
    meter_point: uuid.UUID,
    meter: uuid.UUID,
    plans: Sequence[installing.RegisterPlan],
) -> list[models.InstallationRegister]:
    """This will have a hanging meter feed further registers of its model, such as temperatures: values that come later.

    What it showed before is not known, and stays so.

    :param meter: the one that is meant; had it been exchanged meanwhile, nothing happens
    :raises MeterNotFound: when the organization has no such meter point
    :raises RegisterRefused: when another meter hangs there, or it has one of the registers already
    """
    point = placing.held_point(meter_point)
    installation = _hanging(point)
    if installation.meter.public_id != meter:
        raise RegisterRefused("series", _("Another meter hangs there by now: look at its page, then begin again."))
    there = models.InstallationRegister.objects.filter(organization_id=point.organization_id, installation=installation)
    known = set(there.order_by("id").values_list("series__code", flat=True))
    if known & {each.series_code for each in plans}:
        raise RegisterRefused("series", _("The meter has this register already; enter its reading instead."))
    made = installing.feed(installation, plans)
    after = {"meter_point": point.code, "series": [each.series_code for each in plans], "since": at}
    audit_operations.record(
        actor=actor, at=at, action="metering:add_register", subject=installation.meter, before=None, after=after
    )
    return made


def _hand_read(point: models.MeterPoint) -> models.Installation:
    found = _hanging(point)
    if found.meter.model_code != values.IMPORTED:
        words = _("The registers of this meter are those of its model: nobody adds one by hand.")
        raise RegisterRefused("series", words)
    return found


def _hanging(point: models.MeterPoint) -> models.Installation:
    found = (
        models.Installation.objects.select_for_update(of=("self",))
        .select_related("meter", "meter_point")
        .filter(organization_id=point.organization_id, meter_point=point, during__upper_inf=True)
        .first()
    )
    if found is None:
        raise RegisterRefused("series", _("No meter hangs at this meter point; set one up instead."))
    return found


def _feed(
    installation: models.Installation, series_code: str, shown: Decimal, *, is_opening: bool
) -> models.InstallationRegister:
    there = list(
        models.InstallationRegister.objects.filter(
            organization_id=installation.organization_id, installation=installation
        ).select_related("series")
    )
    if any(each.series.code == series_code for each in there):
        raise RegisterRefused("series", _("The meter has this register already; enter its reading instead."))
    kind = values.series_type(series_code)
    raw = shown.scaleb(kind.decimals)
    if raw != raw.to_integral_value() or raw < 0:
        words = _("This register counts with %(decimals)s decimals; leave the others out.")
        raise RegisterRefused("shown", words % {"decimals": kind.decimals})
    counters = [each.series.step for each in there if each.series.kind == values.SeriesKind.CUMULATIVE]
    plan = installing.RegisterPlan(
        kind.code,
        kind.code,
        kind.unit,
        kind.decimals,
        opening=int(raw) if is_opening else None,
        step=min(counters, default=None),
    )
    (made,) = installing.feed(installation, [plan])
    return made


def _note(
    actor: Actor, at: datetime, point: models.MeterPoint, series_code: str, since: datetime, shown: Decimal
) -> None:
    face = faces.face_of(meter_point_id=point.pk, series_code=series_code, instant=since)
    if face is None:
        raise RegisterRefused("since", _("Take an instant since the meter hangs there, and not one that lies ahead."))
    try:
        noting.note_reading(actor=actor, at=at, face=face, instant=since, value=shown)
    except noting.ReadingOutOfRange as error:
        raise RegisterRefused("shown", str(error)) from error
