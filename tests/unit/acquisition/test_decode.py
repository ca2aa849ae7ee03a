"""From the words of a meter to stored integers."""

from __future__ import annotations

import struct
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import Block
from meterbook.acquisition.library import decode, documents, words
from meterbook.kernel.quantity import Quantity, Unit
from meterbook_lab import modbus_registers

SDM630 = documents.load("eastron_sdm630")
EM24 = documents.load("carlo_gavazzi_em24")
ABB = documents.load("abb_b23")
BITS = st.integers(0, 2**32 - 1)

MODBUS = [each for each in documents.all_models() if not each.is_named]


def split(bits: int) -> tuple[int, int]:
    """A 32-bit pattern as two words, most significant first."""
    return bits >> 16, bits & 0xFFFF


class TestRaw:
    @pytest.mark.parametrize(
        ("sent", "kind", "order", "expected"),
        [
            ((0xFFFF,), "int16", "big", -1),
            ((0xFFFF,), "uint16", "big", 65_535),
            ((0x0001, 0x86A0), "int32", "big", 100_000),
            ((0x86A0, 0x0001), "int32", "little", 100_000),
            ((0xFFFF, 0xFFFF), "int32", "big", -1),
            ((0xFFFF, 0xFFFF), "uint32", "big", 2**32 - 1),
            ((0, 0, 1, 0), "uint64", "big", 65_536),
            ((0, 1, 0, 0), "uint64", "little", 65_536),
            ((0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE), "int64", "big", -2),
            ((0x4366, 0x3334), "float32", "big", "230.20001"),
            ((0x3333, 0x4366), "float32", "little", "230.2"),
            ((0x416E, 0x3600, 0x147A, 0xE148), "float64", "big", "15839232.64"),
        ],
    )
    def test_follows_type_and_word_order(
        self, sent: tuple[int, ...], kind: str, order: str, expected: int | str
    ) -> None:
        assert words.raw(sent, type=kind, word_order=order) == expected

    @given(BITS)
    def test_of_a_float_means_that_float_and_no_other(self, bits: int) -> None:
        text = words.raw(split(bits), type="float32", word_order="big")

        assert isinstance(text, str)
        if Decimal(text).is_finite():
            assert int.from_bytes(struct.pack(">f", float(text)), "big") == bits

    def test_refuses_an_answer_that_is_too_short(self) -> None:
        with pytest.raises(words.WordsMissing):
            words.raw((1,), type="float32", word_order="big")


class TestDecode:
    def test_reads_the_counter_of_the_sdm630_to_the_stored_resolution(self) -> None:
        exact = Fraction(28430921875, 100_000)
        sent = struct.unpack(">HH", struct.pack(">f", 284309.21875))

        sample = decode.decode(SDM630.register("energy_import"), sent)

        assert sent == (0x488A, 0xD2A7)
        assert Fraction(struct.unpack(">f", bytes.fromhex(sample.raw))[0]) == exact
        assert sample.quantity == Quantity(28_430_922, Unit.KWH, 2)
        assert sample.is_coarse  # a float of this size steps by 1/32 kWh

    def test_reads_the_counter_of_the_em24_with_the_low_word_first(self) -> None:
        sample = decode.decode(EM24.register("energy_import"), (0x86A0, 0x0001))

        assert sample.quantity == Quantity(100_000, Unit.KWH, 1)
        assert sample.raw == "86a00001"
        assert not sample.is_coarse

    def test_keeps_the_sign_of_exported_power(self) -> None:
        assert decode.decode(EM24.register("power"), (0xFFF6, 0xFFFF)).quantity == Quantity(-10, Unit.W, 1)

    @pytest.mark.parametrize("sent", [(0x7FC0, 0), (0x7F80, 0), (0xFF80, 0)], ids=["NaN", "+inf", "-inf"])
    def test_refuses_what_is_no_number(self, sent: tuple[int, int]) -> None:
        with pytest.raises(errors.Nonsense, match=r"voltage_l1 at 0 .* word order"):
            decode.decode(SDM630.register("voltage_l1"), sent)

    def test_refuses_a_counter_below_zero(self) -> None:
        with pytest.raises(errors.Nonsense, match="a counter never is"):
            decode.decode(EM24.register("energy_import"), (0xFFFF, 0xFFFF))

    def test_refuses_a_number_that_no_store_holds(self) -> None:
        with pytest.raises(errors.Nonsense):
            decode.decode(SDM630.register("energy_import"), split(0x7F7F_FFFF))

    def test_lets_one_bad_register_not_spoil_its_block(self) -> None:
        registers = [SDM630.register("voltage_l1"), SDM630.register("voltage_l2")]

        decoded = decode.decode_block(registers, Block(4, 0, 4), (0x7FC0, 0, 0x4366, 0x3333))

        assert [sample.code for sample in decoded.samples] == ["voltage_l2"]
        assert [register.code for register, _ in decoded.refused] == ["voltage_l1"]

    def test_passes_over_a_phase_that_is_not_connected(self) -> None:
        registers = [ABB.register("power_l1"), ABB.register("power_l2")]

        decoded = decode.decode_block(registers, Block(3, 23_318, 4), (0, 4_200, 0x7FFF, 0xFFFF))

        assert [(sample.code, sample.value) for sample in decoded.samples] == [("power_l1", 420)]
        assert decoded.refused == ()

    def test_tells_that_a_counter_has_no_value(self) -> None:
        decoded = decode.decode_block([ABB.register("energy_import")], Block(3, 0x5000, 4), (0xFFFF,) * 4)

        assert decoded.samples == ()
        assert [type(error) for _, error in decoded.refused] == [decode.Absent]

    def test_takes_the_same_words_for_a_number_where_the_maker_does_not_say_so(self) -> None:
        register = documents.load("schneider_iem3155").register("energy_import")

        with pytest.raises(errors.Nonsense) as caught:
            decode.decode(register, (0xFFFF,) * 4)

        assert "below zero" in caught.value.what

    def test_finds_the_last_digit_of_a_64_bit_float_fine_long_after_a_32_bit_one_is_coarse(self) -> None:
        kilowatt_hours = Fraction(5_000_000_123, 1_000)
        long, short = (documents.load(code).register("energy_import") for code in ("siemens_pac2200", "janitza_b23"))

        fine = decode.decode(long, tuple(modbus_registers.encode(long, kilowatt_hours)))
        coarse = decode.decode(short, tuple(modbus_registers.encode(short, kilowatt_hours)))

        assert (fine.value, fine.is_coarse) == (5_000_000_123, False)
        assert coarse.is_coarse

    @pytest.mark.parametrize("model", MODBUS, ids=lambda model: model.code)
    @given(raw=st.integers(0, 30_000))
    def test_gives_back_what_a_meter_encodes(self, model: documents.MeterModel, raw: int) -> None:
        for register in model.registers:
            # A register that counts in tens carries no ones.
            value = raw * max(Fraction(1, 10**register.decimals), 0 if "float" in register.type else register.scale)

            sample = decode.decode(register, tuple(modbus_registers.encode(register, value)))

            assert Fraction(sample.value, 10**register.decimals) == value, register.code
