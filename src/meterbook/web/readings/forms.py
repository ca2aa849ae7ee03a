"""What is typed about one meter of a round, and the time that counts for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from meterbook.metering import values
from meterbook.metering.values import READING_KIND_CAPTIONS
from meterbook.monitoring import queries as monitoring_queries
from meterbook.web import amounts, parameters, typed
from meterbook.web.meters import instants

MOST_PLACES = 6


class WhenForm(typed.Form):
    """When the meters were read, unless a row says otherwise."""

    def __init__(self, data: object = None, *, zone: ZoneInfo, at: datetime, proposed: datetime) -> None:
        super().__init__(data, initial={"at": instants.shown(proposed, zone)})  # type: ignore[arg-type]  # a POST
        self.fields["at"] = instants.InstantField(label=_("Read at"), zone=zone, until=at)


def register_field(series_code: str) -> str:
    """This will return the name of the field for another register of the meter."""
    return f"register_{series_code}"


def _register(row: monitoring_queries.HandRow) -> amounts.NumberField:
    attributes = {"class": "input", "inputmode": "decimal", "autocomplete": "off", "data-further": ""}
    return amounts.NumberField(
        places=MOST_PLACES,
        least=Decimal(0),
        required=False,
        label=values.series_type(row.series_code).caption,
        widget=forms.TextInput(attrs=attributes),
    )


class RowForm(typed.Form):
    """One meter: the number on its display, its own time, and why a number is right that looks wrong."""

    value = amounts.NumberField(places=MOST_PLACES, least=Decimal(0), required=False, label=_("Reading"))
    is_sure = forms.BooleanField(required=False, label=_("Yes, it is right"))
    reason = forms.CharField(required=False, max_length=200, label=_("Why it is right"))
    kind = forms.ChoiceField(required=False, choices=list(READING_KIND_CAPTIONS.items()), label=_("Kind of reading"))
    photo = forms.FileField(
        required=False,
        label=_("Photo of the display"),
        widget=forms.FileInput(attrs={"accept": "image/*", "capture": "environment"}),
    )
    # What the phone adds: its mark of the reading, and when it was typed there.
    client_id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    taken_at = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def __init__(
        self,
        data: object = None,
        files: object = None,
        *,
        prefix: str,
        zone: ZoneInfo,
        at: datetime,
        further: Sequence[monitoring_queries.HandRow] = (),
    ) -> None:
        super().__init__(data, files, prefix=prefix)  # type: ignore[arg-type]  # what a request's POST is
        self.registers = tuple(each.series_code for each in further)
        for each in further:
            self.fields[register_field(each.series_code)] = _register(each)
        self.fields["at"] = instants.InstantField(required=False, label=_("Another time"), zone=zone, until=at)
        self.fields["value"].widget.attrs |= {
            "class": "input",
            "inputmode": "decimal",
            "enterkeyhint": "next",
            "autocomplete": "off",
            "data-value": "",
        }
        for name in ("at", "reason", "kind"):
            self.fields[name].widget.attrs["class"] = "input"

    @property
    def is_typed(self) -> bool:
        """Whether a number of any register was typed."""
        return any(self[name].data for name in ("value", *map(register_field, self.registers)))

    def clean_taken_at(self) -> datetime | None:
        """The instant at which a phone without network took the reading, to the minute; a mere time is none."""
        text = self.cleaned_data["taken_at"]
        if not text:
            return None
        try:
            found = datetime.fromisoformat(text)
        except ValueError as error:
            raise forms.ValidationError(_("The phone sent no time. Type the time of this meter.")) from error
        if found.tzinfo is None or not parameters.EARLIEST_YEAR <= found.year <= parameters.LATEST_YEAR:
            raise forms.ValidationError(_("The phone sent no time. Type the time of this meter."))
        return found.astimezone(UTC).replace(second=0, microsecond=0)
