"""The certificate that signs an organization's documents: its own, or a self-signed one made when first needed."""

from __future__ import annotations

from datetime import datetime

from cryptography.hazmat.primitives import hashes
from django.db import connection

from meterbook.audit import operations as audit_operations
from meterbook.documents import models, signing
from meterbook.foundation import operation, scoping, vault
from meterbook.identity import queries as identity_queries
from meterbook.kernel.actor import Actor

LOCK = 4_762_331  # of one organization: two that need the first certificate at once make one


def find() -> models.SigningCertificate | None:
    """This will return the certificate in use, or None where nothing was signed yet."""
    organization_id = scoping.current().organization_id
    return models.SigningCertificate.objects.filter(organization_id=organization_id).order_by("-id").first()


@operation.operation
def ensure(*, actor: Actor, at: datetime) -> models.SigningCertificate:
    """This will return the certificate in use; where there is none, a self-signed one is made."""
    found = find()
    if found is not None:
        return found
    organization_id = scoping.current().organization_id
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, organization_id])
    return find() or make_self_signed(actor=actor, at=at)


@operation.operation
def make_self_signed(*, actor: Actor, at: datetime) -> models.SigningCertificate:
    """This will sign from now on with a new certificate that nobody but itself vouches for."""
    name = identity_queries.get_organization().name
    return _keep(actor, at, signing.make_self_signed(name, at=at))


@operation.operation
def set_own(*, actor: Actor, at: datetime, credential: signing.Credential) -> models.SigningCertificate:
    """This will sign from now on with a certificate of the organization's own. What was signed stays as it is."""
    return _keep(actor, at, credential)


def credential_of(certificate: models.SigningCertificate) -> signing.Credential:
    """This will open the key of the certificate in use.

    :raises vault.VaultClosed: when it was sealed with another key
    """
    return signing.Credential(certificate.chain, vault.open_sealed(certificate.sealed_key))


def _keep(actor: Actor, at: datetime, credential: signing.Credential) -> models.SigningCertificate:
    """The keys of those before are removed: nothing needs them, and a stolen backup does not have them."""
    organization_id = scoping.current().organization_id
    own = credential.certificate
    before = find()
    models.SigningCertificate.objects.filter(organization_id=organization_id).update(sealed_key="")
    kept = models.SigningCertificate.objects.create(
        organization_id=organization_id,
        chain=credential.chain,
        sealed_key=vault.seal(credential.key),
        digest=own.fingerprint(hashes.SHA256()).hex(),
        subject=own.subject.rfc4514_string()[:300],
        issuer=own.issuer.rfc4514_string()[:300],
        valid_from=own.not_valid_before_utc,
        valid_until=own.not_valid_after_utc,
        is_self_signed=credential.is_self_signed,
        added_at=at,
        added_by=actor.label,
    )
    audit_operations.record(
        actor=actor,
        at=at,
        action="documents:set_certificate",
        subject=kept,
        before=None if before is None else {"subject": before.subject, "digest": before.digest},
        after={"subject": kept.subject, "digest": kept.digest, "is_self_signed": kept.is_self_signed},
    )
    return kept
