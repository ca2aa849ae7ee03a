"""SunSpec over Modbus TCP or RTU: headers of models, whole models, and dumps of registers that begin with "SunS"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from meterbook.acquisition.contract import octets
from meterbook.acquisition.contract.decoding import DecodeError, Options, Plain, one_or_frames
from meterbook.acquisition.contract.modbus import mbap, pdu
from meterbook.acquisition.drivers.sunspec import models, walk

Fields = dict[str, Plain]
MARK = b"SunS"
READS = (3, 4)


class Adu(NamedTuple):
    """One frame of Modbus TCP or RTU; `transaction` is None on a serial line."""

    unit: int
    transaction: int | None
    pdu: bytes
    start: int
    raw: bytes


def decode(frame: bytes, *, options: Options) -> Fields:
    """This will decode answers of a walk. A question before its answer, also as an option, tells the address.

    :raises DecodeError: when a frame is wrong, or registers do not follow the chain of models
    """
    if options.registers:
        return _dump(list(options.registers))
    if frame.startswith(MARK):
        return _dump([int.from_bytes(frame[at : at + 2], "big") for at in range(0, len(frame) - len(frame) % 2, 2)])
    question: tuple[Adu, Fields] | None = None
    told: list[Fields] = []
    for adu in [*_adus(options.request or b""), *_adus(frame)]:
        answers = question is not None and question[0][:2] == adu[:2]
        fields = pdu.decode(adu.pdu, start=adu.start, asked=question[1] if question and answers else None)
        if pdu.is_question(fields):
            question = adu, fields
            continue
        told.append(_answer(adu, fields, question if answers else None))
        question = None
    if not told and question is not None:
        told.append(
            {"unit": question[0].unit, "address": question[1].get("address"), "count": question[1].get("count")}
        )
    return one_or_frames(told)


def _adus(buffer: bytes) -> Iterator[Adu]:
    is_serial = len(buffer) >= 4 and octets.crc16_modbus(buffer[:-2]) == int.from_bytes(buffer[-2:], "little")
    if is_serial and buffer[2:4] != b"\0\0":
        yield Adu(buffer[0], None, buffer[1:-2], 1, buffer)
        return
    for adu in mbap.frames(buffer):
        yield Adu(adu.unit, adu.transaction, adu.pdu, adu.start, adu.raw)


def _answer(adu: Adu, fields: Fields, question: tuple[Adu, Fields] | None) -> Fields:
    told: Fields = {"unit": adu.unit}
    if question:
        told |= {"request_hex": question[0].raw.hex(), "address": question[1]["address"]}
    registers = fields.get("registers")
    if "exception" in fields:
        return {**told, "fc": fields["fc"], "exception": fields["exception"], "meaning": fields["meaning"]}
    if fields["fc"] not in READS or not isinstance(registers, list):
        raise DecodeError(f"function {fields['fc']} reads no registers", place=f"byte {adu.start}")
    if question and len(registers) != question[1]["count"]:
        raise DecodeError(
            f"{question[1]['count']} registers were asked for, {len(registers)} came", place=f"byte {adu.start + 1}"
        )
    return {**told, "registers": registers, **_meant([int(str(word)) for word in registers])}


def _meant(registers: list[int]) -> Fields:
    if len(registers) < 2:
        return {}
    if tuple(registers[:2]) == walk.MARK:
        return _dump(registers) if len(registers) > 4 else {"meaning": walk.meaning(registers)}
    number, length = registers[:2]
    if len(registers) == 2:
        return {"meaning": walk.meaning(registers)}
    if number in models.MODELS and abs(length - models.MODELS[number].length) <= 1:
        return {"meaning": walk.meaning(registers), **_model(number, registers[2 : 2 + length])}
    return {}


def _model(number: int, registers: list[int]) -> Fields:
    return {"model": number, "name": models.MODELS[number].name, "points": dict(walk.values(number, registers))}


def _dump(registers: list[int]) -> Fields:
    """A whole map: the mark, models one behind another, the end."""
    if tuple(registers[:2]) != walk.MARK:
        raise DecodeError("a map of SunSpec begins with SunS", place="register 0")
    found: list[Plain] = []
    at = 2
    while at + 1 < len(registers) and registers[at] != models.END_MODEL:
        number, length = registers[at], registers[at + 1]
        content = registers[at + 2 : at + 2 + length]
        if len(content) < length:
            raise DecodeError(
                f"model {number} has {length} registers, {len(content)} are there", place=f"register {at}"
            )
        known = _model(number, content) if number in models.MODELS else {"model": number, "name": None, "points": {}}
        found.append({"offset": at, "length": length, **known})
        at += 2 + length
    is_whole = at < len(registers) and registers[at] == models.END_MODEL
    return {"meaning": walk.meaning(registers), "models": found, "is_complete": is_whole}
