"""What is chosen for a gateway: its site and name, its profile, and how long a former key works on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meterbook.acquisition import gateway_values
from meterbook.acquisition.gateway_values import GatewayProfile
from meterbook.acquisition.gateways import GatewayRow
from meterbook.sites import queries as site_queries
from meterbook.web import parameters, typed

OVERLAPS = {
    "0": gettext_lazy("Not at all: its key ends now"),
    "1": gettext_lazy("One day"),
    "7": gettext_lazy("Seven days"),
    "30": gettext_lazy("Thirty days"),
}


class ProfileForm(typed.Form):
    """Name and profile of a gateway."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=100,
        help_text=gettext_lazy("Where it hangs, such as: riser east, 2nd floor."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    profile = forms.ChoiceField(
        label=gettext_lazy("Profile"),
        choices=[(each.value, gateway_values.PROFILE_CAPTIONS[each]) for each in GatewayProfile],
    )
    most_meters = forms.IntegerField(
        label=gettext_lazy("Meters at most"),
        min_value=1,
        max_value=gateway_values.MOST_OF_CARD,
        required=False,
        help_text=gettext_lazy("Of a field card; the next meter is refused. A central gateway has no limit."),
    )

    def clean_name(self) -> str:
        """This will return the name without what nobody types."""
        return parameters.written(self.cleaned_data["name"], 100)

    def clean(self) -> dict[str, Any]:
        """This will ask for the limit that a field card must have."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        is_card = given.get("profile") == GatewayProfile.CARD.value
        if is_card and given.get("most_meters") is None and "most_meters" not in self.errors:
            self.add_error("most_meters", _("Write how many meters the card may read, such as 6."))
        return given

    def given(self) -> dict[str, Any]:
        """This will return what was chosen as the operations want it."""
        profile = GatewayProfile(self.cleaned_data["profile"])
        limit = self.cleaned_data["most_meters"] if profile is GatewayProfile.CARD else None
        return {"name": self.cleaned_data["name"], "profile": profile, "most_meters": limit}


class NewForm(ProfileForm):
    """A gateway that is added."""

    site = forms.ChoiceField(label=gettext_lazy("Site"))
    field_order = ("site", "name", "profile", "most_meters")

    def __init__(
        self, data: QueryDict | None, *, sites: Iterable[site_queries.SiteRow], usual: site_queries.SiteRow | None
    ) -> None:
        initial = {
            "site": str(usual.public_id) if usual else "",
            "profile": GatewayProfile.CARD.value,
            "most_meters": gateway_values.USUAL_LIMIT,
        }
        super().__init__(data, initial=initial)
        self.known_sites = tuple(sites)
        choices = [(str(each.public_id), each.name) for each in self.known_sites]
        asked = [] if usual else [("", _("Choose the site"))]
        self.fields["site"].choices = [*asked, *choices]  # type: ignore[attr-defined]

    def site_row(self) -> site_queries.SiteRow:
        """This will return the site that was chosen."""
        return next(each for each in self.known_sites if str(each.public_id) == self.cleaned_data["site"])


class ChangeForm(ProfileForm):
    """A gateway that is changed."""

    orders_by_sequence = forms.BooleanField(
        label=gettext_lazy("It has no clock of its own"),
        required=False,
        help_text=gettext_lazy("Its messages count by their number alone, whatever time they name. Less safe."),
    )

    def __init__(self, data: QueryDict | None, *, row: GatewayRow) -> None:
        limit = row.most_meters or gateway_values.USUAL_LIMIT
        initial = {
            "name": row.name,
            "profile": row.profile.value,
            "most_meters": limit,
            "orders_by_sequence": row.orders_by_sequence,
        }
        super().__init__(data, initial=initial)


class CodeForm(typed.Form):
    """For how long the former key of a gateway works on."""

    overlap = forms.ChoiceField(
        label=gettext_lazy("The former device may go on sending"),
        choices=list(OVERLAPS.items()),
        required=False,
        help_text=gettext_lazy("So that what it still holds is not lost."),
    )

    def days(self) -> int:
        """This will return the overlap in days."""
        return int(self.cleaned_data.get("overlap") or "0")
