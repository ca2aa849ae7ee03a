"""Readings that people bring from the meters: what looks wrong is asked about, and stored once somebody says why."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from django.utils import formats
from django.utils.translation import gettext as _

from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.metering import capacities, models, second
from meterbook.metering.operations import correcting, estimating, noting
from meterbook.metering.queries import faces
from meterbook.metering.validation.inputs import CorrectionKind

DAY = timedelta(days=1)
MUCH = 3  # times the usual use
MUCH_OF_OTHERS = 5  # times the use of the other meters, where nothing is usual yet
ROLLS_FROM = Fraction(9, 10)  # of what the display can show (B-03)
OTHER = "OTHER"  # the doubt that corrects a reading, and says nothing about the number


class EnteredAs(enum.StrEnum):
    """What became of a reading."""

    STORED = "STORED"
    KNOWN = "KNOWN"  # the same number of the same instant was there
    CORRECTED = "CORRECTED"  # another number of the instant was there
    WAITS = "WAITS"  # another number was there, bills were made with it, and a second person decides


@dataclass(frozen=True)
class Doubt:
    """Why a reading looks wrong, in words; `code` is LOWER, HIGHER, TOO_MUCH, UNUSUAL, SAME or OTHER."""

    code: str
    words: str


class ReadingDoubtful(ValueError):
    """The reading looks wrong; look at the meter again, or say why it is right. `doubts` tells what is odd."""

    def __init__(self, doubts: list[Doubt]) -> None:
        super().__init__(" ".join(each.words for each in doubts))
        self.doubts = doubts


class CorrectionNotAllowed(ValueError):
    """A reading of that instant is there, and only who may correct readings puts another beside it."""


@operation.operation
def enter_reading(
    *,
    actor: Actor,
    at: datetime,
    face: faces.Face,
    instant: datetime,
    value: Decimal,
    usual_a_day: Fraction | None = None,
    others_a_day: Fraction | None = None,
    reason: str = "",
    may_correct: bool = False,
) -> EnteredAs:
    """This will store what a person read; what looks wrong only with a reason. `make_room` comes first.

    A reading that is lower than the one before is kept as it was read; the derivation holds it, or sees a roll-over or
    a new counter in it (B-03, B-04). Another number of the same instant becomes a correction; nothing is overwritten.

    :param face: the register around the instant, as `queries.faces_at` gives it
    :param value: as the display shows it, in `face.unit`
    :param usual_a_day: counts of the register in a usual day, where that is known
    :param others_a_day: what the other meters of its kind count in a day; looked at where nothing is usual yet
    :param reason: why it is right although it looks wrong
    :raises noting.ReadingOutOfRange: when the display cannot show such a number
    :raises ReadingDoubtful: when it looks wrong and there is no reason
    :raises CorrectionNotAllowed: when another number of that instant is there and `may_correct` is False
    """
    raw = noting.count_of(face, value)
    if face.exact is not None and face.exact.raw == raw:
        return EnteredAs.KNOWN
    doubts = doubts_of(face=face, instant=instant, raw=raw, usual_a_day=usual_a_day, others_a_day=others_a_day)
    if face.exact is not None and not may_correct:
        raise CorrectionNotAllowed(doubts[0].words)
    if doubts and not reason.strip():
        raise ReadingDoubtful(doubts)
    if face.exact is None:
        if noting.store(
            actor=actor, at=at, face=face, instant=instant, raw=raw, reason=reason.strip() if doubts else ""
        ):
            return EnteredAs.STORED
        # Somebody was faster by a moment: this one is told what everybody is told who comes later.
        return enter_reading(
            actor=actor,
            at=at,
            face=noting.seen_anew(face, instant),
            instant=instant,
            value=value,
            usual_a_day=usual_a_day,
            others_a_day=others_a_day,
            reason=reason,
            may_correct=may_correct,
        )
    return _correct(actor, at, face, instant, value, reason)


def _correct(actor: Actor, at: datetime, face: faces.Face, instant: datetime, value: Decimal, reason: str) -> EnteredAs:
    """Another number stands there: a later fact beside it, or a question to a second person."""
    raw = noting.count_of(face, value)
    series = models.Series.objects.get(organization_id=scoping.current().organization_id, pk=face.series_id)
    if second.is_needed(actor=actor, at=at, meter_point_id=face.meter_point_id, instant=instant):
        shown = {"shown": f"{value:f} {face.unit.symbol}"}
        facts = {"kind": CorrectionKind.SET, "at": instant, "value": raw, "made_of": shown}
        estimating.propose(actor=actor, at=at, series=series, facts=facts, reason=reason.strip())
        return EnteredAs.WAITS
    correcting.correct_readings(
        actor=actor, at=at, series=series, kind=CorrectionKind.SET, corrected_at=instant, reason=reason, value=raw
    )
    return EnteredAs.CORRECTED


def doubts_of(
    *,
    face: faces.Face,
    instant: datetime,
    raw: int,
    usual_a_day: Fraction | None,
    others_a_day: Fraction | None = None,
) -> list[Doubt]:
    """This will return what looks wrong about a reading, the gravest first.

    With 20 a day as usual, 1,000 ten days ago and 1,700 now, 700 are 3.5 times the 200 that are usual: UNUSUAL. Where
    nothing is usual yet, it is what is more than five times the use of the other meters, or than such a meter plausibly
    counts (`capacities`); more than the supply can deliver is asked about always, at a first reading too: TOO_MUCH.
    """
    found = []
    if face.exact is not None:
        found.append(_doubt(OTHER, _("%(value)s %(unit)s stands there for this time already."), face, face.exact.raw))
    if face.is_maximum:
        return found + _too_high(face, raw, usual_a_day)
    low, high = face.before, face.after
    has_wrapped = low is not None and high is not None and high.raw < low.raw
    if low is not None and raw < low.raw and not (has_wrapped and high is not None and raw <= high.raw):
        words = _("It is lower than the %(value)s %(unit)s before.")
        if face.wrap and low.raw >= ROLLS_FROM * face.wrap:
            words = _("It is lower than the %(value)s %(unit)s before: did the counter pass its end and start at 0?")
        found.append(_doubt("LOWER", words, face, low.raw))
    elif low is not None and not has_wrapped:
        found += _too_much(face, low, instant, raw, usual_a_day, others_a_day)
    elif low is None:
        found += _absurd_at_first(face, raw)
    if high is not None and raw > high.raw and not has_wrapped:
        found.append(_doubt("HIGHER", _("The meter showed %(value)s %(unit)s later."), face, high.raw))
    return found


def _too_high(face: faces.Face, raw: int, usual: Fraction | None) -> list[Doubt]:
    """A maximum begins anew at each reading: it is held against what the supply can deliver, and what is usual.

    That it equals the one before hints that nobody reset the register.
    """
    per_hour = face.most_per_hour or face.assumed_per_hour
    if per_hour is not None and raw > (most := int(2 * per_hour)):
        words = _("It is more than such a supply plausibly delivers: at most %(value)s %(unit)s.")
        return [_doubt("TOO_MUCH", words, face, most)]
    if usual and raw > MUCH * usual:
        words = _("It is more than three times the highest before, %(value)s %(unit)s.")
        return [_doubt("UNUSUAL", words, face, round(usual))]
    if raw and face.before is not None and face.before.raw == raw:
        words = _("It is what it showed before, %(value)s %(unit)s: was the register reset then?")
        return [_doubt("SAME", words, face, raw)]
    return []


def _too_much(
    face: faces.Face,
    low: faces.Seen,
    instant: datetime,
    raw: int,
    usual_a_day: Fraction | None,
    others_a_day: Fraction | None,
) -> list[Doubt]:
    days = Fraction((instant - low.at) // timedelta.resolution, DAY // timedelta.resolution)
    if face.most_per_hour is not None:
        most = low.raw + int(2 * face.most_per_hour * days * 24)
        if raw > most:
            words = _("It is more than the supply can have delivered since: at most %(value)s %(unit)s.")
            return [_doubt("TOO_MUCH", words, face, most)]
    if usual_a_day and raw - low.raw > MUCH * usual_a_day * days:
        words = _("It is more than three times the usual use; about %(value)s %(unit)s were to be expected.")
        return [_doubt("UNUSUAL", words, face, low.raw + round(usual_a_day * days))]
    # Of a few hours nothing can be told.
    expected = (others_a_day or 0) * max(days, Fraction(1))
    if not usual_a_day and expected and raw - low.raw > MUCH_OF_OTHERS * expected:
        words = _("It is more than five times what the other meters of this kind use; about %(value)s %(unit)s fit.")
        return [_doubt("UNUSUAL", words, face, low.raw + round(expected))]
    return [] if usual_a_day else _implausible(face, low, instant, raw)


def _implausible(face: faces.Face, low: faces.Seen, instant: datetime, raw: int) -> list[Doubt]:
    """Neither the meter nor its like tell what is usual: what such a meter counts at most."""
    if face.assumed_per_hour is None:
        return []
    most = low.raw + int(capacities.most_within(face.assumed_per_hour, instant - low.at))
    if raw <= most:
        return []
    words = _("It is more than such a meter plausibly counts in this time: at most %(value)s %(unit)s.")
    return [_doubt("TOO_MUCH", words, face, most)]


def _absurd_at_first(face: faces.Face, raw: int) -> list[Doubt]:
    """No earlier reading tells anything: what a meter has counted at most since it was made."""
    per_hour = face.most_per_hour or face.assumed_per_hour
    if per_hour is None or raw <= (most := int(capacities.most_at_first(per_hour))):
        return []
    words = _("It is more than such a meter plausibly shows at its first reading: at most %(value)s %(unit)s.")
    return [_doubt("TOO_MUCH", words, face, most)]


def _doubt(code: str, words: str, face: faces.Face, raw: int) -> Doubt:
    value = formats.number_format(face.number(raw), face.decimals, use_l10n=True, force_grouping=True)
    return Doubt(code, words % {"value": value, "unit": face.unit.symbol})
