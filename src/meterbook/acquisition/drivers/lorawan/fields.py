"""Fields of a payload: a name, how many bytes, which decimal factor, which words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from meterbook.acquisition.contract.decoding import DecodeError, Plain
from meterbook.acquisition.contract.octets import Octets, Order

Fields = dict[str, Plain]
Profile = Callable[[bytes, int | None], Fields]
TENTH, HUNDREDTH, THOUSANDTH, HALF = Decimal("0.1"), Decimal("0.01"), Decimal("0.001"), Decimal("0.5")
ON_OFF = {0: "off", 1: "on"}
SIZES = {"u8": 1, "i8": 1, "u16": 2, "i16": 2, "u24": 3, "i24": 3, "u32": 4, "i32": 4, "f32": 4}


@dataclass(frozen=True)
class Field:
    """One value. `kind` is u or i and the bits, f32, "skipN" or "hexN"; with `words` it is a word or "unknown"."""

    name: str
    kind: str
    factor: Decimal | None = None
    words: dict[int, str] = field(default_factory=dict)

    def read(self, octets: Octets, order: Order) -> Plain:
        """This will read the value."""
        if self.kind.startswith(("skip", "hex")):
            return octets.take(int(self.kind.lstrip("skiphex")), self.name).hex()
        if self.kind == "f32":
            return real(octets.take(4, self.name), order)
        number = octets.number(SIZES[self.kind], self.name, order=order, signed=self.kind[0] == "i")
        if self.words:
            return self.words.get(number, "unknown")
        return number if self.factor is None else number * self.factor


def real(octets: bytes, order: Order) -> Plain:
    """This will return the shortest decimal that means this float, as a text when it is no number."""
    number = Decimal(str(np.frombuffer(octets, dtype=f"{'>' if order == 'big' else '<'}f4")[0]))
    return number if number.is_finite() else str(number).lower()


def read_all(fields: Sequence[Field], octets: Octets, order: Order) -> Fields:
    """This will read fields one behind another; those that are skipped are left out."""
    told: Fields = {}
    for each in fields:
        value = each.read(octets, order)
        if not each.kind.startswith("skip"):
            told[each.name] = value
    return told


def require_port(port: int | None, expected: Sequence[int], what: str) -> None:
    """This will refuse a payload of another port; a port that is not known is taken as the right one.

    :raises DecodeError: when the port is another
    """
    if port is not None and port not in expected:
        ports = " or ".join(str(each) for each in expected)
        raise DecodeError(f"{what} sends its readings on port {ports}, this is port {port}", place="--port")
