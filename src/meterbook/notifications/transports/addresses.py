"""Which hosts mail may be handed to: an organization's administrator must not use the server to look around inside."""

from __future__ import annotations

import ipaddress
import socket

from django.conf import settings
from django.utils.translation import gettext as _


class HostRefused(OSError):
    """The host lies in a network that the owner of this installation has not allowed (MB_MAIL_NETWORKS)."""


class HostUnknown(OSError):
    """The name of the mail server leads nowhere; correct it."""


def resolve(host: str, port: int) -> str:
    """This will return the address to connect to, checked after the name was looked up.

    :raises HostUnknown: when the name leads nowhere
    :raises HostRefused: when it leads into a network that is not allowed; in a demonstration only this machine is
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise HostUnknown(_("There is no host “%(host)s”. Correct its name.") % {"host": host}) from error
    for _family, _type, _protocol, _name, address in found:
        if _is_allowed(str(address[0])):
            return str(address[0])
    raise HostRefused(
        _("“%(host)s” lies in a network that is not open to mail. The owner of this installation can allow it"
          " (MB_MAIL_NETWORKS).") % {"host": host}
    )  # fmt: skip


def _is_allowed(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    networks = [ipaddress.ip_network(each.strip()) for each in settings.MAIL_NETWORKS.split(",") if each.strip()]
    if any(address in network for network in networks):
        return True
    return address.is_global and not address.is_multicast and not settings.IS_DEMO
