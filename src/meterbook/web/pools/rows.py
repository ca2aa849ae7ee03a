"""The members of a shared cost as people write them: a row each, added and removed without losing what was typed."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meterbook.billing import pool_words
from meterbook.billing.pools.definition import Problem
from meterbook.web import amounts, parameters, typed

MOST = 500
COUNT = "rows"


@dataclass(frozen=True)
class Known:
    """What a row may name: units and meters by code."""

    units: Mapping[str, uuid.UUID]
    meters: Mapping[str, uuid.UUID]
    pools: tuple[tuple[str, str], ...] = ()


class RowForm(typed.Form):
    """One member: a unit or a meter by code, its value, and its days."""

    code = forms.CharField(
        label=gettext_lazy("Unit or meter"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"list": "pool-units", "autocomplete": "off"}),
    )
    value = amounts.NumberField(label=gettext_lazy("Value"), places=8, least=Decimal(0), required=False)
    first_day = parameters.DayField(
        label=gettext_lazy("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until_day = parameters.DayField(
        label=gettext_lazy("Until, not included"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    pool = forms.ChoiceField(label=gettext_lazy("Borne by"), required=False)

    def __init__(
        self,
        data: Any,  # noqa: ANN401
        *,
        number: int,
        known: Known,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, prefix=f"row-{number}", initial=dict(initial or {}))
        self.number, self.known = number, known
        if known.pools:
            self.fields["pool"].choices = [("", _("who is there")), *known.pools]  # type: ignore[attr-defined]
        else:
            del self.fields["pool"]

    @property
    def is_blank(self) -> bool:
        """Whether nothing was written into the row."""
        return not any(str(self[name].value() or "").strip() for name in self.fields)

    def clean_code(self) -> str:
        """This will refuse what is neither a unit nor a meter of the site."""
        code = str(self.cleaned_data["code"]).strip()
        if not code and self.is_blank:
            return ""
        if not code:
            raise forms.ValidationError(_("Write the code of a unit or a meter."))
        if code not in self.known.units and code not in self.known.meters:
            raise forms.ValidationError(_("The site has no unit or meter of this code."))
        return code

    def member(self) -> dict[str, Any]:
        """This will write the row as a member of the document."""
        given = self.cleaned_data
        code = given["code"]
        is_unit = code in self.known.units
        found = self.known.units[code] if is_unit else self.known.meters[code]
        made: dict[str, Any] = {"unit" if is_unit else "meter_point": str(found)}
        if given["value"] is not None:
            made["value"] = f"{given['value']:f}"
        for name in ("first_day", "until_day"):
            if given[name] is not None:
                made[name] = given[name].isoformat()
        if given.get("pool"):
            made["pool"] = given["pool"]
        return made


@dataclass(frozen=True)
class Rows:
    """The rows of a form; `act` is what a button beside them asks for instead of saving."""

    forms: tuple[RowForm, ...]
    act: str = ""

    @property
    def are_valid(self) -> bool:
        """Whether every row that is not blank can be taken; each of them says what is wrong in it."""
        return not [each for each in self.forms if not each.is_blank and not each.is_valid()]

    def members(self) -> list[dict[str, Any]]:
        """This will return the members in their order."""
        return [each.member() for each in self.forms if not each.is_blank]

    def say(self, problems: Iterable[Problem]) -> list[Problem]:
        """This will say faults of members beside their rows, and return the others."""
        written = [each for each in self.forms if not each.is_blank]
        rest = []
        for each in problems:
            found = re.fullmatch(r"members/(\d{1,4})/(\w+)", each.path)
            if found is None or int(found[1]) >= len(written):
                rest.append(each)
                continue
            row, field = written[int(found[1])], {"unit": "code", "meter_point": "code"}.get(found[2], found[2])
            row.add_error(field if field in row.fields else None, pool_words.fault(each))
        return rest


def fresh(members: Iterable[Mapping[str, Any]], known: Known) -> Rows:
    """This will fill rows with the members of a document; one blank row where there is none."""
    codes = {str(public_id): code for code, public_id in (*known.units.items(), *known.meters.items())}
    initial = [
        {
            "code": codes.get(str(each.get("unit") or each.get("meter_point")), ""),
            "value": amounts.written(Decimal(each["value"])) if each.get("value") else "",
            "first_day": each.get("first_day", ""),
            "until_day": each.get("until_day", ""),
            "pool": each.get("pool", ""),
        }
        for each in members
    ] or [{}]
    return Rows(tuple(RowForm(None, number=number, known=known, initial=each) for number, each in enumerate(initial)))


def read(data: Mapping[str, Any], known: Known) -> Rows:
    """This will read the rows that were sent, and do what a button beside them says: nothing typed is lost."""
    text = str(data.get(COUNT, ""))
    count = min(int(text), MOST) if re.fullmatch(r"(?a:\d{1,4})", text) else 0
    act, _colon, which = str(data.get("do", "")).partition(":")
    if act not in ("add", "remove", "fill"):
        return Rows(tuple(RowForm(data, number=number, known=known) for number in range(count)))
    kept = [
        {name: data.get(f"row-{number}-{name}", "") for name in RowForm.base_fields}
        for number in range(count)
        if not (act == "remove" and which == str(number))
    ]
    if act == "fill":
        kept = [each for each in kept if each["code"]]
        there = {each["code"] for each in kept}
        kept += [{"code": code} for code in known.units if code not in there]
    elif act == "add" or not kept:
        kept.append({})
    made = tuple(
        RowForm(None, number=number, known=known, initial=each) for number, each in enumerate((kept or [{}])[:MOST])
    )
    return Rows(made, act)
