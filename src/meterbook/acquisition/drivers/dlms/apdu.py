"""An APDU by its tag, opened with the key where it is ciphered."""

from __future__ import annotations

import dataclasses

from meterbook.acquisition.contract import ciphering
from meterbook.acquisition.contract.decoding import DecodeError, KeyNeeded, Options, Plain
from meterbook.acquisition.contract.octets import Octets
from meterbook.acquisition.drivers.dlms import axdr, initiating, services

Fields = dict[str, Plain]
PLAIN = {
    0x01: initiating.request,
    0x08: initiating.response,
    0x0E: initiating.service_error,
    0x0F: services.notification,
    0xC2: services.event,
    0xD8: initiating.exception,
}
CIPHERED = {
    0x21: "glo-initiate-request",
    0x28: "glo-initiate-response",
    **{
        base + offset: f"{prefix}-{name}"
        for base, prefix in ((0xC8, "glo"), (0xD0, "ded"))
        for offset, name in (
            (0, "get-request"),
            (1, "set-request"),
            (2, "event-notification-request"),
            (3, "action-request"),
            (4, "get-response"),
            (5, "set-response"),
            (7, "action-response"),
        )
    },
}
GENERAL = {0xDB: "general-glo-ciphering", 0xDC: "general-ded-ciphering"}
GENERAL_CIPHERING, GENERAL_BLOCK = 0xDD, 0xE0
KEY_IDS = {0: "global unicast key", 1: "global broadcast key"}
WRAPPED_KEYS = {0: "master key"}


def is_tag(tag: int) -> bool:
    """Whether a byte begins an APDU."""
    known = (PLAIN, CIPHERED, GENERAL, services.SERVICES, initiating.ASSOCIATION)
    return any(tag in each for each in known) or tag in (GENERAL_CIPHERING, GENERAL_BLOCK)


def decode(octets: bytes, options: Options, start: int = 0) -> Fields:
    """This will decode one APDU.

    :param start: where it begins in the frame, for the places in complaints
    :raises KeyNeeded, KeyWrong: when it is ciphered and cannot be opened
    :raises DecodeError: when the tag is unknown or a field is wrong
    """
    cursor = Octets(octets, start)
    tag = cursor.byte("tag of the APDU")
    if tag in initiating.ASSOCIATION:
        fields = initiating.association(cursor, tag, lambda inner, place: _information(inner, options, place, octets))
    elif tag in services.SERVICES:
        fields = services.service(cursor, tag)
    elif tag in PLAIN:
        fields = PLAIN[tag](cursor)
    elif tag in CIPHERED or tag in GENERAL or tag == GENERAL_CIPHERING:
        return _ciphered(cursor, tag, options)
    elif tag == GENERAL_BLOCK:
        fields = _general_block(cursor)
    else:
        raise DecodeError(f"0x{tag:02x} begins no APDU that is read here", place=f"byte {start}")
    cursor.end("the APDU")
    return fields


def _ciphered(cursor: Octets, tag: int, options: Options) -> Fields:
    name, header, title = CIPHERED.get(tag) or GENERAL.get(tag) or "general-ciphering", b"", options.system_title or b""
    key_name = "dedicated key" if "ded" in name.split("-") else "encryption key"
    extra: Fields = {}
    if tag in GENERAL:
        title = cursor.take(axdr.length(cursor), "system title")
    elif tag == GENERAL_CIPHERING:
        begin = cursor.at
        extra, title = _general_header(cursor)
        header = cursor.frame[begin : cursor.at]
        extra |= _key_info(cursor)
    sealed = ciphering.read(cursor.part(axdr.length(cursor), name), title, header)
    cursor.end("the ciphered APDU")
    told: Fields = {"apdu": name.upper(), **extra, **sealed.told}
    if "agreed" in str(extra.get("key")):
        raise KeyNeeded(
            "the key was agreed by Diffie-Hellman; the private key of the receiver is needed, which nobody holds here",
            place=sealed.place,
            known=told,
        )
    try:
        plain = ciphering.open_sealed(sealed, options, key_name=key_name)
    except DecodeError as error:
        error.known = {**told, **error.known}
        raise
    inner = decode(plain, dataclasses.replace(options, system_title=title or None))
    kind = str(inner["apdu"]).lower()
    return {**told, "plain": f"{kind} APDU", "plain_hex": plain.hex(), "plain_apdu": inner}


def _general_header(cursor: Octets) -> tuple[Fields, bytes]:
    names = ("transaction id", "originator", "recipient", "date and time", "other information")
    transaction, originator, recipient, _, _ = (cursor.take(axdr.length(cursor), name) for name in names)
    return {"transaction_id": transaction.hex(), "recipient": recipient.hex()}, originator


def _key_info(cursor: Octets) -> Fields:
    if not cursor.byte("key information follows"):
        return {"key": "as agreed beforehand"}
    place, choice = cursor.place, cursor.byte("kind of key")
    if choice == 0:
        number = cursor.byte("key id")
        return {"key": KEY_IDS.get(number, f"key {number}")}
    if choice == 1:
        number = cursor.byte("wrapping key")
        cursor.take(axdr.length(cursor), "wrapped key")
        return {"key": f"wrapped with the {WRAPPED_KEYS.get(number, f'key {number}')}"}
    if choice == 2:
        parameters = cursor.take(axdr.length(cursor), "key parameters")
        cursor.take(axdr.length(cursor), "key data")
        return {"key": f"agreed by Diffie-Hellman ({parameters.hex()})"}
    raise DecodeError(f"{choice} is no kind of key information", place=place)


def _information(inner: bytes, options: Options, place: int, outer: bytes) -> Fields:
    """The title of the sender stands in the association around; a ciphered initiate needs no key to be told."""
    given = options
    at = outer.find(b"\xa6\x0a\x04\x08" if outer[0] == 0x60 else b"\xa4\x0a\x04\x08")
    if options.system_title is None and at >= 0:
        given = dataclasses.replace(options, system_title=outer[at + 4 : at + 12])
    try:
        return decode(inner, given, place)
    except KeyNeeded as error:
        return {**error.known, "key_needed": error.what}


def _general_block(cursor: Octets) -> Fields:
    control, number, acknowledged = cursor.byte("block control"), cursor.number(2, "block"), cursor.number(2, "block")
    return {
        "apdu": "GENERAL-BLOCK-TRANSFER",
        "last_block": bool(control & 0x80),
        "streaming": bool(control & 0x40),
        "window": control & 0x3F,
        "block_number": number,
        "acknowledged": acknowledged,
        "raw_data": cursor.take(axdr.length(cursor), "block").hex(),
    }
