"""Assigning single meters and accounts to somebody as a monitor, by their codes and numbers."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from meterbook.identity import configuring, permissions
from meterbook.identity import operations as identity_operations
from meterbook.identity.values import Module, Single
from meterbook.web import access, once
from meterbook.web.assigned import singles
from meterbook.web.people import person as person_pages


class AssignForm(singles.SinglesForm):
    """What a monitor is to see."""

    def __init__(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - what a form takes
        super().__init__(*arguments, **named)
        self.fields["meters"].help_text = _("One a line. Their bills are seen too.")
        self.fields["accounts"].help_text = _("One a line. All bills of the account are seen.")

    def chosen(self) -> list[Single]:
        """This will return what was named, which must be something."""
        found = self.singles()
        if not found and not self.errors:
            self.add_error("meters", _("Name at least one meter or account."))
        return found


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.EDIT_USERS, module=Module.CORE)
@once.carried_out_once
def assign(request: access.Request, person: uuid.UUID) -> HttpResponse:
    """This will assign meters and accounts to a person, who may then see them and nothing beside."""
    row = person_pages.find(request, person)
    form = AssignForm(request.POST if request.method == "POST" else None)
    chosen = form.chosen() if form.is_bound and form.is_valid() else []
    if chosen and not form.errors:
        try:
            configuring.assign(
                actor=request.actor, at=request.at, public_id=person, singles=[(each.kind, each.id) for each in chosen]
            )
        except identity_operations.GrantExceedsOwn as error:
            form.add_error(None, str(error))
        else:
            count = len(chosen)
            words = ngettext("%(count)s is assigned now.", "%(count)s are assigned now.", count)
            messages.success(request, words % {"count": count})
            return redirect("person", request.organization.public_id, person)
    context = {"form": form, "row": row, "name": row.user.name or row.user.email}
    return render(request, "assigned/assign.html", context, status=422 if form.errors else 200)
