"""The P1 port of a meter, through a serial server or on a serial port: electricity, and the meters that it hears."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from meterbook.acquisition.contract import telegram_lines
from meterbook.acquisition.contract.decoding import DecodeError, Options
from meterbook.acquisition.contract.frames import Record
from meterbook.acquisition.contract.telegram_lines import Part
from meterbook.acquisition.drivers.dsmr import decoding, telegram
from meterbook.kernel.quantity import Unit

OWN = 0  # the unit of the electricity meter itself
OBIS = re.compile(r"(?:(\d+)-(\d+):)?(\d+\.\d+\.\d+)(?:\*255)?")
TARIFF = re.compile(r"([12]\.8)\.[1-9]")
# Times are the local ones of the countries with the standard; S is summer, W winter.
ZONE = ZoneInfo("Europe/Amsterdam")
OFFSETS = {"S": timedelta(hours=2), "W": timedelta(hours=1)}
OLDEST = timedelta(hours=26)  # a gas meter tells its reading once an hour, and may miss a night
CLOCK = "0-0:1.0.0"
READING, OTHER_READINGS = "24.2.1", ("24.2.3", "24.3.0")  # Belgium: not converted for temperature; DSMR 2
_UNITS = {each.symbol.casefold(): each for each in Unit if each.symbol} | {"m3": Unit.M3}


class DsmrLine(telegram_lines.TelegramLine):
    """Hears a P1 port."""

    def _splitter(self) -> telegram_lines.Splitter:
        return telegram.Splitter()

    def _parts(self, raw: bytes, now: datetime) -> Mapping[int, Part]:
        return parts(raw, now)


class DsmrTcpBus(telegram_lines.TcpTelegramLine, DsmrLine):
    """A P1 port behind a serial server."""


class DsmrSerialBus(telegram_lines.SerialTelegramLine, DsmrLine):
    """A P1 port on a serial port of this machine."""


def parts(raw: bytes, now: datetime) -> Mapping[int, Part]:
    """This will return what a telegram says of the meter (0) and of those that it hears, by their channel.

    A total that the meter does not send is the sum of its tariffs; the power that flows is what comes less what goes.
    A meter that was heard last more than a day ago is left out.

    :raises DecodeError: when the telegram is damaged
    """
    told = decoding.decode(raw, options=Options())
    if "frames" in told:
        raise DecodeError("two telegrams in one")
    own: dict[str, Record] = {}
    others: dict[int, Part] = {}
    clocks = [_instant(str(each["value"])) for each in _listed(told["objects"]) if each["obis"] == CLOCK]
    for each in [*_listed(told["objects"]), *_listed(told["readings"])]:
        found = OBIS.fullmatch(str(each["obis"]))
        record = _record(found.group(3), each) if found else None
        if found is None or record is None:
            continue
        channel = int(found.group(2) or 0)
        if "at" not in each and found.group(1) in (None, "1") and channel == OWN:
            own[record.name] = record
        elif "at" in each and channel and (record.name == READING or record.name in OTHER_READINGS):
            at = _instant(str(each["at"]))
            if at is not None and at >= now - OLDEST:
                others[channel] = Part((_named(record, READING),), at)
    return {OWN: Part((*own.values(), *_derived(own)), told=next(iter(clocks), None)), **others}


def _derived(own: Mapping[str, Record]) -> list[Record]:
    found = []
    for total in ("1.8", "2.8"):
        tariffs = [each for name, each in own.items() if (match := TARIFF.fullmatch(name)) and match.group(1) == total]
        if f"{total}.0" not in own and tariffs and len({each.unit for each in tariffs}) == 1:
            found.append(_sum(f"{total}.0", tariffs, [1] * len(tariffs)))
    comes, goes = own.get("1.7.0"), own.get("2.7.0")
    if "16.7.0" not in own and comes is not None and (goes is None or goes.unit == comes.unit):
        found.append(_sum("16.7.0", [comes, *([goes] if goes else [])], [1, -1]))
    return found


def _sum(name: str, records: list[Record], signs: list[int]) -> Record:
    number = sum((each.number or Decimal(0)) * sign for each, sign in zip(records, signs, strict=False))
    return Record(name, Decimal(number), records[0].unit, "", "".join(each.raw for each in records))


def _record(name: str, told: Mapping[str, object]) -> Record | None:
    value, unit = told["value"], _UNITS.get(str(told["unit"]).casefold())
    if not isinstance(value, Decimal) or unit is None:
        return None
    return Record(name, value, unit.value, "", f"{value}".encode().hex())


def _named(record: Record, name: str) -> Record:
    return Record(name, record.number, record.unit, record.text, record.raw)


def _instant(text: str) -> datetime | None:
    digits, season = text[:12], text[12:]
    try:
        local = datetime.strptime(digits, "%y%m%d%H%M%S")  # noqa: DTZ007 - its offset follows
    except ValueError:
        return None
    if season in OFFSETS:
        return (local - OFFSETS[season]).replace(tzinfo=UTC)
    return local.replace(tzinfo=ZONE).astimezone(UTC)


def _listed(told: object) -> list[Mapping[str, object]]:
    return [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []
