"""What is typed about people: roles with their reach and dates, invitations, roles of the organization's own."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meterbook.identity import people as identity_people
from meterbook.identity import values as identity_values
from meterbook.kernel import civil
from meterbook.sites import queries as site_queries
from meterbook.web import access, parameters, typed
from meterbook.web.people import shown
from meterbook.web.sites import choice

LONGEST_REASON = 300


@dataclass(frozen=True)
class Gift:
    """What a form gives: the arguments of `grant_role`."""

    role: identity_values.RoleCode | uuid.UUID
    site_id: int | None
    starts_at: datetime | None
    ends_at: datetime | None


class RoleForm(typed.Form):
    """A role, where it counts, and from when until when."""

    role = forms.ChoiceField(label=gettext_lazy("Role"))
    site = forms.ChoiceField(label=gettext_lazy("Where"), required=False)
    first_day = parameters.DayField(
        label=gettext_lazy("From"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("Empty: from now on."),
    )
    last_day = parameters.DayField(
        label=gettext_lazy("Until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("The last day that counts. Empty: until somebody ends it."),
    )

    def __init__(self, request: access.Request, *arguments: Any, **named: Any) -> None:  # noqa: ANN401
        super().__init__(*arguments, **named)
        self.request = request
        self.sites = choice.visible_sites(request)
        role, site = self.fields["role"], self.fields["site"]
        assert isinstance(role, forms.ChoiceField)  # noqa: S101 - for the type checker
        assert isinstance(site, forms.ChoiceField)  # noqa: S101
        # Nothing is chosen beforehand: whoever overlooks the field gives no role that was not meant.
        role.choices = [("", _("Choose a role")), *((code(each), each.title) for each in givable(request))]
        site.choices = [("", _("Whole organization")), *((str(each.public_id), each.name) for each in self.sites)]

    def clean(self) -> dict[str, Any]:
        """This will refuse an end before the start."""
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if last is not None and last < (first or self.request.at.astimezone(self._zone(cleaned)).date()):
            self.add_error("last_day", _("The last day must not lie before the first one, nor in the past."))
        return cleaned

    def gift(self) -> Gift:
        """This will return what a valid form gives."""
        there, role = self._zone(self.cleaned_data), self.cleaned_data["role"]
        first: date | None = self.cleaned_data["first_day"]
        last: date | None = self.cleaned_data["last_day"]
        site = self._site(self.cleaned_data)
        is_later = first is not None and first > self.request.at.astimezone(there).date()
        return Gift(
            role=identity_values.RoleCode(role) if role in set(identity_values.RoleCode) else uuid.UUID(role),
            site_id=site.id if site else None,
            starts_at=civil.start_of_day(first, there) if first is not None and is_later else None,
            ends_at=civil.start_of_day(last + timedelta(days=1), there) if last is not None else None,
        )

    def _site(self, cleaned: dict[str, Any]) -> site_queries.SiteRow | None:
        return next((each for each in self.sites if str(each.public_id) == cleaned.get("site")), None)

    def _zone(self, cleaned: dict[str, Any]) -> Any:  # noqa: ANN401
        site = self._site(cleaned)
        return shown.zone(self.request, site.id if site else None)


class InvitationForm(RoleForm):
    """Whom to invite, and to what."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        help_text=gettext_lazy("The person signs in with it."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=200, required=False, help_text=gettext_lazy("May be left to the person.")
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES)

    field_order = ("email", "name", "role", "site", "first_day", "last_day", "language")


class OwnRoleForm(typed.Form):
    """A role of the organization's own: a name and what it allows."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    permissions = forms.MultipleChoiceField(
        label=gettext_lazy("Allows"), error_messages={"required": gettext_lazy("Choose at least one right.")}
    )

    def __init__(self, request: access.Request, *arguments: Any, **named: Any) -> None:  # noqa: ANN401
        super().__init__(*arguments, **named)
        field = self.fields["permissions"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - for the type checker
        field.choices = [(each, each) for each in sorted(request.permissions)]


def givable(request: access.Request) -> tuple[identity_people.RoleRow, ...]:
    """This will return the roles that the signed-in person may give somewhere: all of theirs are held there."""
    reaches = [request.access.everywhere, *(request.access.permissions(site) for site in request.access.at_site)]
    return tuple(
        each
        for each in identity_people.list_roles()
        # Tenants are invited from their account: without one the role opens nothing.
        if each.permissions
        and each.code != identity_values.RoleCode.TENANT
        and any(each.permissions <= held for held in reaches)
    )


def code(row: identity_people.RoleRow) -> str:
    """This will return how a form names a role."""
    return row.code or str(row.public_id)
