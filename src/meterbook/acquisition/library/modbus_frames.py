"""What follows from the frames of a buffer: which answer belongs to which question, and what its registers mean."""

from __future__ import annotations

from decimal import Decimal

from meterbook.acquisition.contract.decoding import DecodeError, Options, Plain
from meterbook.acquisition.contract.modbus import pdu
from meterbook.acquisition.library import words

Fields = dict[str, Plain]
TEXT = "string"
WORDS = {
    **{name: bits // 16 for name, (bits, _) in words.INTEGERS.items()},
    **{name: bits // 16 for name, bits in words.FLOATS.items()},
}


class Conversation:
    """Goes through the frames of a buffer and keeps the latest question, so that its answer is read as one."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self.question: Fields | None = None

    def told(self, head: Fields, content: bytes, start: int) -> Fields:
        """This will decode the PDU of one frame.

        :param head: what the frame says beside the PDU, "unit" among it
        :raises DecodeError: when the PDU is wrong, or an answer does not hold what was asked for
        """
        asked = self.question if self.question and _belongs(self.question, head, content) else None
        fields = pdu.decode(content, start=start, asked=asked)
        if asked:
            _compare(asked, fields, start)
        self.question = {**head, **fields} if pdu.is_question(fields) else None
        return {**head, **fields, **meant(fields.get("registers"), self._options)}


def meant(registers: Plain, options: Options) -> Fields:
    """This will read registers as the type that the options name; several values of it are a list `values`.

    :raises DecodeError: when the type is unknown or does not fill the registers
    """
    if not isinstance(registers, list) or not options.type:
        return {}
    told: Fields = {"type": options.type, "word_order": options.word_order}
    if options.type == TEXT:
        octets = b"".join(int(word).to_bytes(2, "big") for word in registers)
        return {**told, "value": octets.decode("latin-1").rstrip("\0 ")}
    if options.type not in WORDS or options.word_order not in words.ORDERS:
        raise DecodeError(
            f"{options.type}, {options.word_order}: choose one of {', '.join([*WORDS, TEXT])}"
            f" and one of {', '.join(words.ORDERS)}",
            place="--type",
        )
    size = WORDS[options.type]
    if not registers or len(registers) % size:
        raise DecodeError(f"{options.type} takes {size} registers, there are {len(registers)}", place="registers")
    values = [_value(registers[at : at + size], options) for at in range(0, len(registers), size)]
    return {**told, "value": values[0]} if len(values) == 1 else {**told, "values": values}


def _value(registers: list[Plain], options: Options) -> Plain:
    raw = words.raw([int(str(word)) for word in registers], type=str(options.type), word_order=options.word_order)
    if isinstance(raw, int):
        return raw
    number = Decimal(raw)
    return number if number.is_finite() else raw  # a meter that has no value sends NaN: told as the text "nan"


def _belongs(question: Fields, head: Fields, content: bytes) -> bool:
    is_same = all(question.get(key) == head.get(key) for key in ("tid", "unit"))
    return is_same and bool(content) and content[0] & ~pdu.EXCEPTION_BIT == question["fc"]


def _compare(asked: Fields, fields: Fields, start: int) -> None:
    registers = fields.get("registers")
    if asked["fc"] in (3, 4, 23) and isinstance(registers, list) and len(registers) != asked["count"]:
        raise DecodeError(
            f"{asked['count']} registers were asked for, {len(registers)} came", place=f"byte {start + 1}"
        )
