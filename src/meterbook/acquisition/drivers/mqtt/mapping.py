"""Where the values of a meter stand in the messages that it sends: written by people, kept as JSON.

One line a register: `energy_import: status/emdata:0 /total_act Wh`. The topic below the device's own may be left out,
as may the unit, then it is the register's own; `× 0.01` before the unit multiplies. A pointer is one of RFC 6901, `.`
is the whole message. `time: /ts` says where the message tells its own time.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from meterbook.acquisition.library.documents import MeterModel, Register
from meterbook.kernel.quantity import Unit

WHOLE = "."
TIME = "time"
TIMES_SIGNS = ("×", "*", "x")
MOST_LINES, LONGEST_TOPIC, LONGEST_POINTER = 64, 200, 300
LEAST_FACTOR, LARGEST_FACTOR = Decimal("1e-9"), Decimal("1e9")
POINTER = re.compile(r"\.|(?:/(?:[^/~]|~[01])*)+")
FACTOR = re.compile(r"-?\d{1,10}(?:[.,]\d{1,12})?")
# As people write units, without regard to capitals where that is plain.
_SPELLINGS = {"m3": Unit.M3, "m^3": Unit.M3, "m3/h": Unit.M3_H, "l": Unit.L, "°c": Unit.CELSIUS, "c": Unit.CELSIUS}


class MappingWrong(ValueError):
    """A line of a mapping says something that cannot be. `line` counts from 1, `data` holds what the words name."""

    def __init__(self, code: str, line: int, **data: str) -> None:
        super().__init__(f"line {line}: {code} {data}")
        self.code, self.line, self.data = code, line, data


@dataclass(frozen=True)
class Place:
    """Where a register's value stands: `pointer` in the messages under the topic `topic` below the device's own."""

    register: str
    topic: str
    pointer: str
    factor: Decimal
    unit: Unit


@dataclass(frozen=True)
class MessageMap:
    """All places of a device, and the pointer to a message's own time; empty: the time of its arrival counts."""

    places: tuple[Place, ...]
    time: str = ""

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics below the device's own, each once."""
        return tuple(dict.fromkeys(each.topic for each in self.places))

    @property
    def registers(self) -> frozenset[str]:
        """Which registers it finds."""
        return frozenset(each.register for each in self.places)

    def as_json(self) -> dict[str, Any]:
        """This will return what is stored."""
        places = [
            {
                "register": each.register,
                "topic": each.topic,
                "pointer": each.pointer,
                "factor": f"{each.factor:f}",
                "unit": each.unit.value,
            }
            for each in self.places
        ]
        return {"values": places, "time": self.time}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> MessageMap:
        """This will read back what `as_json` returned."""
        places = tuple(
            Place(each["register"], each["topic"], each["pointer"], Decimal(each["factor"]), Unit(each["unit"]))
            for each in stored["values"]
        )
        return cls(places, stored.get("time") or "")

    def written(self, model: MeterModel) -> str:
        """This will write it as people do, one line a register."""
        lines = [_line(each, model) for each in self.places]
        return "\n".join([*lines, *([f"{TIME}: {self.time}"] if self.time else [])])


def read(text: str, model: MeterModel) -> MessageMap:
    """This will read what somebody wrote.

    :raises MappingWrong: naming the line and what is wrong with it
    """
    places: list[Place] = []
    time = ""
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(lines) > MOST_LINES:
        raise MappingWrong("TOO_LONG", lines[MOST_LINES][0])
    for number, line in lines:
        name, colon, rest = line.partition(":")
        words = rest.split()
        if not colon or not words:
            raise MappingWrong("FORM", number, text=line)
        if name.strip() == TIME:
            time = _pointer(words.pop(0), number)
            if words or time == WHOLE:
                raise MappingWrong("FORM", number, text=line)
            continue
        places.append(_place(name.strip(), words, model, number))
    return _checked(places, time, model)


