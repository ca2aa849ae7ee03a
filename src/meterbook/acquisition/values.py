"""Words of acquisition: protocols, how a device is doing, what it is asked, and why it could not be read."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from meterbook.acquisition.contract import errors
from meterbook.acquisition.library.orders import ByteOrder

REQUEST_LIFETIME = timedelta(seconds=30)  # real time: a person waits in front of a screen
MEMORY_LIFETIME = timedelta(minutes=15)  # real time: a month by days is read piece by piece, between the usual turns
PROBE_LIFETIME = timedelta(seconds=15)  # real time as well; a test read asks one meter once
SILENT_AFTER = 3  # failed cycles in a row; one lost frame is no news
UNIT_IDS = range(1, 248)  # Modbus: 0 is the broadcast, 248 to 255 are reserved
PORTS = range(1, 65_536)


class BusProtocol(enum.StrEnum):
    """What is spoken on a bus."""

    MODBUS_TCP = "MODBUS_TCP"
    MODBUS_RTU_TCP = "MODBUS_RTU_TCP"  # RTU frames that a simple converter passes through TCP
    MODBUS_SERIAL = "MODBUS_SERIAL"  # RTU on a serial port of the machine that runs the collector
    MBUS_TCP = "MBUS_TCP"  # a converter that passes the bytes of M-Bus through TCP
    MBUS_SERIAL = "MBUS_SERIAL"  # a level converter on a serial port of the machine that runs the collector
    DSMR_TCP = "DSMR_TCP"  # a P1 port behind a serial server that passes its telegrams through TCP
    DSMR_SERIAL = "DSMR_SERIAL"
    SML_TCP = "SML_TCP"  # an optical head behind a serial server
    SML_SERIAL = "SML_SERIAL"
    MQTT = "MQTT"  # a broker: devices send by themselves, under topics
    HTTP = "HTTP"  # no line at all: devices send to an address of ours

    @property
    def is_serial(self) -> bool:
        """Whether the bus is a port of the machine itself and no address in a network."""
        return self.value.endswith("_SERIAL")

    @property
    def is_mbus(self) -> bool:
        """Whether meters on it name their values themselves."""
        return self in (BusProtocol.MBUS_TCP, BusProtocol.MBUS_SERIAL)

    @property
    def is_telegram(self) -> bool:
        """Whether the meter sends telegrams every few seconds that nobody asks for."""
        return self in _TELEGRAMS

    @property
    def is_asked(self) -> bool:
        """Whether it is a line on which meters are asked; at a broker, or by HTTP, they are heard only."""
        return self not in (BusProtocol.MQTT, BusProtocol.HTTP)


_TELEGRAMS = frozenset({BusProtocol.DSMR_TCP, BusProtocol.DSMR_SERIAL, BusProtocol.SML_TCP, BusProtocol.SML_SERIAL})
BUS_PROTOCOL_CAPTIONS = {
    BusProtocol.MODBUS_TCP: _("Modbus TCP"),
    BusProtocol.MODBUS_RTU_TCP: _("Modbus RTU over TCP"),
    BusProtocol.MODBUS_SERIAL: _("Modbus RTU on a serial port"),
    BusProtocol.MBUS_TCP: _("M-Bus through a TCP converter"),
    BusProtocol.MBUS_SERIAL: _("M-Bus on a serial port"),
    BusProtocol.DSMR_TCP: _("DSMR telegrams (P1) through a serial server"),
    BusProtocol.DSMR_SERIAL: _("DSMR telegrams (P1) on a serial port"),
    BusProtocol.SML_TCP: _("SML telegrams through a serial server"),
    BusProtocol.SML_SERIAL: _("SML telegrams on a serial port"),
    BusProtocol.MQTT: _("MQTT"),
    BusProtocol.HTTP: _("Sends by HTTP"),
}
# What the meter models of the library call the protocol: registers are the same over every kind of line.
MODEL_PROTOCOL_OF = {each: each.value.partition("_")[0] for each in BusProtocol}
MODEL_PROTOCOL_OF |= {BusProtocol.MQTT: "JSON", BusProtocol.HTTP: "JSON"}
ASKED = tuple(each for each in BusProtocol if each.is_asked)
# What a field gateway and a workbook know.
POLLED = tuple(each for each in ASKED if not each.is_telegram)
USUAL_PORTS = {
    BusProtocol.MODBUS_TCP: 502,
    BusProtocol.MODBUS_RTU_TCP: 502,
    BusProtocol.MBUS_TCP: 10_001,
    BusProtocol.DSMR_TCP: 23,
    BusProtocol.SML_TCP: 23,
    BusProtocol.MQTT: 1_883,
}


class Parity(enum.StrEnum):
    """The ninth bit of a character on a serial line."""

    NONE = "N"
    EVEN = "E"
    ODD = "O"


BAUDS = (300, 600, 1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200)
STOP_BITS = (1, 2)
LONGEST_PAUSE_MS = 5_000


@dataclass(frozen=True)
class LineSettings:
    """How a serial line is set; `pause_ms` are real milliseconds between two exchanges, on any kind of line."""

    baud: int = 9_600
    parity: Parity = Parity.NONE
    stop_bits: int = 1
    pause_ms: int = 0

    @property
    def is_possible(self) -> bool:
        """Whether every part is one that lines have."""
        is_pause = 0 <= self.pause_ms <= LONGEST_PAUSE_MS
        return self.baud in BAUDS and self.stop_bits in STOP_BITS and is_pause

    def as_json(self) -> dict[str, Any]:
        """This will return what is stored."""
        return {
            "baud": self.baud,
            "parity": self.parity.value,
            "stop_bits": self.stop_bits,
            "pause_ms": self.pause_ms,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> LineSettings:
        """This will read back what `as_json` returned."""
        return cls(**{**stored, "parity": Parity(stored["parity"])}) if stored else cls()


PARITY_CAPTIONS = {Parity.NONE: _("None"), Parity.EVEN: _("Even"), Parity.ODD: _("Odd")}


AS_USUAL = LineSettings()
AS_USUAL_ON_MBUS = LineSettings(2_400, Parity.EVEN)
AS_USUAL_ON_P1 = LineSettings(115_200)
USUAL_TIMEOUT_MS, USUAL_TIMEOUT_OF_TELEGRAMS_MS = 1_000, 12_000  # a P1 port of DSMR 4 sends every 10 seconds


TIMEOUTS_MS = range(50, 60_001)  # that one attempt may take
RETRIES = range(11)


def usual_line(protocol: BusProtocol) -> LineSettings:
    """This will return how a line of a protocol is set where nobody says otherwise."""
    if protocol.is_mbus:
        return AS_USUAL_ON_MBUS
    return AS_USUAL_ON_P1 if MODEL_PROTOCOL_OF[protocol] == "DSMR" else AS_USUAL


def usual_timeout_ms(protocol: BusProtocol) -> int:
    """This will return how many real milliseconds one attempt may take where nobody says otherwise."""
    return USUAL_TIMEOUT_OF_TELEGRAMS_MS if protocol.is_telegram else USUAL_TIMEOUT_MS


PRIMARY_ADDRESSES = range(251)  # M-Bus: 251 to 255 are no meters' own
CHANNELS = range(5)  # DSMR: 0 is the electricity meter, 1 to 4 are those that it hears
ONLY_ONE = range(1)  # SML: one meter sends
SUBSCRIBED = range(1_000, 32_001)  # of devices at a broker, which have a topic in place of an address
ANY_NUMBER = "F" * 16  # the mask that fits every M-Bus meter
BY_SELECTION = 253  # at which a meter of M-Bus answers that was selected by its secondary address
SECONDARY_HELP = _(
    "Write the 8 digits of the meter's number, or the 16 of number, maker, version and type; F stands for any digit."
)
SECONDARY = re.compile(r"[0-9F]{8}(?:[0-9A-F]{8})?")  # number, or number, maker, version and type


def secondary_address(text: str) -> str | None:
    """This will read a secondary address of M-Bus as 16 digits: "1458 8517" is 14588517FFFFFFFF. None when it is none.

    The maker is written as it is sent: 2D2C is Kamstrup. F stands for any digit.
    """
    plain = re.sub(r"[\s-]", "", text).upper()
    return plain.ljust(16, "F") if SECONDARY.fullmatch(plain) and plain.strip("F") else None


def place(host: str, port: int) -> str:
    """This will write where a bus is reached: host and port, or the path of a serial port."""
    return f"{host}:{port}" if port else host


def unit_ids(protocol: BusProtocol) -> range:
    """This will return the addresses that a meter on a bus may have."""
    if protocol.is_mbus:
        return PRIMARY_ADDRESSES
    if protocol.is_telegram:
        return CHANNELS if MODEL_PROTOCOL_OF[protocol] == "DSMR" else ONLY_ONE
    return UNIT_IDS if protocol.is_asked else SUBSCRIBED


def unit_help(protocol: BusProtocol) -> str:
    """This will say in the reader's language which addresses there are."""
    if protocol.is_mbus:
        return gettext("The address lies between 0 and 250, as it is set at the meter.")
    if protocol.is_telegram and MODEL_PROTOCOL_OF[protocol] == "DSMR":
        return gettext("Write 0 for the electricity meter, and 1 to 4 for a gas, water or heat meter by its channel.")
    if protocol.is_telegram:
        return gettext("Write 0: the meter is the only one on its line.")
    return gettext("The unit address lies between 1 and 247, as it is set at the meter.")


