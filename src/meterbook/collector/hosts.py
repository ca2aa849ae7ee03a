"""From the name of a gateway to an address that may be used: checked after resolution, and that address is dialed."""

from __future__ import annotations

import asyncio
import socket

from meterbook.acquisition import networks
from meterbook.acquisition.contract import errors

SECONDS = 3.0


class NameUnknown(errors.DeviceError):
    """The gateway's name leads to no address."""

    code = "NAME"
    remedy = "Check the spelling of the gateway's name, or give its address as numbers."


class HostRefused(errors.DeviceError):
    """The platform's owner does not allow connections to the gateway's address."""

    code = "NETWORK"
    remedy = "Ask the owner of the platform to add the network to MB_ALLOWED_NETWORKS, or correct the address."


async def resolve(host: str, port: int, allowed: networks.AllowedNetworks) -> str:
    """This will return the address to connect to.

    Every address of a name must be allowed: with one bad one among them the resolver decides, not the owner.

    :raises NameUnknown: when the name leads nowhere within 3 s
    :raises HostRefused: when an address is not allowed
    """
    try:
        async with asyncio.timeout(SECONDS):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError) as error:
        raise NameUnknown(f"{host} cannot be resolved ({error})", host=host) from error
    addresses = [str(each[4][0]) for each in found]
    for address in addresses:
        try:
            allowed.check(address)
        except networks.NetworkNotAllowed as error:
            raise HostRefused(
                f"connections to {host} ({address}) are not allowed", host=host, address=address
            ) from error
    return addresses[0]
