"""What is typed about a broker. Its password is written only: no page shows it again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meterbook.acquisition import brokers, values
from meterbook.acquisition import operations as acquisition_operations
from meterbook.foundation.tls import hosts
from meterbook.sites import queries as site_queries
from meterbook.web import parameters, typed

PORT, PORT_WITH_TLS = 1883, 8883


class BrokerForm(typed.Form):
    """A broker: where it is, and how we enter."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=100,
        help_text=gettext_lazy("Such as: Broker, ground floor."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    host = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=253,
        help_text=gettext_lazy("IP address or name, such as 192.168.10.5. Its network must be in MB_ALLOWED_NETWORKS."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    port = forms.IntegerField(
        label=gettext_lazy("Port"),
        min_value=values.PORTS[0],
        max_value=values.PORTS[-1],
        required=False,
        help_text=gettext_lazy("Empty: 1883, with encryption 8883."),
    )
    user = forms.CharField(
        label=gettext_lazy("User"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Empty only for a broker in the local network; it is then marked as unauthenticated."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=500,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    is_encrypted = forms.BooleanField(label=gettext_lazy("Encrypt the connection (TLS)"), required=False)
    authority = forms.CharField(
        label=gettext_lazy("Certificate of the authority"),
        max_length=100_000,
        required=False,
        help_text=gettext_lazy(
            "In PEM, when the broker's certificate is signed by an authority of your own. Empty: the authorities that "
            "this machine trusts."
        ),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "class": "input mono"}),
    )
    client_id = forms.CharField(
        label=gettext_lazy("Client id"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("Under which we enter; no other program may use it. Empty: one of our own."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_host(self) -> str:
        """This will return the address as it is dialed.

        :raises forms.ValidationError: when it is none
        """
        found = hosts.read(self.cleaned_data["host"])
        if found is None:
            raise forms.ValidationError(_("Give the broker's address or name alone, such as 192.168.10.5."))
        return found

    def facts(self) -> acquisition_operations.BrokerFacts:
        """This will return what was typed as the operations want it."""
        given: dict[str, Any] = self.cleaned_data
        is_encrypted = bool(given["is_encrypted"])
        return acquisition_operations.BrokerFacts(
            name=parameters.written(given["name"], 100),
            host=given["host"],
            port=given["port"] or (PORT_WITH_TLS if is_encrypted else PORT),
            user=parameters.written(given["user"], 200),
            password=given["password"] or None,
            client_id=parameters.written(given["client_id"], 60),
            is_encrypted=is_encrypted,
            authority=given["authority"].strip(),
        )

    def blame(self, error: acquisition_operations.BrokerMisconfigured) -> None:
        """This will say beside the field at fault why the broker cannot be used."""
        self.add_error(error.field if error.field in self.fields else None, str(error))


class NewForm(BrokerForm):
    """A broker that is added."""

    site = forms.ChoiceField(label=gettext_lazy("Site"))
    field_order = ("site", "name")

    def __init__(
        self, data: QueryDict | None, *, sites: Iterable[site_queries.SiteRow], usual: site_queries.SiteRow | None
    ) -> None:
        super().__init__(data, initial={"site": str(usual.public_id) if usual else ""})
        self.known_sites = tuple(sites)
        choices = [(str(each.public_id), each.name) for each in self.known_sites]
        asked = [] if usual else [("", _("Choose the site"))]
        self.fields["site"].choices = [*asked, *choices]  # type: ignore[attr-defined]

    def site_row(self) -> site_queries.SiteRow:
        """This will return the site that was chosen."""
        return next(each for each in self.known_sites if str(each.public_id) == self.cleaned_data["site"])


class ChangeForm(BrokerForm):
    """A broker that is there. Who leaves the password empty keeps it."""

    def __init__(self, data: QueryDict | None, *, row: brokers.BrokerRow) -> None:
        initial = {
            "name": row.bus.name,
            "host": row.bus.host,
            "port": row.bus.port,
            "user": row.user,
            "is_encrypted": row.is_encrypted,
            "authority": row.authority,
            "client_id": row.client_id,
        }
        super().__init__(data, initial=initial)
        if row.has_password:
            self.fields["password"].help_text = _("Empty: it stays as it is.")
