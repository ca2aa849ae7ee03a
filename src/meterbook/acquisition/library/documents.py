"""The library of meter models: one validated YAML document a model."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from importlib import resources
from types import MappingProxyType
from typing import Any

import yaml

from meterbook.acquisition.contract.frames import RECORDS, Kind
from meterbook.acquisition.library import checks, memories, words
from meterbook.kernel.quantity import Unit

MODELS = resources.files("meterbook.acquisition.library") / "models"


class ModelUnknown(LookupError):
    """The library has no meter model of that code; `meterbook read --help` lists the codes."""


@dataclass(frozen=True)
class Register:
    """One value that a meter offers.

    The register holds `raw`; its value is raw x `scale` in `unit`, stored as an integer of 10^-`decimals` of it.
    `wrap` is the stored integer at which a counter starts from zero again; None where the maker does not say: a fall is
    then a reset to be confirmed, never a rollover. `address` counts words from 0. `word_order` is "big" (most
    significant word first) or "little"; a device may differ from its model, then also by the bytes of a word
    (`library.orders`). `absent` is the raw integer with which the meter says that it has no value there; None when it
    has no such word. `sentinels` are further raw integers that mean the same.

    A meter that names its values itself has no addresses: `record` is the name of the value there, and function,
    address and words are 0. With M-Bus it is as `en13757.registers` makes it, with DSMR and SML the last three numbers
    of the OBIS code; of messages in JSON it is the register's own code, and a mapping says where the value stands.
    """

    code: str
    series_code: str
    caption: Mapping[str, str]
    function: int
    address: int
    words: int
    type: str
    word_order: str
    scale: Fraction
    unit: Unit
    kind: Kind
    decimals: int
    wrap: int | None
    absent: int | None = None
    record: str = ""
    sentinels: tuple[int, ...] = ()

    def says_absent(self, raw: int | str) -> bool:
        """Whether the raw number that the meter sent says that it has no value there."""
        return raw == self.absent or raw in self.sentinels

    @property
    def is_energy(self) -> bool:
        """Whether it is a counter that can be billed: such registers are read first, at the slot boundary."""
        return self.kind is Kind.CUMULATIVE

    @property
    def end(self) -> int:
        """The first address behind the register."""
        return self.address + self.words


@dataclass(frozen=True)
class Kin:
    """Who an M-Bus meter of a model says it is; None where the model leaves it open."""

    manufacturer: str
    version: int | None = None
    medium: int | None = None

    def matches(self, manufacturer: str, version: int, medium: int) -> bool:
        """Whether a meter that says so may be of the model."""
        return self.manufacturer == manufacturer and self.version in (None, version) and self.medium in (None, medium)


@dataclass(frozen=True)
class MeterModel:
    """A kind of meter: what it measures and where. `max_words` and `max_gap` bound the blocks of one request.

    `is_simulated` marks those that no maker makes: only simulators serve them, in a demonstration. `is_secondary` marks
    those whose counters are not multiplied by the ratio of their transformers yet, `is_primary` those whose counters
    are: their multiplier is 1 (B-02). `traps` say, by language, what surprises people with it. `firmware` says of which
    the map is, `accuracy` is the class on the plate. `notation` is how its manual counts addresses: "" from 0, "ONE"
    from 1, "MODICON" as 30001 and 40001. `memory` is what its meters remember and can be asked for after an outage;
    None where that is not known.
    """

    code: str
    manufacturer: str
    name: str
    service: str
    protocol: str
    max_words: int
    max_gap: int
    source: str
    registers: tuple[Register, ...]
    is_simulated: bool = False
    is_secondary: bool = False
    is_primary: bool = False
    traps: tuple[Mapping[str, str], ...] = ()
    kin: Kin | None = None
    firmware: str = ""
    accuracy: str = ""
    notation: str = ""
    memory: memories.Memory | None = None

    @property
    def is_named(self) -> bool:
        """Whether its meters name their values themselves: one readout brings all of them."""
        return self.protocol != checks.MODBUS

    @property
    def is_mbus(self) -> bool:
        """Whether its meters speak M-Bus."""
        return self.protocol == checks.MBUS

    @property
    def is_heard(self) -> bool:
        """Whether its meters send messages in JSON by themselves, under a topic."""
        return self.protocol == checks.JSON

    def register(self, code: str) -> Register:
        """This will return the register of a code.

        :raises KeyError: when the model has none of that code
        """
        for register in self.registers:
            if register.code == code:
                return register
        raise KeyError(f"{self.code} has no register {code}; it has {', '.join(r.code for r in self.registers)}")


def load(code: str) -> MeterModel:
    """This will return the meter model of a code, such as "eastron_sdm630".

    :raises ModelUnknown: when the library has none
    """
    if code not in codes():
        raise ModelUnknown(f"{code}: {ModelUnknown.__doc__} Known are {', '.join(codes())}.")
    return _load(code)


def all_models() -> tuple[MeterModel, ...]:
    """This will return all models of the library, in the order of their codes."""
    return tuple(load(code) for code in codes())


@functools.cache
def codes() -> tuple[str, ...]:
    """This will return the codes of all models, sorted."""
    return tuple(sorted(item.name.removesuffix(".yaml") for item in MODELS.iterdir() if item.name.endswith(".yaml")))


def validate(text: str, name: str) -> MeterModel:
    """This will read one document; `name` (its file name) is how errors call it.

    :raises meterbook.acquisition.library.checks.DocumentInvalid: naming each fault with its line and its remedy
    """
    document = checks.parse(text, name, further=memories.faults)
    return _model(document.content)


@functools.lru_cache(maxsize=4096)
def read(text: str) -> MeterModel:
    """This will return the model of a document that was validated before; the same text is read once."""
    return _model(yaml.load(text, Loader=yaml.CSafeLoader))


def source_of(code: str) -> str:
    """This will return the text of a document of the library.

    :raises ModelUnknown: when the library has none
    """
    load(code)
    return (MODELS / f"{code}.yaml").read_text(encoding="utf-8")


@functools.cache
def _load(code: str) -> MeterModel:
    """The library's own documents are checked once, by the tests; checking them all takes seconds."""
    return _model(yaml.load((MODELS / f"{code}.yaml").read_bytes(), Loader=yaml.CSafeLoader))


