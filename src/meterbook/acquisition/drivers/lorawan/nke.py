"""nke Watteco: ZCL reports, among them those of pulse counters and of energy meters."""

from __future__ import annotations

from meterbook.acquisition.contract.decoding import DecodeError, Plain
from meterbook.acquisition.contract.octets import Octets
from meterbook.acquisition.drivers.lorawan.fields import HUNDREDTH, Field, Fields, read_all, real, require_port

PORTS = (125,)
BATCH_MARK = 1
READ_ANSWER, REPORT, REPORT_ALARM = 0x01, 0x0A, 0x8A
NAMES = {READ_ANSWER: "read response", REPORT: "standard", REPORT_ALARM: "standard"}
INTEGERS = {
    0x08: "u8",
    0x10: "u8",
    0x18: "u8",
    0x19: "u16",
    0x20: "u8",
    0x21: "u16",
    0x22: "u24",
    0x23: "u32",
    0x28: "i8",
    0x29: "i16",
    0x2A: "i24",
    0x2B: "i32",
    0x30: "u8",
}
REAL, OCTETS, TEXT = 0x39, 0x41, 0x42
COUNTER, STATE = (0x000F, 0x0402), (0x000F, 0x0055)
TEMPERATURE, HUMIDITY = (0x0402, 0x0000), (0x0405, 0x0000)
METERING = (0x0052, 0x0000)
METERING_FIELDS = (
    Field("ActiveEnergyWh", "i24"),
    Field("ReactiveEnergyVarh", "i24"),
    Field("NbSamples", "u16"),
    Field("ActivePowerW", "i16"),
    Field("ReactivePowerVar", "i16"),
)


def decode(payload: bytes, port: int | None) -> Fields:
    """This will decode a standard report; a batch, which is packed by a code of its own, is refused.

    :raises DecodeError: for a batch, and for a type that no report has
    """
    require_port(port, PORTS, "nke Watteco")
    octets = Octets(payload)
    control = octets.byte("frame control")
    if not control & BATCH_MARK:
        raise DecodeError("a batch of nke is packed bit by bit and not read here", place="byte 0")
    endpoint = (control & 0xE0) >> 5 | (control & 0x06) << 2
    place, command = octets.place, octets.byte("command")
    if command not in NAMES:
        raise DecodeError(f"command 0x{command:02x} reports no value", place=place)
    cluster, attribute = octets.number(2, "cluster"), octets.number(2, "attribute")
    if command == READ_ANSWER and (status := octets.byte("status")):
        raise DecodeError(f"the device answers with status 0x{status:02x}", place=octets.place)
    value = _value(octets)
    header: Fields = {
        "report": NAMES[command],
        "endpoint": endpoint,
        "cmdID": f"0x{command:02X}",
        "clusterdID": f"0x{cluster:04X}",
        "attributID": f"0x{attribute:04X}",
    }
    return {"zclheader": header, "data": _labelled((cluster, attribute), endpoint, value)}


def _value(octets: Octets) -> Plain:
    place, kind = octets.place, octets.byte("type")
    if kind in INTEGERS:
        return Field("value", INTEGERS[kind]).read(octets, "big")
    if kind == REAL:
        return real(octets.take(4, "value"), "big")
    if kind == OCTETS:
        return octets.take(octets.byte("length"), "value").hex()
    if kind == TEXT:
        return octets.take(octets.byte("length"), "value").decode("latin-1")
    raise DecodeError(f"0x{kind:02x} is no type of a value", place=place)


def _labelled(what: tuple[int, int], endpoint: int, value: Plain) -> list[Plain]:
    if what == COUNTER:
        return [{"label": f"Index{endpoint + 1}", "value": value}]
    if what == STATE:
        return [{"label": f"State{endpoint + 1}", "value": value}]
    if what in (TEMPERATURE, HUMIDITY) and isinstance(value, int):
        return [{"label": "Temperature" if what == TEMPERATURE else "Humidity", "value": value * HUNDREDTH}]
    if what == METERING and isinstance(value, str):
        read = read_all(METERING_FIELDS, Octets(bytes.fromhex(value)), "big")
        return [{"label": name, "value": number} for name, number in read.items()]
    return [{"label": "value", "value": value}]
