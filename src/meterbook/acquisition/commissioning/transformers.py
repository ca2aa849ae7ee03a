"""Whether current transformers are right, from what the meter itself measures: P against V x I x PF, signs, phases.

All arithmetic is exact (fractions). The check between a meter's own numbers needs no multiplier; the comparison with a
clamp or a known load does.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from meterbook.acquisition.contract.frames import Sample
from meterbook.kernel.quantity import Unit

TOLERANCE = Fraction(5)  # percent
PHASES = ("1", "2", "3")
LEAST_CURRENT = Fraction(1, 50)  # A: below it a meter's class says nothing about its power
LEAST_POWER = Fraction(5)  # W
LIVE = Fraction(1, 2)  # of the highest voltage; a phase below it is missing, or a fuse is gone
MISSING = Fraction(20)  # V: what is induced in a wire that hangs on nothing
LOW_FACTOR = Fraction(1, 2)
PLAIN = {Unit.KW: 1000, Unit.KVA: 1000}
# Ratios that transformers have, as primary amperes to 5 A and to 1 A; what is near one of them is proposed.
PRIMARY = (30, 40, 50, 60, 75, 80, 100, 120, 125, 150, 160, 200, 250, 300, 400, 500, 600, 750, 800, 1000, 1200, 1250)
PRIMARY_LARGE = (1500, 1600, 2000, 2500, 3000, 4000, 5000, 6000)


class CtKind(enum.StrEnum):
    """What the check found."""

    AGREES = "AGREES"
    DIFFERS = "DIFFERS"
    EXCEEDS = "EXCEEDS"  # without a power factor: more than V x I can carry
    CARRIES = "CARRIES"  # without a power factor: no more than V x I
    REVERSED = "REVERSED"
    NO_VOLTAGE = "NO_VOLTAGE"
    NO_CURRENT = "NO_CURRENT"
    LOW_FACTOR = "LOW_FACTOR"
    TOO_LITTLE = "TOO_LITTLE"
    INCOMPLETE = "INCOMPLETE"
    CLAMP_AGREES = "CLAMP_AGREES"
    CLAMP_DIFFERS = "CLAMP_DIFFERS"
    CLAMP_INSIDE = "CLAMP_INSIDE"
    CLAMP_UNREAD = "CLAMP_UNREAD"
    LOAD_AGREES = "LOAD_AGREES"
    LOAD_DIFFERS = "LOAD_DIFFERS"
    LOAD_INSIDE = "LOAD_INSIDE"
    LOAD_UNREAD = "LOAD_UNREAD"

    @property
    def is_fault(self) -> bool:
        """Whether somebody must look before the meter counts."""
        return self in _FAULTS


_FAULTS = frozenset(
    {
        CtKind.DIFFERS,
        CtKind.EXCEEDS,
        CtKind.REVERSED,
        CtKind.NO_VOLTAGE,
        CtKind.CLAMP_DIFFERS,
        CtKind.CLAMP_INSIDE,
        CtKind.LOAD_DIFFERS,
        CtKind.LOAD_INSIDE,
    }
)


@dataclass(frozen=True)
class Phase:
    """One phase as the meter shows it: V, A, a factor between -1 and 1, and W. `name` is 1, 2, 3, or "" of the only."""

    name: str
    voltage: Decimal | None = None
    current: Decimal | None = None
    factor: Decimal | None = None
    power: Decimal | None = None

    @property
    def carried(self) -> Fraction | None:
        """V x I in VA; None when either did not come."""
        if self.voltage is None or self.current is None:
            return None
        return abs(Fraction(self.voltage) * Fraction(self.current))


@dataclass(frozen=True)
class Measured:
    """What a meter measures: its phases, and power (W) and power factor of all together."""

    phases: tuple[Phase, ...] = ()
    power: Decimal | None = None
    factor: Decimal | None = None

    @property
    def carried(self) -> Fraction | None:
        """The sum of V x I in VA; None when a phase lacks either."""
        parts = [each.carried for each in self.phases]
        known = [each for each in parts if each is not None]
        return sum(known, Fraction(0)) if known and len(known) == len(parts) else None


@dataclass(frozen=True)
class Finding:
    """One thing that was found. `phase` is 1, 2, 3, or "" for the whole meter.

    `found` and `expected` are in W with P against V x I x PF, in A with a clamp, in V with voltages; `percent` is by
    how much they differ; `ratio` is found / expected with powers, and the multiplier that would be right with a clamp.
    """

    kind: CtKind
    phase: str = ""
    found: Fraction | None = None
    expected: Fraction | None = None
    percent: Fraction | None = None
    ratio: Fraction | None = None


def plain(sample: Sample) -> Decimal:
    """This will return a sample in V, A, W, or as a factor between -1 and 1: 87 % are 0.87, 1.2 kW are 1200."""
    number = sample.quantity.number
    if sample.unit is Unit.PERCENT:
        return number.scaleb(-2)
    return number * PLAIN.get(sample.unit, 1)


def measured_of(samples: Iterable[Sample]) -> Measured:
    """This will gather what the check needs from the registers of a meter, by the codes of their series."""
    known = {each.series_code: plain(each) for each in samples}

    def phase(name: str) -> Phase:
        end = f"_l{name}"
        return Phase(name, *(known.get(f"{each}{end}") for each in ("voltage", "current", "power_factor", "power")))

    phases = [phase(each) for each in PHASES]
    there = [each for each in phases if each.voltage is not None or each.current is not None or each.power is not None]
    if not there and ("voltage" in known or "current" in known):
        there = [Phase("", known.get("voltage"), known.get("current"))]
    power, factor = known.get("power"), known.get("power_factor")
    if len(there) == 1:
        only = there[0]
        factor = only.factor if only.factor is not None else factor
        power = only.power if only.power is not None else power
        there = [Phase("", only.voltage, only.current, factor, power)]
        return Measured(tuple(there), power, factor)
    powers = [each.power for each in there if each.power is not None]
    if power is None and powers and len(powers) == len(there):
        power = sum(powers, Decimal(0))
    return Measured(tuple(there), power, factor)


def check(
    measured: Measured,
    *,
    multiplier: Fraction = Fraction(1),
    tolerance: Fraction = TOLERANCE,
    clamps: Mapping[str, Decimal] | None = None,
    load: Decimal | None = None,
) -> tuple[Finding, ...]:
    """This will say what is wrong with the transformers of a meter, and what is right, faults first.

    230 V, 5 A and a factor of 0.9 carry 1035 W; a meter that shows 1030 W agrees, one that shows 41,200 W differs by
    3,880.7 %, 39.8 times.

    :param multiplier: the ratio with which its registers are to count
    :param tolerance: percent by which two numbers may differ
    :param clamps: what a clamp shows in A around the primary wire of a phase, by its name
    :param load: what is known to flow, in W
    """
    found = [*_voltages(measured), *_signs(measured), *_currents(measured), *_powers(measured, tolerance)]
    for name, shown in (clamps or {}).items():
        found.append(_clamp(measured, name, Fraction(shown), multiplier, tolerance))
    if load is not None:
        found.append(_load(measured, Fraction(load), multiplier, tolerance))
    return tuple(sorted(found, key=lambda each: not each.kind.is_fault))


def differs(found: Fraction, expected: Fraction) -> Fraction | None:
    """This will return by how many percent a number differs from what is expected; None of zero."""
    return abs(found - expected) / abs(expected) * 100 if expected else None


def usual_ratio(ratio: Fraction, tolerance: Fraction = TOLERANCE) -> Fraction:
    """This will return the ratio of transformers that is nearest: 39.6 is 40 (200/5). One near none stays as it is."""
    usual = [Fraction(1), *(Fraction(each, 5) for each in (*PRIMARY, *PRIMARY_LARGE))]
    usual += [Fraction(each) for each in (*PRIMARY, *PRIMARY_LARGE)]
    nearest = min(usual, key=lambda each: abs(each - ratio))
    return nearest if abs(nearest - ratio) * 100 <= nearest * tolerance else ratio


def _voltages(measured: Measured) -> Iterable[Finding]:
    known = [(each, abs(Fraction(each.voltage))) for each in measured.phases if each.voltage is not None]
    highest = max((volts for _each, volts in known), default=Fraction(0))
    for each, volts in known:
        if volts < MISSING or volts < highest * LIVE:
            yield Finding(CtKind.NO_VOLTAGE, each.name, volts, highest)


def _signs(measured: Measured) -> Iterable[Finding]:
    """A phase that counts backwards; the whole meter where its phases are not told."""
    known = [each for each in measured.phases if each.power is not None]
    for each in known:
        if each.power is not None and each.power <= -LEAST_POWER:
            yield Finding(CtKind.REVERSED, each.name, Fraction(each.power))
    if not known and measured.power is not None and measured.power <= -LEAST_POWER:
        yield Finding(CtKind.REVERSED, "", Fraction(measured.power))


def _currents(measured: Measured) -> Iterable[Finding]:
    """A phase without current beside others that carry some, and one whose factor no usual load has."""
    currents = {each.name: abs(Fraction(each.current)) for each in measured.phases if each.current is not None}
    is_some = any(each >= LEAST_CURRENT for each in currents.values())
    for name, amperes in currents.items():
        if is_some and amperes < LEAST_CURRENT:
            yield Finding(CtKind.NO_CURRENT, name, amperes)
    for each in measured.phases:
        carried = each.carried
        if len(measured.phases) < 2 or each.power is None or not carried or currents[each.name] < LEAST_CURRENT:
            continue
        share = abs(Fraction(each.power)) / carried
        if share < LOW_FACTOR and carried >= LEAST_POWER:
            yield Finding(CtKind.LOW_FACTOR, each.name, share)


def _powers(measured: Measured, tolerance: Fraction) -> Iterable[Finding]:
    """P against V x I x PF of each phase, and of the whole where no phase tells its own power."""
    told = [each for each in measured.phases if each.power is not None and each.carried is not None]
    for each in told:
        factor = each.factor if each.factor is not None else measured.factor if len(measured.phases) == 1 else None
        yield _power(each.name, Fraction(each.power or 0), each.carried or Fraction(0), factor, tolerance)
    if told and len(told) == len(measured.phases):
        return
    if measured.power is None or measured.carried is None:
        yield Finding(CtKind.INCOMPLETE)
        return
    yield _power("", Fraction(measured.power), measured.carried, measured.factor, tolerance)


def _power(name: str, power: Fraction, carried: Fraction, factor: Decimal | None, tolerance: Fraction) -> Finding:
    if carried < LEAST_POWER and abs(power) < LEAST_POWER:
        return Finding(CtKind.TOO_LITTLE, name, power, carried)
    expected = carried * abs(Fraction(factor)) if factor else carried
    ratio = abs(power) / expected if expected else None
    percent = differs(abs(power), expected)
    is_more = abs(power) > expected * (1 + tolerance / 100)
    if not factor:
        return Finding(
            CtKind.EXCEEDS if is_more else CtKind.CARRIES,
            name,
            abs(power),
            expected,
            percent,
            ratio,
        )
    is_less = abs(power) < expected * (1 - tolerance / 100)
    is_off = (is_more or is_less) and abs(abs(power) - expected) > LEAST_POWER
    return Finding(CtKind.DIFFERS if is_off else CtKind.AGREES, name, abs(power), expected, percent, ratio)


def _clamp(measured: Measured, name: str, shown: Fraction, multiplier: Fraction, tolerance: Fraction) -> Finding:
    phase = next((each for each in measured.phases if each.name == name), None)
    own = abs(Fraction(phase.current)) if phase is not None and phase.current is not None else Fraction(0)
    if own < LEAST_CURRENT or not shown:
        return Finding(CtKind.CLAMP_UNREAD, name, own, shown)
    return _compared("CLAMP", name, own, shown, multiplier, tolerance)


def _load(measured: Measured, load: Fraction, multiplier: Fraction, tolerance: Fraction) -> Finding:
    own = abs(Fraction(measured.power)) if measured.power is not None else Fraction(0)
    if own < LEAST_POWER or not load:
        return Finding(CtKind.LOAD_UNREAD, "", own, load)
    return _compared("LOAD", "", own, load, multiplier, tolerance)


def _compared(
    what: str, name: str, own: Fraction, shown: Fraction, multiplier: Fraction, tolerance: Fraction
) -> Finding:
    """The meter's own number times the multiplier against the one that somebody measured."""
    counted = own * multiplier
    percent = differs(counted, shown)
    right = usual_ratio(shown / own, tolerance)
    if percent is not None and percent <= tolerance:
        return Finding(CtKind[f"{what}_AGREES"], name, counted, shown, percent, multiplier)
    if multiplier != 1 and (plain_percent := differs(own, shown)) is not None and plain_percent <= tolerance:
        return Finding(CtKind[f"{what}_INSIDE"], name, counted, shown, percent, Fraction(1))
    return Finding(CtKind[f"{what}_DIFFERS"], name, counted, shown, percent, right)
