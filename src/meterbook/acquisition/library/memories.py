"""What a meter remembers, as its document declares it: a daily freeze, a load profile, values of key dates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from meterbook.acquisition.library import checks

MONTH = "MONTH"
DAY_MINUTES = 1_440
FORMATS = {"SIX_WORDS": 6, "SIX_BYTES": 3, "UNIX": 2}  # how an instant is written, and in how many words
NEWEST, NEXT = "NEWEST", "NEXT"  # what the pointer of a ring names
CLOCK_OF_MBUS = "time-point-date-time"


@dataclass(frozen=True)
class MemoryRegister:
    """A counter in a record: `offset` words from its beginning; type and scale where they differ from the live one."""

    code: str
    offset: int = 0
    type: str = ""
    scale: Fraction | None = None


@dataclass(frozen=True)
class Place:
    """Where an instant stands (for a stamp: words from the record's beginning) and how it is written (`FORMATS`)."""

    address: int
    format: str

    @property
    def words(self) -> int:
        """How many words it takes."""
        return FORMATS[self.format]


@dataclass(frozen=True)
class Ring:
    """Where the pointer of a ring stands, what it names (the newest record, or the place that is written next), and
    the number of the first place."""

    address: int
    names: str = NEWEST
    base: int = 0


@dataclass(frozen=True)
class Memory:
    """`records` instants that a meter remembers, the newest first; `step` minutes lie between two, or a `MONTH`.

    At addresses (Modbus) record 1 begins at `address`, each older one `stride` words further, and is read as one block
    of `words`. `stamp` is the record's own time; without one, record 1 is the latest whole step of the meter's clock.
    In a `ring` the places from `address` on are written in turn, and a pointer says which is the newest.
    Of a meter that names its values (M-Bus) record n is what has storage number n; `is_end`: a date without a time
    means its end. `time` is what the meter's clock shows: LOCAL, STANDARD (without summer time) or UTC.
    """

    step: int | str
    records: int
    registers: tuple[MemoryRegister, ...]
    time: str = "LOCAL"
    is_automatic: bool = True
    function: int = 0
    address: int = 0
    stride: int = 0
    words: int = 0
    stamp: Place | None = None
    clock: Place | None = None
    is_end: bool = False
    ring: Ring | None = None

    @property
    def is_named(self) -> bool:
        """Whether one readout brings all records, by their names."""
        return not self.words


def read(content: Mapping[str, Any]) -> Memory | None:
    """This will read the memory of a sound document; None where it declares none."""
    given = content.get("memory")
    if given is None:
        return None
    return Memory(
        step=given["step"],
        records=given["records"],
        registers=tuple(_register(each) for each in given["registers"]),
        time=given.get("time", "LOCAL"),
        is_automatic=given.get("automatic", True),
        function=given.get("function", 0),
        address=given.get("address", 0),
        stride=given.get("stride", given.get("words", 0)),
        words=given.get("words", 0),
        stamp=_place(given.get("stamp"), "offset"),
        clock=_place(given.get("clock"), "address"),
        is_end=given.get("edge") == "END",
        ring=_ring(given.get("ring")),
    )


def faults(document: checks.Document) -> Iterator[checks.Fault]:
    """This will tell what is wrong with the memory of a document whose form is right."""
    given = document.content.get("memory")
    if given is None:
        return
    if document.content["protocol"] not in (checks.MODBUS, checks.MBUS):
        what = "meters of this protocol cannot be asked for what they remember"
        yield document.fault(("memory",), what, "leave memory out")
        return
    live = {each["code"]: each for each in document.content["registers"]}
    seen: set[str] = set()
    for index, each in enumerate(given["registers"]):
        path: checks.Path = ("memory", "registers", index)
        register = live.get(each["code"])
        if register is None or register["kind"] != "CUMULATIVE":
            what = "%(code)s is no counter of the list of registers"
            yield document.fault((*path, "code"), what, "write the code of a counter", code=each["code"])
            continue
        if each["code"] in seen:
            what = "%(code)s is remembered twice"
            yield document.fault((*path, "code"), what, "remove one of them", code=each["code"])
        seen.add(each["code"])
        if "words" in given:
            length = checks.WORDS[each.get("type", register["type"])]
            if each["offset"] + length > given["words"]:
                yield document.fault((*path, "offset"), "ends behind the record", "correct offset or memory.words")
    if "words" in given:
        yield from _places(document, given)


def _places(document: checks.Document, given: Mapping[str, Any]) -> Iterator[checks.Fault]:
    most = document.content.get("limits", {}).get("words", checks.MAX_WORDS)
    if given["words"] > most:
        yield document.fault(("memory", "words"), "wider than limits.words", "raise limits.words or correct it")
    last = given["address"] + (given["records"] - 1) * given.get("stride", given["words"])
    if not 0 <= last <= checks.LAST_ADDRESS - given["words"] + 1:
        what = "the oldest record lies outside of the addresses 0 to 65535"
        yield document.fault(("memory", "records"), what, "correct address, stride or records")
    stamp = given.get("stamp")
    if stamp is not None and stamp["offset"] + FORMATS[stamp["format"]] > given["words"]:
        yield document.fault(("memory", "stamp"), "ends behind the record", "correct its offset or memory.words")
    ring = given.get("ring")
    if ring is not None and given["records"] + ring.get("base", 0) > checks.LAST_ADDRESS:
        yield document.fault(
            ("memory", "ring"), "a pointer of one word cannot count so many records", "correct records"
        )
    if given["step"] == MONTH and stamp is None:
        what = "months have different lengths and the records no time"
        yield document.fault(("memory", "step"), what, "write where the record's stamp stands")


def _register(given: Mapping[str, Any]) -> MemoryRegister:
    scale = given.get("scale")
    return MemoryRegister(
        code=given["code"],
        offset=given.get("offset", 0),
        type=given.get("type", ""),
        scale=Fraction(scale) if scale is not None else None,
    )


def _ring(given: Mapping[str, Any] | None) -> Ring | None:
    return None if given is None else Ring(given["pointer"], given.get("names", NEWEST), given.get("base", 0))


def _place(given: Mapping[str, Any] | None, key: str) -> Place | None:
    return None if given is None else Place(given[key], given["format"])
