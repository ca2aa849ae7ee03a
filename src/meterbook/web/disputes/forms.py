"""What people fill in about a dispute, and the files that come with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms as django_forms
from django.utils.translation import gettext_lazy as _

from meterbook.billing import dispute_values as values
from meterbook.billing.dispute_values import REASON_CAPTIONS, STATE_CAPTIONS, DisputeState
from meterbook.billing.operations import disputing
from meterbook.documents import attachments
from meterbook.web import access, typed
from meterbook.web.billing import shared, words


class OpenForm(typed.Form):
    """What is wrong, and why."""

    reason = django_forms.ChoiceField(label=_("What is wrong?"), choices=list(REASON_CAPTIONS.items()))
    words = django_forms.CharField(
        label=_("In your words"),
        max_length=values.WORDS,
        widget=django_forms.Textarea(attrs={"rows": 5}),
        help_text=_("What you expected, since when, and how you know: a reading with its date says most."),
    )


class WriteForm(typed.Form):
    """Words to the other side, or among the operator's people."""

    words = django_forms.CharField(
        label=_("Message"), max_length=values.WORDS, required=False, widget=django_forms.Textarea(attrs={"rows": 3})
    )


class StepForm(typed.Form):
    """The next step with its words."""

    words = django_forms.CharField(
        label=_("Words"), max_length=values.WORDS, required=False, widget=django_forms.Textarea(attrs={"rows": 3})
    )


@dataclass(frozen=True)
class LineChoice:
    """A line of a bill that may be chosen."""

    place: str
    name: str
    meter_point: str
    amount: str
    is_chosen: bool


def lines_of(content: Mapping[str, Any], chosen: Sequence[str] = ()) -> list[LineChoice]:
    """This will return the lines of a bill by place, and its shared costs behind them."""
    measured = [
        LineChoice(
            place=place,
            name=words.said(row["text"]),
            meter_point=of_point["name"],
            amount=words.amount(row["amount"], content["currency"]),
            is_chosen=place in chosen,
        )
        for point, of_point in enumerate(content["meter_points"])
        for charge, of_charge in enumerate(of_point["charges"])
        for line, row in enumerate(of_charge["lines"])
        if (place := f"{point}/{charge}/{line}")
    ]
    return measured + [
        LineChoice(place, row.name, row.member, row.amount, place in chosen)
        for number, row in enumerate(shared.read(content))
        if (place := f"shared/{number}")
    ]


def files_of(request: access.Request) -> list[disputing.Given]:
    """This will read the files of a form, one more at most than may be, so that too many are refused."""
    uploaded = request.FILES.getlist("files")[: values.MOST_FILES + 1]
    return [disputing.Given(each.name or "", each.read(attachments.MOST_BYTES + 1)) for each in uploaded]


def state_of(code: str) -> DisputeState | None:
    """This will read a state from a form; None for anything else."""
    return DisputeState(code) if code in set(DisputeState) else None


def captions() -> dict[str, Any]:
    """This will return what templates call states and reasons by."""
    return {
        "states": {each.value: caption for each, caption in STATE_CAPTIONS.items()},
        "reasons": {each.value: caption for each, caption in REASON_CAPTIONS.items()},
    }
