"""My messages: where a signed-in person is reached, of what, and when not. They are the person's, whatever the role."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from meterbook.identity import permissions as identity_permissions
from meterbook.identity.values import Module
from meterbook.kernel import clock
from meterbook.notifications import operations as notification_operations
from meterbook.notifications import queries as notification_queries
from meterbook.notifications import values
from meterbook.notifications.values import ChannelKind, CodeResult, DestinationState
from meterbook.web import access
from meterbook.web.settings import forms, shown
from meterbook.web.sites import choice

CODE_KEPT = "telegram_code"
WORDS: dict[CodeResult, Callable[[], str]] = {
    CodeResult.WRONG: lambda: _("This is not the code that was sent. Look again; letters and digits only."),
    CodeResult.EXPIRED: lambda: _("The code has expired. Have a new one sent."),
    CodeResult.TOO_MANY: lambda: _("That was wrong too often. Have a new code sent."),
}


@require_http_methods(["GET", "POST"])
@access.page(permission=identity_permissions.VIEW_ORGANIZATION, module=Module.CORE, by_site=True)
def own(request: access.Request) -> HttpResponse:
    """This will show a person's own destinations and wishes; `act` of a form says what is done."""
    acts: dict[str, Callable[[access.Request], HttpResponse]] = {
        "keep": _keep,
        "mail": _ask_for_mail,
        "telegram": _ask_for_telegram,
        "confirm": _confirm,
        "again": _again,
        "remove": _remove,
    }
    if request.method == "POST" and request.POST.get("act", "") in acts:
        return acts[request.POST["act"]](request)
    if request.headers.get("HX-Request") == "true":
        return render(request, "settings/_places.html", _context(request))
    return _page(request)


def _page(
    request: access.Request,
    *,
    form: forms.PreferencesForm | None = None,
    address_form: forms.AddressForm | None = None,
    wrong: tuple[uuid.UUID, str] | None = None,
) -> HttpResponse:
    context = _context(request)
    form = form or _preferences_form(request, None)
    address_form = address_form or forms.AddressForm(prefix="new")
    context |= {"form": form, "address_form": address_form, "is_told_by_default": _is_told_by_default(request)}
    context["wrong_id"], context["wrong_words"] = wrong or (None, "")
    context["mandatory"] = [
        str(values.KIND_CAPTIONS[kind])
        for kind, rule in values.RULES.items()
        if rule.is_mandatory and kind not in {values.Kind.BILL_ISSUED, values.Kind.TEST}
    ]
    has_errors = wrong is not None or bool(form.errors) or bool(address_form.errors)
    return render(request, "settings/own.html", context, status=422 if has_errors else 200)


def _context(request: access.Request) -> dict[str, object]:
    found = notification_queries.get_preferences(user_id=_user_id(request))
    bot = notification_queries.get_channel(kind=ChannelKind.TELEGRAM)
    code = str(request.session.get(CODE_KEPT, ""))
    waits = any(
        each.channel is ChannelKind.TELEGRAM and each.state is DestinationState.UNCONFIRMED
        for each in found.destinations
    )
    if code and not waits:
        del request.session[CODE_KEPT]
        code = ""
    sign_in_address = getattr(request.user, "email", "")
    return {
        "places": [shown.place(each) for each in found.destinations if each.address],
        "has_sign_in": any(each.address == sign_in_address for each in found.destinations),
        "on": notification_queries.channels_on(),
        "can_mail": ChannelKind.MAIL in notification_queries.channels_on(),
        "can_link": bool(bot.account_name) and bot.is_on,
        "bot_name": bot.account_name,
        "code": code,
        "sign_in_address": sign_in_address,
        "self_href": request.path,
    }


def _preferences_form(request: access.Request, data: object) -> forms.PreferencesForm:
    found = notification_queries.get_preferences(user_id=_user_id(request))
    is_new = found == notification_queries.PreferencesRow()
    severity = notification_queries.alarm_default() if _is_told_by_default(request) else found.alarm_severity
    initial = {
        "alarm_severity": severity,
        "alarm_raised": values.Kind.ALARM_RAISED not in found.kinds_off,
        "alarm_cleared": values.Kind.ALARM_CLEARED not in found.kinds_off,
        "preferred_channel": found.preferred_channel,
        "quiet_from": found.quiet_from and f"{found.quiet_from:%H:%M}",
        "quiet_until": found.quiet_until and f"{found.quiet_until:%H:%M}",
        "zone": choice.clock_zone(request).key if is_new else found.zone,
    }
    return forms.PreferencesForm(data, initial=initial, prefix="wish")  # type: ignore[arg-type]


