"""From the page of a document to the public page on which anybody checks it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.urls import reverse

from meterbook.documents import codes, register_queries


@dataclass(frozen=True)
class Link:
    """The code as people read it, and where it leads; empty where the document was withdrawn from view."""

    code: str
    href: str


def of(source_id: uuid.UUID) -> Link | None:
    """This will return the code of an issued document; None for a draft."""
    row = register_queries.find_document(source_id=source_id)
    if row is None:
        return None
    return Link(codes.printed(row.code), "" if row.is_hidden else reverse("verify", args=[codes.written(row.code)]))
