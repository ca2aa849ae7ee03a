"""A telegram of wireless M-Bus, from its length byte to its records; wired frames with the same content as well.

Pure: no receiver, no clock. Layers: link (EN 13757-4), extended link, authentication and transport (EN 13757-7),
application (EN 13757-3). What is marked as encrypted and is plain already, as many receivers hand it on, is taken so.
"""

from __future__ import annotations

from dataclasses import dataclass

from meterbook.acquisition.contract.decoding import DecodeError, KeyNeeded, KeyWrong
from meterbook.acquisition.contract.octets import Octets
from meterbook.acquisition.drivers.wmbus import compact, layers, scrambled, security
from meterbook.acquisition.drivers.wmbus import link as link_layer
from meterbook.acquisition.library.en13757 import identity, kinds, records, registers, wired

COMPACT = {0x79: 0x78, 0x7B: 0x7A, 0x73: 0x72}  # CI of a compact frame: the CI of the full one
FORMAT = (0x69, 0x6A, 0x6B)
ENCRYPTED_CBC, ENCRYPTED_DERIVED = 5, 7
SCRAMBLED = 0x10
DEFAULT_KEYS = tuple(seed * 2 for seed in scrambled.SEEDS)
OWN = range(0xA0, 0xB8)


class ModeUnknown(DecodeError):
    """The records are encrypted in a way that is not known here; what stands outside is told all the same."""


@dataclass(frozen=True)
class Telegram:
    """An opened telegram. `sender` is who measured, `link` who sent. A payload in the maker's own format is one
    record, with the CI as its header."""

    sender: identity.Identity
    link: identity.Identity
    status: int
    records: tuple[records.Record, ...]
    fault: DecodeError | None = None
    ci: int = 0
    frame: bytes = b""

    @property
    def readings(self) -> tuple[registers.Reading, ...]:
        """The records by the names that a meter-model document uses."""
        return registers.readings(self.records)


def read(frame: bytes, *, key: bytes | None = None) -> Telegram:
    """This will open a telegram, with its key where it is encrypted.

    :raises meterbook.acquisition.contract.decoding.KeyNeeded: when it is encrypted and there is no key
    :raises meterbook.acquisition.contract.decoding.KeyWrong: when the key does not open it
    :raises meterbook.acquisition.contract.decoding.DecodeError: with the byte that is wrong
    """
    if frame[:1] == bytes([wired.LONG_START]) and frame[3:4] == bytes([wired.LONG_START]):
        return _wired(frame, key)
    first, *others = link_layer.parse(frame)
    telegram = _wireless(first, key)
    for other in others if telegram.fault else ():
        longer = _wireless(other, key)
        telegram = max(telegram, longer, key=lambda read: len(read.records))
    return telegram


def _wireless(link: link_layer.Link, key: bytes | None) -> Telegram:
    octets = layers.through_extended(link, Octets(link.octets[link.CI_AT :], link.CI_AT), key)
    authentication = layers.authentication(octets)
    message = octets.frame[octets.at :]
    ci = octets.byte("CI")
    if ci in OWN:
        who = link.transposed if _is_transposed(link) else link.identity
        place, own = octets.start + octets.at, octets.rest()
        whole = records.Record(place, bytes([ci]), own, records.Function.MANUFACTURER, value=own)
        return Telegram(who, link.identity, 0, (whole,), ci=ci, frame=link.octets)
    header = identity.header(COMPACT.get(ci, ci), octets)
    if link.identity.manufacturer in link_layer.TRANSPOSED and header.mode & SCRAMBLED and ci == 0x7A:
        return _scrambled(link, header)
    address = header.raw_address or link.address
    sender = header.identity or link.identity
    try:
        found = _application(ci, header, address, octets, (authentication, message, key))
    except ModeUnknown as error:
        found = records.Records((), error)
    except (KeyNeeded, KeyWrong) as error:
        error.known |= {"id": sender.number.lower(), "manufacturer": sender.manufacturer, "media": sender.media}
        raise
    return Telegram(sender, link.identity, header.status or 0, found.records, found.fault, ci, frame=link.octets)


def _wired(frame: bytes, key: bytes | None) -> Telegram:
    link = wired.parse(frame)
    octets = Octets(link.data, wired.DATA_AT)
    header = identity.header(link.ci or 0, octets)
    if header.identity is None:
        raise DecodeError(f"CI {link.ci or 0:02x} does not say which meter it is", place="byte 6")
    message = (layers.Authentication(), b"", key)
    is_encrypted = key is not None and header.mode in (ENCRYPTED_CBC, ENCRYPTED_DERIVED)
    if is_encrypted:
        found = _application(link.ci or 0, header, header.raw_address, octets, message)
    else:
        place = octets.start + octets.at
        found = records.parse(octets.rest(), start=place)
    return Telegram(header.identity, header.identity, header.status or 0, found.whole(), ci=link.ci or 0, frame=frame)


