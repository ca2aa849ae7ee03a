"""What is typed about a device that sends by HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meterbook.acquisition import brokers, catalogue, senders, values
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition.drivers.mqtt import mapping
from meterbook.acquisition.library.documents import MeterModel
from meterbook.journeys import add_sender
from meterbook.sites import queries as site_queries
from meterbook.web import parameters, typed

LONGEST_MAPPING, USUAL_MODEL = 20_000, "json_electricity"


class SendingForm(typed.Form):
    """Where the values stand, how often they come, and whether the device proves itself."""

    mapping = forms.CharField(
        label=gettext_lazy("Where the values stand"),
        max_length=LONGEST_MAPPING,
        help_text=gettext_lazy(
            "One line a register: “energy_import: /energy/total kWh”. Before the unit a factor may stand: “× 0.01”. "
            "“.” is a bare number. “time: /ts” says when it was measured; without it the time of arrival counts."
        ),
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false"}),
    )
    expected_seconds = forms.IntegerField(
        label=gettext_lazy("Sends at least every"),
        min_value=1,
        max_value=3600,
        required=False,
        help_text=gettext_lazy(
            "In seconds. After three times as long without a message the meter counts as silent. Empty: 120."
        ),
    )
    is_open = forms.BooleanField(
        label=gettext_lazy("It cannot send a token"),
        required=False,
        help_text=gettext_lazy("Heard from local networks only, and marked as unauthenticated. Less safe."),
    )

    def read_mapping(self, model: MeterModel) -> None:
        """This will read the mapping as the model has it, and complain beside the field."""
        text = (self.cleaned_data.get("mapping") or "").strip()
        if not text:
            return
        try:
            self.cleaned_data["message_map"] = mapping.read(text, model)
        except mapping.MappingWrong as error:
            self.add_error("mapping", brokers.mapping_words(error))

    def facts(self) -> acquisition_operations.SenderFacts:
        """This will return what was typed as the operations want it."""
        given = self.cleaned_data
        return acquisition_operations.SenderFacts(
            mapping=given["message_map"],
            expected_seconds=given.get("expected_seconds") or values.EXPECTED_SECONDS,
            is_open=given["is_open"],
        )

    def blame(self, field: str, words: str) -> None:
        """This will say beside the field at fault what cannot be."""
        self.add_error(field if field in self.fields else None, words)


class ChangeForm(SendingForm):
    """How a device sends that is there."""

    def __init__(self, data: QueryDict | None, *, row: senders.SenderRow) -> None:
        initial = {"mapping": row.text, "expected_seconds": row.expected_seconds, "is_open": row.is_open}
        super().__init__(data, initial=initial)
        self._model_code = row.model_code

    def clean(self) -> dict[str, Any]:
        """This will read the mapping."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        self.read_mapping(catalogue.current().load(self._model_code))
        return given


class NewForm(SendingForm):
    """A meter that shall send: one that hangs already, or a new one."""

    meter = forms.ChoiceField(
        label=gettext_lazy("Meter"),
        required=False,
        help_text=gettext_lazy("A new one, or one that hangs already and is read by hand or from files so far."),
    )
    site = forms.ChoiceField(label=gettext_lazy("Site"), required=False)
    code = forms.CharField(
        label=gettext_lazy("Code of the meter point"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("Of a new meter, as its code and its name."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    name = forms.CharField(
        label=gettext_lazy("Name of the meter point"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    serial_number = forms.CharField(
        label=gettext_lazy("Serial number"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    model_code = forms.ChoiceField(
        label=gettext_lazy("What it measures"),
        help_text=gettext_lazy("The kind of meter; its registers may be named below."),
    )
    field_order = ("meter", "site", "code", "name", "serial_number", "model_code")

    def __init__(
        self,
        data: QueryDict | None,
        *,
        sites: Sequence[site_queries.SiteRow],
        usual: site_queries.SiteRow | None,
        free: Sequence[senders.FreeMeter],
    ) -> None:
        initial = {"site": str(usual.public_id) if usual else "", "model_code": USUAL_MODEL}
        super().__init__(data, initial=initial)
        self._free = {str(each.public_id): each for each in free}
        offered = catalogue.current().offered(is_demo=settings.IS_DEMO)
        shown = [(each.code, f"{each.manufacturer} {each.name}") for each in offered if each.is_heard]
        there = [
            (key, f"{each.point_code} {each.point_name} · {each.serial_number}") for key, each in self._free.items()
        ]
        asked = [] if usual else [("", _("Choose the site"))]
        self.fields["meter"].choices = [("", _("A new meter")), *there]  # type: ignore[attr-defined]
        self.fields["site"].choices = [*asked, *((str(each.public_id), each.name) for each in sites)]  # type: ignore[attr-defined]
        self.fields["model_code"].choices = shown  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """This will ask for what a new meter needs, and read the mapping as the model has it."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if not given.get("meter") and "meter" not in self.errors:
            for name in ("site", "code", "name", "serial_number"):
                given[name] = parameters.written(given.get(name) or "", 200)
                if not given[name] and name not in self.errors:
                    self.add_error(name, _("A new meter needs this."))
        if given.get("model_code"):
            self.read_mapping(catalogue.current().load(given["model_code"]))
        return given

    def plan(self) -> add_sender.SendingMeter:
        """This will return what was typed as the journey wants it."""
        given = self.cleaned_data
        there = self._free.get(given["meter"])
        if there is not None:
            site = there.site_public_id
            return add_sender.SendingMeter(site, given["model_code"], self.facts(), meter=there.public_id)
        return add_sender.SendingMeter(
            uuid.UUID(given["site"]),
            given["model_code"],
            self.facts(),
            code=given["code"],
            name=given["name"],
            serial_number=given["serial_number"],
        )
