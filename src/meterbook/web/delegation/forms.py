"""What is typed to entrust sites to a company."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meterbook.identity import values as identity_values
from meterbook.identity.values import DelegationScope
from meterbook.kernel import civil
from meterbook.web import access, parameters, typed
from meterbook.web.sites import choice

DAY = {"type": "date"}
ADDED = tuple(each for each in DelegationScope if each is not DelegationScope.VIEW)


class EntrustForm(typed.Form):
    """To which company, what, where, and from when until when."""

    code = forms.UUIDField(
        label=gettext_lazy("Code of the company"),
        help_text=gettext_lazy("The company finds it on its own page “Delegations”."),
        error_messages={"invalid": gettext_lazy("Copy the whole code: 32 letters and digits in five groups.")},
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("May also"),
        required=False,
        choices=[(each.value, identity_values.DELEGATION_CAPTIONS[each]) for each in ADDED],
    )
    sites = forms.MultipleChoiceField(label=gettext_lazy("Only at"), required=False)
    first_day = parameters.DayField(
        label=gettext_lazy("From"),
        required=False,
        widget=forms.DateInput(attrs=DAY),
        help_text=gettext_lazy("Empty: from now on."),
    )
    last_day = parameters.DayField(
        label=gettext_lazy("Until"),
        required=False,
        widget=forms.DateInput(attrs=DAY),
        help_text=gettext_lazy("The last day that counts. Empty: until somebody ends it."),
    )

    def __init__(self, request: access.Request, *arguments: Any, **named: Any) -> None:  # noqa: ANN401
        super().__init__(*arguments, **named)
        self.request = request
        self.known = choice.visible_sites(request)
        sites = self.fields["sites"]
        assert isinstance(sites, forms.MultipleChoiceField)  # noqa: S101 - for the type checker
        sites.choices = [(str(each.public_id), each.name) for each in self.known]

    def clean(self) -> dict[str, Any]:
        """This will refuse an end before the start."""
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if last is not None and last < (first or self.request.at.astimezone(self._zone(cleaned)).date()):
            self.add_error("last_day", _("The last day must not lie before the first one, nor in the past."))
        return cleaned

    def company(self) -> uuid.UUID:
        """This will return the code that was typed."""
        code: uuid.UUID = self.cleaned_data["code"]
        return code

    def scopes_given(self) -> tuple[DelegationScope, ...]:
        """This will return what the company may do; to look is always among it."""
        return (DelegationScope.VIEW, *(DelegationScope(each) for each in self.cleaned_data["scopes"]))

    def site_ids(self) -> tuple[int, ...] | None:
        """This will return the sites that were ticked; None without any: the whole organization."""
        ticked = self._ticked(self.cleaned_data)
        return tuple(each.id for each in ticked) or None

    def dates(self) -> tuple[datetime | None, datetime | None]:
        """This will return start and end as instants: whole days at the first of the sites."""
        there = self._zone(self.cleaned_data)
        first: date | None = self.cleaned_data["first_day"]
        last: date | None = self.cleaned_data["last_day"]
        is_later = first is not None and first > self.request.at.astimezone(there).date()
        return (
            civil.start_of_day(first, there) if first is not None and is_later else None,
            civil.start_of_day(last + timedelta(days=1), there) if last is not None else None,
        )

    def _ticked(self, cleaned: dict[str, Any]) -> list[Any]:
        wanted = set(cleaned.get("sites") or ())
        return [each for each in self.known if str(each.public_id) in wanted]

    def _zone(self, cleaned: dict[str, Any]) -> ZoneInfo:
        ticked = self._ticked(cleaned)
        return ticked[0].zone if ticked else choice.clock_zone(self.request)
