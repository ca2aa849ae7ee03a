"""`meterbook config`: what the installation is set to, without any secret; made to be sent to who helps."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Mapping

# Only what is listed here is printed as it is: a variable that nobody thought of may hold a secret.
OPEN = (
    "MB_DATA_DIR",
    "MB_PG_BIN",
    "MB_USER",
    "MB_RUN_AS_ROOT",
    "MB_BIND",
    "MB_HTTP_PORT",
    "MB_HTTPS",
    "MB_TLS_CERTIFICATE",
    "MB_TLS_KEY",  # the path of a file
    "MB_PUBLIC_ADDRESS",
    "MB_ALLOWED_HOSTS",
    "MB_TRUSTED_PROXIES",
    "MB_ALLOWED_NETWORKS",
    "MB_SERIAL_PORTS",
    "MB_ADMIN_EMAIL",
    "MB_OPERATOR",
    "MB_SESSION_IDLE_MINUTES",
    "MB_SESSION_ABSOLUTE_HOURS",
    "MB_MAIL_NETWORKS",
    "MB_SIGN_IN_NETWORKS",
    "MB_BREACHED_PASSWORDS",  # the path of a file
    "MB_TELEGRAM_ADDRESS",
    "MB_DEBUG",
    "SSL_CERT_FILE",
)
SECRET = ("DATABASE_URL", "MB_SECRET_KEY", "MB_VAULT_KEY")
OURS = "MB_"
HIDDEN = "(set, not shown)"
# Who may sign in somewhere stands before the host of an address.
_SIGN_IN = re.compile(r"//[^/@\s]*@")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare the arguments of the command: it has none of its own."""


def run(options: argparse.Namespace) -> int:
    """This will print every variable that is set."""
    lines = told(os.environ)
    width = max((len(name) for name, _value in lines), default=0)
    sys.stdout.write("".join(f"{name:<{width}}  {value}\n" for name, value in lines))
    if not lines:
        sys.stdout.write("Nothing is set: everything is as it comes.\n")
    return 0


def told(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """This will return the variables that are set and their values, those of secrets and of unknown ones hidden.

    Of DATABASE_URL only the server is told.
    """
    known = [name for name in (*OPEN, *SECRET) if environ.get(name)]
    others = sorted(name for name in environ if name.startswith(OURS) and environ[name] and name not in known)
    return [(name, _value(name, environ[name])) for name in known] + [(name, HIDDEN) for name in others]


def _value(name: str, value: str) -> str:
    from meterbook.foundation.server import connections, errors

    if name in OPEN:
        return _SIGN_IN.sub("//…@", value)
    if name != connections.URL_VARIABLE:
        return HIDDEN
    try:
        target = connections.parse(value)
    except errors.ServerError:
        return HIDDEN
    return f"{target.host}:{target.port}/{target.database} (user and password not shown)"
