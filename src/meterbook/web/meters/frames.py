"""The latest frame of a device, cut into its fields, so that a person can read the bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from meterbook.acquisition import queries as acquisition_queries


@dataclass(frozen=True)
class Piece:
    """Bytes of a frame that belong together."""

    text: str
    kind: str
    caption: str


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
    """This will cut the device's latest frame into its fields (Modbus TCP: header, unit, function, data)."""
    if device is None or device.frame_at is None or not device.request_hex:
        return None
    return FrameView(
        at=device.frame_at,
        took_ms=device.took_ms,
        request=_pieces(device.request_hex, is_answer=False),
        response=_pieces(device.response_hex, is_answer=True),
        request_hex=device.request_hex,
        response_hex=device.response_hex,
    )


def _pieces(text: str, *, is_answer: bool) -> tuple[Piece, ...]:
    data = bytes.fromhex(text)
    cuts = [
        (data[0:6], "header", _("Header: transaction, protocol, length")),
        (data[6:7], "address", _("Unit address")),
        (data[7:8], "function", _("Function")),
    ]
    if is_answer:
        cuts += [(data[8:9], "count", _("Number of bytes")), (data[9:], "data", _("Registers"))]
    else:
        cuts += [(data[8:10], "register", _("First register")), (data[10:], "count", _("Number of registers"))]
    return tuple(Piece(piece.hex(" ").upper(), kind, caption) for piece, kind, caption in cuts if piece)
