"""Milesight: each value begins with a channel and a type (little-endian values)."""

from __future__ import annotations

from collections.abc import Callable

from meterbook.acquisition.contract.decoding import DecodeError, Plain
from meterbook.acquisition.contract.octets import Octets
from meterbook.acquisition.drivers.lorawan.fields import (
    HALF,
    HUNDREDTH,
    ON_OFF,
    TENTH,
    THOUSANDTH,
    Field,
    Fields,
    Profile,
    read_all,
    real,
)

Table = dict[tuple[int, int], tuple[Field, ...]]
Reader = Callable[[Octets, Fields], None]
HISTORY, MODBUS, MODBUS_OLD, MODBUS_ERROR = (0x20, 0xCE), (0xFF, 0x19), (0xFF, 0x0E), (0xFF, 0x15)
SENSOR_FAULTS = {0xFFFD: "over range alarm", 0xFFFF: "read failed"}

TEMPERATURE = Field("temperature", "i16", TENTH)
HUMIDITY = Field("humidity", "u8", HALF)
BATTERY: Table = {(0x01, 0x75): (Field("battery", "u8"),)}
CLIMATE: Table = {**BATTERY, (0x03, 0x67): (TEMPERATURE,), (0x04, 0x68): (HUMIDITY,)}
LEAK = {0: "normal", 1: "leak"}
TRIGGER = {0: "idle", 1: "trigger"}
AIR: Table = {
    **CLIMATE,
    (0x07, 0x7D): (Field("co2", "u16"),),
    (0x08, 0x7D): (Field("tvoc", "u16"),),
    (0x09, 0x73): (Field("pressure", "u16", TENTH),),
}
AIR_DUST: Table = {
    **AIR,
    (0x06, 0xCB): (Field("light_level", "u8"),),
    (0x0A, 0x7D): (Field("hcho", "u16", HUNDREDTH),),
    (0x0C, 0x7D): (Field("pm10", "u16"),),
    (0x0D, 0x7D): (Field("o3", "u16", HUNDREDTH),),
    (0x0E, 0x01): (Field("beep", "u8", words={0: "no", 1: "yes"}),),
}
AM319: Table = {
    **AIR_DUST,
    (0x05, 0x00): (Field("activity", "u8", words=TRIGGER),),
    (0x0B, 0x7D): (Field("pm2.5", "u16"),),
}
AM308: Table = {
    **AIR_DUST,
    (0x05, 0x00): (Field("pir", "u8", words=TRIGGER),),
    (0x08, 0x7D): (Field("tvoc", "u16", HUNDREDTH),),
    (0x08, 0xE6): (Field("tvoc", "u16"),),
    (0x0B, 0x7D): (Field("pm2_5", "u16"),),
}
SYSTEM_NAMES = {
    (0xFF, 0x01): ("ipso_version", 1),
    (0xFF, 0x09): ("hardware_version", 2),
    (0xFF, 0x0A): ("firmware_version", 2),
    (0xFF, 0xFF): ("tsl_version", 2),
}
SYSTEM: Table = {
    (0xFF, 0x16): (Field("sn", "hex8"),),
    (0xFF, 0x0F): (Field("lorawan_class", "u8", words={0: "Class A", 1: "Class B", 2: "Class C", 3: "Class CtoB"}),),
    (0xFF, 0xFE): (Field("reset_event", "u8", words=dict.fromkeys(range(256), "reset")),),
    (0xFF, 0x0B): (Field("device_status", "u8", words=dict.fromkeys(range(256), "on")),),
}
AIR_HISTORY = (
    Field("timestamp", "u32"),
    TEMPERATURE,
    Field("humidity", "u16", HALF),
    Field("pir", "u8", words=TRIGGER),
    Field("light_level", "u8"),
    Field("co2", "u16"),
    Field("tvoc", "u16", HUNDREDTH),
    Field("pressure", "u16", TENTH),
)
DUST_HISTORY = (*AIR_HISTORY, Field("pm2_5", "u16"), Field("pm10", "u16"))
CLIMATE_HISTORY = (Field("timestamp", "u32"), TEMPERATURE, HUMIDITY)


