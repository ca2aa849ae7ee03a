"""The fields of a meter type and of one register of it, as its editor shows them."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from meterbook.acquisition.library import checks
from meterbook.acquisition.library.orders import ByteOrder
from meterbook.kernel.quantity import Unit
from meterbook.metering import values as metering_values
from meterbook.web import amounts, typed
from meterbook.web.library import places

CODE = re.compile(r"[a-z][a-z0-9_]*")
RECORD = re.compile(r"[a-z0-9-]+(\.[a-zA-Z0-9-]+)*(#[1-9][0-9]*)?")
CODE_HELP = _("Small letters, digits and _, beginning with a letter.")
SIDES = [
    ("", "—"),
    ("SECONDARY", _("On the secondary side of its transformers")),
    ("PRIMARY", _("It multiplies inside: its multiplier is 1")),
]
ORDERS = [(each.value, "-".join(each.value)) for each in ByteOrder]
TYPES: dict[str, str | Promise] = {
    "int16": _("16 bits, signed"),
    "uint16": _("16 bits, unsigned"),
    "int32": _("32 bits, signed"),
    "uint32": _("32 bits, unsigned"),
    "float32": _("32 bits, float"),
    "int64": _("64 bits, signed"),
    "uint64": _("64 bits, unsigned"),
    "float64": _("64 bits, float"),
}
KINDS: dict[str, str | Promise] = {"CUMULATIVE": _("Counter"), "INSTANT": _("Instant value")}
FUNCTIONS: dict[str, str | Promise] = {"3": _("3 · holding"), "4": _("4 · input")}
FIRST_IN_LIST = (Unit.KWH, Unit.M3, Unit.KVARH, Unit.W, Unit.KW, Unit.V, Unit.A, Unit.HZ, Unit.ONE)


class HeadForm(typed.Form):
    """What a meter type says of itself. Fields that its protocol does not have are left out of the page."""

    code = forms.CharField(label=_("Code"), max_length=40, help_text=_("Unique, such as maker_m1; it stays."))
    manufacturer = forms.CharField(label=_("Maker"), max_length=60)
    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("As it stands on the front."))
    service = forms.ChoiceField(label=_("Service"), choices=list(metering_values.SERVICE_CAPTIONS.items()))
    order = forms.ChoiceField(
        label=_("Order of the bytes"),
        choices=ORDERS,
        required=False,
        help_text=_("Of numbers with four bytes; 1-2-3-4 is most significant first. A test read tries them all."),
    )
    notation = forms.ChoiceField(
        label=_("Addresses are written"), choices=list(places.NOTATIONS.items()), required=False
    )
    firmware = forms.CharField(label=_("Firmware"), max_length=60, required=False)
    accuracy = forms.CharField(label=_("Accuracy class"), max_length=20, required=False)
    side = forms.ChoiceField(label=_("Where it counts"), choices=SIDES, required=False)
    has_maximum = forms.BooleanField(
        label=_("The largest number of a register says that it has no value"), required=False
    )
    words = forms.IntegerField(
        label=_("Most words of one question"), min_value=1, max_value=checks.MAX_WORDS, required=False
    )
    gap = forms.IntegerField(
        label=_("Most unused words read along"), min_value=0, max_value=checks.MAX_WORDS - 1, required=False
    )
    maker_code = forms.CharField(label=_("Maker as M-Bus writes it"), max_length=3, required=False)
    version = forms.IntegerField(label=_("Version"), min_value=0, max_value=255, required=False)
    medium = forms.IntegerField(label=_("Medium"), min_value=0, max_value=255, required=False)
    source = forms.CharField(
        label=_("Source"), max_length=1000, help_text=_("Where the registers are listed: manual, edition, page.")
    )
    traps_en = forms.CharField(
        label=_("Good to know, in English"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What surprises people with it, one thing in a line."),
    )
    traps_es = forms.CharField(
        label=_("Good to know, in Spanish"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("The same lines, in the same order."),
    )

    kept = forms.CharField(required=False, max_length=20_000, widget=forms.HiddenInput)

    OF_MODBUS = ("order", "notation", "words", "gap", "has_maximum")
    OF_MBUS = ("maker_code", "version", "medium")

    def __init__(self, data: Any = None, *, protocol: str, **more: Any) -> None:  # noqa: ANN401 - as Django declares it
        super().__init__(data, prefix="type", **more)
        left_out = () if protocol == checks.MODBUS else self.OF_MODBUS
        for name in (*left_out, *(() if protocol == checks.MBUS else self.OF_MBUS)):
            del self.fields[name]

    def main_fields(self) -> list[forms.BoundField]:
        """This will return the fields that every type needs."""
        names = ("manufacturer", "name", "code", "service", "order", "notation", "source")
        return [self[name] for name in names if name in self.fields]

    def more_fields(self) -> list[forms.BoundField]:
        """This will return those that many types leave empty."""
        main = {each.name for each in self.main_fields()}
        return [each for each in self if each.name not in main and each.name != "kept"]

    @property
    def has_more_errors(self) -> bool:
        """Whether one of the latter must be corrected."""
        return any(each.errors for each in self.more_fields())

    def clean_code(self) -> str:
        """This will return the code.

        :raises forms.ValidationError: when it has other signs
        """
        return _code(self.cleaned_data["code"])

    def clean_kept(self) -> dict[str, Any]:
        """This will return parts of the document that the page does not show."""
        return _kept(self.cleaned_data["kept"])

    def clean_maker_code(self) -> str:
        """This will return three capital letters.

        :raises forms.ValidationError: when it is anything else
        """
        given = str(self.cleaned_data["maker_code"]).upper()
        if given and not re.fullmatch("[A-Z]{3}", given):
            raise forms.ValidationError(_("Write the three letters, such as KAM."))
        return given

    def clean(self) -> dict[str, Any]:
        """This will want as many lines in both languages, and the maker where version or medium are given."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        english, spanish = lines(given.get("traps_en")), lines(given.get("traps_es"))
        if english and not spanish:
            given["traps_es"] = given["traps_en"]
        elif len(english) != len(spanish):
            self.add_error("traps_es", gettext("Write as many lines as in English: each says the same thing."))
        is_kin = given.get("version") is not None or given.get("medium") is not None
        if is_kin and not given.get("maker_code") and "maker_code" not in self.errors:
            self.add_error("maker_code", gettext("Say the maker too, or leave version and medium empty."))
        return given


