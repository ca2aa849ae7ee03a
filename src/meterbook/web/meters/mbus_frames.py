"""Frames of M-Bus, cut into their fields: a readout is several of them, one behind the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

ACKNOWLEDGE, SHORT_START, LONG_START = 0xE5, 0x10, 0x68
SHORT_SIZE, AROUND = 5, 6


@dataclass(frozen=True)
class Piece:
    """Bytes of a frame that belong together."""

    text: str
    kind: str
    caption: str


def pieces(text: str) -> tuple[Piece, ...]:
    """This will cut what went over the line; what is no frame comes as it is.

    :param text: frames in hex, without spaces
    """
    found: list[Piece] = []
    for frame in _frames(bytes.fromhex(text)):
        cuts = [(piece, kind, caption) for piece, kind, caption in _cuts(frame) if piece]
        found += [Piece(piece.hex(" ").upper(), kind, caption) for piece, kind, caption in cuts]
    return tuple(found)


def _frames(octets: bytes) -> Iterator[bytes]:
    while octets:
        size = 1
        if octets[0] == SHORT_START:
            size = SHORT_SIZE
        elif octets[0] == LONG_START and len(octets) > 1:
            size = octets[1] + AROUND
        yield octets[:size]
        octets = octets[size:]


def _cuts(frame: bytes) -> list[tuple[bytes, str, str]]:
    if frame[0] == ACKNOWLEDGE:
        return [(frame, "function", _("Acknowledgement"))]
    start = 4 if frame[0] == LONG_START else 1
    head = [
        (frame[:start], "header", _("Start and length")),
        (frame[start : start + 1], "function", _("Control")),
        (frame[start + 1 : start + 2], "address", _("Address")),
    ]
    end = [(frame[-2:], "header", _("Checksum and stop"))]
    if frame[0] != LONG_START:
        return head + end
    return [
        *head,
        (frame[start + 2 : start + 3], "register", _("Kind of content")),
        (frame[start + 3 : -2], "data", _("Identification and records")),
        *end,
    ]
