"""What is typed about places: names, facts, where they lie and since when."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from meterbook.sites import queries as site_queries
from meterbook.sites import values
from meterbook.web import amounts, parameters, typed

TOP = "top"
CUSTOM = "custom_"
_LARGEST = Decimal(10) ** (values.NUMBER_DIGITS - values.NUMBER_DECIMALS) - 1
EMPTY = ("", "–")
LANGUAGES = (("", _("that of the site")), ("en", "English"), ("es", "Español"))


class PlaceForm(typed.Form):
    """A place with what is known of it; the organization's own fields come last."""

    name = forms.CharField(label=_("Name"), max_length=values.NAME_LENGTH)
    code = typed.CodeField(
        label=_("Code"), max_length=values.CODE_LENGTH, help_text=_("Short and unique in the organization.")
    )
    kind = forms.ChoiceField(label=_("Kind"))
    usage = forms.ChoiceField(label=_("Used as"), choices=[EMPTY, *values.USAGE_TYPE_CAPTIONS.items()], required=False)
    area = amounts.NumberField(
        label=_("Area"), places=values.NUMBER_DECIMALS, least=Decimal(0), most=_LARGEST, required=False
    )
    area_unit = forms.ChoiceField(label=_("Area unit"), choices=list(values.AREA_UNIT_CAPTIONS.items()))
    headcount = forms.IntegerField(
        label=_("Headcount"),
        min_value=0,
        max_value=values.MOST_HEADCOUNT,
        required=False,
        help_text=_("How many people live or work there."),
    )
    rated_capacity = amounts.NumberField(
        label=_("Rated capacity"), places=values.NUMBER_DECIMALS, least=Decimal(0), most=_LARGEST, required=False
    )
    capacity_unit = forms.ChoiceField(label=_("Capacity unit"), choices=list(values.CAPACITY_UNIT_CAPTIONS.items()))
    address = forms.CharField(
        label=_("Address"),
        max_length=values.ADDRESS_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Where it differs from that of the site."),
    )
    contacts = forms.CharField(
        label=_("Contacts"),
        max_length=values.CONTACTS_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Who has the key, whom to call."),
    )
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES, required=False)

    def __init__(
        self,
        data: object = None,
        *,
        kinds: Collection[values.NodeKind],
        declared: Sequence[values.FieldDeclaration],
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))  # type: ignore[arg-type]  # what a request's POST is
        self.declared = declared
        self.fields["kind"].choices = [  # type: ignore[attr-defined]
            (kind.value, caption) for kind, caption in values.NODE_KIND_CAPTIONS.items() if kind in kinds
        ]
        for each in declared:
            self.fields[CUSTOM + each.key] = _custom_field(each)

    def clean_name(self) -> str:
        """This will return the name without what nobody types."""
        return parameters.written(self.cleaned_data["name"], values.NAME_LENGTH)

    def main(self) -> list[forms.BoundField]:
        """This will return what every place has."""
        return [self[name] for name in ("name", "code", "kind")]

    def more(self) -> list[forms.BoundField]:
        """This will return what may stay empty."""
        return [self[name] for name in self.fields if name not in {"name", "code", "kind"}]

    @property
    def has_hidden_errors(self) -> bool:
        """Whether something among what may stay empty is wrong."""
        return any(each.errors for each in self.more())

    @property
    def kind_chosen(self) -> values.NodeKind:
        """The kind of a form that is right."""
        return values.NodeKind(self.cleaned_data["kind"])

    @property
    def facts(self) -> values.NodeFacts:
        """The facts of a form that is right."""
        given = self.cleaned_data
        return values.NodeFacts(
            area=given["area"],
            area_unit=values.AreaUnit(given["area_unit"]),
            headcount=given["headcount"],
            usage=values.UsageType(given["usage"]) if given["usage"] else None,
            address=given["address"].replace("\r\n", "\n"),
            rated_capacity=given["rated_capacity"],
            capacity_unit=values.CapacityUnit(given["capacity_unit"]),
            contacts=given["contacts"].replace("\r\n", "\n"),
            language=given["language"],
            custom={each.key: _plain(given[CUSTOM + each.key]) for each in self.declared},
        )


