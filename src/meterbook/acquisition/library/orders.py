"""In which order a meter sends the bytes of a number, and which order makes sense of what it sent.

Meters of one model differ: some have a switch for it, some a firmware of their own. Orders are written as people find
them in manuals, by the places of four bytes: 1-2-3-4 is most significant byte first.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import Record, Sample
from meterbook.acquisition.library import decode, words
from meterbook.acquisition.library.documents import MeterModel, Register

MOST = 10**9  # kWh, m³ and the like: no meter's display has more than nine digits before the point
NEAR = Decimal("0.005")  # a meter goes on counting between the reading and the look at its display


class ByteOrder(enum.StrEnum):
    """The four orders in which a number of two words or more comes; the first is what Modbus asks for."""

    O1234 = "1234"
    O3412 = "3412"
    O2143 = "2143"
    O4321 = "4321"


WORD_ORDERS = {
    ByteOrder.O1234: "big",
    ByteOrder.O3412: "little",
    ByteOrder.O2143: "big_swapped",
    ByteOrder.O4321: "little_swapped",
}
OF_WORD_ORDER = {name: order for order, name in WORD_ORDERS.items()}


@dataclass(frozen=True)
class OrderReading:
    """What a register says when its bytes are read in an order.

    `digits` are the places of its bytes ("1 2 3 4"), `octets` the bytes in that order ("44 a0 91 ec"). `number` is in
    the register's unit, None for what is no number at all; `sample` is None for what cannot be stored.
    """

    order: ByteOrder
    digits: str
    octets: str
    number: Decimal | None
    sample: Sample | None
    is_plausible: bool


def main_counter(model: MeterModel) -> Register:
    """This will return the register that a meter's display shows first: its first counter, else its first register."""
    return next((each for each in model.registers if each.is_energy), model.registers[0])


def order_of(register: Register) -> ByteOrder:
    """This will return the order in which a register is read."""
    return OF_WORD_ORDER[register.word_order]


def in_order(model: MeterModel, order: ByteOrder | None) -> MeterModel:
    """This will return the model as a meter that sends its numbers in another order is read; None: as it stands.

    Registers whose order the document gives as different from that of the main counter keep it: a meter that mixes
    orders does so on purpose.
    """
    main = main_counter(model)
    if order is None or order is order_of(main):
        return model
    changed = tuple(
        dataclasses.replace(each, word_order=WORD_ORDERS[order]) if each.word_order == main.word_order else each
        for each in model.registers
    )
    return dataclasses.replace(model, registers=changed)


def readings(register: Register, raw_hex: str) -> tuple[OrderReading, ...]:
    """This will read the words of a register in every order. A register of one word has two orders only.

    44A0 91EC of a float32 are 1284.56 in 1-2-3-4, and -3.7E-28 in 3-4-1-2, which no counter shows.

    :param raw_hex: the words in the order of the frame
    """
    sent = bytes.fromhex(raw_hex)
    orders = tuple(ByteOrder) if len(sent) > 2 else (ByteOrder.O1234, ByteOrder.O2143)
    return tuple(_reading(register, sent, order) for order in orders)


def of_record(register: Register, records: Iterable[Record]) -> tuple[OrderReading, ...]:
    """This will return what a register says among records with names, where there is nothing to put in order.

    Empty when it is not among them.
    """
    record = next((each for each in records if each.name == register.record), None)
    if record is None:
        return ()
    try:
        sample = decode.decode_record(register, record)
    except errors.Nonsense:
        sample = None
    number = sample.quantity.number if sample is not None else None
    is_plausible = sample is not None and number is not None and 0 <= number < MOST
    octets = bytes.fromhex(record.raw).hex(" ")
    return (OrderReading(order_of(register), "", octets, number, sample, is_plausible),)


def choose(found: Sequence[OrderReading], own: ByteOrder) -> ByteOrder:
    """This will return the order to propose: the model's own where it makes sense, else the first that does."""
    sensible = [each.order for each in found if each.is_plausible]
    return own if own in sensible or not sensible else sensible[0]


def matching(found: Sequence[OrderReading], shown: Decimal) -> ByteOrder | None:
    """This will return the order in which the register says what the display shows; None when none does.

    The display may have fewer decimals, and the meter may have counted on: what differs by less than one in the last
    place or by half a percent is the same. The nearest one wins.
    """
    exponent = shown.as_tuple().exponent
    last_place = Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0)
    within = max(last_place, abs(shown) * NEAR)
    near = [
        (abs(each.number - shown), place, each.order)
        for place, each in enumerate(found)
        if each.sample is not None and each.number is not None and abs(each.number - shown) <= within
    ]
    return min(near)[2] if near else None


def _reading(register: Register, sent: bytes, order: ByteOrder) -> OrderReading:
    places = _places(len(sent), order)
    asked = dataclasses.replace(register, word_order=WORD_ORDERS[order])
    numbers = tuple(int.from_bytes(sent[start : start + 2], "big") for start in range(0, len(sent), 2))
    try:
        sample = decode.decode(asked, numbers)
    except errors.Nonsense:
        sample = None
    number = _number(asked, numbers)
    return OrderReading(
        order=order,
        digits=" ".join(str(place + 1) for place in places),
        octets=" ".join(f"{sent[place]:02x}" for place in places),
        number=number,
        sample=sample,
        is_plausible=sample is not None and number is not None and _is_plausible(sample, number),
    )


def _is_plausible(sample: Sample, number: Decimal) -> bool:
    """A counter is never below zero, never beyond its display, and never a crumb that its last digit cannot show."""
    is_crumb = number != 0 and sample.value == 0
    return 0 <= number < MOST and not is_crumb


def _places(count: int, order: ByteOrder) -> list[int]:
    has_low_word_first, has_low_byte_first = words.ORDERS[WORD_ORDERS[order]]
    pairs = [(place, place + 1) for place in range(0, count, 2)]
    ordered = reversed(pairs) if has_low_word_first else pairs
    return [place for pair in ordered for place in (reversed(pair) if has_low_byte_first else pair)]


def _number(register: Register, numbers: tuple[int, ...]) -> Decimal | None:
    raw = words.raw(numbers, type=register.type, word_order=register.word_order)
    number = Decimal(raw)
    if not number.is_finite() or register.says_absent(raw):
        return None
    return number * register.scale.numerator / register.scale.denominator