def _is_transposed(link: link_layer.Link) -> bool:
    return link.identity.manufacturer in link_layer.TRANSPOSED and link.identity.manufacturer != "SAP"


def _application(
    ci: int,
    header: identity.Header,
    address: bytes,
    octets: Octets,
    message: tuple[layers.Authentication, bytes, bytes | None],
) -> records.Records:
    place = octets.start + octets.at
    plain = _opened(header, address, octets, message)
    if ci in COMPACT:
        fillers = len(security.FILLERS) if plain[:2] == security.FILLERS else 0
        expanded = compact.expanded(Octets(plain[fillers:], place + fillers), kinds.formats())
        return records.Records(records.parse(expanded.full, start=place).whole(), expanded.fault)
    if ci in FORMAT:
        raise DecodeError("a format frame describes records and carries none", place=f"byte {place - 1}")
    found = records.parse(plain, start=place)
    if found.fault and not found.records:
        raise found.fault
    return found


def _opened(
    header: identity.Header,
    address: bytes,
    octets: Octets,
    message: tuple[layers.Authentication, bytes, bytes | None],
) -> bytes:
    authentication, signed, key = message
    if header.mode == ENCRYPTED_DERIVED:
        octets.byte("extension of the configuration")
    place, rest = octets.place, octets.rest()
    if header.mode not in (ENCRYPTED_CBC, ENCRYPTED_DERIVED) or rest[:2] == security.FILLERS:
        if header.mode not in (0, ENCRYPTED_CBC, ENCRYPTED_DERIVED) and rest[:2] != security.FILLERS:
            raise ModeUnknown(f"security mode {header.mode} cannot be opened", place=place)
        return rest
    size = security.BLOCK * (header.configuration >> 4 & 0x0F)
    if not size:
        return rest
    vector = address + bytes([header.access or 0]) * 8
    if key is None:
        return _opened_by_default(header, vector, rest, size, place)
    if header.mode == ENCRYPTED_DERIVED:
        _check_mac(authentication, signed, key, address[2:6])
        key, vector = _derived(security.FOR_ENCRYPTION, authentication, key, address[2:6]), bytes(security.BLOCK)
    if len(rest) < size:
        raise DecodeError(f"{size} bytes are encrypted, {len(rest)} are left", place=place)
    plain = security.cbc(key, vector, rest[:size]) + rest[size:]
    if plain[:2] != security.FILLERS:
        raise KeyWrong("the key does not open the records", place=place)
    return plain


def _opened_by_default(header: identity.Header, vector: bytes, rest: bytes, size: int, place: str) -> bytes:
    """Some makers deliver every meter with one and the same key."""
    if header.mode == ENCRYPTED_CBC and len(rest) >= size:
        for key in DEFAULT_KEYS:
            plain = security.cbc(key, vector, rest[:size]) + rest[size:]
            if plain[:2] == security.FILLERS:
                return plain
    raise KeyNeeded(f"the records are encrypted (mode {header.mode})", place=place)


def _derived(purpose: int, authentication: layers.Authentication, key: bytes, number: bytes) -> bytes:
    if not authentication.counter:
        raise DecodeError("mode 7 needs the message counter of an authentication layer", place="byte 10")
    return security.derived(key, purpose, authentication.counter, number)


def _check_mac(authentication: layers.Authentication, signed: bytes, key: bytes, number: bytes) -> None:
    if not authentication.mac:
        return
    own = _derived(security.FOR_AUTHENTICATION, authentication, key, number)
    made = security.mac(own, authentication.authenticated(signed))
    if made[: len(authentication.mac)] != authentication.mac:
        raise KeyWrong("the MAC does not fit: another key, or a changed telegram", place="byte 10")


def _scrambled(link: link_layer.Link, header: identity.Header) -> Telegram:
    """What makes the most records that mean something is right: bytes that are still scrambled rarely make two."""
    read = [records.parse(plain, start=scrambled.DATA_AT) for plain in scrambled.candidates(link.octets)]
    whole = [found for found in read if not found.fault and _meaningful(found)]
    if not whole:
        raise DecodeError("no known seed opens the scrambled records", place=f"byte {scrambled.DATA_AT}")
    best = max(whole, key=_meaningful)
    return Telegram(link.transposed, link.identity, header.status or 0, best.records, ci=header.ci, frame=link.octets)


def _meaningful(found: records.Records) -> int:
    return sum(record.quantity not in ("", "Reserved", "Manufacturer specific") for record in found.records)
