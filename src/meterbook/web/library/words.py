"""What differs between versions of a meter type, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meterbook.acquisition.library import comparing
from meterbook.acquisition.library.comparing import Effect
from meterbook.kernel.quantity import Unit
from meterbook.metering import values as metering_values
from meterbook.web.library import sheet_forms
from meterbook.web.templatetags import meterbook as tags

EFFECTS: dict[Effect, str | Promise] = {
    Effect.WORDS: gettext_lazy("only what people read"),
    Effect.NEXT_READING: gettext_lazy("with the next reading"),
    Effect.NEW_METERS: gettext_lazy("for meters that are set up from now on"),
}
KEYS: dict[str, str | Promise] = {
    "manufacturer": gettext_lazy("Maker"),
    "name": gettext_lazy("Name"),
    "firmware": gettext_lazy("Firmware"),
    "accuracy": gettext_lazy("Accuracy class"),
    "service": gettext_lazy("Service"),
    "protocol": gettext_lazy("Protocol"),
    "identity": gettext_lazy("Who it says it is"),
    "word_order": gettext_lazy("Order of the words"),
    "byte_order": gettext_lazy("Order of the bytes in a word"),
    "notation": gettext_lazy("Addresses are written"),
    "absent": gettext_lazy("The largest number means no value"),
    "side": gettext_lazy("Side of the transformers"),
    "source": gettext_lazy("Source"),
    "limits": gettext_lazy("Limits of a question"),
    "traps": gettext_lazy("Good to know"),
    "register": gettext_lazy("Register"),
    "series": gettext_lazy("Quantity"),
    "caption": gettext_lazy("Name"),
    "function": gettext_lazy("Function"),
    "address": gettext_lazy("Address"),
    "record": gettext_lazy("Record"),
    "type": gettext_lazy("Size and sign"),
    "scale": gettext_lazy("Scale"),
    "unit": gettext_lazy("Unit"),
    "kind": gettext_lazy("Kind"),
    "decimals": gettext_lazy("Decimals"),
    "wrap": gettext_lazy("Starts again at"),
    "sentinels": gettext_lazy("No value when it sends"),
}


FIRST: dict[str, str | Promise] = {
    "big": gettext_lazy("most significant first"),
    "little": gettext_lazy("least significant first"),
}


@dataclass(frozen=True)
class ChangeRow:
    """One difference: `where` is a register's code, "" for the type itself."""

    where: str
    what: str
    before: str
    after: str
    effect: str


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[ChangeRow]:
    """This will tell what differs between the contents of two documents."""
    places = [{each["code"]: each for each in content["registers"]} for content in (before, after)]
    return [
        _row(each, *(known.get(each.register, {}) for known in places)) for each in comparing.compare(before, after)
    ]


def _row(change: comparing.Change, was: Mapping[str, Any], becomes: Mapping[str, Any]) -> ChangeRow:
    what = KEYS.get(change.key, change.key)
    if change.key == "register":
        what = _("Register added") if change.before is None else _("Register removed")
    return ChangeRow(
        change.register,
        str(what),
        _shown(change.key, change.before, was),
        _shown(change.key, change.after, becomes),
        str(EFFECTS[change.effect]),
    )


def _shown(key: str, value: object, entry: Mapping[str, Any]) -> str:
    if key != "wrap" or value is None:
        return _value(key, value)
    number = Decimal(str(value)).scaleb(-entry["decimals"])
    return f"{tags.number(number, entry['decimals'])} {_value('unit', entry['unit'])}"


def _value(key: str, value: Any) -> str:  # noqa: ANN401 - of a document
    if value is None:
        return "–"
    if isinstance(value, Mapping):
        return _mapping(key, value)
    if isinstance(value, Iterable) and not isinstance(value, str):
        return " · ".join(_value("", each) for each in value)
    if key == "unit" and value in Unit.__members__:
        return Unit[value].symbol or str(value)
    if key == "service":
        return str(metering_values.SERVICE_CAPTIONS[metering_values.Service(value)])
    captions = {
        "type": sheet_forms.TYPES,
        "kind": sheet_forms.KINDS,
        "word_order": FIRST,
        "byte_order": FIRST,
    }.get(key, {})
    return str(captions.get(value, value))


def _mapping(key: str, value: Mapping[str, Any]) -> str:
    if key == "register":
        place = value.get("record", value.get("address"))
        return f"{_mapping('caption', value['caption'])} ({place}, {_value('unit', value['unit'])})"
    if "en" in value:
        language = (translation.get_language() or "en")[:2]
        return str(value.get(language, value["en"]))
    return ", ".join(f"{name}: {each}" for name, each in value.items())
