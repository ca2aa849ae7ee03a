"""Type-length fields of SML: each value says what it is and how long."""

from __future__ import annotations

from meterbook.acquisition.contract.decoding import DecodeError
from meterbook.acquisition.contract.octets import Octets


class Signed(int):
    """A signed number that remembers in how many bytes it was sent; it counts as any other number."""

    size = 0

    @property
    def unsigned(self) -> int:
        """The number that the same bytes mean without a sign."""
        return self % (1 << 8 * self.size)


Value = bytes | int | bool | list["Value"] | None

OCTETS, BOOLEAN, SIGNED, UNSIGNED, LIST = 0, 4, 5, 6, 7
MORE = 0x80
DEEPEST = 16
LONGEST = 8  # bytes of a number
END_OF_MESSAGE = 0


def read(octets: Octets, depth: int = 0) -> Value:
    """This will read one value with all that it holds; an optional value that is not there is None.

    :raises DecodeError: when the type is unknown or the frame ends before
    """
    place = octets.place
    kind, length, header = _header(octets)
    if kind == LIST:
        if depth >= DEEPEST:
            raise DecodeError(f"lists are nested more than {DEEPEST} deep", place=place)
        return [read(octets, depth + 1) for _ in range(length)]
    if length < header:
        raise DecodeError(f"a length of {length} bytes is shorter than its own field", place=place)
    size = length - header
    if kind == OCTETS:
        return octets.take(size, "octet string") if size else None
    if kind == BOOLEAN and size == 1:
        return octets.byte("boolean") != 0
    if kind == UNSIGNED and 1 <= size <= LONGEST:
        return octets.number(size, "number", signed=False)
    if kind == SIGNED and 1 <= size <= LONGEST:
        number = Signed(octets.number(size, "number", signed=True))
        number.size = size
        return number
    raise DecodeError(f"no type {kind} of {size} bytes", place=place)


def _header(octets: Octets) -> tuple[int, int, int]:
    first = octets.byte("type and length")
    kind, length, header = first >> 4 & 7, first & 15, 1
    more = first & MORE
    while more:
        following = octets.byte("length")
        if header > 4:
            raise DecodeError("the length goes on for more than four bytes", place=octets.place)
        length, header, more = length << 4 | following & 15, header + 1, following & MORE
    return kind, length, header