def _custom_field(declared: values.FieldDeclaration) -> forms.Field:
    if declared.type is values.FieldType.NUMBER:
        return amounts.NumberField(label=declared.name, places=6, required=False)
    if declared.type is values.FieldType.DATE:
        return parameters.DayField(label=declared.name, required=False, widget=forms.DateInput(attrs={"type": "date"}))
    if declared.type is values.FieldType.CHOICE:
        choices = [EMPTY, *((each, each) for each in declared.choices)]
        return forms.ChoiceField(label=declared.name, choices=choices, required=False)
    return forms.CharField(label=declared.name, max_length=values.FIELD_TEXT_LENGTH, required=False)


def _plain(value: object) -> str:
    if value is None:
        return ""
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def initial_of(detail: site_queries.NodeDetail, declared: Sequence[values.FieldDeclaration]) -> dict[str, Any]:
    """This will return what the form of a place begins with."""
    facts = detail.facts
    custom = {}
    for each in declared:
        text = facts.custom.get(each.key, "")
        is_number = each.type is values.FieldType.NUMBER and text
        custom[CUSTOM + each.key] = amounts.written(Decimal(text)) if is_number else text
    return {
        "name": detail.name,
        "code": detail.code,
        "kind": detail.kind.value,
        "usage": facts.usage.value if facts.usage else "",
        "area": None if facts.area is None else amounts.written(facts.area.normalize() + 0),
        "area_unit": facts.area_unit.value,
        "headcount": facts.headcount,
        "rated_capacity": None
        if facts.rated_capacity is None
        else amounts.written(facts.rated_capacity.normalize() + 0),
        "capacity_unit": facts.capacity_unit.value,
        "address": facts.address,
        "contacts": facts.contacts,
        "language": facts.language,
        **custom,
    }


def initial_below(
    nodes: Sequence[site_queries.NodeRow],
    parent: site_queries.NodeRow | None,
    kinds: Sequence[values.NodeKind],
    wanted: str = "",
) -> dict[str, Any]:
    """This will return what the form of one more place begins with: kind and code that follow its neighbors'.

    :param wanted: the kind with which it begins where there are no neighbors yet
    """
    siblings = [each for each in nodes if each.parent_id == (parent.id if parent else None)]
    latest = max(siblings, key=lambda each: each.id, default=None)
    usual = next((each for each in kinds if each.value == wanted), kinds[0])
    kind = latest.kind if latest is not None and latest.kind in kinds else usual
    taken = {each.code for each in nodes}
    return {"kind": kind.value, "code": code_after(latest.code, taken) if latest is not None else ""}


def code_after(code: str, taken: Collection[str]) -> str:
    """This will return the free code that follows: “U-09” gives “U-10”; a code without a number gives none."""
    match = re.fullmatch(r"(?a:(.*?)(\d{1,9}))", code)
    if match is None:
        return ""
    head, digits = match.groups()
    candidates = (f"{head}{int(digits) + step:0{len(digits)}}" for step in range(1, len(taken) + 2))
    return next((each for each in candidates if each not in taken), "")


class MoveForm(typed.Form):
    """Where something lies from a day on."""

    parent = forms.ChoiceField(label=_("Inside"))
    day = parameters.DayField(
        label=_("From this day on"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("The day begins at the site's midnight. Reports of earlier days keep the old place."),
    )

    def __init__(
        self, data: object = None, *, places: Sequence[tuple[str, str]], parent: str = TOP, day: date | None = None
    ) -> None:
        super().__init__(data, initial={"parent": parent, "day": day and day.isoformat()})  # type: ignore[arg-type]
        self.fields["parent"].choices = [(TOP, _("At the top of the site")), *places]  # type: ignore[attr-defined]

    @property
    def target(self) -> uuid.UUID | None:
        """The chosen place of a form that is right; None is the top."""
        chosen = self.cleaned_data["parent"]
        return None if chosen == TOP else uuid.UUID(chosen)


class FieldForm(typed.Form):
    """A field that the organization adds to its places."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("Such as: Keys handed out, Fit-out, Let since."))
    kind = forms.ChoiceField(label=_("What it holds"), choices=list(values.FIELD_TYPE_CAPTIONS.items()))
    choices = forms.CharField(
        label=_("Choices"),
        required=False,
        max_length=values.MOST_CHOICES * (values.FIELD_TEXT_LENGTH + 1),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line; only for a choice."),
    )
