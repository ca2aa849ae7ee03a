"""Words of acquisition: protocols, how a device is doing, what it is asked, and why it could not be read."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from meterbook.acquisition.contract import errors
from meterbook.acquisition.library.orders import ByteOrder

REQUEST_LIFETIME = timedelta(seconds=30)  # real time: a person waits in front of a screen
PROBE_LIFETIME = timedelta(seconds=15)  # real time as well; a test read asks one meter once
SILENT_AFTER = 3  # failed cycles in a row; one lost frame is no news
UNIT_IDS = range(1, 248)  # Modbus: 0 is the broadcast, 248 to 255 are reserved
PORTS = range(1, 65_536)


class BusProtocol(enum.StrEnum):
    """What is spoken on a bus."""

    MODBUS_TCP = "MODBUS_TCP"


BUS_PROTOCOL_CAPTIONS = {BusProtocol.MODBUS_TCP: _("Modbus TCP")}
# What the meter models of the library call the protocol: registers are the same over every kind of line.
MODEL_PROTOCOL_OF = {BusProtocol.MODBUS_TCP: "MODBUS"}


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


class RequestKind(enum.StrEnum):
    """What a device is asked to do."""

    READ_NOW = "READ_NOW"


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
