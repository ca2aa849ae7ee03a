"""From registers to few requests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from meterbook.acquisition.contract.frames import RECORDS, Block
from meterbook.acquisition.library.documents import MeterModel, Register


class RegisterTooWide(ValueError):
    """A register is wider than the largest request of its device; raise the model's words per request."""


@dataclass(frozen=True)
class PlannedBlock:
    """One request and the registers that it brings, in the order of their addresses."""

    block: Block
    registers: tuple[Register, ...]

    @property
    def has_gaps(self) -> bool:
        """Whether words between its registers are read along, which some devices refuse."""
        return sum(register.words for register in self.registers) < self.block.count

    def runs(self) -> tuple[PlannedBlock, ...]:
        """This will return the requests that bring the same registers without a word between them."""
        return plan(self.registers, max_words=self.block.count, max_gap=0)


@dataclass(frozen=True)
class ReadPlan:
    """The requests for one meter model: counters first, since their time counts."""

    energy: tuple[PlannedBlock, ...]
    instant: tuple[PlannedBlock, ...]

    @property
    def everything(self) -> tuple[PlannedBlock, ...]:
        """All requests, counters first."""
        return self.energy + self.instant

    def in_runs(self) -> ReadPlan:
        """This will return the plan for a device that refuses the words between its registers."""
        return ReadPlan(
            energy=tuple(run for each in self.energy for run in each.runs()),
            instant=tuple(run for each in self.instant for run in each.runs()),
        )


def plan_model(model: MeterModel, codes: Iterable[str] | None = None) -> ReadPlan:
    """This will plan the requests for a meter model, or only for the registers of `codes`."""
    wanted = None if codes is None else frozenset(codes)
    registers = [register for register in model.registers if wanted is None or register.code in wanted]
    if model.is_named:  # one readout brings all: a meter on batteries is not asked twice
        readout = (PlannedBlock(RECORDS, tuple(registers)),) if registers else ()
        has_counter = any(register.is_energy for register in registers)
        return ReadPlan(energy=readout if has_counter else (), instant=() if has_counter else readout)
    return ReadPlan(
        energy=plan((r for r in registers if r.is_energy), max_words=model.max_words, max_gap=model.max_gap),
        instant=plan((r for r in registers if not r.is_energy), max_words=model.max_words, max_gap=model.max_gap),
    )


def plan(registers: Iterable[Register], *, max_words: int, max_gap: int) -> tuple[PlannedBlock, ...]:
    """This will join registers to blocks of at most `max_words` words.

    Unused words between two registers are read along when there are at most `max_gap` of them. A block never mixes
    functions. Addresses 0-1, 4-5 and 20-21 with a gap of 2 make the blocks 0-5 and 20-21.

    :raises RegisterTooWide: when one register alone is wider than `max_words`
    """
    blocks: list[list[Register]] = []
    for register in sorted(registers, key=lambda each: (each.function, each.address, each.words)):
        if register.words > max_words:
            raise RegisterTooWide(f"{register.code}: {RegisterTooWide.__doc__}")
        if blocks and _joins(blocks[-1], register, max_words=max_words, max_gap=max_gap):
            blocks[-1].append(register)
        else:
            blocks.append([register])
    return tuple(_planned(members) for members in blocks)


def _joins(members: list[Register], register: Register, *, max_words: int, max_gap: int) -> bool:
    start, end = members[0].address, max(member.end for member in members)
    return (
        register.function == members[0].function
        and register.address - end <= max_gap
        and max(end, register.end) - start <= max_words
    )


def _planned(members: list[Register]) -> PlannedBlock:
    start, end = members[0].address, max(member.end for member in members)
    return PlannedBlock(Block(members[0].function, start, end - start), tuple(members))
