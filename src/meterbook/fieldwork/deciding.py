"""Which meter fell when somebody switched a unit off: exact arithmetic on two or three windows of samples. Pure.

A meter fell when the lowest of what it showed before lies above the highest of what it showed while the unit was off,
by more than half of what it varies by anyway and by a tenth at least. A meter that comes and goes by itself shows both
levels in one window, so its windows overlap and it is left out, however often somebody looks.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from meterbook.kernel.period import Period

FLOOR = Fraction(20, 1000)  # kW: less is no load that somebody switches off
PART = 10  # of what was used before: a fall by less than a tenth is none
DEEP = 4  # times less than before: as far as a unit falls whose breaker is off
SAMPLES = 4  # of a power register in a window
TRIMMED_FROM = 6  # samples: the lowest and the highest are left out, so that one wrong value decides nothing
COUNTS = 9  # steps of a counter that let its window be looked at in thirds
SHORTEST = timedelta(seconds=10)
COUNTED_FOR = timedelta(seconds=50)  # two values of a counter that lie closer say little
PATIENCE = timedelta(seconds=60)  # then those that answer seldom are waited for no longer
GUARD = timedelta(seconds=5)  # after a switch: what a register averages still holds the time before
AN_HOUR = timedelta(hours=1)


class Measure(enum.StrEnum):
    """What the samples of a meter are: kW, or a counter of kWh whose rate is looked at."""

    POWER = "POWER"
    COUNTER = "COUNTER"


class Reaction(enum.StrEnum):
    """What a meter did when the unit was switched off."""

    FELL = "FELL"
    STAYED = "STAYED"
    VARIES = "VARIES"  # lower on the whole, but no more than it varies anyway
    IDLE = "IDLE"  # nothing was used before, so nothing could fall
    UNSEEN = "UNSEEN"  # too few values


class SwapVerdict(enum.StrEnum):
    """What a test says of the unit's meter."""

    RIGHT = "RIGHT"
    OTHER = "OTHER"
    SEVERAL = "SEVERAL"
    NONE = "NONE"
    UNSEEN = "UNSEEN"  # of the unit's meter came too few values, and no other fell


@dataclass(frozen=True)
class Sample:
    """What a register showed: kW or kWh, after the multiplier."""

    at: datetime
    value: Decimal


@dataclass(frozen=True)
class Windows:
    """When everything was on, when the unit was off (`GUARD` left out), and when it was on again."""

    before: Period
    off: Period
    after: Period | None = None


@dataclass(frozen=True)
class Watched:
    """A meter with its samples in the order of time. `is_expected`: it belongs to the unit. `is_sum`: it measures what
    others measure too, so it falls with any of them and proves nothing. `resolution`: one step of its register.
    `windows` are its own: who is read every quarter of an hour is looked at for longer.
    """

    key: str
    measure: Measure
    resolution: Decimal
    samples: Sequence[Sample]
    windows: Windows
    is_expected: bool = False
    is_sum: bool = False


@dataclass(frozen=True)
class Finding:
    """What one meter did; levels in kW, None where too few values came. `came_back` None: nobody looked."""

    key: str
    reaction: Reaction
    before: Fraction | None
    off: Fraction | None
    after: Fraction | None
    came_back: bool | None = None


@dataclass(frozen=True)
class Outcome:
    """The verdict, the meters that fell (`fell`, by key), and what each one did."""

    verdict: SwapVerdict
    fell: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class _Band:
    """What a meter took in a window: never less than `low`, never more than `high`, `middle` on the whole."""

    low: Fraction
    high: Fraction
    middle: Fraction
    spread: Fraction


def decide(watched: Sequence[Watched]) -> Outcome:
    """This will tell which meters fell while the unit was off, and whether that is the unit's own.

    A unit that is off takes next to nothing: where a meter fell to less than a quarter, those of other units that fell
    by a part only are left out. Of other units count only those that came back, unless the one that fell far did not.
    Example: 3.1, 2.9, 3.0 and 3.0 kW before and 0.0 kW four times while off is a fall; 3, 0, 3, 0 and then 0 is not,
    since the meter was at 0 before as well; 5.5 and then 4.3 kW counts when 5.4 kW came back and nothing fell further.
    """
    findings = {each.key: look(each) for each in watched}
    fell = [each for each in watched if findings[each.key].reaction is Reaction.FELL and not each.is_sum]
    deep = [each for each in fell if _is_deep(findings[each.key])]
    back = [each for each in fell if each.is_expected or findings[each.key].came_back is not False]
    chosen = [each for each in back if each in deep or each.is_expected] if deep else back
    chosen = chosen or deep
    return Outcome(
        _verdict(watched, findings, chosen), tuple(each.key for each in chosen), tuple(findings[e.key] for e in watched)
    )


