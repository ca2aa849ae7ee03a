"""Which blocks tell the models of the library apart, and what a meter answered to them.

A survey goes in three rounds, so that a slow line carries few questions: the main counter of every model; what tells
more about those whose counter is there; all registers of the few that remain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from meterbook.acquisition.contract.frames import Block
from meterbook.acquisition.drivers.sunspec import walk
from meterbook.acquisition.library import orders
from meterbook.acquisition.library.documents import MeterModel, Register
from meterbook.acquisition.polling import blocks

READABLE = (3, 4)  # holding and input registers; nothing else is ever asked for
MOST_WORDS = 125
MARKS = tuple(Block(walk.HOLDING, base, 2) for base in walk.BASES)
TELLING = ("voltage_l1", "current_l1", "power", "frequency", "power_factor", "voltage", "current")


@dataclass(frozen=True)
class Sent:
    """What a meter answered so far: the words of a block in hex, "" where it refused the block or was silent."""

    answers: Mapping[Block, str] = field(default_factory=dict)

    @cached_property
    def words(self) -> Mapping[tuple[int, int], int]:
        """Every word that came, by function and address."""
        return {
            (block.function, block.address + place): int(sent[4 * place : 4 * place + 4], 16)
            for block, sent in self.answers.items()
            for place in range(len(sent) // 4)
        }

    def of(self, register: Register) -> tuple[int, ...] | None:
        """This will return the words of a register; None while they did not come."""
        places = range(register.address, register.end)
        found = [self.words.get((register.function, place)) for place in places]
        return tuple(word for word in found if word is not None) if found and None not in found else None

    def is_refused(self, register: Register) -> bool:
        """Whether the register was asked for by itself or in a run of its own, and did not come."""
        return self.of(register) is None and any(
            block.function == register.function and block.address <= register.address and register.end <= block.end
            for block, sent in self.answers.items()
            if not sent
        )

    def with_answers(self, more: Mapping[Block, str]) -> Sent:
        """This will return what is known with further answers."""
        return Sent({**self.answers, **more})

    @property
    def has_mark(self) -> bool:
        """Whether the meter shows the mark of SunSpec."""
        mark = "".join(f"{word:04x}" for word in walk.MARK)
        return any(self.answers.get(each) == mark for each in MARKS)

    @property
    def is_silent(self) -> bool:
        """Whether nothing at all came."""
        return not any(self.answers.values())

    def as_json(self) -> dict[str, str]:
        """This will return what is stored."""
        return {f"{each.function}:{each.address}:{each.count}": sent for each, sent in self.answers.items()}

    @classmethod
    def from_json(cls, stored: Mapping[str, str]) -> Sent:
        """This will read back what `as_json` returned."""
        return cls({Block(*(int(part) for part in key.split(":"))): sent for key, sent in stored.items()})


def is_readable(block: Block) -> bool:
    """This will tell whether a block may be asked for: it reads, and it is one that the protocol knows."""
    return block.function in READABLE and 0 < block.count <= MOST_WORDS and 0 <= block.address <= 65_536 - block.count


def first_round(models: Iterable[MeterModel]) -> tuple[Block, ...]:
    """This will return the marks of SunSpec, and the block of the main counter of each model, once each."""
    return tuple(dict.fromkeys([*MARKS, *(_block(orders.main_counter(each)) for each in models)]))


def second_round(models: Iterable[MeterModel]) -> tuple[Block, ...]:
    """This will return the blocks of what tells most about a meter: voltage, current, power, frequency."""
    return tuple(
        dict.fromkeys(
            _block(register) for model in models for register in model.registers if register.series_code in TELLING
        )
    )


def whole(models: Iterable[MeterModel], sent: Sent) -> tuple[Block, ...]:
    """This will return the blocks that bring what is not known yet of some models; a refused block in its runs."""
    return tuple(dict.fromkeys(block for model in models for block in _missing(model, sent)))


def unasked(wanted: Sequence[Block], sent: Sent) -> tuple[Block, ...]:
    """This will return the blocks of which nothing is known, in their order."""
    return tuple(
        each
        for each in wanted
        if each not in sent.answers
        and any((each.function, place) not in sent.words for place in range(each.address, each.end))
    )


def _missing(model: MeterModel, sent: Sent) -> Iterator[Block]:
    for planned in blocks.plan_model(model).everything:
        if all(sent.of(each) is not None for each in planned.registers):
            continue
        if sent.answers.get(planned.block) == "" and planned.has_gaps:
            yield from (each.block for each in planned.runs() if any(sent.of(r) is None for r in each.registers))
        else:
            yield planned.block


def _block(register: Register) -> Block:
    return Block(register.function, register.address, register.words)
