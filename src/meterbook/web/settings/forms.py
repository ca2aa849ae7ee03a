"""What is typed on the pages of the settings."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meterbook.foundation.tls import hosts
from meterbook.kernel import zone_names
from meterbook.notifications import values
from meterbook.notifications.values import ChannelKind, TlsMode
from meterbook.web import typed

TOKEN = re.compile(r"^\d{3,20}:[A-Za-z0-9_-]{10,100}$")


class MailForm(typed.Form):
    """How mail leaves."""

    is_on = forms.BooleanField(label=gettext_lazy("Send mail"), required=False)
    host = forms.CharField(label=gettext_lazy("Mail server"), max_length=253)
    port = forms.IntegerField(label=gettext_lazy("Port"), min_value=1, max_value=65535)
    tls = forms.ChoiceField(label=gettext_lazy("Encryption"), choices=list(values.TLS_CAPTIONS.items()))
    user = forms.CharField(label=gettext_lazy("User"), max_length=200, required=False)
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=500,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    sender_name = forms.CharField(label=gettext_lazy("Sender's name"), max_length=100)
    sender_address = forms.EmailField(label=gettext_lazy("Sender's address"), max_length=254)

    def clean_host(self) -> str:
        """This will return the name of a host."""
        host = hosts.read(self.cleaned_data["host"])
        if host is None:
            raise forms.ValidationError(_("Write the name of the server only, such as smtp.example.com."))
        return host

    def clean(self) -> dict[str, Any]:
        """This will refuse a password that would travel in the open."""
        given = super().clean() or {}
        is_open = given.get("tls") == TlsMode.NONE
        if is_open and given.get("user") and given.get("host") not in hosts.THIS_MACHINE:
            self.add_error("tls", _("A password is sent over an encrypted line only; choose STARTTLS or TLS."))
        return given

    @property
    def settings(self) -> values.MailSettings:
        """What was chosen, but the password."""
        given = self.cleaned_data
        return values.MailSettings(
            host=given["host"],
            port=given["port"],
            tls=TlsMode(given["tls"]),
            user=given["user"].strip(),
            sender_name=given["sender_name"].strip(),
            sender_address=given["sender_address"],
        )


class TelegramForm(typed.Form):
    """The bot that writes to Telegram."""

    is_on = forms.BooleanField(label=gettext_lazy("Send to Telegram"), required=False)
    token = forms.CharField(
        label=gettext_lazy("Token of the bot"),
        max_length=200,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    def clean_token(self) -> str:
        """This will return a token of the form that Telegram gives."""
        token: str = self.cleaned_data["token"].strip()
        if token and not TOKEN.match(token):
            raise forms.ValidationError(
                _("This is no token. Copy it whole from @BotFather: a number, a colon, letters.")
            )
        return token


class AlarmDefaultForm(typed.Form):
    """Of which alarms administrators hear while nobody chose to."""

    severity = forms.ChoiceField(
        label=gettext_lazy("Tell administrators of"), choices=list(values.SEVERITY_CAPTIONS.items())
    )


class PreferencesForm(typed.Form):
    """What a person wants to hear of, by which way first, and when not."""

    alarm_severity = forms.ChoiceField(label=gettext_lazy("Alarms"), choices=list(values.SEVERITY_CAPTIONS.items()))
    alarm_raised = forms.BooleanField(label=gettext_lazy("Tell me when an alarm is raised"), required=False)
    alarm_cleared = forms.BooleanField(label=gettext_lazy("Tell me when it is over"), required=False)
    preferred_channel = forms.ChoiceField(
        label=gettext_lazy("First by"),
        choices=list(values.CHANNEL_CAPTIONS.items()),
        help_text=gettext_lazy("When a message is refused there, it goes the other way."),
    )
    quiet_from = forms.TimeField(
        label=gettext_lazy("Quiet from"), required=False, widget=forms.TimeInput(attrs={"type": "time"})
    )
    quiet_until = forms.TimeField(
        label=gettext_lazy("Quiet until"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}),
        help_text=gettext_lazy("What is not urgent waits until then. Leave both empty for none."),
    )
    zone = forms.CharField(label=gettext_lazy("Time zone"), max_length=64)

    KINDS = {"alarm_raised": values.Kind.ALARM_RAISED, "alarm_cleared": values.Kind.ALARM_CLEARED}  # noqa: RUF012 - constant

    def clean_zone(self) -> str:
        """This will return the name of a time zone."""
        name: str = self.cleaned_data["zone"].strip()
        if name not in zone_names.known():
            raise forms.ValidationError(_("This is not a time zone; take a name such as Europe/Madrid."))
        return name

    def clean(self) -> dict[str, Any]:
        """This will want both ends of the quiet hours or none."""
        given = super().clean() or {}
        if not self.errors and (given["quiet_from"] is None) != (given["quiet_until"] is None):
            missing = "quiet_from" if given["quiet_from"] is None else "quiet_until"
            self.add_error(missing, _("Quiet hours need both times; or leave both empty."))
        return given

    @property
    def kinds_off(self) -> tuple[values.Kind, ...]:
        """The kinds that are not wanted."""
        return tuple(kind for name, kind in self.KINDS.items() if not self.cleaned_data[name])

    @property
    def channel(self) -> ChannelKind:
        """The way that is taken first."""
        return ChannelKind(self.cleaned_data["preferred_channel"])


class AddressForm(typed.Form):
    """An address at which messages are wanted."""

    address = forms.EmailField(label=gettext_lazy("E-mail address"), max_length=254)