def _inputs(first: int, count: int, type_: int, name: str, kind: str = "u8") -> Table:
    words = ON_OFF if kind == "u8" else {}
    return {(first + n, type_): (Field(f"{name}_{n + 1}", kind, words=words),) for n in range(count)}


def _analog(name: str) -> tuple[Field, ...]:
    return tuple(Field(f"{name}_{part}", "i16", HUNDREDTH) for part in ("cur", "min", "max", "avg"))


UC50X: Table = {
    **BATTERY,
    **_inputs(0x03, 2, 0x00, "gpio"),
    **_inputs(0x03, 2, 0x01, "gpio"),
    **_inputs(0x03, 2, 0xC8, "pulse_count", "u32"),
    (0x05, 0x02): _analog("analog_input_1"),
    (0x06, 0x02): _analog("analog_input_2"),
}
UC300: Table = {
    **_inputs(0x03, 4, 0x00, "digital_input"),
    **_inputs(0x07, 2, 0x01, "digital_output"),
    **_inputs(0x03, 4, 0xC8, "pulse_count", "u32"),
    **{(0x09 + n, 0x67): (Field(f"pt100_{n + 1}", "i16", TENTH),) for n in range(2)},
    **{(0x0B + n, 0x02): (Field(f"analog_input_adc_{n + 1}", "u32", HUNDREDTH),) for n in range(2)},
    **{(0x0D + n, 0x02): (Field(f"analog_input_adv_{n + 1}", "u32", HUNDREDTH),) for n in range(2)},
}
UC1114: Table = {
    **_inputs(0x01, 2, 0x00, "digital_input"),
    **_inputs(0x01, 2, 0xC8, "pulse_count", "u32"),
    **_inputs(0x09, 2, 0x01, "digital_output"),
}
CURRENT: Table = {
    (0x03, 0x97): (Field("total_current", "u32", HUNDREDTH),),
    (0x04, 0x98): (Field("current", "u16", HUNDREDTH),),
    (0x09, 0x67): (TEMPERATURE,),
    (0x89, 0x67): (
        TEMPERATURE,
        Field(
            "temperature_alarm",
            "u8",
            words={0: "temperature threshold alarm release", 1: "temperature threshold alarm"},
        ),
    ),
}
SOCKET: Table = {
    (0x03, 0x74): (Field("voltage", "u16", TENTH),),
    (0x04, 0x80): (Field("active_power", "u32"),),
    (0x05, 0x81): (Field("power_factor", "u8"),),
    (0x06, 0x83): (Field("energy", "u32"),),
    (0x07, 0xC9): (Field("current", "u16"),),
    (0x08, 0x70): (Field("button", "u8", words={0: "close", 1: "open"}),),
}
PULSE: Table = {**CLIMATE, (0x05, 0x00): (Field("gpio", "u8"),), (0x05, 0xC8): (Field("pulse", "u32"),)}
LIGHT = tuple(Field(name, "u16") for name in ("illumination", "infrared_and_visible", "infrared"))
AM107: Table = {**AIR, (0x05, 0x6A): (Field("activity", "u16"),), (0x06, 0x65): LIGHT}
# product -> its channels, and the fields of a stored reading
PRODUCTS: dict[str, tuple[Table, tuple[Field, ...]]] = {
    **dict.fromkeys(("am104", "am107"), (AM107, ())),
    **dict.fromkeys(("am102", "am102l", "em300-th", "em320-th"), (CLIMATE, CLIMATE_HISTORY)),
    **dict.fromkeys(("am103", "am103l"), ({**AIR}, (*CLIMATE_HISTORY, Field("co2", "u16")))),
    **dict.fromkeys(("am307", "am307l"), (AM319, AIR_HISTORY)),
    **dict.fromkeys(("am308", "am308l"), (AM308, DUST_HISTORY)),
    **dict.fromkeys(("am319", "am319l"), (AM319, (*DUST_HISTORY, Field("hcho", "u16", HUNDREDTH)))),
    "em300-di": (PULSE, ()),
    "em300-mcs": ({**CLIMATE, (0x06, 0x00): (Field("magnet", "u8"),)}, ()),
    **dict.fromkeys(
        ("em300-sld", "em300-zld"), ({**CLIMATE, (0x05, 0x00): (Field("water_leak", "u8", words=LEAK),)}, ())
    ),
    "em300-mld": (
        {**BATTERY, (0x05, 0x00): (Field("leakage_status", "u8", words=LEAK),)},
        (Field("timestamp", "u32"), Field("unused", "skip3"), Field("leakage_status", "u8", words=LEAK)),
    ),
    "em310-udl": (
        {
            **BATTERY,
            (0x03, 0x82): (Field("distance", "u16"),),
            (0x04, 0x00): (Field("position", "u8", words={0: "normal", 1: "tilt"}),),
        },
        (),
    ),
    **dict.fromkeys(
        ("em400-mud", "em400-tld", "em400-udl"),
        (
            {
                **BATTERY,
                (0x03, 0x67): (TEMPERATURE,),
                (0x04, 0x82): (Field("distance", "u16"),),
                (0x05, 0x00): (Field("position", "u8", words={0: "normal", 1: "tilt"}),),
            },
            (),
        ),
    ),
    "em500-co2": (
        {**CLIMATE, (0x05, 0x7D): (Field("co2", "u16"),), (0x06, 0x73): (Field("pressure", "u16", TENTH),)},
        (),
    ),
    "em500-lgt": ({**BATTERY, (0x03, 0x94): (Field("light", "u32"),)}, ()),
    "em500-pp": ({**BATTERY, (0x03, 0x7B): (Field("pressure", "i16"),)}, ()),
    "em500-pt100": ({**BATTERY, (0x03, 0x67): (TEMPERATURE,)}, ()),
    **dict.fromkeys(
        ("em500-smt", "em500-smtc"),
        (
            {
                **CLIMATE,
                (0x04, 0xCA): (Field("humidity", "u16", HUNDREDTH),),
                (0x05, 0x7F): (Field("conductivity", "u16"),),
            },
            (),
        ),
    ),
    "em500-swl": ({**BATTERY, (0x03, 0x77): (Field("level", "u16"),)}, ()),
    "em500-udl": ({**BATTERY, (0x03, 0x82): (Field("distance", "i16", THOUSANDTH),)}, ()),
    **dict.fromkeys(("ct101", "ct103", "ct105"), (CURRENT, ())),
    **dict.fromkeys(("ws52x", "ws523", "ws525"), (SOCKET, ())),
    **dict.fromkeys(("uc50x", "uc501", "uc502", "uc51x"), (UC50X, ())),
    "uc300": (UC300, ()),
    "uc100": ({}, ()),
    "uc1114": (UC1114, ()),
    "uc1122": (UC1114, ()),
    "uc1152": (
        {
            (0x01, 0x00): (Field("digital_input", "u8", words=ON_OFF),),
            (0x01, 0xC8): (Field("pulse_count", "u32"),),
            (0x09, 0x01): (Field("digital_output", "u8", words=ON_OFF),),
        },
        (),
    ),
}
# product -> key of the list, and what is taken from the channel number of an old Modbus message
MODBUS_LISTS = {"uc300": ("modbus_channels", 0), "uc1152": ("channels", 0x18)}
UC50X_OFFSET = 6


