"""What differs between two documents of a meter type, and what of it cannot be while meters count by the old one."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from meterbook.acquisition.library.documents import MeterModel, Register

TOP = ("registers", "code")  # compared by themselves, or never different
WORDS_ONLY = frozenset({"manufacturer", "name", "firmware", "accuracy", "source", "traps", "notation", "caption"})
AT_INSTALLATION = frozenset({"wrap"})  # a meter keeps what it was installed with


class Effect(enum.StrEnum):
    """From when on a change shows."""

    WORDS = "WORDS"  # only what people read
    NEXT_READING = "NEXT_READING"
    NEW_METERS = "NEW_METERS"  # those installed from now on


@dataclass(frozen=True)
class Change:
    """One thing that differs. `register` is a code, "" for the type itself; None stands for what is not there."""

    register: str
    key: str
    before: object
    after: object

    @property
    def effect(self) -> Effect:
        """From when on it shows."""
        if self.key in WORDS_ONLY:
            return Effect.WORDS
        return Effect.NEW_METERS if self.key in AT_INSTALLATION or self.key == "register" else Effect.NEXT_READING


@dataclass(frozen=True)
class UsedRegister:
    """A register that installed meters count by: what their series are made of, and how many meters they are."""

    code: str
    series_code: str
    unit: str
    decimals: int
    kind: str
    meters: int


class Against(enum.StrEnum):
    """What of a register stays while meters count by it."""

    GONE = "GONE"
    SERIES = "SERIES"
    UNIT = "UNIT"
    DECIMALS = "DECIMALS"
    KIND = "KIND"
    SERVICE = "SERVICE"  # of the type itself
    PROTOCOL = "PROTOCOL"


@dataclass(frozen=True)
class Conflict:
    """A change that would make stored readings mean something else; `after` is "" where the register is gone.

    `register` is "" for what is of the type itself.
    """

    register: str
    what: Against
    before: str
    after: str
    meters: int


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """This will return what differs between the contents of two documents, registers in the order of the new one."""
    own = [
        Change("", key, before.get(key), after.get(key))
        for key in dict.fromkeys([*after, *before])
        if key not in TOP and before.get(key) != after.get(key)
    ]
    return (*own, *_registers(before["registers"], after["registers"]))


def _registers(before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]) -> Iterator[Change]:
    old, new = ({each["code"]: each for each in listed} for listed in (before, after))
    for code in dict.fromkeys([*new, *old]):
        if code not in old or code not in new:
            yield Change(code, "register", old.get(code), new.get(code))
            continue
        was, becomes = old[code], new[code]
        for key in dict.fromkeys([*becomes, *was]):
            if was.get(key) != becomes.get(key):
                yield Change(code, key, was.get(key), becomes.get(key))


def conflicts(model: MeterModel, used: Iterable[UsedRegister]) -> tuple[Conflict, ...]:
    """This will return what a version of a type would change of registers that meters count by.

    What they stored are integers of 10^-decimals of a unit in a series: neither may change under them.
    """
    known = {each.code: each for each in model.registers}
    return tuple(conflict for each in used for conflict in _conflicts(known.get(each.code), each))


def _conflicts(register: Register | None, used: UsedRegister) -> Iterator[Conflict]:
    if register is None:
        yield Conflict(used.code, Against.GONE, "", "", used.meters)
        return
    for what, before, after in (
        (Against.SERIES, used.series_code, register.series_code),
        (Against.UNIT, used.unit, register.unit.value),
        (Against.DECIMALS, str(used.decimals), str(register.decimals)),
        (Against.KIND, used.kind, register.kind.value),
    ):
        if before != after:
            yield Conflict(used.code, what, before, after, used.meters)
