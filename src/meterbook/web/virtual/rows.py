"""The rows of a formula as people write them: a list of signed rows, each checked by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django import forms
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meterbook.kernel import rounding, signs, water
from meterbook.metering import operations as metering_operations
from meterbook.metering import queries as metering_queries
from meterbook.metering.formulas import Hours
from meterbook.web import amounts, typed
from meterbook.web.virtual import words

MOST = 200
COUNT = "rows"
PLUS, MINUS, PLUS_CONSTANT, MINUS_CONSTANT = "PLUS", "MINUS", "PLUS_CONSTANT", "MINUS_CONSTANT"
PLUS_HEAT, MINUS_HEAT = "PLUS_HEAT", "MINUS_HEAT"
KINDS = (
    (PLUS, gettext_lazy("+ meter")),
    (MINUS, gettext_lazy("− meter")),
    (PLUS_CONSTANT, gettext_lazy("+ constant an hour")),
    (MINUS_CONSTANT, gettext_lazy("− constant an hour")),
)
HEAT_KINDS = (
    (PLUS_HEAT, gettext_lazy("+ flow × temperature difference")),
    (MINUS_HEAT, gettext_lazy("− flow × temperature difference")),
)
FIGURE_PLACES = 6  # of density and specific heat
OF_HEAT = ("flow", "returned", "density", "specific_heat")
_CLOCK = re.compile(r"(?a:(\d{1,2}):(\d{2}))")
_RATIO = re.compile(r"(?a:(\d{1,9})\s*/\s*(\d{1,9}))")

Find = Callable[[str], metering_queries.Candidate | None]


@dataclass(frozen=True)
class Finders:
    """Find meters by their codes; those of water and of temperatures are there where heat or cold is computed."""

    counter: Find
    water: Find | None = None
    flow: Find | None = None
    returned: Find | None = None


class FactorField(forms.CharField):
    """A positive exact number: 1, 0.25 or 1/3."""

    def clean(self, value: Any) -> Any:  # noqa: ANN401 - as Django declares it
        """This will return the number as a Fraction, or None when nothing was written.

        :raises forms.ValidationError: when it is no number, or not above zero
        """
        text = super().clean(value)
        if not text:
            return None
        ratio = _RATIO.fullmatch(text.strip())
        if ratio is not None and int(ratio[2]):
            found = Fraction(int(ratio[1]), int(ratio[2]))
        else:
            number = amounts.read(text, translation.get_language() or "en")
            if number is None or number > Decimal(10) ** 9:
                raise forms.ValidationError(_("Write a number or a ratio, such as 0.25 or 1/3."))
            found = Fraction(number)
        if found <= 0:
            raise forms.ValidationError(_("Write a number above zero; the sign is chosen beside it."))
        return found


class ClockField(forms.CharField):
    """A time of the day, 00:00 to 24:00, as minutes."""

    def clean(self, value: Any) -> Any:  # noqa: ANN401 - as Django declares it
        """This will return minutes, or None when nothing was written.

        :raises forms.ValidationError: when it is no time of the day
        """
        text = super().clean(value)
        if not text:
            return None
        found = _CLOCK.fullmatch(text.strip())
        minutes = int(found[1]) * 60 + int(found[2]) if found and int(found[2]) < 60 else -1
        if not 0 <= minutes <= 24 * 60:
            raise forms.ValidationError(_("Write the time as hours and minutes, such as 22:00."))
        return minutes


class RowForm(typed.Form):
    """One row: its sign, its factor, its meter by code, and when it counts."""

    kind = forms.ChoiceField(label=gettext_lazy("Sign"), choices=KINDS)
    factor = FactorField(label=gettext_lazy("Factor"), max_length=40, required=False)
    meter = forms.CharField(
        label=gettext_lazy("Code of the meter"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"list": "meters-to-add", "autocomplete": "off"}),
    )
    weekdays = forms.ChoiceField(label=gettext_lazy("Days"), required=False)
    start = ClockField(label=gettext_lazy("From"), max_length=5, required=False)
    end = ClockField(label=gettext_lazy("To"), max_length=5, required=False)
    flow = forms.CharField(label=gettext_lazy("Flow temperature at"), max_length=40, required=False)
    returned = forms.CharField(label=gettext_lazy("Return temperature at"), max_length=40, required=False)
    density = FactorField(label=gettext_lazy("Density, kg/m³"), max_length=20, required=False)
    specific_heat = FactorField(label=gettext_lazy("Specific heat, kJ/(kg K)"), max_length=20, required=False)

    def __init__(self, data: Any, *, number: int, find: Finders, initial: Mapping[str, Any] | None = None) -> None:  # noqa: ANN401
        super().__init__(data, prefix=f"row-{number}", initial=dict(initial or {}))
        self.number, self._find = number, find
        if find.water is None:
            for name in OF_HEAT:
                del self.fields[name]
        else:
            self.fields["kind"].choices = (*KINDS, *HEAT_KINDS)  # type: ignore[attr-defined]
            self.fields["density"].widget.attrs["placeholder"] = amounts.written(water.DENSITY)
            self.fields["specific_heat"].widget.attrs["placeholder"] = amounts.written(water.SPECIFIC_HEAT)
        mask = str(self["weekdays"].value() or "")
        known = mask in dict(words.DAYS) or not re.fullmatch(r"(?a:[1-9]\d{0,2})", mask) or int(mask) > 127
        own = () if known else ((mask, words.days(int(mask))),)
        self.fields["weekdays"].choices = (*words.DAYS, *own)  # type: ignore[attr-defined]

    @property
    def is_blank(self) -> bool:
        """Whether nothing was written into the row."""
        return not any(str(self[name].value() or "").strip() for name in ("factor", "meter", "start", "end"))

    def clean(self) -> dict[str, Any]:
        """This will find the meter, and ask for what the kind of row needs."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        is_constant = given.get("kind") in (PLUS_CONSTANT, MINUS_CONSTANT)
        code = given.get("meter", "")
        if is_constant and code:
            self.add_error("meter", _("A constant has no meter: take the code away, or choose another sign."))
        elif is_constant and "factor" in given and given["factor"] is None:
            self.add_error("factor", _("Write how many units an hour."))
        elif not is_constant and not code:
            self.add_error("meter", _("Write the code of a meter."))
        elif given.get("kind") in (PLUS_HEAT, MINUS_HEAT):
            self._clean_heat(given, code)
        elif not is_constant:
            given["found"] = self._find.counter(code)
            if given["found"] is None:
                words_ = _("There is no meter “%(code)s” of this quantity; choose one of the list.")
                self.add_error("meter", words_ % {"code": code})
        for name in OF_HEAT:
            if given.get(name) and given.get("kind") not in (PLUS_HEAT, MINUS_HEAT):
                self.add_error(name, _("Only flow × temperature difference has this: empty it, or choose that sign."))
        start, end = given.get("start"), given.get("end")
        if "start" in given and "end" in given and (start is None) != (end is None):
            self.add_error("end" if end is None else "start", _("Write both times, or neither."))
        elif start is not None and start == end:
            self.add_error("end", _("The row would never count: write another end."))
        elif start == 24 * 60:
            self.add_error("start", _("Write 00:00 for the beginning of the day."))
        return given

    def _clean_heat(self, given: dict[str, Any], code: str) -> None:
        """The meter of the water, and those of both temperatures: the same one where nothing is written."""
        wanted = (
            ("meter", self._find.water, _("There is no meter “%(code)s” of flow or volume; choose another one.")),
            ("flow", self._find.flow, _("“%(code)s” does not measure a flow temperature; write the code of another.")),
            (
                "returned",
                self._find.returned,
                _("“%(code)s” does not measure a return temperature; write the code of another."),
            ),
        )
        for name, find, words_ in wanted:
            own = given.get(name) or code
            found = None if find is None else find(own)
            given[f"found_{name}"] = found
            if found is None:
                self.add_error(name, words_ % {"code": own})
        given["found"] = given["found_meter"]

    def _heat(self) -> metering_operations.HeatOfWater | None:
        given = self.cleaned_data
        if given["kind"] not in (PLUS_HEAT, MINUS_HEAT):
            return None
        usual = metering_operations.HeatOfWater()
        return metering_operations.HeatOfWater(
            flow=given["found_flow"].public_id,
            returned=given["found_returned"].public_id,
            density=_decimal(given["density"], usual.density),
            specific_heat=_decimal(given["specific_heat"], usual.specific_heat),
        )

    def row(self) -> metering_operations.FormulaRow:
        """This will return the row as the operation takes it."""
        given = self.cleaned_data
        sign = -1 if given["kind"] in (MINUS, MINUS_CONSTANT, MINUS_HEAT) else 1
        found: metering_queries.Candidate | None = given.get("found")
        start, end = given["start"], given["end"]
        hours = Hours(
            int(given["weekdays"] or words.DAYS[0][0]), start or 0, 24 * 60 if start is None or end == 0 else end
        )
        return metering_operations.FormulaRow(
            sign * (given["factor"] or Fraction(1)), None if found is None else found.public_id, hours, self._heat()
        )


