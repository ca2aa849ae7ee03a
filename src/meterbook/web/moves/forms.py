"""What is typed on the way in and out."""

from __future__ import annotations

import datetime as clock_times
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from meterbook.customers import values as customer_values
from meterbook.customers.letting import PointOf
from meterbook.journeys import readings
from meterbook.kernel import civil
from meterbook.kernel import currency as currencies
from meterbook.metering import queries as metering_queries
from meterbook.web import amounts, override_words, parameters, typed
from meterbook.web.customers.opening_forms import LANGUAGES
from meterbook.web.moves.places import Choices


class PersonForm(typed.Form):
    """Somebody new. `known` names a customer or account that was found instead."""

    known = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)
    name = forms.CharField(label=_("Name"), max_length=customer_values.NAME_LENGTH, required=False)
    kind = forms.ChoiceField(
        label=_("Person or company"),
        choices=[(each.value, caption) for each, caption in customer_values.CUSTOMER_KIND_CAPTIONS.items()],
        required=False,
    )
    email = forms.EmailField(
        label=_("E-mail"), required=False, help_text=_("Bills go there; without an address they are printed.")
    )
    phone = forms.CharField(label=_("Phone"), max_length=customer_values.PHONE_LENGTH, required=False)
    language = forms.ChoiceField(label=_("Language of the bills"), choices=LANGUAGES, required=False)
    tax_number = forms.CharField(label=_("Tax number"), max_length=40, required=False)
    number = typed.CodeField(
        label=_("Account number"), max_length=40, required=False, help_text=_("It stands on every bill.")
    )

    def clean(self) -> None:
        """This will ask for a name and a number where nobody known was chosen."""
        given = self.cleaned_data
        if not given.get("known") and not given.get("name") and "name" not in self.errors:
            self.add_error("name", _("Write a name, or choose somebody who is known."))
        if not given.get("known", "").startswith("a") and not given.get("number") and "number" not in self.errors:
            self.add_error("number", _("Write a number for the account."))


class InstantForm(typed.Form):
    """A day, and a time of it where midnight is not meant."""

    day = parameters.DayField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}))
    time = forms.TimeField(
        label=_("Time"),
        required=False,
        input_formats=["%H:%M"],
        error_messages={"invalid": _("Write the time as hours:minutes, such as 14:30.")},
        help_text=_("Midnight when it stays empty. On a full quarter of an hour."),
        widget=forms.TimeInput(attrs={"type": "time"}),
    )

    def clean_time(self) -> clock_times.time | None:
        """This will refuse what meters are not read at."""
        found: clock_times.time | None = self.cleaned_data["time"]
        if found is not None and found.minute % 15:
            raise forms.ValidationError(_("Take a full quarter of an hour, such as 14:30."))
        return found

    def instant(self, zone: ZoneInfo) -> datetime:
        """This will return the instant at a place; of an hour that the clock shows twice, the first."""
        day, time = self.cleaned_data["day"], self.cleaned_data["time"]
        if time is None:
            return civil.start_of_day(day, zone)
        return datetime.combine(day, time, tzinfo=zone).astimezone(clock_times.UTC)


def reading_field(face: metering_queries.Face) -> str:
    """This will return the name of the field of a register: further ones have the code of their series behind."""
    return f"reading_{readings.key_of_face(face).replace('/', '-')}"


def photo_field(face: metering_queries.Face) -> str:
    """This will return the name of the field of the picture of a register's display."""
    return f"photo_{readings.key_of_face(face).replace('/', '-')}"


class ReadingsForm(typed.Form):
    """A number for each register, and a picture of its display where one was taken; all may stay empty."""

    def __init__(
        self,
        data: object = None,
        files: object = None,
        *,
        faces: Sequence[metering_queries.Face],
        typed: Mapping[str, str],
    ) -> None:
        super().__init__(data, files)  # type: ignore[arg-type]  # what a request's POST and FILES are
        for face in faces:
            key = readings.key_of_face(face)
            self.fields[reading_field(face)] = amounts.NumberField(
                label=_("Reading"), places=face.decimals, least=Decimal(0), required=False, initial=typed.get(key, "")
            )
            self.fields[photo_field(face)] = forms.FileField(label=_("Picture"), required=False)


@dataclass(frozen=True)
class Proposed:
    """The default tariff (public id) for a meter point, and where it comes from in words."""

    tariff: str
    origin: str


class TariffsForm(typed.Form):
    """A tariff for each meter point; what is `proposed` is chosen until somebody chooses another, and says why."""

    def __init__(
        self,
        data: object = None,
        *,
        choices: Mapping[str, tuple[PointOf, Choices]],
        known: Mapping[str, object],
        proposed: Mapping[str, Proposed] | None = None,
    ) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # what a request's POST is
        self.proposed = dict(proposed or {})
        for key, (point, listed) in choices.items():
            default, names = (proposed or {}).get(key), dict(listed)
            if default is not None and default.tariff not in names:
                default = None
            self.fields[f"tariff_{key}"] = forms.ChoiceField(
                label=f"{point.name} ({point.code})",
                choices=listed if len(listed) == 1 else [("", "–"), *listed],
                initial=known.get(key, "" if default is None else default.tariff),
                help_text="" if default is None else f"{names[default.tariff]}, {default.origin}",
                error_messages={"required": _("Choose a tariff.")},
            )
        if self.proposed:
            self.fields["reason"] = override_words.reason_field()
            self.fields["reason"].initial = known.get("reason", "")

    def clean(self) -> None:
        """This will ask why where another tariff than the default was chosen."""
        given = self.cleaned_data
        others = [each for key, each in self.proposed.items() if given.get(f"tariff_{key}") not in (None, each.tariff)]
        if others and not given.get("reason") and "reason" not in self.errors:
            self.add_error("reason", _("Another tariff than the default was chosen: say why."))


class DepositForm(typed.Form):
    """An amount, or nothing."""

    def __init__(self, data: object = None, *, currency: str, known: str = "") -> None:
        super().__init__(data)  # type: ignore[arg-type]  # what a request's POST is
        self.fields["amount"] = amounts.NumberField(
            label=_("Deposit in %(currency)s") % {"currency": currency},
            places=currencies.minor_units(currency),
            least=Decimal(0),
            required=False,
            initial=known,
            help_text=_("It is noted as agreed; nothing is posted. Leave it empty when there is none."),
        )


class AddressForm(typed.Form):
    """Where the final bill goes."""

    address = forms.CharField(
        label=_("New address"),
        required=False,
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The final bill goes there. Leave it empty to keep the address that is known."),
    )