def _is_told_by_default(request: access.Request) -> bool:
    """Whether the person hears of alarms as an administrator, because nobody chose to."""
    if any(each.is_reached for each in notification_queries.alarm_readers()):
        return False
    return any(each.user_id == _user_id(request) for each in notification_queries.default_readers(at=request.at))


def _keep(request: access.Request) -> HttpResponse:
    form = _preferences_form(request, request.POST)
    if not form.is_valid():
        return _page(request, form=form)
    given = form.cleaned_data
    notification_operations.set_preferences(
        actor=request.actor,
        at=request.at,
        user_id=_user_id(request),
        zone=given["zone"],
        quiet_from=given["quiet_from"],
        quiet_until=given["quiet_until"],
        alarm_severity=values.Severity(given["alarm_severity"]),
        kinds_off=form.kinds_off,
        preferred_channel=form.channel,
    )
    return _back(request, _("Your wishes were kept."))


def _ask_for_mail(request: access.Request) -> HttpResponse:
    form = forms.AddressForm(request.POST, prefix="new")
    if not form.is_valid():
        return _page(request, address_form=form)
    try:
        _send_code(request, form.cleaned_data["address"])
    except (notification_operations.TooManyCodes, notification_operations.TooManyDestinations) as error:
        form.add_error("address", str(error))
        return _page(request, address_form=form)
    return _back(request, _("A code is on its way. Type it below."))


def _again(request: access.Request) -> HttpResponse:
    found = _own_destination(request)
    try:
        _send_code(request, found.address)
    except notification_operations.TooManyCodes as error:
        return _page(request, wrong=(found.public_id, str(error)))
    return _back(request, _("A new code is on its way."))


def _ask_for_telegram(request: access.Request) -> HttpResponse:
    try:
        code = notification_operations.ask_for_telegram(
            actor=request.actor, at=request.at, real_at=clock.real_now(), user_id=_user_id(request)
        )
    except (notification_operations.TooManyCodes, notification_operations.TooManyDestinations) as error:
        messages.error(request, str(error))
        return _back(request)
    # It goes to the person who is signed in, and away again once the chat is linked.
    request.session[CODE_KEPT] = code
    return _back(request)


def _confirm(request: access.Request) -> HttpResponse:
    found = _own_destination(request)
    result = notification_operations.confirm_code(
        actor=request.actor,
        at=request.at,
        real_at=clock.real_now(),
        user_id=_user_id(request),
        public_id=found.public_id,
        code=request.POST.get("code", "")[:40],
    )
    if result is CodeResult.CONFIRMED:
        return _back(request, _("Messages come to this address from now on."))
    return _page(request, wrong=(found.public_id, WORDS[result]()))


def _remove(request: access.Request) -> HttpResponse:
    notification_operations.remove_destination(
        actor=request.actor, at=request.at, user_id=_user_id(request), public_id=_own_destination(request).public_id
    )
    return _back(request, _("Nothing more is sent there, except what is mandatory and goes to your sign-in address."))


def _own_destination(request: access.Request) -> notification_queries.DestinationRow:
    wanted = request.POST.get("destination", "")
    found = notification_queries.get_preferences(user_id=_user_id(request)).destinations
    for each in found:
        if str(each.public_id) == wanted and each.address:
            return each
    raise Http404(_("There is no such destination of yours."))


def _send_code(request: access.Request, address: str) -> None:
    notification_operations.ask_for_mail(
        actor=request.actor, at=request.at, real_at=clock.real_now(), user_id=_user_id(request), address=address
    )


def _user_id(request: access.Request) -> int:
    return request.actor.id or 0


def _back(request: access.Request, words: str = "") -> HttpResponse:
    if words:
        messages.success(request, words)
    return HttpResponseRedirect(reverse("own_messages", args=[request.organization.public_id]))
