"""What is typed about a job."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django import forms
from django.utils.translation import gettext_lazy as _

from meterbook.fieldwork import queries as fieldwork_queries
from meterbook.fieldwork import values
from meterbook.sites import queries as site_queries
from meterbook.web import parameters, typed


class ChangeForm(typed.Form):
    """Words, day and person of a job."""

    words = forms.CharField(
        label=_("What is to be done"),
        required=False,
        max_length=values.MOST_WORDS,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Where the key is, whom to ask, what to bring."),
    )
    due_on = parameters.DayField(label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    assignee = forms.ChoiceField(label=_("Who does it"), required=False)

    def __init__(
        self, data: object = None, *, people: Iterable[fieldwork_queries.Person], initial: object = None
    ) -> None:
        super().__init__(data, initial=initial)  # type: ignore[arg-type]  # what a request's POST is
        anybody = [("", _("Anybody who does jobs at the site"))]
        self.fields["assignee"].choices = [*anybody, *((str(each.public_id), each.name) for each in people)]  # type: ignore[attr-defined]

    def person(self) -> uuid.UUID | None:
        """This will return whom it is given to."""
        chosen = self.cleaned_data["assignee"]
        return uuid.UUID(chosen) if chosen else None


class NewForm(ChangeForm):
    """A job with what it is about: a meter by its code, or a place."""

    kind = forms.ChoiceField(label=_("Kind of job"), choices=list(values.KIND_CAPTIONS.items()))
    meter = typed.CodeField(
        label=_("Meter"),
        required=False,
        max_length=40,
        help_text=_("Its code. Leave it empty where there is none yet."),
    )
    place = forms.ChoiceField(label=_("Place"), required=False, help_text=_("That of the meter, where one is named."))
    field_order = ("kind", "meter", "place", "words", "due_on", "assignee")

    def __init__(
        self,
        data: object = None,
        *,
        people: Iterable[fieldwork_queries.Person],
        nodes: Iterable[site_queries.NodeRow],
        initial: object = None,
    ) -> None:
        super().__init__(data, people=people, initial=initial)
        named = ((str(each.public_id), f"{each.name} · {each.code}") for each in nodes)
        self.fields["place"].choices = [("", _("The site as a whole")), *named]  # type: ignore[attr-defined]
        self.fields["meter"].widget.attrs |= {"list": "meters-of-site", "autocomplete": "off"}


class EndForm(typed.Form):
    """How a job ended."""

    note = forms.CharField(
        label=_("What you found and did"),
        required=False,
        max_length=values.MOST_WORDS,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    photo = forms.FileField(
        label=_("Photo"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/*", "capture": "environment"}),
    )
