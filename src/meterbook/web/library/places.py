"""How manuals write the addresses of registers, orders of bytes, scales and special numbers; read and written."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from meterbook.acquisition.library import orders, words
from meterbook.acquisition.library.orders import ByteOrder
from meterbook.web import amounts

PROTOCOLS = {"MODBUS": "Modbus", "MBUS": "M-Bus", "JSON": "MQTT (JSON)"}  # others are written as they are stored
WIRE, ONE, MODICON = "", "ONE", "MODICON"
NOTATIONS: dict[str, str | Promise] = {
    WIRE: _("From 0, as on the wire"),
    ONE: _("From 1"),
    MODICON: _("As 30001 and 40001"),
}
FIRST = {3: (40_001, 400_001), 4: (30_001, 300_001)}  # of five and of six digits, by the function
FIVE_DIGITS = 9_999
SWAPPED = "_swapped"
_HEX, _NUMBER = re.compile(r"(?a:0[xX]([0-9a-fA-F]{1,16}))"), re.compile(r"(?a:[+-]?\d{1,20})")
_RATIO = re.compile(r"(?a:(\d{1,12})\s*/\s*(\d{1,12}))")


def read_address(text: str, *, function: int, notation: str) -> int | None:
    """This will return the address on the wire, from 0; None when the text is none. 0x48 is one of the wire always."""
    written = text.strip()
    found = _HEX.fullmatch(written)
    if found is not None:
        return int(found[1], 16)
    if not written.isascii() or not written.isdecimal() or len(written) > len("465536"):
        return None
    number = int(written)
    if notation == ONE:
        return number - 1 if number else None
    if notation != MODICON:
        return number
    short, long = FIRST[function]
    if short <= number < short + FIVE_DIGITS:
        return number - short
    return number - long if number >= long else None


def write_address(address: int, *, function: int, notation: str) -> str:
    """This will write an address of the wire as the manual does."""
    if notation == ONE:
        return str(address + 1)
    if notation != MODICON:
        return str(address)
    short, long = FIRST[function]
    return str(address + (short if address < FIVE_DIGITS else long))


def order_of(word_order: str, byte_order: str) -> ByteOrder:
    """This will return the order of bytes that a document says with two words."""
    return orders.OF_WORD_ORDER[f"{word_order}{SWAPPED}" if byte_order == "little" else word_order]


def orders_of(order: ByteOrder) -> tuple[str, str]:
    """This will return word order and byte order of a document."""
    name = orders.WORD_ORDERS[order]
    return name.removesuffix(SWAPPED), "little" if name.endswith(SWAPPED) else "big"


def read_scale(text: str) -> str | None:
    """This will return a scale as documents have it: "1/10", "0.001" or "10"; None when it is none above zero."""
    found = _RATIO.fullmatch(text.strip().lstrip("×*").strip())
    if found is not None:
        above, below = int(found[1]), int(found[2])
        return f"{above}/{below}" if above and below else None
    number = amounts.read(text.strip().lstrip("×*").strip(), translation.get_language() or "en")
    if number is None or number <= 0:
        return None
    return f"{number:f}"


def write_scale(scale: str) -> str:
    """This will write a scale of a document into a field."""
    return scale if "/" in scale else amounts.written(Decimal(scale))


def read_sentinels(text: str, *, type: str) -> list[int] | None:  # noqa: A002
    """This will return raw numbers, such as 65535 or 0x8000 (bits of the type); None when one is none of the type."""
    limits = words.bounds(type)
    found: list[int] = []
    for each in re.split(r"[\s,;]+", text.strip()):
        sixteen = _HEX.fullmatch(each)
        if limits is None or (sixteen is None and _NUMBER.fullmatch(each) is None):
            return None
        number = int(sixteen[1], 16) if sixteen is not None else int(each)
        if sixteen is not None and limits[0] < 0 and number > limits[1]:
            number -= 2 * (limits[1] + 1)  # 0x8000 of an int16 is -32768
        if not limits[0] <= number <= limits[1]:
            return None
        found.append(number)
    return list(dict.fromkeys(found))


def wrap_of(number: Decimal, decimals: int) -> int | None:
    """This will return the stored integer at which a counter starts from zero again; None when it is no whole one."""
    stored = Fraction(number) * 10**decimals
    return stored.numerator if stored.denominator == 1 and stored > 0 else None


def digits_of(wrap: int, decimals: int) -> int | None:
    """This will return the digits before the point of a counter that wraps at that integer; None: at another number."""
    digits = len(str(wrap)) - 1 - decimals
    return digits if digits >= 1 and wrap == 10 ** (digits + decimals) else None
