"""Modbus functions that meters seldom have: diagnostics, file records, FIFO queues, device identification."""

from __future__ import annotations

from collections.abc import Callable

from meterbook.acquisition.contract.decoding import DecodeError, Plain
from meterbook.acquisition.contract.octets import Octets

Fields = dict[str, Plain]
Shape = Callable[[Octets], Fields]
DEVICE_IDENTIFICATION, READ_DEVICE = 43, 14
REFERENCE_TYPE = 6


def _nothing(octets: Octets) -> Fields:
    octets.end("a question without fields")
    return {}


def _status(octets: Octets) -> Fields:
    return {"status": octets.byte("status")}


def _diagnostics(octets: Octets) -> Fields:
    function = octets.number(2, "sub-function")
    if octets.left < 2 or octets.left % 2:
        raise DecodeError("diagnostics carry whole words", place=octets.place)
    return {"sub_function": function, "data": octets.rest().hex()}


def _event_counter(octets: Octets) -> Fields:
    return {"status": octets.number(2, "status"), "event_count": octets.number(2, "event count")}


def _event_log(octets: Octets) -> Fields:
    part = octets.part(octets.byte("byte count"), "event log")
    fields = _event_counter(part)
    return {**fields, "message_count": part.number(2, "message count"), "events": list(part.rest())}


def _server_id(octets: Octets) -> Fields:
    part = octets.part(octets.byte("byte count"), "server id")
    if part.left < 2:
        raise DecodeError("a server id and its run indicator are expected", place=part.place)
    content = part.rest()
    return {"server_id": content[:-1].hex(), "is_running": content[-1] == 0xFF}


def _file_question(octets: Octets) -> Fields:
    part, records = octets.part(octets.byte("byte count"), "file records"), []
    while part.left:
        records.append(_record(part) | {"count": part.number(2, "record length")})
    return {"records": list(records)}


def _file_answer(octets: Octets) -> Fields:
    part, records = octets.part(octets.byte("byte count"), "file records"), []
    while part.left:
        one = part.part(part.byte("length of the record"), "record")
        _reference(one)
        records.append({"registers": _words(one, one.left)})
    return {"records": list(records)}


def _file_write(octets: Octets) -> Fields:
    part, records = octets.part(octets.byte("byte count"), "file records"), []
    while part.left:
        record = _record(part)
        count = part.number(2, "record length")
        records.append({**record, "count": count, "registers": _words(part, 2 * count)})
    return {"records": list(records)}


def _record(part: Octets) -> Fields:
    _reference(part)
    return {"file": part.number(2, "file number"), "record": part.number(2, "record number")}


def _reference(part: Octets) -> None:
    place, kind = part.place, part.byte("reference type")
    if kind != REFERENCE_TYPE:
        raise DecodeError(f"reference type {kind}, only 6 exists", place=place)


def _words(part: Octets, size: int) -> list[Plain]:
    inner = part.part(size, "registers")
    return [inner.number(2, "register") for _ in range((inner.left + 1) // 2)]


def _fifo_question(octets: Octets) -> Fields:
    return {"address": octets.number(2, "address"), "count": 1} if octets.left == 2 else _missing(octets)


def _fifo_answer(octets: Octets) -> Fields:
    part = octets.part(octets.number(2, "byte count"), "FIFO queue")
    place, count = part.place, part.number(2, "FIFO count")
    if part.left != 2 * count or count > 31:
        raise DecodeError(f"FIFO count {count}, but {part.left} bytes follow", place=place)
    return {"registers": _words(part, part.left)}


def _missing(octets: Octets) -> Fields:
    raise DecodeError("an address is expected", place=octets.place)


def _identification_question(octets: Octets) -> Fields:
    _device(octets)
    return {"read_code": octets.byte("read code"), "object_id": octets.byte("object id")}


def _identification(octets: Octets) -> Fields:
    _device(octets)
    fields: Fields = {
        "read_code": octets.byte("read code"),
        "conformity": octets.byte("conformity"),
        "more_follows": octets.byte("more follows") == 0xFF,
        "next_object_id": octets.byte("next object id"),
    }
    objects: dict[str, Plain] = {}
    for _ in range(octets.byte("number of objects")):
        number = octets.byte("object id")
        value = octets.take(octets.byte("object length"), "object")
        objects[str(number)] = value.decode("ascii") if value.isascii() else value.hex()
    return {**fields, "objects": objects}


def _device(octets: Octets) -> None:
    place, kind = octets.place, octets.byte("MEI type")
    if kind != READ_DEVICE:
        raise DecodeError(f"MEI type {kind}, only 14 (device identification) is read", place=place)


SHAPES: dict[int, tuple[Shape, Shape]] = {
    7: (_nothing, _status),
    8: (_diagnostics, _diagnostics),
    11: (_nothing, _event_counter),
    12: (_nothing, _event_log),
    17: (_nothing, _server_id),
    20: (_file_question, _file_answer),
    21: (_file_write, _file_write),
    24: (_fifo_question, _fifo_answer),
    DEVICE_IDENTIFICATION: (_identification_question, _identification),
}
FIXED: dict[int, tuple[int, ...]] = {7: (1, 2), 8: (5,), 11: (1, 5), 12: (1,), 17: (1,), 24: (3,)}
COUNTED: dict[int, tuple[tuple[int, int, int], ...]] = {
    **dict.fromkeys((12, 17, 20, 21), ((1, 1, 2),)),
    24: ((1, 2, 3),),
}
