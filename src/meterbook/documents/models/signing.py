"""The certificates that sign documents."""

from __future__ import annotations

from django.db import models

from meterbook.foundation import models as foundation_models


class SigningCertificate(foundation_models.TenantModel):
    """A certificate with its key; the newest one signs. The key is never shown, and removed when another comes."""

    chain = models.TextField()  # PEM, the signer's own first
    sealed_key = models.TextField(blank=True)  # PKCS#8 in PEM, sealed by `foundation.vault`
    digest = models.CharField(max_length=64)  # SHA-256 of the certificate
    subject = models.CharField(max_length=300)
    issuer = models.CharField(max_length=300)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()
    is_self_signed = models.BooleanField()
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=200)

    class Meta:
        indexes = (models.Index(fields=["organization_id", "-id"], name="signing_certificate_newest"),)

    def __str__(self) -> str:
        return self.subject
