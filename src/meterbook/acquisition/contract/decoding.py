"""What a decoder is given beside the frame, what it answers, and how it says where a frame is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Plain = str | int | Decimal | bool | None | list[Any] | dict[str, Any]


class DecodeError(ValueError):
    """A frame that cannot be decoded: `place` names the field or the byte, `known` what was read before it."""

    def __init__(self, what: str, *, place: str = "", known: Mapping[str, Plain] | None = None) -> None:
        super().__init__(f"{place}: {what}" if place else what)
        self.what, self.place, self.known = what, place, dict(known or {})


class KeyNeeded(DecodeError):
    """The frame is encrypted and no key was given."""


class KeyWrong(DecodeError):
    """The frame is encrypted and the key that was given does not open it."""


@dataclass(frozen=True)
class Options:
    """What the frame itself does not say.

    `key` is the encryption key, `authentication_key` the one of DLMS where it differs. `profile` is the part behind
    "lorawan:", `port` the LoRaWAN fPort. `request` is the question that a Modbus answer belongs to. `type` and
    `word_order` say how to read the registers of a Modbus answer (`library.words`). `system_title` is that of the
    meter whose ciphered APDU does not carry it. `registers` are words without a frame around them. `capture` and
    `step_minutes` describe the columns of a DLMS profile.
    """

    key: bytes | None = None
    profile: str | None = None
    port: int | None = None
    authentication_key: bytes | None = None
    system_title: bytes | None = None
    request: bytes | None = None
    type: str | None = None
    word_order: str = "big"
    registers: tuple[int, ...] = ()
    capture: tuple[str, ...] = ()
    step_minutes: int | None = None


def one_or_frames(frames: list[dict[str, Plain]]) -> dict[str, Plain]:
    """This will return the one frame of a buffer as it is, and several as {"frames": [...]}."""
    return frames[0] if len(frames) == 1 else {"frames": list(frames)}