def profile(product: str) -> Profile:
    """This will return the decoder of a product of `PRODUCTS`."""

    def decode(payload: bytes, port: int | None) -> Fields:
        table, history = PRODUCTS[product]
        octets, told = Octets(payload), Fields()
        while octets.left:
            begin = octets.at
            channel = octets.byte("channel"), octets.byte("type of channel")
            try:
                _one(channel, octets, told, product, {**SYSTEM, **table}, history)
            except _UnknownChannel as error:
                if not told:
                    raise
                # How long its value is nobody knows, so that what follows cannot be read either.
                return {**told, "undecoded": payload[begin:].hex(), "note": str(error)}
            except DecodeError as error:
                raise DecodeError(error.what, place=error.place, known=told) from error
        return told

    return decode


class _UnknownChannel(DecodeError):
    """A channel that the product does not have."""


def _one(
    channel: tuple[int, int], octets: Octets, told: Fields, product: str, table: Table, history: tuple[Field, ...]
) -> None:
    if channel in table:
        told.update(_repaired(read_all(table[channel], octets, "little")))
    elif channel in SYSTEM_NAMES:
        name, size = SYSTEM_NAMES[channel]
        told[name] = _version(name, octets.take(size, name))
    elif channel == HISTORY and product == "em300-di":
        _append(told, "history", _pulse_history(octets))
    elif channel == HISTORY and history:
        _append(told, "history", read_all(history, octets, "little"))
    elif channel in (MODBUS, MODBUS_OLD) and product.startswith("uc"):
        _modbus(octets, told, product, is_old=channel == MODBUS_OLD)
    elif channel == MODBUS_ERROR:
        told[f"channel_{octets.byte('Modbus channel') + 1}_error"] = True
    elif channel == (0x84, 0x98) and product.startswith("ct"):
        told.update(_current_alarm(octets))
    else:
        raise _UnknownChannel(
            f"channel {channel[0]:02x} of type {channel[1]:02x} is none of milesight-{product}",
            place=f"byte {octets.at - 2}",
        )


