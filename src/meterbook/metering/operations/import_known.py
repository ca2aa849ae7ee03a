"""What a register is known to have shown around the time of a file, as it counts now. Reads only; needs a scope."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from django.db.models import QuerySet

from meterbook.metering import models, values
from meterbook.metering.importing import instants
from meterbook.metering.importing.registers import Known
from meterbook.metering.queries import standing


def known(register: models.InstallationRegister, first: datetime, until: datetime) -> Known:
    """This will return readings of this meter only: what another one showed there tells nothing about its register.

    What a person corrected counts as it was corrected.
    """
    installation, stored = register.installation, readings_of(register)
    counting = standing.counting(stored)
    before = counting.filter(at__lte=first).order_by("-at", "source").values_list("at", "shown").first()
    after = counting.filter(at__gt=until).order_by("at", "source").values_list("at", "shown").first()
    inside = standing.annotated(stored.filter(at__gte=first, at__lte=until)).order_by("at", "source")
    by_instant: dict[int, tuple[int, int]] = {}
    for at, value, source in inside.values_list("at", "shown", "source"):
        by_instant.setdefault(instants.microseconds(at), (value, source))
    if until == installation.during.upper:
        by_instant |= _at_the_end(register, until)
    if before is None and register.opening is not None:
        before = (installation.during.lower, register.opening)
    measured = [at for at, (_value, source) in by_instant.items() if source != values.Source.IMPORT]
    return Known(
        before=_pair(before),
        at=np.array(list(by_instant), np.int64),
        value=np.array([value for value, _source in by_instant.values()], np.int64),
        after=_pair(after),
        measured=np.array(measured, np.int64),
        measured_after=_measured_after(register, stored, until),
    )


def _at_the_end(register: models.InstallationRegister, end: datetime) -> dict[int, tuple[int, int]]:
    """What it showed when its meter left: its closing, else what a file has told of that instant."""
    if register.closing is not None:
        source = values.Source.IMPORT if is_of_files(register) else values.Source.METER
        return {instants.microseconds(end): (register.closing, source)}
    told = models.Reading.objects.filter(
        organization_id=register.organization_id, series_id=register.series_id, at=end, source=values.Source.IMPORT
    )
    found = standing.annotated(told).values_list("shown", flat=True).first()
    return {} if found is None else {instants.microseconds(end): (found, values.Source.IMPORT)}


def is_of_files(register: models.InstallationRegister) -> bool:
    """This will tell whether its readings only come from files, so that its closing was told by them, too."""
    return register.installation.meter.model_code == values.IMPORTED


def readings_of(register: models.InstallationRegister) -> QuerySet[models.Reading]:
    """This will return what the register showed while its meter hung there."""
    during = register.installation.during
    stored = models.Reading.objects.filter(
        organization_id=register.organization_id, series_id=register.series_id, at__gte=during.lower
    )
    return stored if during.upper is None else stored.filter(at__lt=during.upper)


def _measured_after(
    register: models.InstallationRegister, stored: QuerySet[models.Reading], until: datetime
) -> int | None:
    """When the register was next read otherwise than by a file: also when its multiplier changed or the meter left."""
    later = stored.filter(at__gt=until).exclude(source=values.Source.IMPORT)
    found = [*later.order_by("at").values_list("at", flat=True)[:1]]
    if register.closing is not None and register.installation.during.upper is not None and not is_of_files(register):
        found.append(register.installation.during.upper)
    segments = models.MultiplierSegment.objects.filter(
        organization_id=register.organization_id, installation=register.installation, starts_at__gt=until
    )
    found += [
        starts_at
        for starts_at, shown in segments.values_list("starts_at", "registers")
        if str(register.series_id) in shown
    ]
    return instants.microseconds(min(found)) if found else None


def _pair(row: tuple[datetime, int] | None) -> tuple[int, int] | None:
    return None if row is None else (instants.microseconds(row[0]), row[1])