@dataclass(frozen=True)
class Rows:
    """The rows of a form; `act` is what a button beside them asks for instead of saving."""

    forms: tuple[RowForm, ...]
    act: str = ""

    @property
    def are_valid(self) -> bool:
        """Whether every row that is not blank can be taken; each of them says what is wrong in it."""
        return not [each for each in self.forms if not each.is_blank and not each.is_valid()]

    def rows(self) -> list[metering_operations.FormulaRow]:
        """This will return the rows in their order."""
        return [each.row() for each in self.forms if not each.is_blank]


def fresh(terms: Iterable[metering_queries.TermRow], find: Finders) -> Rows:
    """This will fill rows with a formula; one blank row where there is none."""
    initial = [_initial(each) for each in terms] or [{}]
    return Rows(tuple(RowForm(None, number=number, find=find, initial=each) for number, each in enumerate(initial)))


def read(data: Mapping[str, Any], find: Finders, more: Callable[[], Iterable[metering_queries.Candidate]]) -> Rows:
    """This will read the rows that were sent, and do what a button beside them says: nothing that was typed is lost.

    :param more: the meters that "take all" adds
    """
    text = str(data.get(COUNT, ""))
    count = min(int(text), MOST) if re.fullmatch(r"(?a:\d{1,4})", text) else 0
    act, _colon, which = str(data.get("do", "")).partition(":")
    if act not in ("add", "remove", "fill"):
        return Rows(tuple(RowForm(data, number=number, find=find) for number in range(count)))
    kept = [
        {name: data.get(f"row-{number}-{name}", "") for name in RowForm.base_fields}
        for number in range(count)
        if not (act == "remove" and which == str(number))
    ]
    if act == "fill":
        kept = [each for each in kept if each["factor"] or each["meter"]]
        there = {each["meter"] for each in kept}
        kept += [{"kind": PLUS, "meter": each.code} for each in more() if each.code not in there]
    elif act == "add" or not kept:
        kept.append({})
    found = tuple(
        RowForm(None, number=number, find=find, initial=each) for number, each in enumerate((kept or [{}])[:MOST])
    )
    return Rows(found, act)


