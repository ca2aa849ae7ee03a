"""A simulated electricity meter: what it measures follows from the time alone, so it can be asked at any instant.

Power follows a curve over the UTC day, in straight lines between hours; energy is that curve's exact integral. Two
questions with an hour between them differ by exactly what was used in that hour, whoever asked in between.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from meterbook.acquisition.library.documents import MeterModel, Register
from meterbook.kernel import quantity
from meterbook.kernel.quantity import Unit

# Watts at each full hour of a small shop: closed at night, busiest in the afternoon.
SHOP = (
    *(420, 400, 390, 390, 400, 450, 700, 1500, 2900, 3600, 3900, 4100),
    *(4200, 4000, 4300, 4600, 4700, 4400, 3700, 2600, 1500, 900, 600, 480),
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)
HOUR_MICROSECONDS = HOUR // MICROSECOND
DEFAULT_WRAP = 10**8  # of the stored resolution: eight digits, for counters whose maker does not say
PHASE_SHARES = (Fraction(5, 12), Fraction(4, 12), Fraction(3, 12))
POWER_FACTOR = Fraction(96, 100)
REACTIVE_SHARE = Fraction(29, 100)  # tan(acos 0.96)


@dataclass
class SimulatedMeter:
    """One meter. `start` are register values when it was switched on at `since`, in each register's own unit."""

    model: MeterModel
    unit: int
    since: datetime
    start: Mapping[str, Fraction] = field(default_factory=dict)
    curve: tuple[int, ...] = SHOP
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))  # that its clock keeps
    ahead: timedelta = timedelta(0)  # of its clock
    dark: tuple[tuple[datetime, datetime], ...] = ()  # when it had no supply: it remembers nothing of then
    _offsets: dict[str, Fraction] = field(default_factory=dict)
    _fixed: dict[str, Fraction] = field(default_factory=dict)
    _wraps: dict[str, int] = field(default_factory=dict)
    _doubled_totals: list[int] = field(default_factory=lambda: [0])  # twice the watt-hours up to each full hour

    def watts(self, at: datetime) -> Fraction:
        """This will return the power at an instant."""
        hours, rest = divmod((at - EPOCH) // MICROSECOND, HOUR_MICROSECONDS)
        first, second = self._node(hours), self._node(hours + 1)
        return first + (second - first) * Fraction(rest, HOUR_MICROSECONDS)

    def watt_hours(self, start: datetime, end: datetime) -> Fraction:
        """This will return the energy used between two instants, exactly."""
        return self._integral(end) - self._integral(start)

    def value(self, register: Register, at: datetime) -> Fraction:
        """This will return what a register shows at an instant, in the register's unit."""
        if register.code in self._fixed:
            return self._fixed[register.code]
        if not register.is_energy:
            return self._instant(register, at)
        grown = self._counted(register, at) + self._offset(register)
        wrap = self._wraps.get(register.code, register.wrap)
        return grown if wrap is None else grown % Fraction(wrap, 10**register.decimals)

    def set(self, code: str, value: Fraction, at: datetime) -> None:
        """This will make a register show a value: a counter counts on from it, an instant value stays."""
        register = self.model.register(code)
        if register.is_energy:
            self._offsets[code] = value - self._counted(register, at)
        else:
            self._fixed[code] = value

    def reset(self, at: datetime) -> None:
        """This will start every counter anew from zero, as after a reset or with a new meter."""
        for register in self.model.registers:
            if register.is_energy:
                self.set(register.code, Fraction(0), at)

    def roll_over(self, code: str, at: datetime, *, before: Fraction = Fraction(1, 2), wrap: int | None = None) -> None:
        """This will put a counter `before` units ahead of the value at which it starts from zero again.

        :param wrap: that value in stored units, where the model does not say; eight digits when left out
        """
        register = self.model.register(code)
        self._wraps[code] = wrap or register.wrap or DEFAULT_WRAP
        self.set(code, Fraction(self._wraps[code], 10**register.decimals) - before, at)

    def _node(self, hour: int) -> int:
        """Watts at a full hour: the curve, up to a tenth more or less from day to day, larger for some units."""
        day, hour_of_day = divmod(hour, 24)
        share = 90 + zlib.crc32(f"{self.unit}/{day}/{hour_of_day}".encode()) % 21
        size = 40 + zlib.crc32(f"size {self.unit}".encode()) % 121
        return self.curve[hour_of_day] * share * size // 10_000

    def _integral(self, at: datetime) -> Fraction:
        """Watt-hours from `since` to an instant."""
        return self._up_to(at) - self._up_to(self.since)

    def _up_to(self, at: datetime) -> Fraction:
        """Watt-hours from the full hour before `since` to an instant that is not before it."""
        base = (self.since - EPOCH) // HOUR
        hours, rest = divmod((at - EPOCH) // MICROSECOND, HOUR_MICROSECONDS)
        while len(self._doubled_totals) <= hours - base:
            hour = base + len(self._doubled_totals) - 1
            self._doubled_totals.append(self._doubled_totals[-1] + self._node(hour) + self._node(hour + 1))
        part = Fraction(rest, HOUR_MICROSECONDS)
        first, second = self._node(hours), self._node(hours + 1)
        return Fraction(self._doubled_totals[hours - base], 2) + first * part + (second - first) * part * part / 2

    def _counted(self, register: Register, at: datetime) -> Fraction:
        """What a counter has counted since the meter was switched on, in the register's unit."""
        energy = self._integral(at)
        if register.series_code == "energy_import":
            return energy * quantity.factor(Unit.WH, register.unit)
        if register.series_code == "energy_reactive_import":
            return energy * REACTIVE_SHARE * quantity.factor(Unit.VARH, register.unit)
        return Fraction(0)

    def _offset(self, register: Register) -> Fraction:
        return self._offsets.get(register.code, self.start.get(register.code, Fraction(0)))

    def _instant(self, register: Register, at: datetime) -> Fraction:
        name, phase = register.series_code, _phase(register.series_code)
        power = self.watts(at) * (PHASE_SHARES[phase - 1] if phase else 1)
        if name.startswith("power_factor"):
            return POWER_FACTOR
        if name.startswith("power_reactive"):
            return power * REACTIVE_SHARE * quantity.factor(Unit.VAR, register.unit)
        if name.startswith("power_apparent"):
            return power / POWER_FACTOR * quantity.factor(Unit.VA, register.unit)
        if name.startswith("power"):
            return power * quantity.factor(Unit.W, register.unit)
        if name.startswith("voltage"):
            return self._volts(phase, at)
        if name.startswith("current"):
            return power / POWER_FACTOR / self._volts(phase, at)
        if name == "frequency":
            return 50 + Fraction(self._wobble("hertz", at, 41), 1000)
        return Fraction(0)

    def _volts(self, phase: int, at: datetime) -> Fraction:
        return 231 + Fraction(self._wobble(f"volts {phase}", at, 61), 10)

    def _wobble(self, name: str, at: datetime, width: int) -> int:
        """A whole number around zero that changes every ten seconds and is the same whenever it is asked for."""
        step = (at - EPOCH) // timedelta(seconds=10)
        return zlib.crc32(f"{name}/{self.unit}/{step}".encode()) % width - width // 2


def _phase(name: str) -> int:
    return int(name[-1]) if name[-3:-1] == "_l" and name[-1].isdigit() else 0