def bus_address(unit_id: int, secondary: str) -> int:
    """This will return the number by which drivers know a device: its address, or the 64 bits of its secondary one."""
    return int(secondary, 16) if secondary else unit_id


LIVE_SECONDS, LIVE_SECONDS_ON_MBUS = 10, 900
MOST_CHANNELS = 31
EXPECTED_SECONDS = 120  # at a broker: how long a device is quiet at most while it is well


def live_seconds(protocol: BusProtocol) -> int:
    """This will return how often live values are asked where nobody says: M-Bus meters mostly live on a battery."""
    if protocol.is_mbus:
        return LIVE_SECONDS_ON_MBUS
    return LIVE_SECONDS if protocol.is_asked else EXPECTED_SECONDS


# "" is the order that the model's document gives.
BYTE_ORDERS = ("", *(each.value for each in ByteOrder))


class DeviceStatus(enum.StrEnum):
    """Whether a device answers."""

    NEVER = "NEVER"
    OK = "OK"
    SILENT = "SILENT"


DEVICE_STATUS_CAPTIONS = {
    DeviceStatus.NEVER: _("Not read yet"),
    DeviceStatus.OK: _("Answers"),
    DeviceStatus.SILENT: _("Silent"),
}


class BrokerState(enum.StrEnum):
    """How our connection to a broker is doing."""

    NEVER = "NEVER"
    CONNECTED = "CONNECTED"
    RETRYING = "RETRYING"


