"""Telegrams of a P1 port, in the clear or encrypted, and readouts of IEC 62056-21."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

from meterbook.acquisition.contract import ciphering
from meterbook.acquisition.contract.decoding import DecodeError, Options, Plain, one_or_frames
from meterbook.acquisition.contract.octets import Octets
from meterbook.acquisition.drivers.dsmr import telegram

Fields = dict[str, Plain]
CIPHERED = 0xDB
# The key that the P1 companion standards of Luxembourg and Austria print for everybody.
PRINTED_AUTHENTICATION_KEY = bytes.fromhex("00112233445566778899aabbccddeeff")
TIMESTAMP_DIGITS = (12, 13)
GAS_FIELDS = 7


def decode(frame: bytes, *, options: Options) -> Fields:
    """This will decode one telegram or several; what stands before and between them is skipped.

    `objects` are the objects with one value. `readings` are those with a time before their value, such as a gas
    meter's; `others` all the rest, with every value.

    :raises KeyNeeded, KeyWrong: when it is encrypted and cannot be opened
    :raises DecodeError: when there is no whole telegram, or its CRC or a line is wrong
    """
    if frame[0] == CIPHERED:
        return _ciphered(frame, options)
    readout = telegram.block_check(frame)
    if readout and readout[0] != readout[1]:
        raise DecodeError(
            f"block check {readout[0]} is sent, {readout[1]} is computed: the readout was damaged on its way",
            place="block check",
            known={"bcc": readout[0], "bcc_ok": False},
        )
    found = telegram.Splitter().add(frame)
    if not found:
        begin = telegram.BEGIN.search(frame)
        found = [frame[begin.start() if begin else 0 :]]
    return one_or_frames(
        [_told(telegram.read(raw)) | ({"bcc": readout[0], "bcc_ok": True} if readout else {}) for raw in found]
    )


def _told(read: telegram.Telegram) -> Fields:
    objects: list[Plain] = []
    readings: list[Plain] = []
    others: list[Plain] = []
    for item in read.items:
        reading = _reading(item)
        if len(item.values) == 1:
            objects.append({"obis": item.obis, **_plain(item.values[0])})
        elif reading:
            readings.append(reading)
        else:
            others.append({"obis": item.obis, "values": [_plain(value) for value in item.values]})
    return {
        "identification": read.identification,
        "objects": objects,
        "readings": readings,
        "others": others,
        "crc16_arc": read.crc_computed,
        "crc_in_telegram": read.crc_sent,
        "crc_ok": None if read.crc_sent is None else read.crc_sent == read.crc_computed,
    }


def _plain(value: telegram.Value) -> Fields:
    return {"value": value.value, "unit": value.unit}


def _reading(item: telegram.Item) -> Fields | None:
    values = item.values
    if len(values) < 2 or not _is_time(values[0]):
        return None
    if len(values) == 2:
        return {"obis": item.obis, "at": values[0].value, **_plain(values[1])}
    # DSMR 2 and 3: 0-1:24.3.0(time)(state)(minutes)(1)(0-1:24.2.1)(m3) and the value on the next line
    if len(values) == GAS_FIELDS and telegram.NUMBER.fullmatch(str(values[6].value)):
        unit, obis = values[5].value, values[4].value
        return {"obis": obis, "at": values[0].value, "value": Decimal(str(values[6].value)), "unit": unit}
    return None


def _is_time(value: telegram.Value) -> bool:
    text = str(value.value)
    return value.unit is None and len(text) in TIMESTAMP_DIGITS and text[:12].isdecimal()


def _ciphered(frame: bytes, options: Options) -> Fields:
    octets, told = Octets(frame), []
    while octets.left:
        octets.byte("tag")
        title = octets.take(octets.byte("length of the system title"), "system title")
        place, first = octets.place, octets.byte("length")
        if first > 0x84:
            raise DecodeError(f"0x{first:02x} begins no length", place=place)
        size = first if first < 0x80 else octets.number(first & 0x7F, "length")
        sealed = ciphering.read(octets.part(size, "telegram"), title)
        if octets.left and octets.peek("tag") != CIPHERED:
            octets.end("the telegram")
        fallback = options.authentication_key or PRINTED_AUTHENTICATION_KEY
        plain = ciphering.open_sealed(sealed, dataclasses.replace(options, authentication_key=fallback))
        told.append({**sealed.told, **_told(telegram.read(plain))})
    return one_or_frames(told)
