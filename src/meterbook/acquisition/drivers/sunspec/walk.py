"""Finding and reading the models of a SunSpec device: which registers to ask for, and what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from meterbook.acquisition.contract.frames import Block
from meterbook.acquisition.drivers.sunspec import models, naming
from meterbook.acquisition.library import words

BASES = (40_000, 50_000, 0)
MARK = (0x5375, 0x6E53)  # "SunS"
HOLDING, COMMON = 3, 1
LONGEST = 125
MOST_MODELS = 64
LARGEST_SCALE = 10
# The value by which a device says that it has no such point.
ABSENT = {
    "int16": 0x8000,
    "uint16": 0xFFFF,
    "acc16": 0,
    "enum16": 0xFFFF,
    "bitfield16": 0xFFFF,
    "sunssf": 0x8000,
    "pad": 0x8000,
    "int32": 0x8000_0000,
    "uint32": 0xFFFF_FFFF,
    "acc32": 0,
    "enum32": 0xFFFF_FFFF,
    "bitfield32": 0xFFFF_FFFF,
    "int64": 0x8000_0000_0000_0000,
    "uint64": 0xFFFF_FFFF_FFFF_FFFF,
    "acc64": 0,
}
UNMEASURED = ("sunssf", "pad", "enum16", "enum32", "bitfield16", "bitfield32")
FLOAT_DECIMALS = 2
SIGNED = ("int16", "int32", "int64", "sunssf")


class NotSunSpec(ValueError):
    """The registers do not go on as the walk over SunSpec models needs it."""


@dataclass(frozen=True)
class Header:
    """One model that a device has: `address` is that of its id."""

    number: int
    address: int
    length: int

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The requests that fetch its points."""
        first, end = self.address + 2, self.address + 2 + self.length
        return tuple(Block(HOLDING, at, min(LONGEST, end - at)) for at in range(first, end, LONGEST))


class Walk:
    """The walk over the models of a device as questions and answers; whoever holds the connection carries them.

    Ask for `question`, give the answer to `take`, until `is_done`. `found` are the models then. The mark "SunS" is
    looked for at 40000, 50000 and 0.
    """

    def __init__(self, bases: Sequence[int] = BASES) -> None:
        self._bases = list(bases)
        self._at: int | None = None
        self.found: list[Header] = []
        self.is_done = False

    @property
    def question(self) -> Block:
        """The two registers to read next."""
        return Block(HOLDING, self._bases[0] if self._at is None else self._at, 2)

    def take(self, registers: Sequence[int] | None) -> None:
        """This will go one step on.

        :param registers: the two registers of the answer; None when the device refused them
        :raises NotSunSpec: when no base has the mark, or the models do not end
        """
        if self._at is None:
            self._mark(registers)
            return
        if registers is None:
            raise NotSunSpec(f"the device refused register {self._at}, where a model or the end must stand")
        number, length = registers
        if number == models.END_MODEL:
            self.is_done = True
            return
        after = self._at + 2 + length
        if after > 65_534 or len(self.found) >= MOST_MODELS or not number:
            raise NotSunSpec(f"model {number} with length {length} at register {self._at} leads nowhere")
        self.found.append(Header(number, self._at, length))
        self._at = after

    def _mark(self, registers: Sequence[int] | None) -> None:
        if registers is not None and tuple(registers) == MARK:
            self._at = self._bases[0] + 2
        elif len(self._bases) == 1:
            raise NotSunSpec("the device has the mark SunS at none of the usual registers")
        else:
            self._bases.pop(0)


def meaning(registers: Sequence[int]) -> str:
    """This will say what two registers of a walk are: "SunSpec model 123 length 24"."""
    if tuple(registers[:2]) == MARK:
        return "SunSpec identifier SunS"
    if registers[0] == models.END_MODEL:
        return "SunSpec end model"
    return f"SunSpec model {registers[0]} length {registers[1]}"


