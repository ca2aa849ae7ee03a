"""Which provider is set, with its secret sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from meterbook.foundation import operation, vault
from meterbook.installation import models, operations
from meterbook.installation.single_sign_on import values
from meterbook.installation.values import Name
from meterbook.kernel.actor import Actor

SEALED = "sealed_secret"


class SecretNeeded(ValueError):
    """Another provider or client needs its secret; the one that is kept is not for it."""


@dataclass(frozen=True)
class Kept:
    """What is set: the provider, and whether there is a secret. The secret itself is read with `secret` alone."""

    provider: values.Provider | None = None
    has_secret: bool = False

    @property
    def is_on(self) -> bool:
        """This will tell whether people can sign in through it."""
        return self.provider is not None and self.provider.is_on and self.has_secret


def get() -> Kept:
    """This will return what is set. Needs no scope."""
    found = models.Setting.objects.filter(name=Name.SINGLE_SIGN_ON).first()
    return Kept() if found is None else Kept(values.Provider.read(found.value), bool(found.value.get(SEALED)))


def secret() -> str:
    """This will return the client's secret, for the provider alone.

    :raises vault.VaultClosed: when it was sealed with another key
    """
    found = models.Setting.objects.filter(name=Name.SINGLE_SIGN_ON).first()
    return vault.open_sealed(str((found.value if found is not None else {}).get(SEALED, "")))


@operation.operation
def keep(*, actor: Actor, at: datetime, provider: values.Provider, secret: str | None) -> None:
    """This will set the provider. Its secret can be written and not read again.

    :param secret: None: the one that is kept stays
    :raises SecretNeeded: when there is none yet, or it belongs to another provider or client
    """
    found = models.Setting.objects.filter(name=Name.SINGLE_SIGN_ON).first()
    before = None if found is None else values.Provider.read(found.value)
    sealed = "" if found is None else str(found.value.get(SEALED, ""))
    if secret is None:
        is_same = before is not None and (before.issuer, before.client_id) == (provider.issuer, provider.client_id)
        if provider.is_on and not (sealed and is_same):
            raise SecretNeeded(_("Enter the secret that the provider gave for this client."))
    else:
        sealed = vault.seal(secret)
    operations.keep(Name.SINGLE_SIGN_ON, {**provider.plain(), SEALED: sealed})
    after = {**provider.plain(), "is_secret_replaced": secret is not None}
    told = None if before is None else before.plain()
    if told != provider.plain() or secret is not None:
        operations.record(actor, at, "installation:set_single_sign_on", told, after)
