"""A reading that a person took at the meter: checked against the readings around it, stored, and derived anew."""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from django.db import connection, transaction
from django.utils.translation import gettext as _
from psycopg import errors as pg_errors

from meterbook.audit import operations as audit_operations
from meterbook.foundation import bulk, bus, operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.kernel.quality import Quality
from meterbook.metering import models, values
from meterbook.metering.operations import marking, recording
from meterbook.metering.operations.batches import ReadingBatch
from meterbook.metering.queries import faces

HOUR = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST = 2**62
_PATIENCE_SECONDS = 20


class ReadingOutOfRange(ValueError):
    """The number cannot be what the meter showed then: less than before it, more than after it, or too much at once."""


def make_room(instant: datetime) -> None:
    """This will make sure that readings of an instant can be stored.

    Call it before the running transaction has looked at any reading: a new partition is made over another connection,
    and the two would wait for each other.

    :raises recording.StoreBusy: when other programs keep the readings busy
    """
    month = instant.astimezone(UTC).date().replace(day=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NULL", [f"public.metering_reading_y{month:%Y}m{month:%m}"])
        (is_missing,) = cursor.fetchone()
    if not is_missing:
        return
    try:
        with bulk.transact() as other:
            other.execute(f"SET LOCAL lock_timeout = '{_PATIENCE_SECONDS}s'")
            other.execute("SELECT metering_make_partition('metering_reading', %s)", [month])
    except pg_errors.LockNotAvailable as error:
        raise recording.StoreBusy(_("Other programs keep the readings busy; try again.")) from error


@operation.operation
def note_reading(*, actor: Actor, at: datetime, face: faces.Face, instant: datetime, value: Decimal) -> bool:
    """This will store what a person read from a display, unless a reading of that instant is there already.

    Returns whether it was stored. The live value follows after the commit. `make_room` comes first.

    :param value: as the display shows it, in `face.unit`
    :raises ReadingOutOfRange: when it does not fit the readings around it, also one stored at this moment
    """
    raw = require_fit(face, instant, value)
    if face.exact is not None:
        return False
    if store(actor=actor, at=at, face=face, instant=instant, raw=raw):
        return True
    require_fit(seen_anew(face, instant), instant, value)
    return False


def seen_anew(face: faces.Face, instant: datetime) -> faces.Face:
    """This will return the face with the reading of the instant that somebody else has stored since it was looked at.

    :raises ReadingOutOfRange: when that reading cannot be seen
    """
    found = faces.face_of(meter_point_id=face.meter_point_id, series_code=face.series_code, instant=instant)
    if found is None or found.exact is None:
        raise ReadingOutOfRange(_("Another reading of this time was saved at this moment; look again."))
    return found


def store(*, actor: Actor, at: datetime, face: faces.Face, instant: datetime, raw: int, reason: str = "") -> bool:
    """This will store a checked reading; part of an operation. False: somebody stored one of that instant meanwhile.

    :param reason: why it is right although it looks wrong; it stays in the trail
    """
    organization_id = scoping.current().organization_id
    series = models.Series.objects.get(
        organization_id=organization_id, pk=face.series_id, meter_point_id=face.meter_point_id
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO metering_reading (organization_id, series_id, at, value, quality, source, received_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [organization_id, series.pk, instant, raw, int(Quality.VALID), int(values.Source.FIELD), at],
        )
        is_stored = cursor.rowcount == 1
    if not is_stored:
        return False
    earlier = face.before.at if face.before is not None else instant
    later = face.after.at if face.after is not None else instant
    marking.mark_dirty(
        organization_id=organization_id,
        series_ids=[series.pk],
        first_day=earlier.astimezone(UTC).date() - timedelta(days=1),
        until_day=later.astimezone(UTC).date() + timedelta(days=1),
    )
    audit_operations.record(
        actor=actor,
        at=at,
        action="metering:note_reading",
        subject=series,
        before=None,
        after={"at": instant, "value": face.number(raw), "unit": face.unit},
        reason=reason,
    )
    bus.notify("series", organization_id, [series.pk])
    batch = ReadingBatch.of([(series.pk, (instant - _EPOCH) // timedelta.resolution, raw)], source=values.Source.FIELD)
    transaction.on_commit(
        functools.partial(recording.record_latest, organization_id=organization_id, actor=actor, at=at, batch=batch),
        robust=True,
    )
    return True


def require_fit(face: faces.Face, instant: datetime, value: Decimal) -> int:
    """This will return a number on a display as an integer of the register.

    A maximum may be anything that the supply can deliver, twice that being allowed. A counter's number
    must not be less than the reading before, nor more than the one after; and not more than the supply can have
    delivered since, twice that being allowed. 130.5 kWh one hour after 100 on a supply of 10 kW is refused.

    :raises ReadingOutOfRange: saying between which numbers it must lie
    """
    raw = count_of(face, value)
    if face.is_maximum:
        _require_delivered(face, raw)
        return raw
    known = face.exact
    low, high = known or face.before, known or face.after
    has_wrapped = low is not None and high is not None and high.raw < low.raw
    is_low = low is not None and raw < low.raw
    is_high = high is not None and raw > high.raw
    # Across a roll-over the number lies above the earlier reading or below the later one.
    if (is_low and is_high) if has_wrapped else (is_low or is_high):
        raise ReadingOutOfRange(_words(face, low, high))
    if face.before is not None and face.most_per_hour is not None and face.exact is None and not has_wrapped:
        hours = Fraction((instant - face.before.at) // timedelta.resolution, HOUR // timedelta.resolution)
        most = face.before.raw + int(2 * face.most_per_hour * hours)
        if raw > most:
            raise ReadingOutOfRange(
                _("This would be more than the supply can have delivered: at most %(most)s %(unit)s. Read it again.")
                % {"most": f"{face.number(most):f}", "unit": face.unit.symbol}
            )
    return raw


def _require_delivered(face: faces.Face, raw: int) -> None:
    most = None if face.most_per_hour is None else int(2 * face.most_per_hour)
    if most is not None and raw > most:
        raise ReadingOutOfRange(
            _("This would be more than the supply can deliver: at most %(most)s %(unit)s. Read it again.")
            % {"most": f"{face.number(most):f}", "unit": face.unit.symbol}
        )


def count_of(face: faces.Face, value: Decimal) -> int:
    """This will return a number on a display as an integer of the register: 123.4 with 1 decimal is 1234.

    :raises ReadingOutOfRange: when the display has not that many digits or decimals
    """
    scaled = Fraction(value) * 10**face.decimals
    if scaled.denominator != 1:
        raise ReadingOutOfRange(
            _("The display shows at most %(decimals)s decimals; write the number as it stands there.")
            % {"decimals": face.decimals}
        )
    raw = int(scaled.numerator)
    if raw < 0 or raw >= (face.wrap or _LARGEST):
        raise ReadingOutOfRange(_("The display cannot show this number; look again."))
    return raw


def _words(face: faces.Face, low: faces.Seen | None, high: faces.Seen | None) -> str:
    given = {
        "low": f"{face.number(low.raw):f}" if low is not None else "",
        "high": f"{face.number(high.raw):f}" if high is not None else "",
        "unit": face.unit.symbol,
    }
    if low is None:
        return _("The meter showed %(high)s %(unit)s later: it must be at most that. Read it again.") % given
    if high is None:
        return _("The meter showed %(low)s %(unit)s before: it must be at least that. Read it again.") % given
    return _("It must lie between %(low)s and %(high)s %(unit)s, which the meter showed. Read it again.") % given
