"""A meter type as it must stand for a meter that sends its bytes in another order, or counts in other steps."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from meterbook.acquisition import operations
from meterbook.acquisition.library import checks
from meterbook.acquisition.library.orders import ByteOrder
from meterbook.web.library import places

COUNTER, MOST_DECIMALS = "CUMULATIVE", 9


def read_otherwise(content: Mapping[str, Any], order: str, scale: str) -> dict[str, Any]:
    """This will return the content of a document with another order of bytes, and its counters times a scale.

    Registers whose order the document gives by themselves keep it. 0.01 kWh times 0.1 need a third decimal.

    :param order: of `orders.ByteOrder`; anything else changes none
    :param scale: of `operations.COMMISSIONING_SCALES`; anything else changes none
    """
    made = dict(content)
    if made.get("protocol") != checks.MODBUS:
        return made
    if order in set(ByteOrder):
        words, octets = places.orders_of(ByteOrder(order))
        made["word_order"] = words
        made.pop("byte_order", None)
        made |= {"byte_order": octets} if octets != "big" else {}
    if scale in operations.COMMISSIONING_SCALES and scale != "1":
        made["registers"] = [_times(each, Fraction(scale)) for each in made["registers"]]
    return made


def _times(entry: Mapping[str, Any], scale: Fraction) -> dict[str, Any]:
    made = dict(entry)
    if made.get("kind") != COUNTER:
        return made
    exact = Fraction(str(made.get("scale", "1"))) * scale
    made.pop("scale", None)
    if exact != 1:
        made["scale"] = str(exact)
    more = len(str(scale.denominator)) - 1
    made["decimals"] = min(made["decimals"] + more, MOST_DECIMALS)
    made.pop("wrap", None)  # where it starts anew depends on the steps, and nobody said so
    return made
