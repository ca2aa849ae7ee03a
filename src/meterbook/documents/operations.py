"""Take numbers, keep issued files, and say what stands at their head."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.utils import IntegrityError
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.documents import models, values
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor

TAKE = """
INSERT INTO documents_numberseries AS series (organization_id, public_id, kind, prefix, first_number, next_number)
VALUES (%s, gen_random_uuid(), %s, %s, %s, %s)
ON CONFLICT (organization_id, kind, prefix) DO UPDATE SET next_number = series.next_number + %s
RETURNING next_number
"""


class NothingToNumber(ValueError):
    """At least one number must be taken."""


class FileAlreadyIssued(ValueError):
    """Another file was issued for the object before; it is never replaced."""


@operation.operation
def take_numbers(*, kind: values.DocumentKind, prefix: str, count: int, first_number: int = 1) -> range:
    """This will take `count` numbers in a row; they are given back when the caller's transaction fails.

    The series is locked until the caller commits, so take numbers late. A series begins with `first_number` when first
    used, and goes on from there.

    :raises NothingToNumber: when `count` is not positive
    """
    if count < 1:
        raise NothingToNumber(NothingToNumber.__doc__)
    with connection.cursor() as cursor:
        cursor.execute(
            TAKE, [scoping.current().organization_id, kind, prefix, first_number, first_number + count, count]
        )
        (following,) = cursor.fetchone()
    return range(following - count, following)


@operation.operation
def file_document(
    *,
    actor: Actor,
    at: datetime,
    kind: values.DocumentKind,
    source_id: uuid.UUID,
    name: str,
    media_type: str,
    content: bytes,
    unsigned_digest: str = "",
    facts: Mapping[str, Any] | None = None,
    certificate: str = "",
) -> models.IssuedFile:
    """This will keep a file for ever as the document of an object; the same bytes again answer what is there.

    :param unsigned_digest: SHA-256 of the file before it was signed
    :param facts: what it was rendered from beside its content, as JSON
    :param certificate: SHA-256 of the certificate that signed it

    :raises FileAlreadyIssued: when other bytes were issued for it
    """
    organization_id = scoping.current().organization_id
    digest = hashlib.sha256(content).hexdigest()
    try:
        with transaction.atomic():
            issued = models.IssuedFile.objects.create(
                organization_id=organization_id,
                kind=kind,
                source_id=source_id,
                name=name,
                media_type=media_type,
                content=content,
                size=len(content),
                digest=digest,
                issued_at=at,
                unsigned_digest=unsigned_digest,
                facts=facts or {},
                certificate=certificate,
            )
    except IntegrityError as error:
        known = models.IssuedFile.objects.filter(organization_id=organization_id, source_id=source_id, kind=kind)
        present = known.defer("content").first()
        if present is None:
            raise
        if present.digest != digest:
            raise FileAlreadyIssued(_("Another file was issued for it before; it is never replaced.")) from error
        return present
    audit_operations.record(
        actor=actor,
        at=at,
        action="documents:file_document",
        subject=issued,
        before=None,
        after={"name": name, "digest": digest, "size": len(content)},
    )
    return issued


@operation.operation
def change_letterhead(*, actor: Actor, at: datetime, facts: values.LetterheadFacts) -> models.Letterhead:
    """This will set what stands at the head of documents from now on; what was issued keeps what it says."""
    organization_id = scoping.current().organization_id
    after = asdict(facts)
    found, is_new = models.Letterhead.objects.select_for_update().get_or_create(
        organization_id=organization_id, defaults=after
    )
    before = None if is_new else {key: getattr(found, key) for key in after}
    for key, value in after.items():
        setattr(found, key, value)
    found.save(update_fields=list(after))
    if before != after:
        audit_operations.record(
            actor=actor, at=at, action="documents:change_letterhead", subject=found, before=before, after=after
        )
    return found
