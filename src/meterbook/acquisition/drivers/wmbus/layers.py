"""Between link and application: the extended link layer and the authentication layer (EN 13757-4 and -7)."""

from __future__ import annotations

from dataclasses import dataclass

from meterbook.acquisition.contract.decoding import DecodeError, KeyNeeded, KeyWrong
from meterbook.acquisition.contract.octets import Octets
from meterbook.acquisition.drivers.wmbus import link as link_layer
from meterbook.acquisition.drivers.wmbus import security

# CI of the extended link layer: whether it names the other end, and whether it has session number and check sum.
EXTENDED = {0x8C: (False, False), 0x8D: (False, True), 0x8E: (True, False), 0x8F: (True, True)}
AUTHENTICATION = 0x90
ENCRYPTED_WITH_CTR = 1
MAC_SIZES = {3: 2, 4: 4, 5: 8, 6: 12, 7: 16, 8: 12}
HAS_CONTROL, HAS_LENGTH, HAS_COUNTER, HAS_MAC, HAS_KEY = 0x2000, 0x1000, 0x0800, 0x0400, 0x0200


@dataclass(frozen=True)
class Authentication:
    """What the authentication layer says; `mac` is over what `authenticated` gives."""

    control: bytes = b""
    counter: bytes = b""
    length: bytes = b""
    mac: bytes = b""

    def authenticated(self, message: bytes) -> bytes:
        """The bytes that the MAC is made of: control, counter and length, then the message from its CI on."""
        return self.control + self.counter + self.length + message


def through_extended(frame: link_layer.Link, octets: Octets, key: bytes | None) -> Octets:
    """This will read the extended link layer, where there is one, and return a cursor at the next CI.

    What is marked as encrypted and has a check sum that fits as it is was opened by the receiver already.

    :raises meterbook.acquisition.contract.decoding.KeyNeeded: when it is encrypted and there is no key
    :raises meterbook.acquisition.contract.decoding.KeyWrong: when the key does not open it
    """
    ci = octets.peek("CI")
    if ci not in EXTENDED:
        return octets
    octets.byte("CI")
    has_other, has_session = EXTENDED[ci]
    control, _access = octets.take(1, "communication control"), octets.byte("access number")
    if has_other:
        octets.take(8, "address of the other end")
    if not has_session:
        return octets
    session = octets.take(4, "session number")
    start = octets.start + octets.at
    rest = octets.rest()
    if _is_whole(rest):
        return Octets(rest[2:], start + 2)
    if session[3] >> 5 != ENCRYPTED_WITH_CTR:
        raise DecodeError("the check sum of the payload does not fit", place=f"byte {start}")
    if key is None:
        raise KeyNeeded("the payload is encrypted (AES-CTR)", place=f"byte {start}")
    plain = security.ctr(key, frame.address + control + session + bytes(3), rest)
    if not _is_whole(plain):
        raise KeyWrong("the key does not open the payload", place=f"byte {start}")
    return Octets(plain[2:], start + 2)


def _is_whole(payload: bytes) -> bool:
    return len(payload) > 2 and link_layer.crc(payload[2:]) == int.from_bytes(payload[:2], "little")


def authentication(octets: Octets) -> Authentication:
    """This will read the authentication layer, where there is one; the cursor stands at the next CI.

    :raises meterbook.acquisition.contract.decoding.DecodeError: for one part of a message that was sent in several
    """
    if octets.peek("CI") != AUTHENTICATION:
        return Authentication()
    octets.byte("CI")
    part = octets.part(octets.byte("length of the authentication layer"), "authentication layer")
    flags = part.number(2, "fragmentation control", order="little")
    if flags & 0x4000:
        raise DecodeError("this is one part of a message in several", place=part.place)
    control = part.take(1, "message control") if flags & HAS_CONTROL else b""
    if flags & HAS_KEY:
        part.take(2, "key information")
    counter = part.take(4, "message counter") if flags & HAS_COUNTER else b""
    size = MAC_SIZES.get(control[0] & 0x0F, 0) if control else 0
    mac = part.take(size, "MAC") if flags & HAS_MAC else b""
    length = part.take(2, "message length") if flags & HAS_LENGTH else b""
    return Authentication(control, counter, length, mac)
