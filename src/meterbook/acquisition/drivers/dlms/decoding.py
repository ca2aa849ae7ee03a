"""DLMS/COSEM in whatever it comes: HDLC frames, the wrapper of TCP and UDP, bare APDUs, bare data."""

from __future__ import annotations

from meterbook.acquisition.contract.decoding import DecodeError, Options, Plain, one_or_frames
from meterbook.acquisition.contract.octets import Octets
from meterbook.acquisition.drivers.dlms import apdu, axdr, hdlc, profile

Fields = dict[str, Plain]
WRAPPER, WRAPPER_VERSION = 8, b"\x00\x01"


def decode(frame: bytes, *, options: Options) -> Fields:
    """This will decode one buffer; segments and blocks that are all in it are joined.

    :raises KeyNeeded, KeyWrong: when it is ciphered and cannot be opened
    :raises DecodeError: with the place where it is wrong
    """
    if frame[0] == hdlc.FLAG:
        told = _hdlc(frame, options)
    elif frame[:3] in hdlc.LLC:  # what is in an HDLC frame, as some adapters hand it on
        told = [_apdu(frame[3:], options, 3)]
    elif frame[:2] == WRAPPER_VERSION and len(frame) > WRAPPER:
        told = _wrapped(frame, options)
    else:
        told = [_bare(frame, options)]
    return one_or_frames(_with_blocks(told, options))


def _hdlc(buffer: bytes, options: Options) -> list[Fields]:
    told: list[Fields] = []
    held, start = b"", 0
    for frame in hdlc.frames(buffer):
        fields = frame.told
        if frame.kind in ("I", "UI") and frame.information:
            start = start if held else frame.start
            held += frame.information
            if not frame.is_segmented:
                skipped = 3 if held[:3] in hdlc.LLC else 0
                fields |= _apdu(held[skipped:], options, start + skipped)
                held = b""
        told.append(fields)
    if held:
        told[-1]["incomplete"] = "further segments are missing"
    if not told:
        raise DecodeError("there is no frame between the flags", place="byte 0")
    return told


def _wrapped(buffer: bytes, options: Options) -> list[Fields]:
    octets, told = Octets(buffer), []
    while octets.left:
        place, version = octets.place, octets.take(2, "wrapper version")
        if version != WRAPPER_VERSION:
            raise DecodeError(f"wrapper version {version.hex()}, only 0001 exists", place=place)
        source, destination = octets.number(2, "source port"), octets.number(2, "destination port")
        place, size = octets.place, octets.number(2, "length")
        if size > octets.left:
            raise DecodeError(f"length {size}, but {octets.left} bytes follow: the frame is cut off", place=place)
        start = octets.at
        told.append(
            {
                "source_wport": source,
                "destination_wport": destination,
                **_apdu(octets.take(size, "APDU"), options, start),
            }
        )
    return told


def _bare(frame: bytes, options: Options) -> Fields:
    if not apdu.is_tag(frame[0]):
        octets = Octets(frame)
        data = axdr.read(octets)
        octets.end("the data")
        return _data(data, options)
    try:
        return _apdu(frame, options, 0)
    except DecodeError as error:
        data_ = _whole_data(frame)  # 01 begins an initiate request and an array
        if data_ is None:
            raise error from None
        return _data(data_, options)


def _whole_data(frame: bytes) -> axdr.Data | None:
    octets = Octets(frame)
    try:
        data = axdr.read(octets)
        octets.end("the data")
    except DecodeError:
        return None
    return data


def _data(data: axdr.Data, options: Options) -> Fields:
    rows = profile.rows_of(data)
    return profile.told(rows, options.capture, options.step_minutes) if rows else {"data": data}


def _apdu(octets: bytes, options: Options, start: int) -> Fields:
    return _with_profile(apdu.decode(octets, options, start), options)


def _with_profile(fields: Fields, options: Options) -> Fields:
    data = fields.get("data")
    if options.capture and isinstance(data, dict):
        rows = profile.rows_of(data)
        if rows:
            return {**fields, "profile": profile.told(rows, options.capture, options.step_minutes)}
    return fields


def _with_blocks(told: list[Fields], options: Options) -> list[Fields]:
    """An answer in blocks is data only when all are there: the first is 1, none is missing, the last says so."""
    held, expected = b"", 1
    for fields in told:
        if "raw_data" not in fields:
            continue
        if fields["block_number"] != expected:
            return told
        held, expected = held + bytes.fromhex(str(fields["raw_data"])), expected + 1
        if fields["last_block"]:
            if fields["apdu"] == "GENERAL-BLOCK-TRANSFER":
                fields["joined_apdu"] = apdu.decode(held, options)
            else:
                octets = Octets(held)
                fields |= _with_profile({"data": axdr.read(octets)}, options)
            held, expected = b"", 1
    return told
