"""What is chosen for a key: a name, rights, sites, networks, the last day; and for a new secret, the overlap."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meterbook.billing import permissions as billing_permissions
from meterbook.identity.values import ScopeKind
from meterbook.kernel import civil
from meterbook.metering import permissions as metering_permissions
from meterbook.sites import permissions as site_permissions
from meterbook.sites import queries as site_queries
from meterbook.web import parameters, typed
from meterbook.web.assigned import singles
from meterbook.web.people import words

A_YEAR = timedelta(days=365)
KINDS = {"meters": ScopeKind.METER, "accounts": ScopeKind.ACCOUNT}
# What the API lets a key do that is limited to single things: the other endpoints are about whole sites.
SINGLE_RIGHTS = {
    ScopeKind.METER: frozenset(
        {
            metering_permissions.VIEW_METER,
            metering_permissions.MANAGE_METER,
            metering_permissions.CORRECT_READING,
            site_permissions.EDIT_SITES,
            billing_permissions.VIEW_BILL,
        }
    ),
    ScopeKind.ACCOUNT: frozenset({billing_permissions.VIEW_BILL}),
}
OVERLAPS = {
    "0": (timedelta(0), gettext_lazy("Not at all: it ends now")),
    "1h": (timedelta(hours=1), gettext_lazy("One hour")),
    "1d": (timedelta(days=1), gettext_lazy("One day")),
    "7d": (timedelta(days=7), gettext_lazy("Seven days")),
}


class KeyForm(singles.SinglesForm):
    """A key. Rights and sites that the person lacks are not offered."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        help_text=gettext_lazy("Which program uses it, such as: accounting, meter display."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    permissions = forms.MultipleChoiceField(label=gettext_lazy("Allows"))
    sites = forms.MultipleChoiceField(label=gettext_lazy("Only at these sites"), required=False)
    networks = forms.CharField(
        label=gettext_lazy("Only from these networks"),
        max_length=1_000,
        required=False,
        help_text=gettext_lazy("One a line, such as 192.0.2.0/24 or 192.0.2.7. Empty: from anywhere."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    last_day = parameters.DayField(
        label=gettext_lazy("Works until"),
        required=False,
        help_text=gettext_lazy("The last day. Empty: until it is revoked."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def __init__(
        self,
        data: QueryDict | None,
        *,
        permissions: Iterable[str],
        sites: Iterable[site_queries.SiteRow],
        today: date,
    ) -> None:
        super().__init__(data, initial={"last_day": (today + A_YEAR).isoformat()})
        self.fields["meters"].label = _("Only these meters")
        self.fields["meters"].help_text = _(
            "Their codes, one a line. The program then reaches each of these meters and, by GET /api/v1/assigned, "
            "their list with their bills. Lists of whole sites are closed to it. Only these rights count: %(rights)s."
        ) % {"rights": _listed(SINGLE_RIGHTS[ScopeKind.METER])}
        self.fields["accounts"].label = _("Only these accounts")
        self.fields["accounts"].help_text = _(
            "Their numbers, one a line. By GET /api/v1/assigned the program then reaches these accounts with their "
            "bills and the PDF of each. The lists of bills, accounts and customers are closed to it. Only this right "
            "counts: %(rights)s."
        ) % {"rights": _listed(SINGLE_RIGHTS[ScopeKind.ACCOUNT])}
        self.known_sites = tuple(sites)
        self.fields["permissions"].choices = [(each, each) for each in permissions]  # type: ignore[attr-defined]
        self.fields["permissions"].error_messages["required"] = _("Choose at least one right.")
        choices = [(str(each.public_id), each.name) for each in self.known_sites]
        self.fields["sites"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """This will refuse rights that a key of single meters and accounts alone could never use."""
        cleaned: dict[str, Any] = super().clean() or {}
        reached = [kind for name, kind in KINDS.items() if str(cleaned.get(name) or "").strip()]
        if reached and not cleaned.get("sites"):
            usable = frozenset().union(*(SINGLE_RIGHTS[each] for each in reached))
            if useless := set(cleaned.get("permissions", ())) - usable:
                said = _(
                    "A key limited to single meters or accounts can never use: %(rights)s. Leave out these rights."
                )
                self.add_error("permissions", said % {"rights": _listed(useless)})
        return cleaned

    def clean_name(self) -> str:
        """This will return the name without what nobody types."""
        return parameters.written(self.cleaned_data["name"], 80)

    def given(self, zone: ZoneInfo) -> dict[str, Any]:
        """This will return what was chosen as the operation wants it."""
        chosen = set(self.cleaned_data["sites"])
        return {
            "name": self.cleaned_data["name"],
            "permissions": self.cleaned_data["permissions"],
            "site_ids": [each.id for each in self.known_sites if str(each.public_id) in chosen] or None,
            "singles": self.singles(),
            "networks": [each.strip() for each in self.cleaned_data["networks"].splitlines() if each.strip()],
            "expires_at": self._expires_at(zone),
        }

    def _expires_at(self, zone: ZoneInfo) -> datetime | None:
        day: date | None = self.cleaned_data["last_day"]
        return None if day is None else civil.start_of_day(day + timedelta(days=1), zone)


def _listed(rights: Iterable[str]) -> str:
    return ", ".join(f"“{right.words}”" for area in words.areas(rights) for right in area.rights)


class RotateForm(typed.Form):
    """For how long the former secret works beside the new one."""

    overlap = forms.ChoiceField(
        label=gettext_lazy("The former secret works for"),
        choices=[(code, caption) for code, (_length, caption) in OVERLAPS.items()],
        initial="1d",
    )

    def length(self) -> timedelta:
        """This will return the overlap that was chosen."""
        return OVERLAPS[self.cleaned_data["overlap"]][0]
