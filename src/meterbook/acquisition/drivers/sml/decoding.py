"""SML telegrams, and bare messages as some gateways hand them on."""

from __future__ import annotations

from meterbook.acquisition.contract.decoding import DecodeError, Options, Plain, one_or_frames
from meterbook.acquisition.drivers.sml import messages, transport

UNIT_CODES = "30=Wh 27=W 35=V 33=A 44=Hz"
BARE_MESSAGE = 0x76


def decode(frame: bytes, *, options: Options) -> dict[str, Plain]:
    """This will decode one telegram or several; bytes before, between and behind them are skipped.

    A value is scaled: `value` is in the unit that `unit_code` names (DLMS unit codes), a text where an octet string
    holds letters and digits only, else hex.

    :raises DecodeError: when there is no whole telegram, or its CRC or a field is wrong
    """
    if frame[0] == BARE_MESSAGE:
        return _told(messages.read(frame))
    splitter = transport.Splitter()
    found = splitter.add(frame)
    if not found:
        begin = frame.find(transport.START)
        transport.unwrap(frame[max(0, begin) :])
        raise DecodeError("there is no SML telegram", place="byte 0")
    start = frame.find(transport.START) + len(transport.START)
    return one_or_frames([_told(messages.read(transport.unwrap(raw).messages, start)) for raw in found])


def _told(read: list[messages.Message]) -> dict[str, Plain]:
    told: dict[str, Plain] = {
        "obis_values": [_entry(entry) for message in read for entry in message.entries],
        "unit_codes": UNIT_CODES,
        "server_id": next((each.server_id.hex() for each in read if each.server_id), None),
        "messages": [message.name for message in read],
    }
    unsound: list[Plain] = [number for number, message in enumerate(read, 1) if not message.is_sound]
    if unsound:
        told["messages_with_wrong_crc"] = unsound
    errors: list[Plain] = [message.error.hex() for message in read if message.error]
    if errors:
        told["errors"] = errors
    return told


def _entry(entry: messages.Entry) -> dict[str, Plain]:
    value = entry.value
    return {
        "obis": entry.obis.hex(),
        "value": _text(value) if isinstance(value, bytes) else value,
        "unit_code": entry.unit_code,
        "scaler": entry.scaler,
    }


def _text(value: bytes) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return value.hex()
    return text if text.isalnum() else value.hex()