def _model(content: Mapping[str, Any]) -> MeterModel:
    limits = content.get("limits", {})
    return MeterModel(
        code=content["code"],
        manufacturer=content["manufacturer"],
        name=content["name"],
        service=content["service"],
        protocol=content["protocol"],
        max_words=limits.get("words", checks.MAX_WORDS),
        max_gap=limits.get("gap", 0),
        source=content["source"],
        registers=tuple(_registers(content)),
        is_simulated=content.get("simulated", False),
        is_secondary=content.get("side") == "SECONDARY",
        is_primary=content.get("side") == "PRIMARY",
        traps=tuple(MappingProxyType(dict(each)) for each in content.get("traps", ())),
        kin=Kin(**content["identity"]) if "identity" in content else None,
        firmware=content.get("firmware", ""),
        accuracy=content.get("accuracy", ""),
        notation=content.get("notation", ""),
        memory=memories.read(content),
    )


def _registers(content: Mapping[str, Any]) -> Iterable[Register]:
    for entry in content["registers"]:
        if "record" in entry:
            yield _record(entry)
            continue
        yield Register(
            code=entry["code"],
            series_code=entry.get("series", entry["code"]),
            caption=MappingProxyType(dict(entry["caption"])),
            function=entry["function"],
            address=entry["address"],
            words=checks.WORDS[entry["type"]],
            type=entry["type"],
            word_order=_word_order(content, entry),
            scale=Fraction(entry.get("scale", "1")),
            unit=Unit[entry["unit"]],
            kind=Kind[entry["kind"]],
            decimals=entry["decimals"],
            wrap=entry.get("wrap"),
            absent=words.largest(entry["type"]) if content.get("absent") else None,
            sentinels=tuple(entry.get("sentinels", ())),
        )


def _word_order(content: Mapping[str, Any], entry: Mapping[str, Any]) -> str:
    """The name of `words.ORDERS` that both orders make: of the words, and of the bytes in each."""
    order: str = entry.get("word_order", content["word_order"])
    is_swapped = entry.get("byte_order", content.get("byte_order")) == "little"
    return f"{order}_swapped" if is_swapped else order


def _record(entry: Mapping[str, Any]) -> Register:
    return Register(
        code=entry["code"],
        series_code=entry.get("series", entry["code"]),
        caption=MappingProxyType(dict(entry["caption"])),
        function=RECORDS.function,
        address=RECORDS.address,
        words=RECORDS.count,
        type="record",
        word_order="big",
        scale=Fraction(1),
        unit=Unit[entry["unit"]],
        kind=Kind[entry["kind"]],
        decimals=entry["decimals"],
        wrap=entry.get("wrap"),
        record=entry["record"],
    )
