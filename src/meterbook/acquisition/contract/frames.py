"""What goes to a device and what comes back, the same for every protocol."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from meterbook.kernel.quantity import Quantity, Unit


class Kind(enum.StrEnum):
    """How a register's values relate to time."""

    CUMULATIVE = "CUMULATIVE"  # a counter: the difference of two readings is what was used between them
    INSTANT = "INSTANT"  # holds for the moment of the reading only


@dataclass(frozen=True, order=True)
class Block:
    """A run of 16-bit words that one request fetches; `address` counts from 0 as in the frame itself."""

    function: int
    address: int
    count: int

    @property
    def end(self) -> int:
        """The first address behind the block."""
        return self.address + self.count


RECORDS = Block(0, 0, 0)  # all that a device says by itself: M-Bus meters have names of values in place of addresses


@dataclass(frozen=True)
class Record:
    """A value that a device names itself, such as "energy.tariff1"; `raw` is what it sent for it, in hex.

    `number` is exact, in `unit` as the protocol's standard writes it; None for what is no number, which then may be a
    `text`: a date, a version.
    """

    name: str
    number: Decimal | None
    unit: str
    text: str
    raw: str


@dataclass(frozen=True)
class Frame:
    """One request with its answer, as both went over the wire, in lower-case hex without spaces.

    `at` is the product's time when the answer had come in, `took_ms` the real time between the last request and it.
    `attempts` counts the requests that were sent. `words` are the 16-bit words of the answer, in its order.
    A device that names its values answers with `records` instead; where it took several telegrams, request and response
    are all of them, one behind the other. `kin` is who it says it is: manufacturer, number, version, medium. `told` is
    what the device's own clock said, where it says so with its offset.
    """

    request: str
    response: str
    at: datetime
    took_ms: int
    words: tuple[int, ...]
    attempts: int = 1
    records: tuple[Record, ...] = ()
    kin: tuple[str, str, int, int] | None = None
    told: datetime | None = None


@dataclass(frozen=True)
class Sample:
    """One decoded register: `value` x 10^-`decimals` of `unit`.

    `is_coarse` when the float that carried it can no longer count in that resolution. `raw` are the register's words
    in lower-case hex, in the order of the frame.
    """

    code: str
    series_code: str
    value: int
    decimals: int
    unit: Unit
    kind: Kind
    is_coarse: bool
    raw: str

    @property
    def quantity(self) -> Quantity:
        """The value with its unit, for formatting and conversion."""
        return Quantity(self.value, self.unit, self.decimals)


class Bus(Protocol):
    """Anything that devices hang on; one request at a time. A unit is the address of a device on it."""

    async def read(self, unit: int, block: Block, *, timeout: float, retries: int = 0) -> Frame:
        """This will fetch a block of a device; `timeout` is in real seconds for each attempt."""
        ...

    async def close(self) -> None:
        """This will end the connection; the next read opens it again."""
        ...
