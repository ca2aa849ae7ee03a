"""Who sent a message, and that nobody changed it: the signed text, and its signatures with HMAC-SHA-256 or Ed25519.

The key that signs belongs to one gateway. The server signs what it tells a gateway to do with another one, of which the
gateway keeps the public half from its enrolment on.
"""

from __future__ import annotations

import base64
import binascii
import enum
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

VERSION = "meterbook-push-1"
HEADER = "Meterbook-"
GATEWAY, KEY, TIME, BOOT, SEQUENCE, SIGNATURE = "Gateway", "Key", "Time", "Boot", "Sequence", "Signature"
FIELDS = (GATEWAY, KEY, TIME, BOOT, SEQUENCE, SIGNATURE)
SECRET_BYTES = 32
BOOT_LENGTH = 32
LAST_SEQUENCE = 2**53  # what every language counts to without losing one
_LONGEST = 200


class Algorithm(enum.StrEnum):
    """How a gateway signs: with a secret that the server knows too, or with a key of which the server has half."""

    HMAC = "hmac-sha256"
    ED25519 = "ed25519"


class HeadersInvalid(ValueError):
    """A message needs the six headers Meterbook-Gateway, -Key, -Time, -Boot, -Sequence and -Signature."""


class KeyInvalid(ValueError):
    """A key is 32 bytes in base64."""


@dataclass(frozen=True)
class Stamp:
    """What stands in the headers of a message. `time` is when it was signed, in milliseconds since 1970.

    `boot` is drawn at every start of the gateway; `sequence` counts its messages of one kind from 1 within a boot.
    """

    gateway: str
    key: str
    time: int
    boot: str
    sequence: int
    signature: str = ""

    def headers(self) -> dict[str, str]:
        """This will return the headers of the message."""
        values = (self.gateway, self.key, str(self.time), self.boot, str(self.sequence), self.signature)
        return {HEADER + name: value for name, value in zip(FIELDS, values, strict=True)}


def read(headers: Mapping[str, str]) -> Stamp:
    """This will read the headers of a message; nothing of them is believed yet.

    :raises HeadersInvalid: when one is missing or has another shape
    """
    given = {name: str(headers.get(HEADER + name, "")).strip() for name in FIELDS}
    if any(not value or len(value) > _LONGEST for value in given.values()):
        raise HeadersInvalid(HeadersInvalid.__doc__)
    boot = given[BOOT]
    if len(boot) != BOOT_LENGTH or set(boot) - set("0123456789abcdef"):
        raise HeadersInvalid(f"Meterbook-Boot is {BOOT_LENGTH} hexadecimal digits in lower case.")
    return Stamp(
        gateway=given[GATEWAY],
        key=given[KEY],
        time=_number(given[TIME], TIME),
        boot=boot,
        sequence=_number(given[SEQUENCE], SEQUENCE),
        signature=given[SIGNATURE],
    )


def canonical(method: str, path: str, stamp: Stamp, body: bytes) -> bytes:
    """This will return the text that is signed: nine lines, the last of them the SHA-256 of the body as it is sent.

    :param path: with the query, as it stands in the request
    :param body: as it goes over the line, so compressed where it is
    """
    digest = hashlib.sha256(body).hexdigest()
    parts = (VERSION, method, path, stamp.gateway, stamp.key, str(stamp.time), stamp.boot, str(stamp.sequence), digest)
    return "\n".join(parts).encode()


def sign(algorithm: Algorithm, secret: bytes, text: bytes) -> str:
    """This will return the signature in base64.

    :raises KeyInvalid: when the secret has not 32 bytes
    """
    if len(secret) != SECRET_BYTES:
        raise KeyInvalid(KeyInvalid.__doc__)
    if algorithm is Algorithm.HMAC:
        return _encode(hmac.digest(secret, text, "sha256"))
    return _encode(Ed25519PrivateKey.from_private_bytes(secret).sign(text))


def is_genuine(algorithm: Algorithm, key: bytes, text: bytes, signature: str) -> bool:
    """This will tell whether a signature fits.

    :param key: the secret of HMAC, the public half of Ed25519
    """
    try:
        given = decode(signature)
    except KeyInvalid:
        return False
    if algorithm is Algorithm.HMAC:
        return hmac.compare_digest(hmac.digest(key, text, "sha256"), given)
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(given, text)
    except (InvalidSignature, ValueError):
        return False
    return True


def new_secret() -> bytes:
    """This will draw a secret of either algorithm."""
    return secrets.token_bytes(SECRET_BYTES)


def new_boot() -> str:
    """This will draw what tells one start of a gateway from the others."""
    return secrets.token_hex(BOOT_LENGTH // 2)


def public_half(secret: bytes) -> bytes:
    """This will return the public half of an Ed25519 secret."""
    return Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def encode(key: bytes) -> str:
    """This will write a key in base64."""
    return _encode(key)


def decode(text: str, *, length: int | None = None) -> bytes:
    """This will read base64.

    :raises KeyInvalid: when it is none, or has not `length` bytes
    """
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise KeyInvalid(KeyInvalid.__doc__) from error
    if length is not None and len(found) != length:
        raise KeyInvalid(KeyInvalid.__doc__)
    return found


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _number(text: str, name: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > len(str(LAST_SEQUENCE)):
        raise HeadersInvalid(f"Meterbook-{name} is a whole number above zero.")
    found = int(text)
    if not 0 < found <= LAST_SEQUENCE:
        raise HeadersInvalid(f"Meterbook-{name} is a whole number above zero.")
    return found
