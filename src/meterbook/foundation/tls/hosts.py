"""Under which names and addresses this machine can be reached."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not listened at
# Nothing is sent to these: asking for a way there tells which of our addresses would be used (RFC 5737, RFC 3849).
LONGEST = 253
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"(?a:\d+|0x[0-9a-f]*)")
_FAR = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))


def of_machine() -> tuple[str, ...]:
    """This will return names and addresses of this machine: what others would type first, the loopback last."""
    name = socket.gethostname().lower()
    found = [*_addresses()]
    if name and name != "localhost":
        found += [name] if "." in name else [name, f"{name}.local"]
    return tuple(dict.fromkeys([*found, *THIS_MACHINE]))


def for_certificate(host: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    """This will return the names that a certificate of our own should hold, each once.

    :param host: the address that the web server listens at
    """
    named = [urlsplit(environ.get("MB_PUBLIC_ADDRESS", "")).hostname or "", host]
    named += [each.strip().strip("[]").removeprefix(".") for each in environ.get("MB_ALLOWED_HOSTS", "").split(",")]
    wanted = [each.lower() for each in named if each not in EVERYWHERE and is_host(each)]
    return tuple(dict.fromkeys([*wanted, *of_machine()]))


def shown(host: str) -> str:
    """This will return what to type for a host that is listened at: for "everywhere" this machine's first address."""
    return of_machine()[0] if host in EVERYWHERE else host


def is_loopback(host: str) -> bool:
    """This will tell whether only this machine reaches a server that listens there."""
    address = as_address(host)
    return host == "localhost" if address is None else address.is_loopback


def as_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """This will read an address; None for a name."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def read(text: str) -> str | None:
    """This will return the host that a person typed as it is kept: a name in small letters, or an address.

    None is returned for what is neither: a whole URL, a port behind it, spaces, a number such as 127.1 that a
    resolver would take for an address.

    >>> read(" [::1] "), read("Gateway.example.com"), read("http://gateway")
    ('::1', 'gateway.example.com', None)
    """
    given = text.strip().lower()
    bare = given[1:-1] if given.startswith("[") and given.endswith("]") else given
    address = as_address(bare) if "%" not in bare else None
    if address is not None:
        return str(address) if bare == given or address.version == 6 else None
    labels = given.split(".")
    is_name = len(given) <= LONGEST and all(map(_LABEL.fullmatch, labels)) and not _NUMBER.fullmatch(labels[-1])
    return given if is_name else None


def is_host(text: str) -> bool:
    """This will tell whether a certificate can hold it: an address, or a name of letters, digits, dots and dashes."""
    if as_address(text) is not None:
        return True
    labels = text.split(".")
    return len(text) <= 253 and all(
        0 < len(each) <= 63 and each.isascii() and each.replace("-", "a").isalnum() and each.strip("-") == each
        for each in labels
    )


def _addresses() -> list[str]:
    found = []
    for family, far in _FAR:
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((far, 9))
            found.append(str(probe.getsockname()[0]).partition("%")[0])
    return [each for each in found if not is_loopback(each)]
