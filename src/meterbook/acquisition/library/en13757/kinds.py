"""Kinds of meters: which maker, version and type they are, and which record is which field. Data in `kinds/*.yaml`."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib import resources
from typing import Any

import yaml

from meterbook.acquisition.library.en13757.identity import Identity

TABLES = resources.files("meterbook.acquisition.library.en13757") / "kinds"
ANY = 0xFFFFFFFF
SYNONYMS = ("total_kwh",)  # of kinds that name a common record in another way


@dataclass(frozen=True)
class Lookup:
    """Names of bits, or of numbers, in a record; `none` stands for no bit, `rest` for bits without a name.

    With a `scale` it is a number: the bits under the mask times the scale.
    """

    of: tuple[str, ...]
    bits: Mapping[int, str] = dataclasses.field(default_factory=dict)
    values: Mapping[int, str] = dataclasses.field(default_factory=dict)
    mask: int = ANY
    none: str = ""
    rest: str = ""
    scale: Decimal | None = None


@dataclass(frozen=True)
class Status:
    """What the status of a kind is made of: the status byte with the maker's own bits, and flags in records."""

    has_header: bool
    field: str = "status"
    own: Mapping[int, str] = dataclasses.field(default_factory=dict)
    lookups: tuple[Lookup, ...] = ()


@dataclass(frozen=True)
class Block:
    """Records inside a maker's own record: at which byte, with which header. `when` are bytes that must be so."""

    of: str
    when: Mapping[int, str]
    parts: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True)
class Months:
    """A date for each record of a rule: `base`, less as many months as its storage number is above `first`."""

    base: str
    of: str
    first: int


@dataclass(frozen=True)
class BitDate:
    """A date in the bits of a number: at which bit its day, month and year begin. Without a year it is the first such
    day after the date `after`."""

    of: str
    day: int
    month: int
    year: int | None = None
    after: str = ""


@dataclass(frozen=True)
class Kind:
    """A kind of meter. `formats` are the record headers of its compact frames, `roots` fields that are the root of
    the sum of others' squares, `sums` fields that are the sum of others, `hidden` fields that only go into others,
    `nullable` fields that are named even when the meter does not send them."""

    meter: str
    identities: tuple[tuple[str, int, int], ...] = ()
    media: str = ""
    is_wired: bool = False
    fields: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    lookups: Mapping[str, Lookup] = dataclasses.field(default_factory=dict)
    status: Status | None = None
    nullable: tuple[str, ...] = ()
    roots: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    sums: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    months: Mapping[str, Months] = dataclasses.field(default_factory=dict)
    dates: Mapping[str, BitDate] = dataclasses.field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = ()
    formats: tuple[bytes, ...] = ()
    content: str = ""


@functools.cache
def all_kinds() -> tuple[Kind, ...]:
    """This will return all kinds in the order of the files."""
    common = _shared_names()
    found = []
    for table in sorted(TABLES.iterdir(), key=lambda table: table.name):
        if table.name.endswith(".yaml") and table.name != "names.yaml":
            documents = yaml.safe_load(table.read_text(encoding="utf-8"))
            found += [_kind(document, common) for document in documents]
    return tuple(found)


def find(who: Identity) -> Kind | None:
    """This will return the kind of a meter; None when no table knows it."""
    return _by_identity().get((who.manufacturer, who.version, who.type))


@functools.cache
def unknown() -> Kind:
    """This will return the kind of meters that no table knows: the common names."""
    fields = {name: (rule,) for name, rule in _shared_names().items() if name not in SYNONYMS}
    flags = Lookup(("Error flags",), rest="ERROR_FLAGS")
    return Kind("unknown", fields=fields, status=Status(has_header=True, lookups=(flags,)))


@functools.cache
def formats() -> tuple[bytes, ...]:
    """This will return the record headers of all known compact frames."""
    return tuple(headers for kind in all_kinds() for headers in kind.formats)


@functools.cache
def _by_identity() -> dict[tuple[str, int, int], Kind]:
    return {who: kind for kind in reversed(all_kinds()) for who in kind.identities}


@functools.cache
def _shared_names() -> dict[str, str]:
    content: dict[str, str] = yaml.safe_load((TABLES / "names.yaml").read_text(encoding="utf-8"))
    return content


def _kind(document: dict[str, Any], common: Mapping[str, str]) -> Kind:
    fields = {name: (common[name],) for name in document.get("use", ())}
    fields |= {name: _texts(rule) for name, rule in document.get("fields", {}).items()}
    return Kind(
        meter=document["meter"],
        identities=tuple(_identity(text) for text in document.get("is", ())),
        media=document.get("media", ""),
        is_wired=document.get("wired", False),
        fields=fields,
        lookups={name: _lookup(content) for name, content in document.get("lookups", {}).items()},
        status=_status(document["status"]) if "status" in document else None,
        nullable=tuple(document.get("null", ())),
        roots={name: tuple(parts) for name, parts in document.get("roots", {}).items()},
        sums={name: tuple(parts) for name, parts in document.get("sums", {}).items()},
        months={name: Months(**content) for name, content in document.get("months", {}).items()},
        dates={name: BitDate(**content) for name, content in document.get("dates", {}).items()},
        hidden=tuple(document.get("hidden", ())),
        blocks=tuple(_block(content) for content in document.get("blocks", ())),
        formats=tuple(bytes.fromhex(text) for text in document.get("formats", ())),
        content=document.get("content", ""),
    )


def _identity(text: str) -> tuple[str, int, int]:
    maker, version, kind = text.split("-")
    return maker, int(version, 16), int(kind, 16)


def _texts(rule: str | list[str]) -> tuple[str, ...]:
    return (rule,) if isinstance(rule, str) else tuple(rule)


def _status(content: dict[str, Any]) -> Status:
    header = content.get("header", False)
    return Status(
        has_header=header is not False,
        field=content.get("field", "status"),
        own=header if isinstance(header, dict) else {},
        lookups=tuple(_lookup(flags) for flags in content.get("flags", ())),
    )


def _block(content: dict[str, Any]) -> Block:
    parts = tuple((at, bytes.fromhex(header)) for at, header in content["parts"].items())
    return Block(content["of"], content.get("when", {}), parts)


def _lookup(content: dict[str, Any]) -> Lookup:
    return Lookup(
        of=_texts(content["of"]),
        bits=content.get("bits", {}),
        values=content.get("values", {}),
        mask=content.get("mask", ANY),
        none=content.get("none", ""),
        rest=content.get("rest", ""),
        scale=Decimal(content["scale"]) if "scale" in content else None,
    )