def values(number: int, registers: Sequence[int]) -> dict[str, Decimal | int | str | None]:
    """This will read the points of a model, scaled; a point that the device does not have is None.

    W 1234 with W_SF 1 is 12340. Scale factors themselves and filling are left out. An accumulator of zero counts as a
    value when the model's other accumulators are there, so that a new meter is not taken for one without counters.

    :param registers: those behind id and length; fewer than the model has are read as far as they go
    :raises NotSunSpec: when the model is not one of `models.MODELS`
    """
    if number not in models.MODELS:
        raise NotSunSpec(f"model {number} is not read here")
    points = [p for p in models.MODELS[number].points if p.offset + p.size <= len(registers)]
    raws = {point.name: _raw(point, registers) for point in points}
    told: dict[str, Decimal | int | str | None] = {}
    for point in points:
        if point.type in ("sunssf", "pad"):
            continue
        raw = raws[point.name]
        if point.type.startswith("acc") and raw is None and (not point.scale or raws.get(point.scale) is not None):
            raw = 0
        told[point.name] = _scaled(raw, raws.get(point.scale)) if point.scale else raw
    return told


def register_documents(header: Header, registers: Sequence[int]) -> list[dict[str, object]]:
    """This will describe the points that a device has as registers of a meter-model document (`library/schema.json`).

    W at 10 W steps (W_SF 1) becomes scale "10" without decimals, TotWhImp at 100 Wh steps wraps at 429,496,729,600.

    :param registers: those behind id and length, read once, for the scale factors and for what is not there
    """
    read = values(header.number, registers)
    found: list[dict[str, object]] = []
    for point in models.MODELS[header.number].points if header.number != COMMON else ():
        if point.type in UNMEASURED or point.type.startswith("str") or read.get(point.name) is None:
            continue
        exponent = _exponent(point, header.number, registers)
        name, captions = naming.named(point.name)
        is_counter = point.name.startswith(("Tot", "WH"))
        register: dict[str, object] = {
            "code": name,
            "caption": captions,
            "function": HOLDING,
            "address": header.address + 2 + point.offset,
            "type": point.type.replace("acc", "uint"),
            "unit": naming.UNITS[point.unit],
            "kind": "CUMULATIVE" if is_counter else "INSTANT",
            "decimals": FLOAT_DECIMALS if point.type == "float32" else max(0, -exponent),
        }
        if exponent:
            register["scale"] = f"{Decimal(1).scaleb(exponent):f}"
        if point.type.startswith("acc"):
            register["wrap"] = (1 << 16 * point.size) * 10 ** max(0, exponent)
        found.append(register)
    return found


def _exponent(point: models.Point, number: int, registers: Sequence[int]) -> int:
    scale = next((each for each in models.MODELS[number].points if each.name == point.scale), None)
    raw = _raw(scale, registers) if scale else 0
    return raw if isinstance(raw, int) else 0


def _raw(point: models.Point, registers: Sequence[int]) -> Decimal | int | str | None:
    taken = registers[point.offset : point.offset + point.size]
    if point.type.startswith("str"):
        octets = b"".join(word.to_bytes(2, "big") for word in taken)
        return octets.split(b"\0")[0].decode("latin-1").rstrip() or None
    if point.type == "float32":
        number = Decimal(str(words.raw(taken, type="float32", word_order="big")))
        return number if number.is_finite() else None
    value = 0
    for word in taken:
        value = value << 16 | word
    if value == ABSENT[point.type]:
        return None
    bits = 16 * len(taken)
    return value - (1 << bits) if point.type in SIGNED and value >> (bits - 1) else value


def _scaled(raw: Decimal | int | str | None, scale: Decimal | int | str | None) -> Decimal | int | str | None:
    if not isinstance(raw, int) or not isinstance(scale, int) or abs(scale) > LARGEST_SCALE:
        return None if isinstance(raw, int) else raw  # without its scale factor a number says nothing
    return raw * 10**scale if scale >= 0 else Decimal(raw).scaleb(scale)
