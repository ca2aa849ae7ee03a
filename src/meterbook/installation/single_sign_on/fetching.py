"""Asks a provider over HTTPS: only in networks that are open to it, within seconds, no more than is needed, no detours.

The name is looked up once and that address is connected to: what was checked is what is asked. On this machine itself
HTTP will do, where the owner opened it (MB_SIGN_IN_NETWORKS); everywhere else it must be encrypted.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

TIMEOUT_SECONDS = 5
LONGEST_ANSWER = 512 * 1024


class ProviderUnreachable(Exception):
    """The provider could not be asked, or answered what cannot be used; the message says what to look at."""


def ask(url: str, *, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """This will fetch one JSON object, or post a form and read the one that is answered.

    :raises ProviderUnreachable: when nothing usable came
    """
    line = _line(url)
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    sent = {"Accept": "application/json", "Connection": "close", **(headers or {})}
    body = None
    if form is not None:
        body, sent["Content-Type"] = urlencode(form).encode(), "application/x-www-form-urlencoded"
    try:
        line.request("GET" if body is None else "POST", target, body=body, headers=sent)
        answer = line.getresponse()
        content = answer.read(LONGEST_ANSWER + 1)
    except ssl.SSLError as error:
        raise ProviderUnreachable(
            _("The certificate of “%(host)s” is not trusted.") % {"host": parts.hostname}
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise ProviderUnreachable(_("“%(host)s” does not answer.") % {"host": parts.hostname}) from error
    finally:
        line.close()
    if answer.status != http.client.OK or len(content) > LONGEST_ANSWER:
        raise ProviderUnreachable(
            _("“%(host)s” answered with status %(status)s.") % {"host": parts.hostname, "status": answer.status}
        )
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ProviderUnreachable(_("“%(host)s” answered something else than was asked.") % {"host": parts.hostname})
    return found


def _line(url: str) -> http.client.HTTPConnection:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or {"https": 443, "http": 80}[parts.scheme]
    except (ValueError, KeyError) as error:
        raise ProviderUnreachable(_("“%(url)s” is no address.") % {"url": url[:200]}) from error
    address = _resolve(host, port)
    if parts.scheme == "https":
        return _PinnedHttps(host, port, address)
    if not ipaddress.ip_address(address).is_loopback:
        raise ProviderUnreachable(_("“%(host)s” must be asked over HTTPS.") % {"host": host})
    return _Pinned(host, port, address)


def _resolve(host: str, port: int) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ProviderUnreachable(_("There is no host “%(host)s”. Correct its name.") % {"host": host}) from error
    for _family, _type, _protocol, _name, address in found:
        text = str(address[0]).partition("%")[0]
        if _is_allowed(text):
            return text
    raise ProviderUnreachable(
        _("“%(host)s” lies in a network that is not open to signing in. The owner of this installation can allow it"
          " (MB_SIGN_IN_NETWORKS).") % {"host": host}
    )  # fmt: skip


def _is_allowed(text: str) -> bool:
    address = ipaddress.ip_address(text)
    given = settings.SIGN_IN_NETWORKS.split(",")
    if any(address in ipaddress.ip_network(each.strip()) for each in given if each.strip()):
        return True
    return address.is_global and not address.is_multicast and not settings.IS_DEMO


class _Pinned(http.client.HTTPConnection):
    """Connects to the address that was checked, whatever the name leads to by then."""

    def __init__(self, host: str, port: int, address: str) -> None:
        super().__init__(host, port, timeout=TIMEOUT_SECONDS)
        self._address = address

    def connect(self) -> None:
        """This will connect."""
        self.sock = socket.create_connection((self._address, self.port), TIMEOUT_SECONDS)


class _PinnedHttps(_Pinned):
    """The same, encrypted: the certificate must be for the name."""

    default_port = http.client.HTTPS_PORT

    def connect(self) -> None:
        """This will connect and check who answers."""
        super().connect()
        self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)