class RegisterForm(typed.Form):
    """One register. With Modbus it has an address, with other protocols the name of what the meter sends."""

    series = forms.ChoiceField(label=_("Quantity"), required=False)
    record = forms.CharField(label=_("Record"), max_length=120, required=False)
    function = forms.ChoiceField(label=_("Function"), choices=list(FUNCTIONS.items()), required=False)
    address = forms.CharField(label=_("Address"), max_length=12, required=False)
    type = forms.ChoiceField(label=pgettext_lazy("of a number", "Type"), choices=list(TYPES.items()), required=False)
    scale = forms.CharField(label=_("Scale"), max_length=30, required=False)
    unit = forms.ChoiceField(label=_("Unit"))
    kind = forms.ChoiceField(label=_("Kind"), choices=list(KINDS.items()))
    decimals = forms.IntegerField(label=_("Decimals"), min_value=0, max_value=9)
    code = forms.CharField(label=_("Code"), max_length=40, required=False, help_text=CODE_HELP)
    caption_en = forms.CharField(label=_("Name in English"), max_length=120, required=False)
    caption_es = forms.CharField(label=_("Name in Spanish"), max_length=120, required=False)
    order = forms.ChoiceField(label=_("Order of the bytes"), choices=[("", _("As the type")), *ORDERS], required=False)
    digits = forms.IntegerField(
        label=_("Digits before the point"),
        min_value=1,
        max_value=15,
        required=False,
        help_text=_("Of the counter: after the last one it starts from zero again."),
    )
    wrap = amounts.NumberField(
        places=9,
        least=Decimal(0),
        most=Decimal(10) ** 18,
        label=_("Or it starts again at"),
        required=False,
        help_text=_("In the unit, such as 42,949,672.96."),
    )
    sentinels = forms.CharField(
        label=_("No value when it sends"),
        max_length=200,
        required=False,
        help_text=_("Raw numbers, such as 65535 or 0x8000."),
    )
    kept = forms.CharField(required=False, max_length=4000, widget=forms.HiddenInput)

    OF_MODBUS = ("function", "address", "type", "scale", "order", "sentinels")
    MAIN = ("series", "record", "function", "address", "type", "scale", "unit", "kind", "decimals")

    def __init__(self, data: Any = None, *, index: int, protocol: str, **more: Any) -> None:  # noqa: ANN401
        super().__init__(data, prefix=f"r{index}", **more)
        self.index, self.number = index, index + 1
        left_out = ("record",) if protocol == checks.MODBUS else self.OF_MODBUS
        for name in left_out:
            del self.fields[name]
        for name in ("address", "record"):
            if name in self.fields:
                self.fields[name].required = True
        self.fields["series"].choices = quantities()  # type: ignore[attr-defined]
        self.fields["unit"].choices = units()  # type: ignore[attr-defined]

    def main_fields(self) -> list[forms.BoundField]:
        """This will return the cells of its line."""
        return [self[name] for name in self.MAIN if name in self.fields]

    def more_fields(self) -> list[forms.BoundField]:
        """This will return what stands below it."""
        return [self[name] for name in self.fields if name not in (*self.MAIN, "kept")]

    @property
    def has_more_errors(self) -> bool:
        """Whether one of the latter must be corrected."""
        return any(each.errors for each in self.more_fields())

    @property
    def columns(self) -> int:
        """How many cells its line has, with the one of its buttons."""
        return len(self.main_fields()) + 1

    @property
    def title(self) -> str:
        """How the register is called in buttons."""
        names = dict(quantities())
        return str(self["caption_en"].value() or names.get(self["series"].value()) or self["code"].value() or "")

    def clean_code(self) -> str:
        """This will return the code; the quantity's where none is given.

        :raises forms.ValidationError: when it has other signs
        """
        given = self.cleaned_data["code"] or self.cleaned_data.get("series", "")
        if not given:
            raise forms.ValidationError(_("Choose a quantity, or give the register a code."))
        return _code(given)

    def clean_record(self) -> str:
        """This will return the name of what the meter sends.

        :raises forms.ValidationError: when it is none
        """
        given = str(self.cleaned_data["record"])
        if RECORD.fullmatch(given) is None:
            raise forms.ValidationError(_("Write it as a test read shows it, such as energy.storage1.tariff2."))
        return given

    def clean_scale(self) -> str:
        """This will return the scale as documents have it.

        :raises forms.ValidationError: when it is none
        """
        given = self.cleaned_data["scale"]
        found = places.read_scale(given) if given else "1"
        if found is None:
            raise forms.ValidationError(_("Write a number above zero, such as 0.1, 10 or 1/100."))
        return found

    def clean_kept(self) -> dict[str, Any]:
        """This will return parts of the register that the page does not show, such as captions in further languages."""
        return _kept(self.cleaned_data["kept"])

    def clean(self) -> dict[str, Any]:
        """This will find the number at which the counter starts again, and read special numbers by the type."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        self._clean_wrap(given)
        if given.get("sentinels") and given.get("type"):
            found = places.read_sentinels(given["sentinels"], type=given["type"])
            if found is None:
                self.add_error("sentinels", gettext("Write whole numbers that the type can hold; floats have none."))
            given["sentinels"] = found
        return given

    def _clean_wrap(self, given: dict[str, Any]) -> None:
        digits, shown, decimals = given.get("digits"), given.get("wrap"), given.get("decimals")
        if decimals is None or (digits is None and shown is None):
            return
        if given.get("kind") == "INSTANT":
            self.add_error("digits" if digits is not None else "wrap", gettext("Only a counter starts again."))
        elif digits is not None and shown is not None and shown != 10**digits:
            self.add_error("wrap", gettext("The digits say another number; leave one of the two empty."))
        else:
            wrap = places.wrap_of(Decimal(10) ** digits if digits is not None else Decimal(shown or 0), decimals)
            if wrap is None or wrap >= 2**63:
                self.add_error("wrap", gettext("Write a number above zero with as many decimals as are stored."))
            given["stored_wrap"] = wrap


def lines(text: str | None) -> list[str]:
    """This will return the lines that say something."""
    return [" ".join(each.split()) for each in (text or "").splitlines() if each.strip()]


def quantities() -> list[tuple[str, str | Promise]]:
    """This will return what is stored of a meter, and nothing for what only a test read shows.

    Maxima are not among it: their registers are reset when people read them; of a device that is asked the intervals
    tell the demand.
    """
    known = [each for each in metering_values.series_types().values() if not each.is_maximum]
    return [("", _("Another (shown in test reads)")), *((each.code, each.caption) for each in known)]


def units() -> list[tuple[str, str]]:
    """This will return the units, those of most meters first."""
    rest = [each for each in Unit if each not in FIRST_IN_LIST]
    return [(each.value, each.symbol or each.value) for each in (*FIRST_IN_LIST, *rest)]


def _kept(text: str) -> dict[str, Any]:
    """What the page brings along; what somebody made of it otherwise is checked with the whole document."""
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _code(given: str) -> str:
    if CODE.fullmatch(given) is None:
        raise forms.ValidationError(CODE_HELP)
    return given
