"""Which addresses the product may connect to: who may add a bus must not reach the insides of the host with it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

VARIABLE = "MB_ALLOWED_NETWORKS"
PORTS_VARIABLE = "MB_SERIAL_PORTS"


class NetworkNotAllowed(ValueError):
    """The owner of the platform has not allowed connections to that address."""

    code = "NETWORK"

    def __init__(self, address: str, remedy: str) -> None:
        super().__init__(" ".join([_("Connections to %(address)s are not allowed.") % {"address": address}, remedy]))
        self.address, self.remedy = address, remedy


class SerialPortNotAllowed(ValueError):
    """The owner of the platform has not allowed that serial port."""

    code = "SERIAL_PORT"

    def __init__(self, path: str) -> None:
        remedy = _("Add it to %(variable)s and restart, or correct the port.") % {"variable": PORTS_VARIABLE}
        super().__init__(" ".join([_("The serial port %(path)s is not allowed.") % {"path": path}, remedy]))
        self.path = path


class NetworksMisspelled(ValueError):
    """MB_ALLOWED_NETWORKS holds networks separated by commas, such as 192.168.10.0/24,10.4.0.0/16."""


@dataclass(frozen=True)
class AllowedNetworks:
    """What the platform's owner allowed. Loopback is reached in a demo only, and a demo reaches nothing else.

    `serial_ports` are paths such as /dev/ttyUSB0, or names under /dev/serial/by-id, which stay when plugs change.
    """

    networks: tuple[Network, ...] = ()
    is_demo: bool = False
    serial_ports: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], *, is_demo: bool) -> AllowedNetworks:
        """This will read MB_ALLOWED_NETWORKS and MB_SERIAL_PORTS; unset or empty allows no network and no port.

        :raises NetworksMisspelled: when one of them is no network
        """
        listed = [each.strip() for each in environ.get(VARIABLE, "").split(",") if each.strip()]
        try:
            found = tuple(ipaddress.ip_network(each) for each in listed)
        except ValueError as error:
            raise NetworksMisspelled(f"{error}: {NetworksMisspelled.__doc__}") from error
        ports = tuple(each.strip() for each in environ.get(PORTS_VARIABLE, "").split(",") if each.strip())
        return cls(found, is_demo, ports)

    def check_serial(self, path: str) -> None:
        """This will pass when the serial port may be opened.

        :raises SerialPortNotAllowed: when it may not
        """
        if path not in self.serial_ports:
            raise SerialPortNotAllowed(path)

    def check(self, text: str) -> None:
        """This will pass when connections to the numeric address are allowed.

        :raises NetworkNotAllowed: when they are not
        """
        address = _plain(ipaddress.ip_address(text.partition("%")[0]))
        if self.is_demo:
            if not address.is_loopback:
                raise NetworkNotAllowed(text, _("A demo reaches simulated meters on this machine only."))
            return
        if address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified:
            raise NetworkNotAllowed(text, _("Only a demo may use it; give the gateway's address in your network."))
        if not any(address.version == network.version and address in network for network in self.networks):
            remedy = _("Add its network to %(variable)s and restart, or correct the address.") % {"variable": VARIABLE}
            raise NetworkNotAllowed(text, remedy)

    def check_host(self, host: str) -> None:
        """This will check a host that is written as a number; a name is checked when the collector resolved it.

        :raises NetworkNotAllowed: when the number is not allowed
        """
        try:
            ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return
        self.check(host)


def _plain(address: Address) -> Address:
    """::ffff:127.0.0.1 is 127.0.0.1."""
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped if mapped is not None else address
