"""Makers whose payloads need one function each: Elsys, Adeunis, Dragino, Sensative, Elvaco."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

from meterbook.acquisition.contract.decoding import DecodeError, Plain
from meterbook.acquisition.contract.octets import Octets
from meterbook.acquisition.drivers.lorawan.fields import (
    HALF,
    TENTH,
    THOUSANDTH,
    Field,
    Fields,
    read_all,
    require_port,
)

ELSYS: dict[int, tuple[Field, ...]] = {
    0x01: (Field("temperature", "i16", TENTH),),
    0x02: (Field("humidity", "u8"),),
    0x03: (Field("x", "i8"), Field("y", "i8"), Field("z", "i8")),
    0x04: (Field("light", "u16"),),
    0x05: (Field("motion", "u8"),),
    0x06: (Field("co2", "u16"),),
    0x07: (Field("vdd", "u16"),),
    0x08: (Field("analog1", "u16"),),
    0x09: (Field("lat", "u24"), Field("long", "u24")),
    0x0A: (Field("pulse1", "u16"),),
    0x0B: (Field("pulseAbs", "u32"),),
    0x0C: (Field("externalTemperature", "i16", TENTH),),
    0x0D: (Field("digital", "u8"),),
    0x0E: (Field("distance", "u16"),),
    0x0F: (Field("accMotion", "u8"),),
    0x10: (Field("irInternalTemperature", "i16", TENTH), Field("irExternalTemperature", "i16", TENTH)),
    0x11: (Field("occupancy", "u8"),),
    0x12: (Field("waterleak", "u8"),),
    0x14: (Field("pressure", "i32", THOUSANDTH),),
    0x15: (Field("soundPeak", "u8"), Field("soundAvg", "u8")),
    0x16: (Field("pulse2", "u16"),),
    0x17: (Field("pulseAbs2", "u32"),),
    0x18: (Field("analog2", "u16"),),
    0x19: (Field("externalTemperature2", "i16", TENTH),),
    0x1A: (Field("digital2", "u8"),),
    0x1B: (Field("analogUv", "i32"),),
    0x1C: (Field("tvoc", "u16"),),
    0x3D: (Field("debug", "skip4"),),
}
GRIDEYE, GRIDEYE_PIXELS = 0x13, 64
ADEUNIS_EPOCH = 1_356_998_400  # 2013-01-01
ADEUNIS_TIMED = 0x04
ADEUNIS_BOTH = 0x46
ADEUNIS_CHANNELS = {0x5A: "A", 0x5B: "B"}
PULSES_PER_LITER = {2: 60, 1: 360}
SW3L_RECORD = 11
SENSATIVE: dict[int, tuple[str, str, Decimal | None]] = {
    2: ("temperature", "i16", TENTH),
    4: ("averageTemperature", "i16", TENTH),
    6: ("humidity", "u8", HALF),
    7: ("lux", "u16", None),
    8: ("lux2", "u16", None),
    9: ("door", "u8", None),
    11: ("tamperReport", "u8", None),
    13: ("flood", "u8", None),
    17: ("doorCount", "u16", None),
}
SENSATIVE_ALARMS = {10: "doorAlarm", 12: "tamperAlarm", 14: "floodAlarm", 15: "oilAlarm", 16: "userSwitch1Alarm"}
SENSATIVE_LIMITS = {3: "tempAlarm", 5: "avgTempAlarm"}
# VIF of an M-Bus record -> name and power of ten in kWh, m3, kW, m3/h, degrees Celsius
ELVACO = {
    0x06: ("energy", 0),
    0x07: ("energy", 1),
    0x14: ("volume", -2),
    0x15: ("volume", -1),
    0x16: ("volume", 0),
    **{0x2A + n: ("power", n - 4) for n in range(6)},
    **{0x3B + n: ("flow", n - 3) for n in range(5)},
    0x5A: ("flow_temperature", -1),
    0x5B: ("flow_temperature", 0),
    0x5E: ("return_temperature", -1),
    0x5F: ("return_temperature", 0),
    0x78: ("serial_from_message", 0),
}
BCD_BYTES = {0x0A: 2, 0x0B: 3, 0x0C: 4}
NEGATIVE_BCD = "f"
ERROR_FLAG, ERROR_BYTES = b"\xfd\x17", {0x02: 2, 0x04: 4}


def elsys(payload: bytes, port: int | None) -> Fields:
    """This will decode the sensors of Elsys (ERS, ELT, EMS): a type, then its big-endian values."""
    octets, told = Octets(payload), Fields()
    while octets.left:
        place, kind = octets.place, octets.byte("type")
        if kind == GRIDEYE:
            base = octets.byte("reference")
            told["grideye"] = [base + pixel * TENTH for pixel in octets.take(GRIDEYE_PIXELS, "pixels")]
        elif kind not in ELSYS:
            raise DecodeError(f"0x{kind:02x} is no type of Elsys", place=place, known=told)
        else:
            _merge(told, read_all(ELSYS[kind], octets, "big"))
    return told


def _merge(told: Fields, fields: Fields) -> None:
    key = "externalTemperature2"  # a string of probes repeats it
    if key in fields and key in told:
        before = told[key]
        fields = {key: [*(before if isinstance(before, list) else [before]), fields[key]]}
    told.update(fields)


def adeunis_pulse(payload: bytes, port: int | None) -> Fields:
    """This will decode the counters of Adeunis Pulse 4: both (0x46), or one with its past readings (0x5a, 0x5b)."""
    octets = Octets(payload)
    code, status = octets.byte("frame code"), octets.byte("status")
    timed = bool(status & ADEUNIS_TIMED)
    fields: Fields = {
        "status": {
            "frameCounter": status >> 5,
            "hardwareError": False,
            "lowBattery": bool(status & 0x02),
            "configurationDone": bool(status & 0x01),
            "timestamp": timed,
        }
    }
    if code != ADEUNIS_BOTH and code not in ADEUNIS_CHANNELS:
        raise DecodeError(f"frame code 0x{code:02x} holds no counter of Pulse 4", place="byte 0", known=fields)
    body = octets.part(octets.left - 4 * timed, "counters")
    if timed:
        at = datetime.fromtimestamp(octets.number(4, "time") + ADEUNIS_EPOCH, UTC).replace(tzinfo=None)
        fields["timestamp"] = at.isoformat(timespec="milliseconds")
    if code == ADEUNIS_BOTH:
        counters: list[Plain] = [body.number(4, "counter A"), body.number(4, "counter B")]
        body.end("the counters")
        info = "counterValues: [Channel A, Channel B]"
        return {"type": "0x46 Pulse 4 data", **fields, "decodingInfo": info, "counterValues": counters}
    value = body.number(4, "counter")
    past: list[Plain] = [value]
    while body.left:
        value -= body.number(2, "difference")
        past.append(value)
    return {
        "type": f"0x{code:02x} Pulse 4 data - channel {ADEUNIS_CHANNELS[code]}",
        **fields,
        "decodingInfo": "counterValues: [t=0, t-1, t-2, ...]",
        "counterValues": past,
    }


def dragino_sw3l(payload: bytes, port: int | None) -> Fields:
    """This will decode the flow sensor SW3L: pulses with their time on port 2, stored ones on port 3."""
    require_port(port, (2, 3), "SW3L")
    octets = Octets(payload)
    if port != 3 and len(payload) == SW3L_RECORD:
        return _sw3l(octets)
    records: list[Plain] = []
    while octets.left:
        records.append(_sw3l(octets.part(SW3L_RECORD, "stored reading")))
    return {"DATALOG": records}


def _sw3l(octets: Octets) -> Fields:
    flags = octets.byte("flags")
    pulses, mode = octets.number(4, "pulses"), octets.byte("mode")
    octets.byte("unused")
    at = datetime.fromtimestamp(octets.number(4, "time"), UTC)
    kind = flags >> 2
    liters = (Decimal(pulses) / PULSES_PER_LITER.get(kind, 450)).quantize(TENTH, ROUND_HALF_UP)
    return {
        "MOD": mode,
        "Calculate_flag": kind,
        "Alarm": "TRUE" if flags & 2 else "FALSE",
        "Water_flow_value": liters,
        "Last_pulse" if mode == 1 else "Total_pulse": pulses,
        "Data_time": at.strftime("%Y-%m-%d %H:%M:%S"),
    }


def sensative_strips(payload: bytes, port: int | None) -> Fields:
    """This will decode the strips of Sensative: reports on port 1; stored ones on port 2 are refused."""
    require_port(port, (1,), "Sensative Strips")
    octets = Octets(payload)
    sequence = octets.number(2, "sequence number")
    told: Fields = {"historySeqNr": sequence, "prevHistSeqNr": sequence}
    while octets.left:
        place, kind = octets.place, octets.byte("type")
        if kind & 0x80 and isinstance(told["prevHistSeqNr"], int):
            told["prevHistSeqNr"] -= 1
        kind &= 0x7F
        if kind == 1:
            told["battery"] = octets.byte("battery")
        elif kind in SENSATIVE:
            name, size, factor = SENSATIVE[kind]
            told[name] = {"value": Field(name, size, factor).read(octets, "big")}
        elif kind in SENSATIVE_ALARMS:
            told[SENSATIVE_ALARMS[kind]] = {"value": bool(octets.byte("alarm"))}
        elif kind in SENSATIVE_LIMITS:
            bits = octets.byte("alarm")
            told[SENSATIVE_LIMITS[kind]] = {"highAlarm": bool(bits & 1), "lowAlarm": bool(bits & 2)}
        else:
            raise DecodeError(f"{kind} is no type of Sensative Strips", place=place, known=told)
    return told


def elvaco(payload: bytes, port: int | None) -> Fields:
    """This will decode the heat meter modules CMi4110 to CMi4160: M-Bus records in BCD behind one byte.

    Energy in kWh, volume in m3, power in kW, flow in m3/h, temperatures in degrees Celsius; a letter f in the highest
    digit is a minus sign. Further energies are tariffs.
    """
    require_port(port, (2,), "Elvaco CMi41")
    octets, told = Octets(payload), Fields()
    octets.byte("kind of message")
    energies = 0
    while octets.left:
        place, dif = octets.place, octets.byte("DIF")
        vif = octets.byte("VIF")
        if dif in ERROR_BYTES and vif == ERROR_FLAG[0] and octets.byte("VIFE") == ERROR_FLAG[1]:
            told["error_flag"] = octets.number(ERROR_BYTES[dif], "error flag", order="little")
            continue
        if dif not in BCD_BYTES or vif not in ELVACO:
            raise DecodeError(f"DIF {dif:02x} with VIF {vif:02x} is none of Elvaco CMi41", place=place, known=told)
        name, power = ELVACO[vif]
        if name == "energy":
            name, energies = (f"energy_tariff_{energies}" if energies else name), energies + 1
        told[name] = _bcd(octets, BCD_BYTES[dif], power)
    return told


def _bcd(octets: Octets, size: int, power: int) -> Plain:
    place = octets.place
    digits = octets.take(size, "BCD")[::-1].hex()
    is_negative = digits.startswith(NEGATIVE_BCD)
    plain = digits.lstrip(NEGATIVE_BCD) if is_negative else digits
    if not plain.isdecimal():
        raise DecodeError(f"{digits} are no decimal digits", place=place)
    number = -int(plain) if is_negative else int(plain)
    return Decimal(number).scaleb(power) if power < 0 else number * 10**power
