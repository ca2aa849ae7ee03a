"""Settings > Sign-in rules: what holds for passwords and sessions, as the installation sets it, and whether tenants of
the organization sign in with codes.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from meterbook.identity import password_policy, sign_in_codes
from meterbook.identity import permissions as identity_permissions
from meterbook.identity.values import Module
from meterbook.notifications import permissions as notification_permissions
from meterbook.notifications import queries as notification_queries
from meterbook.web import access


@require_GET
@access.page(permission=identity_permissions.VIEW_USERS, module=Module.CORE)
def sign_in_rules(request: access.Request) -> HttpResponse:
    """This will show the rules in words."""
    context = {
        "shortest": password_policy.SHORTEST,
        "shortest_with_second_step": password_policy.SHORTEST_WITH_SECOND_STEP,
        "has_list": bool(settings.BREACHED_PASSWORDS),
        "idle_hours": settings.SESSION_IDLE_SECONDS / 3600,
        "absolute_hours": settings.SESSION_ABSOLUTE_SECONDS // 3600,
        "may_change_roles": identity_permissions.EDIT_ORGANIZATION in request.permissions,
        "uses_codes": request.organization.tenants_use_codes,
        "can_mail": notification_queries.can_mail(),
        "may_set_mail": notification_permissions.CONFIGURE_CHANNELS in request.permissions,
    }
    return render(request, "settings/sign_in_rules.html", context)


@require_POST
@access.page(permission=identity_permissions.EDIT_ORGANIZATION, module=Module.CORE)
def codes(request: access.Request) -> HttpResponse:
    """This will let tenants sign in with a code by mail, or no longer; it counts from the next code on."""
    is_allowed = request.POST.get("allowed") == "on"
    sign_in_codes.change_policy(actor=request.actor, at=request.at, is_allowed=is_allowed)
    messages.success(request, _("Saved."))
    return redirect("sign_in_rules", request.organization.public_id)
