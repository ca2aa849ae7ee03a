"""P1 telegrams of DSMR and data readouts of IEC 62056-21: lines of OBIS codes with values in brackets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from meterbook.acquisition.contract import octets
from meterbook.acquisition.contract.decoding import DecodeError

BEGIN = re.compile(rb"/[A-Za-z]{3}[0-9A-Za-z]")
END = re.compile(rb"!([0-9A-Fa-f]{4})?[ \t]*\r?\n")
SETS = re.compile(r"(?:[^()]*(?:\([^()]*\))+)*")
SET = re.compile(r"([^()]*)((?:\([^()]*\))+)")
GROUP = re.compile(r"\(([^()]*)\)")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
ODD = re.compile(rb"[^\t\r\n\x02\x03\x20-\x7e]")
LONGEST = 65_536
STX, ETX = re.compile(rb"(?:^|\n)\x02"), 0x03  # within the first line it belongs to the identification


@dataclass(frozen=True)
class Value:
    """What stands in one pair of brackets: a number with its unit, or a text without one."""

    value: Decimal | str
    unit: str | None


@dataclass(frozen=True)
class Item:
    """One object with all its values."""

    obis: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Telegram:
    """A whole telegram. The CRC that was sent is None where the version has none (DSMR 2 and 3, IEC 62056-21)."""

    identification: str
    items: tuple[Item, ...]
    crc_sent: str | None
    crc_computed: str


class Splitter:
    """Cuts a stream of bytes into telegrams. What is no telegram is dropped; `dropped` counts those bytes."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.dropped = 0

    def add(self, received: bytes) -> list[bytes]:
        """This will take what was received and return the telegrams that it completes, as sent, unchecked."""
        self._buffer += received
        found: list[bytes] = []
        while end := END.search(self._buffer):
            begins = [match.start() for match in BEGIN.finditer(self._buffer, 0, end.start())]
            begin = begins[-1] if begins else end.end()  # the latest: an earlier one was cut off
            if begins:
                found.append(bytes(self._buffer[begin : end.end()]))
            self.dropped += begin
            del self._buffer[: end.end()]
        surplus = max(0, len(self._buffer) - LONGEST)
        self.dropped += surplus
        del self._buffer[:surplus]
        return found


def read(raw: bytes) -> Telegram:
    """This will read one telegram from "/" to the end of the line with "!".

    A telegram that has no carriage return at all was written by an editor: its lines are taken as ending in both.

    :raises DecodeError: when begin, end or CRC are wrong
    """
    if b"\r" not in raw:
        raw = raw.replace(b"\n", b"\r\n")
    end = END.search(raw) or END.search(raw + b"\r\n")
    if not BEGIN.match(raw):
        raise DecodeError("a telegram begins with / and the maker's three letters", place="byte 0")
    if not end:
        raise DecodeError("the telegram is cut off: the line that begins with ! is missing", place=f"byte {len(raw)}")
    content = raw[: end.start() + 1]
    sent = end.group(1).decode().upper() if end.group(1) else None
    computed = f"{octets.crc16_arc(content):04X}"
    if sent is not None and sent != computed:
        raise DecodeError(
            f"CRC {sent} is sent, {computed} is computed: the telegram was damaged on its way",
            place=f"byte {end.start() + 1}",
            known={"crc16_arc": computed, "crc_in_telegram": sent, "crc_ok": False},
        )
    if sent is None:
        _check_characters(content)
    first, _, rest = content[:-1].decode("latin-1").partition("\n")
    return Telegram(first.strip()[1:], tuple(_items(rest, len(first) + 1)), sent, computed)


def _check_characters(content: bytes) -> None:
    """Without a CRC an odd character is all that tells of damage: a telegram is plain ASCII (IEC 62056-21, DSMR)."""
    odd = ODD.search(content)
    if odd:
        raise DecodeError(
            f"0x{odd[0].hex()} is no character of a telegram: it was damaged on its way; read it again",
            place=f"byte {odd.start()}",
        )


def block_check(raw: bytes) -> tuple[str, str] | None:
    """This will return the block check character that a readout carries, and the computed one; None without one.

    :raises DecodeError: when the readout is cut off before it
    """
    begin = STX.search(raw)
    if begin is None:
        return None
    end = raw.find(ETX, begin.end())
    if end < 0 or end + 1 >= len(raw):
        raise DecodeError("the readout is cut off: its end mark or block check is missing", place=f"byte {len(raw)}")
    computed = 0
    for octet in raw[begin.end() : end + 1]:
        computed ^= octet
    return f"{raw[end + 1]:02X}", f"{computed:02X}"


def _items(text: str, start: int) -> list[Item]:
    found: list[Item] = []
    at = start
    for line in text.split("\n"):
        stripped = line.strip("\r\n\x02\x03 ")
        if not SETS.fullmatch(stripped):
            raise DecodeError(f"“{stripped}” is no OBIS code with values in brackets", place=f"byte {at}")
        for obis, groups in SET.findall(stripped):
            values = tuple(_value(group) for group in GROUP.findall(groups))
            if not obis and found:  # DSMR 2 and 3 put the gas reading on a line of its own
                found[-1] = Item(found[-1].obis, (*found[-1].values, *values))
            else:
                found.append(Item(obis, values))
        at += len(line) + 1
    return found


def _value(text: str) -> Value:
    number, star, unit = text.partition("*")
    if star and NUMBER.fullmatch(number):
        return Value(_decimal(number), unit)
    return Value(text, None)


def _decimal(number: str) -> Decimal | str:
    try:
        return Decimal(number)
    except InvalidOperation:  # more digits than a Decimal takes: nothing that a meter sends
        return number
