"""The optical interface of a meter that sends SML, through a serial server or on a serial port."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from meterbook.acquisition.contract import telegram_lines
from meterbook.acquisition.contract.decoding import DecodeError
from meterbook.acquisition.contract.frames import Record
from meterbook.acquisition.contract.telegram_lines import Part
from meterbook.acquisition.drivers.sml import messages, transport
from meterbook.kernel.quantity import Unit

OWN = 0
ELECTRICITY, LATEST, DIGITS = 1, 255, 6
# DLMS unit codes (IEC 62056-6-2, table 4).
UNITS = {
    8: Unit.DEGREE,
    13: Unit.M3,
    27: Unit.W,
    28: Unit.VA,
    29: Unit.VAR,
    30: Unit.WH,
    31: Unit.VAH,
    32: Unit.VARH,
    33: Unit.A,
    35: Unit.V,
    44: Unit.HZ,
}


class SmlLine(telegram_lines.TelegramLine):
    """Hears an optical interface."""

    def _splitter(self) -> telegram_lines.Splitter:
        return transport.Splitter()

    def _parts(self, raw: bytes, now: datetime) -> Mapping[int, Part]:
        return {OWN: Part(records(raw))}


class SmlTcpBus(telegram_lines.TcpTelegramLine, SmlLine):
    """An optical head behind a serial server."""


class SmlSerialBus(telegram_lines.SerialTelegramLine, SmlLine):
    """An optical head on a serial port of this machine."""


def records(raw: bytes) -> tuple[Record, ...]:
    """This will return the values of a telegram with a unit, by the last three numbers of their OBIS code.

    :raises DecodeError: when the telegram is damaged, or one of its messages is
    """
    read = messages.read(transport.unwrap(raw).messages)
    if any(not each.is_sound for each in read):
        raise DecodeError("the CRC of a message does not fit: the telegram was damaged on its way")
    found: dict[str, Record] = {}
    for entry in (each for message in read for each in message.entries):
        record = _record(entry)
        if record is not None:
            found.setdefault(record.name, record)
    return tuple(found.values())


def _record(entry: messages.Entry) -> Record | None:
    obis, unit, value = entry.obis, UNITS.get(entry.unit_code or 0), entry.value
    is_electricity = len(obis) == DIGITS and obis[0] == ELECTRICITY and obis[1] in (0, 1) and obis[5] == LATEST
    if not is_electricity or unit is None or isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    number = Decimal(value)
    return Record(f"{obis[2]}.{obis[3]}.{obis[4]}", number, unit.value, "", f"{number}".encode().hex())