def check(given: MessageMap, model: MeterModel) -> MessageMap:
    """This will pass a mapping that came as data, when it could have been written.

    :raises MappingWrong: naming the place in `line`
    """
    for number, each in enumerate(given.places, 1):
        register = _register(each.register, model, number)
        _topic(each.topic, number)
        _pointer(each.pointer, number)
        _check_unit(each.unit, register, number)
        if not LEAST_FACTOR <= abs(each.factor) <= LARGEST_FACTOR:
            raise MappingWrong("FACTOR", number, text=str(each.factor))
    if len(given.places) > MOST_LINES:
        raise MappingWrong("TOO_LONG", MOST_LINES)
    if given.time:
        _pointer(given.time, len(given.places) + 1)
    return _checked(given.places, given.time, model)


def unit_of(text: str) -> Unit | None:
    """This will return the unit that somebody wrote, as its symbol or its code; None for none."""
    return _units().get(text) or _units().get(text.casefold())


def _checked(places: Iterable[Place], time: str, model: MeterModel) -> MessageMap:
    found = tuple(places)
    seen: dict[str, int] = {}
    for number, each in enumerate(found, 1):
        if each.register in seen:
            raise MappingWrong("TWICE", number, register=each.register)
        seen[each.register] = number
    if not found:
        known = ", ".join(register.code for register in model.registers)
        raise MappingWrong("EMPTY", 1, registers=known)
    return MessageMap(found, time)


def _place(name: str, words: list[str], model: MeterModel, line: int) -> Place:
    register = _register(name, model, line)
    topic = "" if words[0] == WHOLE or words[0].startswith("/") else _topic(words.pop(0), line)
    if not words:
        raise MappingWrong("POINTER", line, text="")
    pointer = _pointer(words.pop(0), line)
    factor = Decimal(1)
    if words and words[0].startswith(TIMES_SIGNS):
        sign = words.pop(0)
        factor = _factor(sign[1:] or (words.pop(0) if words else ""), line)
    unit = _unit(words.pop(0), line) if words else register.unit
    if words:
        raise MappingWrong("FORM", line, text=" ".join(words))
    _check_unit(unit, register, line)
    return Place(register.code, topic, pointer, factor, unit)


def _register(name: str, model: MeterModel, line: int) -> Register:
    try:
        return model.register(name)
    except KeyError as error:
        known = ", ".join(register.code for register in model.registers)
        raise MappingWrong("REGISTER", line, register=name, registers=known) from error


def _topic(text: str, line: int) -> str:
    if (
        len(text) > LONGEST_TOPIC
        or any(sign in text for sign in "+#\x00")
        or text.startswith("/")
        or text != text.strip()
    ):
        raise MappingWrong("TOPIC", line, text=text)
    return text


def _pointer(text: str, line: int) -> str:
    if len(text) > LONGEST_POINTER or not POINTER.fullmatch(text):
        raise MappingWrong("POINTER", line, text=text)
    return text


def _factor(text: str, line: int) -> Decimal:
    try:
        factor = Decimal(text.replace(",", ".")) if FACTOR.fullmatch(text) else Decimal(0)
    except InvalidOperation:
        factor = Decimal(0)
    if not LEAST_FACTOR <= abs(factor) <= LARGEST_FACTOR:
        raise MappingWrong("FACTOR", line, text=text)
    return factor


def _unit(text: str, line: int) -> Unit:
    unit = unit_of(text)
    if unit is None:
        raise MappingWrong("UNIT", line, unit=text)
    return unit


def _check_unit(unit: Unit, register: Register, line: int) -> None:
    if unit.dimension is not register.unit.dimension:
        raise MappingWrong("DIMENSION", line, unit=unit.symbol, register=register.code, own=register.unit.symbol)


@functools.cache
def _units() -> dict[str, Unit]:
    found = {each.value.casefold(): each for each in Unit} | {each.symbol.casefold(): each for each in Unit}
    exact = {each.symbol: each for each in Unit} | {each.value: each for each in Unit}
    known = _SPELLINGS | found | exact
    known.pop("", None)
    # With one capital it is another unit: a milliwatt is none that a meter sends, but mW is not MW either.
    known.pop("mw", None)
    known.pop("mwh", None)
    return known


def _line(place: Place, model: MeterModel) -> str:
    parts = [f"{place.register}:", place.topic, place.pointer]
    if place.factor != 1:
        parts.append(f"× {place.factor:f}")
    own = model.register(place.register).unit
    parts.append(place.unit.symbol.replace(" ", "") if place.unit is not own or place.factor != 1 else own.symbol)
    return " ".join(part for part in parts if part)
