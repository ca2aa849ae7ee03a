"""Which messages of one boot have come: what is missing among batches, and what was heard before among the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST_GAPS = 100
WINDOW = 62  # of the latest counts, which a signed 64-bit column remembers as bits

Gap = tuple[int, int]


@dataclass(frozen=True)
class Received:
    """The highest sequence that came, and the ranges [first, last] below it that did not, in order."""

    highest: int = 0
    gaps: tuple[Gap, ...] = ()

    def has(self, sequence: int) -> bool:
        """This will tell whether a sequence came."""
        return sequence <= self.highest and not any(first <= sequence <= last for first, last in self.gaps)

    def with_one(self, sequence: int) -> Received:
        """This will note that one came. After 1 and 2, 5 leaves 3 to 4 missing; then 3 leaves 4.

        Of more than a hundred gaps the oldest are given up.
        """
        if sequence > self.highest:
            new = ((self.highest + 1, sequence - 1),) if sequence > self.highest + 1 else ()
            return Received(sequence, (*self.gaps, *new)[-MOST_GAPS:])
        left: list[Gap] = []
        for first, last in self.gaps:
            if first <= sequence <= last:
                left += [each for each in ((first, sequence - 1), (sequence + 1, last)) if each[0] <= each[1]]
            else:
                left.append((first, last))
        return Received(self.highest, tuple(left[-MOST_GAPS:]))


def read_gaps(stored: Sequence[Sequence[int]]) -> tuple[Gap, ...]:
    """This will read gaps back from JSON."""
    return tuple((int(first), int(last)) for first, last in stored)


@dataclass(frozen=True)
class Heard:
    """The highest count heard, and which of those before it, bit by bit: bit 0 is the highest itself."""

    highest: int = 0
    bits: int = 0

    def hear(self, count: int) -> Heard | None:
        """This will note a count that is new; None for one that was heard, or is too far back to know."""
        if count > self.highest:
            moved = count - self.highest
            bits = (self.bits << moved) if moved < WINDOW else 0
            return Heard(count, (bits | 1) & ((1 << WINDOW) - 1))
        back = self.highest - count
        if back >= WINDOW or self.bits >> back & 1:
            return None
        return Heard(self.highest, self.bits | 1 << back)
