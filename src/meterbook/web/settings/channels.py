"""Settings > Messages: the mail server and the bot, each with a test that shows what the other side said."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from meterbook.identity.values import Module
from meterbook.notifications import operations as notification_operations
from meterbook.notifications import permissions
from meterbook.notifications import queries as notification_queries
from meterbook.notifications.values import ChannelKind, Severity, TlsMode
from meterbook.web import access
from meterbook.web.settings import forms
from meterbook.web.sites import choice

MAIL, TELEGRAM, TEST, ALARMS = "mail", "telegram", "test", "alarms"


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.CONFIGURE_CHANNELS, module=Module.CORE)
def channels(request: access.Request) -> HttpResponse:
    """This will show both ways out and who hears of alarms by default.

    `act` of a form says which is kept or tested, `test` which test is looked at.
    """
    act = request.POST.get("act", "") if request.method == "POST" else ""
    if act == TEST:
        return _test(request)
    mail = notification_queries.get_channel(kind=ChannelKind.MAIL)
    bot = notification_queries.get_channel(kind=ChannelKind.TELEGRAM)
    mail_form = _mail_form(request, mail, is_sent=act == MAIL)
    bot_form = forms.TelegramForm(
        request.POST if act == TELEGRAM else None, initial={"is_on": bot.is_on}, prefix="telegram"
    )
    if mail_form.is_bound and mail_form.is_valid() and _keep_mail(request, mail_form):
        return _back(request, _("The mail settings were kept. Send a test to see that they work."))
    if bot_form.is_bound and bot_form.is_valid() and _keep_bot(request, bot_form, bot):
        return _back(request, _("The bot was kept."))
    alarm_form = _alarm_form(request, is_sent=act == ALARMS)
    if alarm_form.is_bound and alarm_form.is_valid():
        severity = Severity(alarm_form.cleaned_data["severity"])
        notification_operations.set_alarm_default(actor=request.actor, at=request.at, severity=severity)
        return _back(request, _("Who hears of alarms was kept."))
    test = _find_test(request)
    context = {
        "alarm_form": alarm_form,
        "chosen": sum(each.is_reached for each in notification_queries.alarm_readers()),
        "told": len(notification_queries.default_readers(at=request.at)),
        "mail": mail,
        "bot": bot,
        "mail_form": mail_form,
        "bot_form": bot_form,
        "test": test,
        "waits_for_bot": bot.is_on and bot.secret_set_at is not None and bot.checked_at is None,
        "zone": choice.clock_zone(request),
        "self_href": request.get_full_path(),
    }
    is_part = request.headers.get("HX-Request") == "true"
    template = "settings/_outcome.html" if is_part else "settings/channels.html"
    return render(
        request, template, context, status=422 if mail_form.errors or bot_form.errors or alarm_form.errors else 200
    )


def _alarm_form(request: access.Request, *, is_sent: bool) -> forms.AlarmDefaultForm:
    initial = {"severity": notification_queries.alarm_default()}
    return forms.AlarmDefaultForm(request.POST if is_sent else None, initial=initial, prefix="alarms")


def _mail_form(request: access.Request, channel: notification_queries.ChannelRow, *, is_sent: bool) -> forms.MailForm:
    initial: dict[str, object] = {
        "is_on": channel.is_on or channel.mail is None,
        "port": 587,
        "tls": TlsMode.STARTTLS,
        "sender_name": request.organization.name,
    }
    if channel.mail is not None:
        initial |= channel.mail.plain()
    return forms.MailForm(request.POST if is_sent else None, initial=initial, prefix="mail")


def _keep_mail(request: access.Request, form: forms.MailForm) -> bool:
    try:
        notification_operations.set_mail(
            actor=request.actor,
            at=request.at,
            settings=form.settings,
            password=form.cleaned_data["password"] or ("" if not form.settings.user else None),
            is_on=form.cleaned_data["is_on"],
        )
    except notification_operations.SecretNeeded as error:
        form.add_error("password", str(error))
        return False
    return True


def _keep_bot(request: access.Request, form: forms.TelegramForm, channel: notification_queries.ChannelRow) -> bool:
    token, is_on = form.cleaned_data["token"] or None, form.cleaned_data["is_on"]
    if is_on and token is None and channel.secret_set_at is None:
        form.add_error("token", _("Enter the token of the bot."))
        return False
    notification_operations.set_telegram(actor=request.actor, at=request.at, token=token, is_on=is_on)
    return True


def _test(request: access.Request) -> HttpResponse:
    kind = ChannelKind.TELEGRAM if request.POST.get("channel") == ChannelKind.TELEGRAM else ChannelKind.MAIL
    user_id = request.actor.id or 0
    found = notification_operations.send_test(actor=request.actor, at=request.at, user_id=user_id, channel=kind)
    if found is None:
        messages.warning(request, _("There is no chat of yours yet. Link one under “My messages” first."))
        return _back(request)
    href = reverse("settings", args=[request.organization.public_id])
    return HttpResponseRedirect(f"{href}?test={found}#test")


def _find_test(request: access.Request) -> notification_queries.MessageRow | None:
    try:
        return notification_queries.get_message(public_id=uuid.UUID(request.GET.get("test", "")))
    except (ValueError, notification_queries.MessageNotFound):
        return None


def _back(request: access.Request, words: str = "") -> HttpResponse:
    if words:
        messages.success(request, words)
    return HttpResponseRedirect(reverse("settings", args=[request.organization.public_id]))
