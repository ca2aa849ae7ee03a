"""Settings > Sign-in rules: what holds for passwords and sessions. The installation sets them; here they are shown."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from meterbook.identity import password_policy
from meterbook.identity import permissions as identity_permissions
from meterbook.identity.values import Module
from meterbook.web import access


@require_GET
@access.page(permission=identity_permissions.VIEW_USERS, module=Module.CORE)
def sign_in_rules(request: access.Request) -> HttpResponse:
    """This will show the rules in words."""
    context = {
        "shortest": password_policy.SHORTEST,
        "shortest_with_second_step": password_policy.SHORTEST_WITH_SECOND_STEP,
        "idle_hours": settings.SESSION_IDLE_SECONDS / 3600,
        "absolute_hours": settings.SESSION_ABSOLUTE_SECONDS // 3600,
        "may_change_roles": identity_permissions.EDIT_ORGANIZATION in request.permissions,
    }
    return render(request, "settings/sign_in_rules.html", context)
