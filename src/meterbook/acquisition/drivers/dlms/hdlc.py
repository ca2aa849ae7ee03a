"""HDLC frames of DLMS (Green Book 8.4): addresses, control, check sums, segments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from meterbook.acquisition.contract import octets
from meterbook.acquisition.contract.decoding import DecodeError, Plain
from meterbook.acquisition.contract.octets import Octets

FLAG = 0x7E
FORMAT, SEGMENTED, LENGTH = 0xA000, 0x0800, 0x07FF
LLC = (b"\xe6\xe6\x00", b"\xe6\xe7\x00")
POLL_FINAL = 0x10
UNNUMBERED = {0x83: "SNRM", 0x63: "UA response", 0x43: "DISC", 0x0F: "DM", 0x87: "FRMR", 0x03: "UI"}
PARAMETERS = {5: "max_info_tx", 6: "max_info_rx", 7: "window_tx", 8: "window_rx"}
NEGOTIATION = b"\x81\x80"


@dataclass(frozen=True)
class Frame:
    """One frame whose check sums fit. `start` is where its information begins in the buffer."""

    destination: bytes
    source: bytes
    control: int
    is_segmented: bool
    information: bytes
    start: int

    @property
    def kind(self) -> str:
        """What the frame is: I, RR, RNR, or one of `UNNUMBERED`."""
        if not self.control & 1:
            return "I"
        if self.control & 3 == 1:
            return {1: "RR", 5: "RNR"}.get(self.control & 0x0F, "supervisory")
        return UNNUMBERED.get(self.control & ~POLL_FINAL, f"unnumbered 0x{self.control:02x}")

    @property
    def told(self) -> dict[str, Plain]:
        """The fields of the header."""
        fields: dict[str, Plain] = {
            "frame": self.kind,
            "destination": address(self.destination),
            "source": address(self.source),
            "poll_final": bool(self.control & POLL_FINAL),
        }
        if self.kind in ("I", "RR", "RNR"):
            fields["receive_sequence"] = self.control >> 5
        if self.kind == "I":
            fields |= {"send_sequence": self.control >> 1 & 7, "segmented": self.is_segmented}
        if self.information and self.kind in ("SNRM", "UA response"):
            fields |= _negotiated(self.information, self.start)
        return fields


def address(octets_: bytes) -> list[Plain]:
    """This will return upper and lower HDLC address: 02 23 are [1, 17], 21 is [16]."""
    sevens = [octet >> 1 for octet in octets_]
    if len(sevens) == 4:
        return [sevens[0] << 7 | sevens[1], sevens[2] << 7 | sevens[3]]
    return list(sevens)


def frames(buffer: bytes) -> Iterator[Frame]:
    """This will give the frames of a buffer; two frames may share the flag between them.

    :raises DecodeError: when flags, format, length or a check sum are wrong
    """
    at = 0
    while at < len(buffer):
        if buffer[at] != FLAG:
            raise DecodeError(f"a frame begins with 7e, not {buffer[at]:02x}", place=f"byte {at}")
        if at + 1 == len(buffer):
            return
        if buffer[at + 1] == FLAG:
            at += 1
            continue
        end = _end(buffer, at + 1)
        yield _frame(buffer, at + 1, end)
        at = end


def _end(buffer: bytes, at: int) -> int:
    head = int.from_bytes(buffer[at : at + 2], "big")
    if len(buffer) < at + 2 or head & 0xF000 != FORMAT:
        raise DecodeError("the format field begins with a (type 3)", place=f"byte {at}")
    end = at + (head & LENGTH)
    if end >= len(buffer):
        raise DecodeError(
            f"length {head & LENGTH}, but {len(buffer) - at} bytes are there: the frame is cut off", place=f"byte {at}"
        )
    if buffer[end] != FLAG:
        raise DecodeError(f"the frame should end with 7e here, not {buffer[end]:02x}", place=f"byte {end}")
    return end


def _frame(buffer: bytes, at: int, end: int) -> Frame:
    _check(buffer[at : end - 2], buffer[end - 2 : end], "FCS", end - 2)
    cursor = Octets(buffer[at : end - 2], at)
    head = cursor.number(2, "format")
    destination, source = _address(cursor), _address(cursor)
    control = cursor.byte("control")
    if cursor.left == 0:
        return Frame(destination, source, control, bool(head & SEGMENTED), b"", end)
    covered = buffer[at : at + cursor.at]
    _check(covered, cursor.take(2, "HCS"), "HCS", at + cursor.at - 2)
    return Frame(destination, source, control, bool(head & SEGMENTED), cursor.rest(), at + len(covered) + 2)


def _address(cursor: Octets) -> bytes:
    place, begin = cursor.place, cursor.at
    while not cursor.byte("address") & 1:
        if cursor.at - begin >= 4:
            raise DecodeError("an address has four bytes at most", place=place)
    return cursor.frame[begin : cursor.at]


def _check(content: bytes, sent: bytes, what: str, at: int) -> None:
    computed = octets.crc16_x25(content).to_bytes(2, "little")
    if sent != computed:
        raise DecodeError(
            f"{what} {sent.hex()} is sent, {computed.hex()} is computed: the frame was damaged on its way",
            place=f"byte {at}",
        )


def _negotiated(information: bytes, start: int) -> dict[str, Plain]:
    cursor = Octets(information, start)
    if cursor.take(min(2, cursor.left), "format of the parameters") != NEGOTIATION:
        return {"information": information.hex()}
    cursor.byte("length of the parameters")
    fields: dict[str, Plain] = {}
    while cursor.left:
        number, size = cursor.byte("parameter"), cursor.byte("length of the parameter")
        value = cursor.number(size, "parameter")
        if number in PARAMETERS:
            fields[PARAMETERS[number]] = value
    return fields


def build(
    destination: bytes, source: bytes, control: int, information: bytes = b"", *, segmented: bool = False
) -> bytes:
    """This will build a frame with its flags and check sums.

    :raises ValueError: when the information is too long for one frame
    """
    length = 2 + len(destination) + len(source) + 1 + (2 + len(information) if information else 0) + 2
    if length > LENGTH:
        raise ValueError(f"{length} bytes do not go into one frame; send segments")
    head = (FORMAT | SEGMENTED * segmented | length).to_bytes(2, "big") + destination + source + bytes([control])
    if information:
        head += octets.crc16_x25(head).to_bytes(2, "little") + information
    return bytes([FLAG]) + head + octets.crc16_x25(head).to_bytes(2, "little") + bytes([FLAG])
