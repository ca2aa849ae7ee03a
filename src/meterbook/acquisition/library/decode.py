"""From the words of an answer to stored integers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import RECORDS, Block, Frame, Record, Sample
from meterbook.acquisition.library import record_units
from meterbook.acquisition.library import words as register_words
from meterbook.acquisition.library.documents import Register
from meterbook.metering.validation import registers as stored_registers

MANTISSAS = {"float32": stored_registers.SINGLE_BITS, "float64": stored_registers.DOUBLE_BITS}


class Absent(errors.Nonsense):
    """The meter says that it has no value in a register."""


class MissingRecord(Absent):
    """The meter sends no record of the name that a register has."""

    code = "MISSING_RECORD"
    remedy = "Check the meter model against what the meter sends; another setting of it sends other records."


@dataclass(frozen=True)
class Decoded:
    """What one answer held: samples in the order asked for, and the registers that held no possible value.

    An instant value that the meter does not have is in neither: a phase that is not connected is no fault.
    """

    samples: tuple[Sample, ...]
    refused: tuple[tuple[Register, errors.Nonsense], ...]


def decode_block(registers: Iterable[Register], block: Block, words: tuple[int, ...]) -> Decoded:
    """This will decode all registers of a block; one that holds nonsense does not spoil the others.

    :param words: the 16-bit words of the answer, `block.count` of them
    """
    samples: list[Sample] = []
    refused: list[tuple[Register, errors.Nonsense]] = []
    for register in registers:
        start = register.address - block.address
        try:
            samples.append(decode(register, words[start : start + register.words]))
        except Absent as error:
            if register.is_energy:
                refused.append((register, error))
        except errors.Nonsense as error:
            refused.append((register, error))
    return Decoded(tuple(samples), tuple(refused))


def decode_frame(registers: Iterable[Register], block: Block, frame: Frame) -> Decoded:
    """This will decode what a request brought, words or records."""
    if block == RECORDS:
        return decode_records(registers, frame.records)
    return decode_block(registers, block, frame.words)


def decode_records(registers: Iterable[Register], records: Iterable[Record]) -> Decoded:
    """This will find registers among records by their names, wherever they stand; a counter must be there."""
    known = {record.name: record for record in records}
    samples: list[Sample] = []
    refused: list[tuple[Register, errors.Nonsense]] = []
    for register in registers:
        record = known.get(register.record)
        try:
            samples.append(decode_record(register, record))
        except Absent as error:
            if register.is_energy:
                refused.append((register, error))
        except errors.Nonsense as error:
            refused.append((register, error))
    return Decoded(tuple(samples), tuple(refused))


def decode_record(register: Register, record: Record | None) -> Sample:
    """This will decode one record into the unit of its register: 37351 x 10^3 Wh are 37351.000 kWh.

    :raises Absent: when the meter sent no such record, or none with a number
    :raises meterbook.acquisition.contract.errors.Nonsense: for a unit that measures something else, a counter below
        zero or at its wrap, or a number that 64 bits cannot hold
    """
    if record is None or record.number is None:
        if record is None:
            raise _unlike(register, None, "the meter sends no such record", MissingRecord)
        raise _unlike(register, record, "the meter says that it has no value there", Absent)
    factor = record_units.factor(record.unit, register.unit)
    if factor is None:
        raise _unlike(register, record, f"{record.unit or 'a number without unit'} is no {register.unit}")
    try:
        value = _stored(record.number, factor, register.decimals)
    except stored_registers.RegisterTooLarge as error:
        raise _unlike(register, record, f"{record.number} is no value") from error
    if register.is_energy and value < 0:
        raise _unlike(register, record, f"{record.number} is below zero, a counter never is")
    if register.wrap is not None and value >= register.wrap:
        raise _unlike(register, record, f"{record.number} is beyond the counter's last digit")
    return Sample(
        code=register.code,
        series_code=register.series_code,
        value=value,
        decimals=register.decimals,
        unit=register.unit,
        kind=register.kind,
        is_coarse=False,
        raw=record.raw,
    )


def _stored(number: Decimal, factor: Fraction, decimals: int) -> int:
    exact = Fraction(number) * factor * 10**decimals
    return stored_registers.from_integer(exact.numerator, Fraction(1, exact.denominator), 0).value


def _unlike(
    register: Register, record: Record | None, what: str, kind: type[errors.Nonsense] = errors.Nonsense
) -> errors.Nonsense:
    sent = f" (0x{record.raw})" if record is not None else ""
    raw = record.raw if record is not None else ""
    words = f"register {register.code}, record {register.record}{sent}: {what}"
    return kind(words, register=register.code, record=register.record, raw=raw)


def decode(register: Register, words: tuple[int, ...]) -> Sample:
    """This will decode one register: EM24 words 0x86A0 0x0001 (low word first, 0.1 kWh) are 100000, 10000.0 kWh.

    :raises Absent: when the meter says that it has no value there
    :raises meterbook.acquisition.contract.errors.Nonsense: for NaN, infinity, a counter below zero or at its wrap, or
        a number that 64 bits cannot hold
    """
    raw_hex = "".join(f"{word:04x}" for word in words)
    raw = register_words.raw(words, type=register.type, word_order=register.word_order)
    if register.says_absent(raw):
        raise _nonsense(register, raw_hex, "the meter says that it has no value there", Absent)
    try:
        if isinstance(raw, int):
            stored = stored_registers.from_integer(raw, register.scale, register.decimals)
        else:
            stored = stored_registers.from_float(
                raw, register.decimals, bits=MANTISSAS[register.type], scale=register.scale
            )
    except (stored_registers.NotANumber, stored_registers.RegisterTooLarge) as error:
        raise _nonsense(register, raw_hex, f"{raw} is no value") from error
    if register.is_energy and stored.value < 0:
        raise _nonsense(register, raw_hex, f"{raw} is below zero, a counter never is")
    if register.wrap is not None and stored.value >= register.wrap:
        raise _nonsense(register, raw_hex, f"{raw} is beyond the counter's last digit")
    return Sample(
        code=register.code,
        series_code=register.series_code,
        value=stored.value,
        decimals=register.decimals,
        unit=register.unit,
        kind=register.kind,
        is_coarse=stored.is_coarse,
        raw=raw_hex,
    )


def _nonsense(
    register: Register, raw_hex: str, what: str, kind: type[errors.Nonsense] = errors.Nonsense
) -> errors.Nonsense:
    return kind(
        f"register {register.code} at {register.address} (0x{raw_hex}): {what}", register=register.code, raw=raw_hex
    )