def _repaired(fields: Fields) -> Fields:
    """The current clamps say by the largest numbers that a sensor failed."""
    if fields.get("current") == 0xFFFF * HUNDREDTH:
        return {"current_sensor_status": SENSOR_FAULTS[0xFFFF]}
    for raw, words in SENSOR_FAULTS.items():
        if fields.get("temperature") == (raw - 0x10000) * TENTH:
            return {"temperature_sensor_status": words}
    return fields


def _append(told: Fields, key: str, one: Fields) -> None:
    listed = told.setdefault(key, [])
    if isinstance(listed, list):
        listed.append(one)


def _pulse_history(octets: Octets) -> Fields:
    point = read_all(CLIMATE_HISTORY, octets, "little")
    mode, gpio, pulse = octets.byte("mode"), octets.byte("gpio"), octets.number(4, "pulse", order="little")
    return {**point, **({"gpio": gpio} if mode == 1 else {"pulse": pulse} if mode == 2 else {})}


def _current_alarm(octets: Octets) -> Fields:
    names = ("current_max", "current_min", "current")
    fields = read_all([Field(name, "u16", HUNDREDTH) for name in names], octets, "little")
    bits = octets.byte("alarm")
    alarms = (
        "current_threshold_alarm",
        "current_threshold_alarm_release",
        "current_over_range_alarm",
        "current_over_range_alarm_release",
    )
    return {**fields, "current_alarm": {name: "yes" if bits >> bit & 1 else "no" for bit, name in enumerate(alarms)}}


def _modbus(octets: Octets, told: Fields, product: str, *, is_old: bool) -> None:
    number, size = octets.byte("Modbus channel"), octets.byte("length or type")
    kind = size & 7 if is_old else octets.byte("type of the value")
    size = size >> 3 if is_old else size
    reading = _reading(octets, kind, {0: 1, 1: 1, 2: 2, 3: 2}.get(kind, 4), size)
    if product == "uc100":
        told[f"chn{number + 1}"] = reading
        return
    key, offset = MODBUS_LISTS.get(product, ("modbus_channels", UC50X_OFFSET))
    _append(told, key, {"index": number - offset if is_old else number + 1, "reading": reading})


def _reading(octets: Octets, kind: int, usual: int, size: int) -> Plain:
    if kind > 11:
        raise DecodeError(f"{kind} is no type of a Modbus value", place=octets.place)
    raw = octets.take(size if size in (1, 2, 4) else usual, "Modbus value")
    if kind == 0:
        return "on" if raw[0] else "off"
    return real(raw, "little") if kind in (5, 7) and len(raw) == 4 else int.from_bytes(raw, "little")


def _version(name: str, raw: bytes) -> str:
    if name == "ipso_version":
        return f"v{raw[0] >> 4}.{raw[0] & 15}"
    if name == "hardware_version":
        return f"v{raw[0]:x}.{raw[1] >> 4}"
    return f"v{raw[0]:x}.{raw[1]:x}" if name == "firmware_version" else f"v{raw[0]}.{raw[1]}"
