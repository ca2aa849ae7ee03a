"""A meter type as a form: from the content of its document and back, with every fault beside its cell."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import QueryDict
from django.utils import translation
from django.utils.translation import gettext as _

from meterbook.acquisition import operations, type_texts
from meterbook.acquisition.library import checks, writing
from meterbook.acquisition.library.orders import ByteOrder
from meterbook.metering import values as metering_values
from meterbook.web import amounts
from meterbook.web.library import places
from meterbook.web.library.sheet_forms import HeadForm, RegisterForm, lines

MOST_ROWS = 500
Raw = dict[str, str]
_ROW = re.compile(r"(?a:r(\d{1,3})-(\w{1,20}))")
# Parts of a document and the fields that show them; a part that has its own name is not listed.
_OF_HEAD = {
    "word_order": "order",
    "byte_order": "order",
    "traps": "traps_en",
    "limits": "words",
    "identity": "maker_code",
    "side": "side",
    "absent": "has_maximum",
}
_SHOWN = frozenset({*writing.TOP, *writing.LISTS})
_SHOWN_OF_REGISTER = frozenset(writing.REGISTER)
_OF_REGISTER = {"caption": "caption_en", "word_order": "order", "byte_order": "order"}
EMPTY: Mapping[str, Mapping[str, Any]] = {
    checks.MODBUS: {"protocol": checks.MODBUS, "word_order": "big", "registers": []},
    checks.MBUS: {"protocol": checks.MBUS, "registers": []},
}


@dataclass(frozen=True)
class Sheet:
    """The form of a type: what it says of itself, and its registers."""

    protocol: str
    head: HeadForm
    rows: list[RegisterForm]

    @property
    def spoken(self) -> str:
        """The protocol as people write it."""
        return places.PROTOCOLS.get(self.protocol, self.protocol)

    @property
    def is_named(self) -> bool:
        """Whether its meters name their values themselves."""
        return self.protocol != checks.MODBUS

    @property
    def problems(self) -> int:
        """How many fields must be corrected."""
        return sum(len(each.errors) for each in (self.head, *self.rows))

    def is_valid(self) -> bool:
        """Whether every field by itself is right."""
        return all([self.head.is_valid(), *[each.is_valid() for each in self.rows]])

    def document(self) -> str | None:
        """This will return the text of the document; None when something is wrong, then the fields say what."""
        if not self.is_valid():
            return None
        content = self._content()
        if content is None:
            return None
        text = writing.write(content)
        try:
            operations.examine(text, f"{content['code']}.yaml")
        except operations.TypeRefused as error:
            self.head.add_error("code" if error.field == "code" else None, str(error))
        except checks.DocumentInvalid as error:
            for fault in error.faults:
                self._blame(fault)
        else:
            return text
        return None

    def _blame(self, fault: checks.Fault) -> None:
        words = f"{type_texts.what(fault)}: {type_texts.remedy(fault)}."
        words = words[0].upper() + words[1:]
        path = fault.path
        if path[:1] == ("registers",) and len(path) > 1 and int(path[1]) < len(self.rows):
            form, name = self.rows[int(path[1])], str(path[2]) if len(path) > 2 else ""
            name = _OF_REGISTER.get(name, name)
            form.add_error(name if name in form.fields else None, words)
        else:
            name = _OF_HEAD.get(str(path[0]), str(path[0])) if path else ""
            self.head.add_error(name if name in self.head.fields else None, words)

    def _content(self) -> dict[str, Any] | None:
        given = self.head.cleaned_data
        content: dict[str, Any] = {
            name: given[name]
            for name in ("code", "manufacturer", "name", "firmware", "accuracy", "service", "source")
            if given[name]
        }
        content["protocol"] = self.protocol
        top = ("big", "big")
        if not self.is_named:
            top = places.orders_of(ByteOrder(given["order"] or ByteOrder.O1234.value))
            content["word_order"] = top[0]
            content |= {"byte_order": top[1]} if top[1] != "big" else {}
            content |= {"notation": given["notation"]} if given["notation"] else {}
            content |= {"absent": "MAXIMUM"} if given["has_maximum"] else {}
            limits = {name: given[name] for name in ("words", "gap") if given[name] is not None}
            content |= {"limits": limits} if limits else {}
        elif given.get("maker_code"):
            kin = {"manufacturer": given["maker_code"]}
            content["identity"] = kin | {name: given[name] for name in ("version", "medium") if given[name] is not None}
        content |= {"side": given["side"]} if given["side"] else {}
        traps = zip(lines(given["traps_en"]), lines(given["traps_es"]), strict=True)
        content |= {"traps": listed} if (listed := [{"en": en, "es": es} for en, es in traps]) else {}
        entries = [self._entry(each, given.get("notation", ""), top) for each in self.rows]
        if not entries:
            self.head.add_error(None, _("Add at least one register."))
        content |= _without(given["kept"], _SHOWN)
        content["registers"] = entries
        return content if entries and all(entries) else None

    def _entry(self, row: RegisterForm, notation: str, top: tuple[str, str]) -> dict[str, Any] | None:
        given = row.cleaned_data
        entry: dict[str, Any] = {"code": given["code"]}
        series = given["series"] or given["kept"].get("series", given["code"])
        entry |= {"series": series} if series != given["code"] else {}
        entry["caption"] = _captions(given)
        if self.is_named:
            entry["record"] = given["record"]
        else:
            function = int(given["function"] or 3)
            address = places.read_address(given["address"], function=function, notation=notation)
            if address is None or address > checks.LAST_ADDRESS:
                row.add_error("address", _address_help(function, notation))
                return None
            entry |= {"function": function, "address": address, "type": given["type"] or "int16"}
            entry |= _order(given["order"], top)
            entry |= {"scale": given["scale"]} if given["scale"] != "1" else {}
        entry |= {name: given[name] for name in ("unit", "kind", "decimals")}
        entry |= {"wrap": given["stored_wrap"]} if given.get("stored_wrap") else {}
        entry |= {"sentinels": given["sentinels"]} if given.get("sentinels") else {}
        return entry | _without(given["kept"], _SHOWN_OF_REGISTER)


def shown(content: Mapping[str, Any]) -> Sheet:
    """This will show the content of a document."""
    protocol = str(content["protocol"])
    rows = [_row(content, each) for each in content["registers"]]
    return _unbound(protocol, _head(content), rows)


def given(data: QueryDict) -> tuple[str, Raw, list[Raw]]:
    """This will return what a form sent: the protocol, the fields of the type, and those of each register."""
    head = {name.removeprefix("type-"): str(data[name]) for name in data if name.startswith("type-")}
    rows: dict[int, Raw] = {}
    for name in data:
        found = _ROW.fullmatch(name)
        if found is not None and int(found[1]) < MOST_ROWS:
            rows.setdefault(int(found[1]), {})[found[2]] = str(data[name])
    protocol = data.get("spoken", "")
    known = protocol if re.fullmatch("[A-Z]{3,10}", protocol) else checks.MODBUS
    return known, head, [rows[index] for index in sorted(rows)]


def raw(shown: Sheet) -> tuple[str, Raw, list[Raw]]:
    """This will return what the form of a sheet that is shown holds."""
    head, *rows = ({name: str(text) for name, text in each.initial.items()} for each in (shown.head, *shown.rows))
    return shown.protocol, head, rows


def bound(protocol: str, head: Raw, rows: Iterable[Raw]) -> Sheet:
    """This will make the form of what was sent, to be checked."""
    forms = [
        RegisterForm({f"r{index}-{name}": text for name, text in each.items()}, index=index, protocol=protocol)
        for index, each in enumerate(rows)
    ]
    return Sheet(protocol, HeadForm({f"type-{name}": text for name, text in head.items()}, protocol=protocol), forms)


def changed(protocol: str, head: Raw, rows: list[Raw], act: str, place: int) -> Sheet:
    """This will show what was sent with a register added, copied, moved or removed; nothing is checked yet."""
    if act == "add" and len(rows) < MOST_ROWS:
        latest = rows[-1] if rows else {}
        alike = ("function", "type", "unit", "kind", "decimals", "scale")
        rows = [*rows, {name: latest[name] for name in alike if name in latest}]
    elif act == "copy" and place < len(rows) < MOST_ROWS:
        own = ("series", "code", "caption_en", "caption_es", "kept")
        twin = {name: text for name, text in rows[place].items() if name not in own}
        rows = [*rows[: place + 1], twin, *rows[place + 1 :]]
    elif act == "remove" and place < len(rows):
        rows = [*rows[:place], *rows[place + 1 :]]
    elif act in {"up", "down"}:
        other = place - 1 if act == "up" else place + 1
        if 0 <= other < len(rows) and place < len(rows):
            rows[place], rows[other] = rows[other], rows[place]
    elif act == "order":
        head = {**head, "order": next((each.value for each in ByteOrder if each.value == str(place)), "1234")}
    return _unbound(protocol, head, rows)


def _unbound(protocol: str, head: Raw, rows: Iterable[Raw]) -> Sheet:
    return Sheet(
        protocol,
        HeadForm(protocol=protocol, initial=head),
        [RegisterForm(index=index, protocol=protocol, initial=each) for index, each in enumerate(rows)],
    )


def _head(content: Mapping[str, Any]) -> Raw:
    names = ("code", "manufacturer", "name", "service", "firmware", "accuracy", "source", "notation", "side")
    told = {name: str(content.get(name, "")) for name in names}
    if "word_order" in content:
        told["order"] = places.order_of(content["word_order"], content.get("byte_order", "big")).value
    told["has_maximum"] = "on" if content.get("absent") else ""
    told |= {name: str(number) for name, number in content.get("limits", {}).items()}
    kin = content.get("identity", {})
    told |= {"maker_code": str(kin.get("manufacturer", ""))}
    told |= {name: str(kin[name]) for name in ("version", "medium") if name in kin}
    others = _without(content, _SHOWN)
    told["kept"] = json.dumps(others, ensure_ascii=False) if others else ""
    for language in ("en", "es"):
        told[f"traps_{language}"] = "\n".join(each[language] for each in content.get("traps", ()))
    return told


def _row(content: Mapping[str, Any], entry: Mapping[str, Any]) -> Raw:
    series = entry.get("series", entry["code"])
    told = {name: str(entry[name]) for name in ("code", "unit", "kind", "decimals")}
    told["series"] = series if series in metering_values.series_types() else ""
    told |= {f"caption_{language}": entry["caption"][language] for language in ("en", "es")}
    others = _without(entry, _SHOWN_OF_REGISTER)
    if captions := _without(entry["caption"], ("en", "es")):
        others["caption"] = captions
    if series != entry["code"] and not told["series"]:
        others["series"] = series
    told["kept"] = json.dumps(others, ensure_ascii=False) if others else ""
    if "wrap" in entry:
        digits = places.digits_of(entry["wrap"], entry["decimals"])
        exact = Decimal(entry["wrap"]).scaleb(-entry["decimals"])
        told["digits" if digits else "wrap"] = str(digits) if digits else amounts.written(exact)
    if "record" in entry:
        return told | {"record": entry["record"]}
    notation = content.get("notation", "")
    told["address"] = places.write_address(entry["address"], function=entry["function"], notation=notation)
    told |= {"function": str(entry["function"]), "type": entry["type"]}
    told["scale"] = places.write_scale(entry.get("scale", "1"))
    if "word_order" in entry or "byte_order" in entry:
        word = entry.get("word_order", content["word_order"])
        told["order"] = places.order_of(word, entry.get("byte_order", content.get("byte_order", "big"))).value
    told["sentinels"] = " ".join(str(each) for each in entry.get("sentinels", ()))
    return told


def _captions(given: Mapping[str, Any]) -> dict[str, str]:
    """In both languages; those of the quantity, or the code, where nothing was written."""
    series = metering_values.series_types().get(given["series"])
    written = {language: given[f"caption_{language}"] for language in ("en", "es")}
    if series is not None and not any(written.values()):
        for language in written:
            with translation.override(language):
                written[language] = str(series.caption)
    fallback = written["en"] or written["es"] or given["code"]
    others = given["kept"].get("caption")
    return {language: text or fallback for language, text in written.items()} | _without(others, written)


def _without(found: object, shown: Iterable[str]) -> dict[str, Any]:
    """The parts that the page does not show."""
    return {key: value for key, value in found.items() if key not in {*shown}} if isinstance(found, dict) else {}


def _order(chosen: str, top: tuple[str, str]) -> dict[str, str]:
    """What a register says beside the order of its type."""
    if not chosen:
        return {}
    word, byte = places.orders_of(ByteOrder(chosen))
    return ({"word_order": word} if word != top[0] else {}) | ({"byte_order": byte} if byte != top[1] else {})


def _address_help(function: int, notation: str) -> str:
    if notation == places.MODICON:
        first = places.FIRST[function][0]
        return _("Write it as the manual does, such as %(example)s, or 0x48 as on the wire.") % {"example": first + 72}
    return _("Write a whole number up to 65535, or in hex, such as 0x48.")
