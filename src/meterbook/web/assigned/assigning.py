"""Assigning single meters and accounts to somebody as a monitor, by their codes and numbers."""

from __future__ import annotations

import uuid

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from meterbook.customers import queries as customer_queries
from meterbook.identity import operations as identity_operations
from meterbook.identity import permissions
from meterbook.identity.values import Module, RoleCode, ScopeKind
from meterbook.metering import queries as metering_queries
from meterbook.web import access, once, typed
from meterbook.web.people import person as person_pages

MOST = 200


class AssignForm(typed.Form):
    """Codes of meters and numbers of accounts, one a line."""

    meters = forms.CharField(
        label=gettext_lazy("Codes of meters"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("One a line. Their bills are seen too."),
    )
    accounts = forms.CharField(
        label=gettext_lazy("Numbers of accounts"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("One a line. All bills of the account are seen."),
    )

    def singles(self) -> list[tuple[ScopeKind, int]]:
        """This will return what was named, and put words beside a field where something is not there."""
        codes, numbers = self._lines("meters"), self._lines("accounts")
        points = {each.code: each.id for each in metering_queries.points_by_code(codes=codes)}
        accounts = customer_queries.account_ids(numbers=numbers)
        for name, wanted, found in (("meters", codes, points), ("accounts", numbers, accounts)):
            if missing := [each for each in wanted if each not in found]:
                self.add_error(name, _("Not found here: %(names)s.") % {"names": ", ".join(missing[:10])})
        if not codes and not numbers:
            self.add_error("meters", _("Name at least one meter or account."))
        return [
            *((ScopeKind.METER, points[each]) for each in codes if each in points),
            *((ScopeKind.ACCOUNT, accounts[each]) for each in numbers if each in accounts),
        ]

    def _lines(self, name: str) -> list[str]:
        lines = (each.strip() for each in str(self.cleaned_data.get(name, "")).splitlines())
        return list(dict.fromkeys(each for each in lines if each))[:MOST]


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.EDIT_USERS, module=Module.CORE)
@once.carried_out_once
def assign(request: access.Request, person: uuid.UUID) -> HttpResponse:
    """This will assign meters and accounts to a person, who may then see them and nothing beside."""
    row = person_pages.find(request, person)
    form = AssignForm(request.POST if request.method == "POST" else None)
    singles = form.singles() if form.is_bound and form.is_valid() else []
    if singles and not form.errors:
        for each in singles:
            identity_operations.grant_role(
                actor=request.actor, at=request.at, user_id=row.user.id, role=RoleCode.MONITOR, single=each
            )
        count = len(singles)
        words = ngettext("%(count)s is assigned now.", "%(count)s are assigned now.", count)
        messages.success(request, words % {"count": count})
        return redirect("person", request.organization.public_id, person)
    context = {"form": form, "row": row, "name": row.user.name or row.user.email}
    return render(request, "assigned/assign.html", context, status=422 if form.errors else 200)