class RequestKind(enum.StrEnum):
    """What a device is asked to do."""

    READ_NOW = "READ_NOW"
    READ_MEMORY = "READ_MEMORY"  # what it remembers of the time in which nobody heard it


class Errand(enum.StrEnum):
    """What a test read is for; `READ` is everything that a model has."""

    READ = ""
    PRESENCE = "PRESENCE"  # a search that asks only who is there
    BLOCKS = "BLOCKS"  # registers that are named, whatever the model
    SUNSPEC = "SUNSPEC"  # the chain of models that the device says it has
    NUMBERS = "NUMBERS"  # a search that asks which M-Bus meters a mask fits


class RequestStatus(enum.StrEnum):
    """How far a device request is; the last three are final."""

    WAITING = "WAITING"
    TAKEN = "TAKEN"
    ANSWERED = "ANSWERED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will come."""
        return self in FINAL


FINAL = frozenset({RequestStatus.ANSWERED, RequestStatus.FAILED, RequestStatus.EXPIRED})

REQUEST_STATUS_CAPTIONS = {
    RequestStatus.WAITING: _("Waiting"),
    RequestStatus.TAKEN: _("Reading"),
    RequestStatus.ANSWERED: _("Answered"),
    RequestStatus.FAILED: _("Failed"),
    RequestStatus.EXPIRED: _("Expired"),
}


@dataclass(frozen=True)
class Problem:
    """Why a device could not be read, or not all of it. `words` are exact and in English, for the log and the row.

    `code` is that of a `contract.errors.DeviceError`, or one of those that `texts` adds.
    """

    code: str
    words: str
    remedy: str
    data: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, error: errors.DeviceError) -> Problem:
        """This will keep what a driver's error says."""
        data = {key: value if isinstance(value, int | str | None) else str(value) for key, value in error.data.items()}
        words = error.what
        if isinstance(error, errors.ExceptionAnswer):
            words = f"{error.what}: exception {error.exception}, {error.words}"
        return cls(code=error.code, words=words, remedy=error.remedy, data=data)

    def as_json(self) -> dict[str, Any]:
        """This will return what is stored."""
        return {"code": self.code, "words": self.words, "remedy": self.remedy, "data": dict(self.data)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> Problem | None:
        """This will read back what `as_json` returned; None for no problem."""
        if not stored:
            return None
        return cls(
            code=stored["code"], words=stored["words"], remedy=stored["remedy"], data=dict(stored.get("data", {}))
        )


LAST_GASP = Problem(
    "LAST_GASP",
    "the meter said itself that its supply failed",
    "Look at the fuse and the supply of the meter; it is read again once it has power.",
)
