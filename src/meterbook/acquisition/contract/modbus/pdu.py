"""Modbus function codes (Application Protocol 1.1b3, 6): what a PDU asks or answers.

A frame does not say whether it is a question or an answer: the one whose lengths fit is taken, the question first
unless the question is known.
"""

from __future__ import annotations

from collections.abc import Callable

from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.decoding import DecodeError, Plain
from meterbook.acquisition.contract.modbus import rare
from meterbook.acquisition.contract.octets import Octets

Fields = dict[str, Plain]
Shape = Callable[[Octets], Fields]
EXCEPTION_BIT = 0x80
LONGEST = 253
MOST_BITS, MOST_WORDS = 2000, 125
COIL = {0xFF00: True, 0: False}


def decode(pdu: bytes, *, start: int = 0, asked: Fields | None = None) -> Fields:
    """This will return function and fields of a PDU: 03 007c 0002 are fc 3, address 124, count 2.

    :param start: where the PDU begins in the frame
    :param asked: the decoded question, when this is its answer
    :raises DecodeError: when the function is unknown or no shape of it fits
    """
    octets = Octets(pdu, start)
    function = octets.byte("function")
    if function & EXCEPTION_BIT:
        return _exception(octets, function)
    if function not in SHAPES:
        raise DecodeError(f"function {function} (0x{function:02x}) is not one of Modbus", place=f"byte {start}")
    question, answer = SHAPES[function]
    both = [("question", question), ("answer", answer)]
    complaints: list[tuple[str, DecodeError]] = []
    for name, shape in reversed(both) if asked else both:  # also when asked: a master asks again after no answer
        body = Octets(pdu[1:], start + 1)
        try:
            fields = shape(body)
            body.end(f"function {function}")
            return {"fc": function, **_trimmed(fields, asked)}
        except DecodeError as error:
            complaints.append((name, error))
    told = "; ".join(f"as {name}: {error.what} at {error.place}" for name, error in complaints)
    raise DecodeError(f"function {function} does not fit, {told}", place=f"byte {start}")


def is_question(fields: Fields) -> bool:
    """Whether these fields ask for something, so that the next frame may be the answer."""
    return "count" in fields and "registers" not in fields and "bits" not in fields


def lengths(frame: bytes) -> list[int]:
    """This will return how long the PDU at the start of these bytes may be, shortest first; nothing if unknown."""
    if not frame:
        return []
    if frame[0] & EXCEPTION_BIT:
        return [2]
    function, found = frame[0], set(FIXED.get(frame[0], ()))
    for at, width, extra in COUNTED.get(function, ()):
        if len(frame) >= at + width:
            found.add(extra + int.from_bytes(frame[at : at + width], "big"))
    if function == rare.DEVICE_IDENTIFICATION:
        found |= set(range(4, LONGEST + 1))
    return sorted(size for size in found if size <= LONGEST)


def _exception(octets: Octets, function: int) -> Fields:
    code = octets.byte("exception code")
    octets.end("the exception code")
    words, _ = errors.EXCEPTIONS.get(code, ("unknown exception", ""))
    return {"fc": function & ~EXCEPTION_BIT, "exception": code, "meaning": words}


def _trimmed(fields: Fields, asked: Fields | None) -> Fields:
    bits, count = fields.get("bits"), (asked or {}).get("count")
    if isinstance(bits, list) and isinstance(count, int) and "count" not in fields and count <= len(bits):
        return {**fields, "bits": bits[:count]}
    return fields


def _span(most: int) -> Shape:
    def read(octets: Octets) -> Fields:
        address, place, count = octets.number(2, "address"), octets.place, octets.number(2, "count")
        if not 1 <= count <= most or address + count > 65_536:
            raise DecodeError(f"{count} items from address {address} are not allowed", place=place)
        return {"address": address, "count": count}

    return read


def _counted(octets: Octets) -> bytes:
    place, size = octets.place, octets.byte("byte count")
    if size != octets.left:
        raise DecodeError(f"byte count {size}, but {octets.left} bytes follow", place=place)
    return octets.take(size, "data")


def _words(octets: Octets) -> list[Plain]:
    place, data = octets.place, _counted(octets)
    if len(data) % 2 or not data:
        raise DecodeError(f"byte count {len(data)} is no number of registers", place=place)
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]


def _bits(data: bytes) -> list[Plain]:
    return [bool(octet >> bit & 1) for octet in data for bit in range(8)]


def _read_bits(octets: Octets) -> Fields:
    return {"bits": _bits(_counted(octets))}


def _read_words(octets: Octets) -> Fields:
    return {"registers": _words(octets)}


def _write_coil(octets: Octets) -> Fields:
    address, place, value = octets.number(2, "address"), octets.place, octets.number(2, "value")
    if value not in COIL:
        raise DecodeError(f"a coil is written with ff00 or 0000, not {value:04x}", place=place)
    return {"address": address, "value": COIL[value]}


def _write_word(octets: Octets) -> Fields:
    return {"address": octets.number(2, "address"), "value": octets.number(2, "value")}


def _write_bits(octets: Octets) -> Fields:
    fields = _span(1968)(octets)
    place, bits, count = octets.place, _bits(_counted(octets)), fields["count"]
    if not isinstance(count, int) or len(bits) != (count + 7) // 8 * 8:
        raise DecodeError(f"{count} coils do not fill {len(bits) // 8} bytes", place=place)
    return {**fields, "bits": bits[:count]}


def _write_words(octets: Octets) -> Fields:
    fields = _span(123)(octets)
    place, words = octets.place, _words(octets)
    if len(words) != fields["count"]:
        raise DecodeError(f"{fields['count']} registers are announced, {len(words)} follow", place=place)
    return {**fields, "registers": words}


def _read_write(octets: Octets) -> Fields:
    read, written = _span(MOST_WORDS)(octets), _span(121)(octets)
    place, words = octets.place, _words(octets)
    if len(words) != written["count"]:
        raise DecodeError(f"{written['count']} registers are announced, {len(words)} follow", place=place)
    return {**read, "write_address": written["address"], "write_count": written["count"], "write_registers": words}


def _mask(octets: Octets) -> Fields:
    address = octets.number(2, "address")
    return {"address": address, "and_mask": octets.number(2, "AND mask"), "or_mask": octets.number(2, "OR mask")}


# function -> (question, answer)
SHAPES: dict[int, tuple[Shape, Shape]] = {
    1: (_span(MOST_BITS), _read_bits),
    2: (_span(MOST_BITS), _read_bits),
    3: (_span(MOST_WORDS), _read_words),
    4: (_span(MOST_WORDS), _read_words),
    5: (_write_coil, _write_coil),
    6: (_write_word, _write_word),
    15: (_write_bits, _span(1968)),
    16: (_write_words, _span(123)),
    22: (_mask, _mask),
    23: (_read_write, _read_words),
    **rare.SHAPES,
}
# function -> fixed lengths of its PDUs
FIXED = {
    **dict.fromkeys((1, 2, 3, 4, 5, 6, 15, 16), (5,)),
    22: (7,),
    **rare.FIXED,
}
# function -> where a count of bytes stands, how wide it is, and what must be added to it
COUNTED = {
    **dict.fromkeys((1, 2, 3, 4, 23), ((1, 1, 2),)),
    **dict.fromkeys((15, 16), ((5, 1, 6),)),
    **rare.COUNTED,
}
COUNTED[23] = ((1, 1, 2), (9, 1, 10))
