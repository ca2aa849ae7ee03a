"""Messages of SML 1.04: what was opened, the list of values, what was closed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from meterbook.acquisition.contract.decoding import DecodeError
from meterbook.acquisition.contract.octets import Octets
from meterbook.acquisition.drivers.sml import transport, values

OPEN, CLOSE, PROFILE_PACK, PROFILE_LIST, PROC_PARAMETER, GET_LIST, ATTENTION = (
    0x101,
    0x201,
    0x301,
    0x401,
    0x501,
    0x701,
    0xFF01,
)
NAMES = {
    0x100: "open request",
    OPEN: "open response",
    0x200: "close request",
    CLOSE: "close response",
    0x300: "get profile pack request",
    PROFILE_PACK: "get profile pack response",
    0x400: "get profile list request",
    PROFILE_LIST: "get profile list response",
    0x500: "get proc parameter request",
    PROC_PARAMETER: "get proc parameter response",
    0x600: "set proc parameter request",
    0x700: "get list request",
    GET_LIST: "get list response",
    ATTENTION: "attention response",
}
ENTRIES = {GET_LIST: (7, 4), PROFILE_LIST: (9, 6)}  # message -> its fields, and which one holds the list of values
ENTRY_FIELDS = {GET_LIST: 7, PROFILE_LIST: 5}
SERVER_ID = {OPEN: 3, GET_LIST: 1, PROFILE_LIST: 0}
LARGEST_SCALER = 32
POWER = bytes.fromhex("0100100700ff")
# DVS74 of DZG with these numbers send a power up to 3 bytes long as signed without making room for the sign, and a
# negative one always in four. volkszaehler/libsml, sml/src/sml_list.c, names the numbers; devZer0/libsml-testing has
# such a telegram: 356.24 W that reads -299.12.
MISSIGNED_BY = bytes.fromhex("0a01445a47")  # what a server ID begins with; five bytes with the number follow
MISSIGNED_NUMBERS = (range(42_000_000, 49_000_000), range(55_000_000, 59_000_000))
MISSIGNED_SIZES = range(1, 4)
SERVER_ID_SIZE = 10


@dataclass(frozen=True)
class Entry:
    """One value of a list; `value` is scaled already: 13391 with scaler 3 is 13391000 in `unit_code`."""

    obis: bytes
    value: bytes | int | Decimal | bool | None
    unit_code: int | None
    scaler: int | None
    status: int | bytes | None


@dataclass(frozen=True)
class Message:
    """One message. `is_sound` tells whether its own CRC fits; `error` is the code of an attention response."""

    kind: int
    server_id: bytes | None
    entries: tuple[Entry, ...]
    is_sound: bool
    error: bytes | None = None

    @property
    def name(self) -> str:
        """What the message is."""
        return NAMES.get(self.kind, f"message 0x{self.kind:04x}")


def read(content: bytes, start: int = 0) -> list[Message]:
    """This will read the messages of a telegram; zeros between them are filling.

    :param start: where the content begins in the frame, for the places in complaints
    :raises DecodeError: when a field is not what the standard has there
    """
    octets = Octets(content, start)
    found: list[Message] = []
    while octets.left:
        if octets.peek("message") == values.END_OF_MESSAGE:
            octets.byte("filling")
        else:
            found.append(_message(octets))
    return found


def _message(octets: Octets) -> Message:
    begin, place = octets.at, octets.place
    if octets.byte("message") != 0x76:
        raise DecodeError("a message is a list of six", place=place)
    for what in ("transaction id", "group number", "abort on error"):
        _at(octets, what)
    body_place, body = octets.place, _at(octets, "message body")
    if not isinstance(body, list) or len(body) != 2 or not isinstance(body[0], int):
        raise DecodeError("a message body is a list of two, and the first says what it is", place=body_place)
    end = octets.at
    sent = _at(octets, "CRC of the message")
    if not isinstance(sent, int) or not octets.left or octets.byte("end of message") != values.END_OF_MESSAGE:
        raise DecodeError("a message ends with its CRC and a zero", place=octets.place)
    sums = transport.possible_sums(octets.frame[begin:end])
    is_sound = sent in sums or int.from_bytes((sent & 0xFFFF).to_bytes(2, "big"), "little") in sums
    return _meaning(body[0], body[1], is_sound, body_place)


def _at(octets: Octets, what: str) -> values.Value:
    try:
        return values.read(octets)
    except DecodeError as error:
        raise DecodeError(f"{what}: {error.what}", place=error.place) from error


def _meaning(kind: int, body: values.Value, is_sound: bool, place: str) -> Message:
    fields = body if isinstance(body, list) else []
    entries: tuple[Entry, ...] = ()
    if kind in ENTRIES:
        count, index = ENTRIES[kind]
        listed = fields[index] if len(fields) == count else None
        if not isinstance(listed, list):
            raise DecodeError(f"{NAMES[kind]}: {count} fields with a list of values are expected", place=place)
        entries = tuple(_entry(_resigned(one, _server_id(kind, fields)), kind, place) for one in listed)
    server_id = _server_id(kind, fields)
    error = fields[1] if kind == ATTENTION and len(fields) > 1 else None
    return Message(
        kind,
        server_id,
        entries,
        is_sound,
        error if isinstance(error, bytes) else None,
    )


def _server_id(kind: int, fields: list[values.Value]) -> bytes | None:
    index = SERVER_ID.get(kind, -1)
    found = fields[index] if 0 <= index < len(fields) else None
    return found if isinstance(found, bytes) else None


def _resigned(fields: values.Value, server_id: bytes | None) -> values.Value:
    """The fields of an entry, with the power as the meter means it where it is known to send a wrong sign."""
    if server_id is None or len(server_id) != SERVER_ID_SIZE or not server_id.startswith(MISSIGNED_BY):
        return fields
    number = int.from_bytes(server_id[len(MISSIGNED_BY) :], "big")
    if not any(number in known for known in MISSIGNED_NUMBERS):
        return fields
    if not isinstance(fields, list) or len(fields) != ENTRY_FIELDS[GET_LIST] or fields[0] != POWER:
        return fields
    value = fields[5]
    is_wrong = isinstance(value, values.Signed) and value.size in MISSIGNED_SIZES
    return [*fields[:5], value.unsigned, *fields[6:]] if isinstance(value, values.Signed) and is_wrong else fields


def _entry(fields: values.Value, kind: int, place: str) -> Entry:
    count = ENTRY_FIELDS[kind]
    if not isinstance(fields, list) or len(fields) != count:
        raise DecodeError(f"a value in the list has {count} fields", place=place)
    obis, status, unit, scaler, value = (
        (fields[0], fields[1], *fields[3:6]) if count == 7 else (fields[0], None, *fields[1:4])
    )
    if not isinstance(obis, bytes):
        raise DecodeError("a value in the list begins with its OBIS number", place=place)
    return Entry(
        obis,
        _scaled(value, scaler, place),
        unit if isinstance(unit, int) else None,
        scaler if isinstance(scaler, int) else None,
        status if isinstance(status, int | bytes) else None,
    )


def _scaled(value: values.Value, scaler: values.Value, place: str) -> bytes | int | Decimal | bool | None:
    if isinstance(value, list):  # SML 1.04: a choice, of which only the time exists: [1, [kind, seconds]]
        value = _seconds(value)
    if isinstance(value, bool) or not isinstance(value, int) or not isinstance(scaler, int) or scaler == 0:
        return value if not isinstance(value, list) else None
    if abs(scaler) > LARGEST_SCALER:
        raise DecodeError(f"a scaler of {scaler} is none that a meter has", place=place)
    return value * 10**scaler if scaler > 0 else Decimal(value).scaleb(scaler)


def _seconds(value: values.Value) -> int | None:
    while isinstance(value, list) and value:
        value = value[-1]
    return value if isinstance(value, int) else None
