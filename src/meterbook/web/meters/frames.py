"""The latest frame of a device, cut into its fields, so that a person can read the bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from meterbook.acquisition import queries as acquisition_queries
from meterbook.acquisition.values import BusProtocol
from meterbook.web.meters import mbus_frames
from meterbook.web.meters.mbus_frames import Piece

HEADER, CHECKSUM = 6, 2  # bytes: transaction, protocol and length of Modbus TCP; the CRC of RTU


@dataclass(frozen=True)
class FrameView:
    """The latest request and answer on the bus, cut into their fields."""

    at: datetime
    took_ms: int | None
    request: tuple[Piece, ...]
    response: tuple[Piece, ...]
    request_hex: str
    response_hex: str


def frame(device: acquisition_queries.DeviceRow | None) -> FrameView | None:
    """This will cut the device's latest frame into its fields (Modbus TCP has a header, RTU a checksum)."""
    if device is None or device.frame_at is None or not (device.request_hex or device.response_hex):
        return None
    return FrameView(
        at=device.frame_at,
        took_ms=device.took_ms,
        request=_cut(device, device.request_hex, is_answer=False),
        response=_cut(device, device.response_hex, is_answer=True),
        request_hex=device.request_hex,
        response_hex=device.response_hex,
    )


def _cut(device: acquisition_queries.DeviceRow, text: str, *, is_answer: bool) -> tuple[Piece, ...]:
    protocol = device.bus.protocol
    if protocol.is_mbus:
        return mbus_frames.pieces(text)
    if not protocol.is_asked:
        return (_as_text(text, "data" if is_answer else "address", _("Message") if is_answer else _("Topic")),)
    if protocol is BusProtocol.DSMR_TCP or protocol is BusProtocol.DSMR_SERIAL:
        return (_as_text(text, "data", _("Telegram of the meter")),)
    if protocol.is_telegram:
        return (Piece(bytes.fromhex(text).hex(" ").upper(), "data", _("Telegram of the meter")),)
    return _pieces(text, is_answer=is_answer)


def _as_text(text: str, kind: str, caption: str) -> Piece:
    """What is text on the wire is shown as such."""
    words = bytes.fromhex(text).decode(errors="replace")
    return Piece("".join(sign if sign.isprintable() or sign == "\n" else "" for sign in words), kind, caption)


def _pieces(text: str, *, is_answer: bool) -> tuple[Piece, ...]:
    data = bytes.fromhex(text)
    has_header = len(data) > HEADER and data[2:6] == (len(data) - HEADER).to_bytes(4, "big")
    start = HEADER if has_header else 0
    end = len(data) if has_header else max(start + 2, len(data) - CHECKSUM)
    cuts = [
        (data[:start], "header", _("Header: transaction, protocol, length")),
        (data[start : start + 1], "address", _("Unit address")),
        (data[start + 1 : start + 2], "function", _("Function")),
    ]
    start += 2
    if is_answer:
        cuts += [
            (data[start : start + 1], "count", _("Number of bytes")),
            (data[start + 1 : end], "data", _("Registers")),
        ]
    else:
        cuts += [
            (data[start : start + 2], "register", _("First register")),
            (data[start + 2 : end], "count", _("Number of registers")),
        ]
    cuts.append((data[end:], "header", _("Checksum")))
    return tuple(Piece(piece.hex(" ").upper(), kind, caption) for piece, kind, caption in cuts if piece)
