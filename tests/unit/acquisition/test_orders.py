"""The order of bytes: what each order makes of a number, which one makes sense, and which one the display shows."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.acquisition.library import decode, documents, orders
from meterbook.acquisition.library.orders import ByteOrder

SDM630 = documents.load("eastron_sdm630")
EM24 = documents.load("carlo_gavazzi_em24")
ENERGY = orders.main_counter(SDM630)
SENT = "44a091ec"  # 1284.56 as a float32, most significant byte first


def sent_in(order: ByteOrder) -> str:
    """What a meter with that order would send for 1284.56."""
    return {
        ByteOrder.O1234: "44a091ec",
        ByteOrder.O3412: "91ec44a0",
        ByteOrder.O2143: "a044ec91",
        ByteOrder.O4321: "ec91a044",
    }[order]


def test_shows_all_four_with_their_bytes_as_in_the_manual() -> None:
    found = orders.readings(ENERGY, SENT)

    assert [(each.digits, each.octets, each.is_plausible) for each in found] == [
        ("1 2 3 4", "44 a0 91 ec", True),
        ("3 4 1 2", "91 ec 44 a0", False),
        ("2 1 4 3", "a0 44 ec 91", False),
        ("4 3 2 1", "ec 91 a0 44", False),
    ]
    assert found[0].number == Decimal("1284.56")
    assert found[0].sample is not None
    assert found[0].sample.value == 128_456


@pytest.mark.parametrize("order", list(ByteOrder), ids=[each.value for each in ByteOrder])
def test_proposes_the_order_that_the_meter_sends_in(order: ByteOrder) -> None:
    found = orders.readings(ENERGY, sent_in(order))

    assert orders.choose(found, ByteOrder.O1234) is order
    assert orders.matching(found, Decimal("1284.5")) is order


@pytest.mark.parametrize(
    ("sent", "shown", "expected"),
    [
        ("000001f4", "50.0", "1234"),  # 500 x 0.1 kWh; 3-4-1-2 would be 3,276,800.0
        ("000001f4", "3276800", "3412"),
        ("000001f4", "6246.5", "2143"),
        ("000001f4", "50.2", "1234"),  # the meter counted on
        ("000001f4", "52", None),
        ("000001f4", "0", None),
    ],
    ids=["own", "swapped words", "swapped bytes", "counted on", "too far", "nothing"],
)
def test_finds_the_order_by_the_display(sent: str, shown: str, expected: str | None) -> None:
    found = orders.readings(orders.main_counter(EM24), sent)

    assert orders.matching(found, Decimal(shown)) == expected


def test_keeps_the_models_own_order_where_nothing_makes_sense_or_all_does() -> None:
    zero = orders.readings(ENERGY, "00000000")
    nothing = orders.readings(ENERGY, "ffffffff")

    assert orders.choose(zero, ByteOrder.O3412) is ByteOrder.O3412
    assert {each.number for each in zero} == {Decimal(0)}
    assert orders.choose(nothing, ByteOrder.O3412) is ByteOrder.O3412
    assert {each.number for each in nothing} == {None}


@given(bits=st.integers(0, 2**32 - 1), order=st.sampled_from(ByteOrder))
def test_reads_in_an_order_as_a_device_with_that_order_is_read(bits: int, order: ByteOrder) -> None:
    """What the person saw beside the display is what the collector will store."""
    raw_hex = f"{bits:08x}"
    register = orders.in_order(SDM630, order).register(ENERGY.code)
    seen = next(each for each in orders.readings(ENERGY, raw_hex) if each.order is order)

    try:
        stored = decode.decode(register, (bits >> 16, bits & 0xFFFF))
    except decode.errors.Nonsense:
        stored = None

    assert stored == seen.sample


@pytest.mark.parametrize("model", documents.all_models(), ids=[each.code for each in documents.all_models()])
def test_changes_a_model_only_where_it_differs(model: documents.MeterModel) -> None:
    own = orders.order_of(orders.main_counter(model))

    assert orders.in_order(model, None) is model
    assert orders.in_order(model, own) is model
    for order in set(ByteOrder) - {own}:
        assert orders.order_of(orders.main_counter(orders.in_order(model, order))) is order