def codes(data: Mapping[str, Any]) -> list[str]:
    """This will return the codes of meters that were sent."""
    sent = (
        str(data.get(f"row-{number}-{name}", "")).strip()
        for number in range(MOST)
        for name in ("meter", "flow", "returned")
    )
    return [each for each in sent if is_code(each)]


def is_code(code: str) -> bool:
    """This will tell whether a text can be the code of a meter at all."""
    return bool(code) and len(code) <= 40 and signs.find(code) is None


def finder(candidates: Iterable[metering_queries.Candidate]) -> Find:
    """This will find candidates by their codes."""
    known = {each.code: each for each in candidates}
    return lambda code: known.get(code.strip())


def _initial(term: metering_queries.TermRow) -> dict[str, Any]:
    is_constant = term.meter_point is None
    kinds = (PLUS_CONSTANT, MINUS_CONSTANT) if is_constant else (PLUS, MINUS)
    heat: dict[str, str] = {}
    if term.heat is not None:
        kinds = (PLUS_HEAT, MINUS_HEAT)
        sides = {"flow": term.heat.flow.code, "returned": term.heat.returned.code}
        heat = {name: "" if code == term.code else code for name, code in sides.items()}
        heat["density"] = amounts.written(term.heat.density)
        heat["specific_heat"] = amounts.written(term.heat.specific_heat)
    is_whole_day = (term.hours.from_minute, term.hours.until_minute) == (0, 24 * 60)
    return {
        "kind": kinds[term.factor < 0],
        "factor": words.factor(term.factor),
        "meter": term.code,
        "weekdays": str(term.hours.weekdays),
        "start": "" if is_whole_day else words.clock(term.hours.from_minute),
        "end": "" if is_whole_day else words.clock(term.hours.until_minute),
        **heat,
    }


def _decimal(given: Fraction | None, usual: Decimal) -> Decimal:
    """A figure of the row as a decimal number; a ratio to as many places as are kept."""
    if given is None:
        return usual
    return Decimal(f"{rounding.round_fraction(given, FIGURE_PLACES).normalize(rounding.EXACT):f}")
