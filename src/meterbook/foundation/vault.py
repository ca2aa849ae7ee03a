"""Secrets at rest: encrypted with a key that is not in the database and not in a backup.

The key lies in the data folder (`vault_key`, 0600) or in MB_VAULT_KEY. Whoever has a dump or a backup alone reads
nothing.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.utils.translation import gettext as _


class VaultClosed(ValueError):
    """The secret was sealed with another key (a restored database, say); enter it again."""


def seal(secret: str) -> str:
    """This will return the text encrypted and signed, as ASCII."""
    return _cipher().encrypt(secret.encode()).decode("ascii")


def open_sealed(sealed: str) -> str:
    """This will return what was sealed.

    :raises VaultClosed: when it was sealed with another key, or altered
    """
    try:
        return _cipher().decrypt(sealed.encode("ascii")).decode()
    except (InvalidToken, UnicodeError) as error:
        raise VaultClosed(_("This was encrypted with another key. Enter the secret again.")) from error


def _cipher() -> Fernet:
    digest = hashlib.sha256(b"meterbook vault" + settings.VAULT_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
