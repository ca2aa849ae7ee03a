"""Whether pages are encrypted from the next start on, and with which certificate."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from meterbook.foundation import operation
from meterbook.foundation.tls import choice, files
from meterbook.installation import operations
from meterbook.kernel.actor import Actor


@operation.operation
def choose(
    *, actor: Actor, at: datetime, real_at: datetime, mode: choice.Mode, certificate: bytes = b"", key: bytes = b""
) -> files.Facts | None:
    """This will note how the next start serves; of a certificate that is given, return what it says.

    :param real_at: the time by the clock of the machine, at which the certificate must hold
    :param certificate: PEM, with what vouches for it below; empty: the one that lies there already
    :raises files.CertificateRefused: when certificate and key cannot be used; everything stays as it was
    """
    before = choice.read(settings.DATA_DIR)
    found = None
    if mode is choice.Mode.GIVEN:
        if certificate or key:
            found = choice.take(settings.DATA_DIR, certificate, key, at=real_at)
        else:
            found = choice.facts(settings.DATA_DIR, at=real_at)
    choice.keep(settings.DATA_DIR, mode)
    after: dict[str, object] = {"encryption": mode.value}
    if found is not None:
        after |= {"fingerprint": found.fingerprint, "names": ", ".join(found.names)}
    told = None if before is None else {"encryption": before.value}
    operations.record(actor, at, "installation:choose_encryption", told, after)
    return found
