"""Axioma Qalcosonic W1, an ultrasonic water meter: total volume, and hourly volumes to fill gaps with."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from meterbook.acquisition.contract.decoding import DecodeError, Plain
from meterbook.acquisition.contract.octets import Octets
from meterbook.acquisition.drivers.lorawan.fields import THOUSANDTH, Fields, require_port

PORTS = (100,)
ENHANCED, ENHANCED_SIZE = 1, 51
DELTAS, DELTA_BITS, MULTIPLIER_BITS = 23, 14, 6
HEAD, HEAD_WITH_LOG = 9, 17
NO_LOG = 0xFFFF_FFFF


def decode(payload: bytes, port: int | None) -> Fields:
    """This will decode the payload with 23 packed hours (51 bytes) and the one with 16-bit hours behind the log's time.

    The log's volume is the oldest; each hourly volume follows the one before: log 5.938 m3 and hours that sum up
    to 0.116 m3 are 6.054 m3 now.

    :raises DecodeError: when the length is none of the two
    """
    require_port(port, PORTS, "Qalcosonic W1")
    if len(payload) == ENHANCED_SIZE and payload[0] == ENHANCED:
        return _enhanced(payload)
    return _plain(payload)


def _enhanced(payload: bytes) -> Fields:
    octets = Octets(payload)
    octets.byte("version")
    at, status = octets.number(4, "time", order="little"), octets.byte("status")
    log, packed = octets.number(4, "volume of the log", order="little"), int.from_bytes(octets.rest(), "little")
    deltas = [packed >> DELTA_BITS * hour & ((1 << DELTA_BITS) - 1) for hour in range(DELTAS)]
    multiplier = packed >> DELTA_BITS * DELTAS & ((1 << MULTIPLIER_BITS) - 1)
    if multiplier:
        raise DecodeError(f"multiplier {multiplier}: what it does to the hours is not known", place="byte 50")
    return {
        **_told(at, status),
        "log_volume_m3": log * THOUSANDTH,
        "current_volume_m3": (log + sum(deltas)) * THOUSANDTH,
        "hourly_delta_m3": _cubic(deltas),
    }


def _plain(payload: bytes) -> Fields:
    octets = Octets(payload)
    at, status = octets.number(4, "time", order="little"), octets.byte("status")
    fields: Fields = {**_told(at, status), "current_volume_m3": octets.number(4, "volume", order="little") * THOUSANDTH}
    if len(payload) == HEAD:
        return fields
    log_at, log = (
        octets.number(4, "time of the log", order="little"),
        octets.number(4, "volume of the log", order="little"),
    )
    if octets.left % 2:
        raise DecodeError("the hourly volumes take two bytes each", place=octets.place)
    deltas = [octets.number(2, "hourly volume", order="little") for _ in range(octets.left // 2)]
    if log_at == NO_LOG:
        return fields
    return {
        **fields,
        "log_timestamp_unix": log_at,
        "log_volume_m3": log * THOUSANDTH,
        "hourly_delta_m3": _cubic(deltas),
    }


def _cubic(liters: list[int]) -> list[Plain]:
    return [liter * THOUSANDTH if liter else Decimal(0) for liter in liters]


def _told(at: int, status: int) -> Fields:
    backflow, burst = status & 0x60 == 0x60, status & 0xA0 == 0xA0
    return {
        "timestamp_unix": at,
        "timestamp_utc": datetime.fromtimestamp(at, UTC).isoformat(),
        "status": status,
        "low_battery": bool(status & 0x04),
        "permanent_error": bool(status & 0x08),
        "temporary_error": bool(status & 0x10),
        "pipe_empty": status == 0x10,
        "backflow": backflow,
        "burst": burst,
        "leakage": bool(status & 0x20) and not backflow and not burst,
        "low_temperature": bool(status & 0x80) and not burst,
    }