def _is_deep(finding: Finding) -> bool:
    return finding.before is not None and finding.off is not None and finding.off * DEEP <= finding.before


def look(watched: Watched) -> Finding:
    """This will tell what one meter did."""
    windows = watched.windows
    before, off = band(watched, windows.before), band(watched, windows.off)
    after = band(watched, windows.after) if windows.after is not None else None
    back = None if after is None or before is None or off is None else after.high >= (before.low + off.high) / 2
    return Finding(
        key=watched.key,
        reaction=_reaction(before, off),
        before=before.middle if before else None,
        off=off.middle if off else None,
        after=after.middle if after else None,
        came_back=back,
    )


def band(watched: Watched, window: Period) -> _Band | None:
    """This will return what a meter took in a window; None where too few values came, or its counter began anew."""
    inside = [each for each in watched.samples if window.start <= each.at < window.end]
    if watched.measure is Measure.POWER:
        return _of_power(inside)
    return _of_counter(inside, Fraction(watched.resolution))


def is_enough(watched: Sequence[Watched], window: Period) -> bool:
    """This will tell whether every meter that answers in the window gave enough values there; one that gives none
    within it is not waited for. After a minute only the unit's own meters are waited for, until they gave two.
    """
    if window.duration < SHORTEST:
        return False
    heard = [(each, [one.at for one in each.samples if one.at in window]) for each in watched]
    speaking = [(each, instants) for each, instants in heard if instants]
    ready = [each for each, instants in speaking if _has_enough(each, instants)]
    if window.duration < PATIENCE:
        return bool(speaking) and len(ready) == len(speaking)
    own = [instants for each, instants in speaking if each.is_expected and each.measure is Measure.POWER]
    return bool(ready) and all(len(instants) > 1 for instants in own)


def _has_enough(watched: Watched, instants: Sequence[datetime]) -> bool:
    if watched.measure is Measure.POWER:
        return len(instants) >= SAMPLES
    return instants[-1] - instants[0] >= COUNTED_FOR


def _verdict(watched: Sequence[Watched], findings: dict[str, Finding], chosen: Sequence[Watched]) -> SwapVerdict:
    if not chosen:
        own = [each for each in watched if each.is_expected] or list(watched)
        seen = any(findings[each.key].reaction is not Reaction.UNSEEN for each in own)
        return SwapVerdict.NONE if seen else SwapVerdict.UNSEEN
    if all(each.is_expected for each in chosen):
        return SwapVerdict.RIGHT
    return SwapVerdict.OTHER if len(chosen) == 1 else SwapVerdict.SEVERAL


def _reaction(before: _Band | None, off: _Band | None) -> Reaction:
    if before is None or off is None:
        return Reaction.UNSEEN
    gap = before.low - off.high
    if gap > max(FLOOR, before.middle / PART, before.spread / 2, off.spread / 2):
        return Reaction.FELL
    if before.middle <= FLOOR:
        return Reaction.IDLE
    return Reaction.VARIES if before.middle - off.middle > FLOOR else Reaction.STAYED


def _of_power(samples: Sequence[Sample]) -> _Band | None:
    levels = sorted(Fraction(each.value) for each in samples)
    if len(levels) < 2:
        return None
    middle = _median(levels)
    if len(levels) >= TRIMMED_FROM:
        levels = levels[1:-1]
    return _Band(levels[0], levels[-1], middle, levels[-1] - levels[0])


def _of_counter(samples: Sequence[Sample], step: Fraction) -> _Band | None:
    """A counter shows whole steps: between two of its values lies their difference, more or less one step."""
    if len(samples) < 2:
        return None
    counted = Fraction(samples[-1].value) - Fraction(samples[0].value)
    falls = any(later.value < sooner.value for sooner, later in itertools.pairwise(samples))
    if falls or samples[-1].at <= samples[0].at:
        return None
    parts = 3 if len(samples) > 3 and step and counted >= COUNTS * step else 1
    cuts = [samples[round(place * (len(samples) - 1) / parts)] for place in range(parts + 1)]
    lows, highs, middles = [], [], []
    for first, final in itertools.pairwise(cuts):
        used = Fraction(final.value) - Fraction(first.value)
        hours = Fraction((final.at - first.at) // timedelta.resolution, AN_HOUR // timedelta.resolution)
        lows.append(max(Fraction(0), used - step) / hours)
        highs.append((used + step) / hours)
        middles.append(used / hours)
    whole = Fraction((samples[-1].at - samples[0].at) // timedelta.resolution, AN_HOUR // timedelta.resolution)
    return _Band(min(lows), max(highs), counted / whole, max(middles) - min(middles))


def _median(levels: Sequence[Fraction]) -> Fraction:
    half = len(levels) // 2
    return levels[half] if len(levels) % 2 else (levels[half - 1] + levels[half]) / 2
