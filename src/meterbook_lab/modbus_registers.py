"""What a simulated meter answers to a read request: its values as 16-bit words."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

import numpy as np

from meterbook.acquisition.contract.frames import Block
from meterbook.acquisition.library import words as register_words
from meterbook.acquisition.library.documents import Register
from meterbook.kernel import rounding
from meterbook.kernel.rounding import RoundingMode
from meterbook_lab import meter_memory
from meterbook_lab.modbus_meter import SimulatedMeter

ILLEGAL_ADDRESS, ILLEGAL_VALUE = 2, 3
FLOAT_PLACES = 12


class Refused(Exception):
    """The meter answers with a Modbus exception of this code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}")
        self.code = code


def read(meter: SimulatedMeter, function: int, address: int, count: int, at: datetime) -> list[int]:
    """This will return `count` words from an address on; words between its registers are zero.

    :raises Refused: with 2 for addresses behind its last register, with 3 for more words than it allows
    """
    remembered = meter_memory.words(meter, Block(function, address, count), at, encode)
    if remembered is not None:
        return remembered
    registers = [register for register in meter.model.registers if register.function == function]
    if not registers or address + count > max(register.end for register in registers):
        raise Refused(ILLEGAL_ADDRESS)
    if count > meter.model.max_words:
        raise Refused(ILLEGAL_VALUE)
    found = [0] * count
    for register in registers:
        if register.end > address and register.address < address + count:
            for index, word in enumerate(encode(register, meter.value(register, at)), start=register.address - address):
                if 0 <= index < count:
                    found[index] = word
    return found


def spans_nothing(meter: SimulatedMeter, function: int, address: int, count: int) -> bool:
    """This will say whether a request touches an address at which the meter has no register and no memory."""
    if meter_memory.is_asked(meter.model, Block(function, address, count)):
        return False
    held: set[int] = set()
    for register in meter.model.registers:
        if register.function == function:
            held.update(range(register.address, register.end))
    return not held.issuperset(range(address, address + count))


def encode(register: Register, value: Fraction) -> list[int]:
    """This will return the words that a register holds for a value in its unit.

    A counter is cut as its display is, an instant value rounded; an integer too large for its type goes round.
    """
    raw = value / register.scale
    if register.type in register_words.FLOATS:
        text = str(rounding.round_fraction(raw, FLOAT_PLACES))
        octets = np.array(text, dtype=f"f{2 * register.words}").astype(f">f{2 * register.words}").tobytes()
    else:
        bits, _ = register_words.INTEGERS[register.type]
        mode = RoundingMode.FLOOR if register.is_energy else RoundingMode.HALF_UP
        octets = (rounding.divide(raw.numerator, raw.denominator, mode) % 2**bits).to_bytes(bits // 8, "big")
    has_low_word_first, has_low_byte_first = register_words.ORDERS[register.word_order]
    pairs = [octets[index : index + 2] for index in range(0, len(octets), 2)]
    words = [int.from_bytes(pair, "little" if has_low_byte_first else "big") for pair in pairs]
    return words[::-1] if has_low_word_first else words
