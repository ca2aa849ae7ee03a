"""Files of disputes: handed in with words, listed, and given out; of the operator's people, and a tenant's own."""

from __future__ import annotations

import uuid
from typing import Annotated

from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import File, Form, Router
from ninja.files import UploadedFile
from pydantic import Field

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.billing import dispute_values, permissions
from meterbook.billing.operations import disputing
from meterbook.billing.queries import disputes as dispute_queries
from meterbook.customers import own
from meterbook.customers import permissions as customer_permissions
from meterbook.documents import attachments
from meterbook.identity.values import Module

router = Router(tags=["Disputes"])
SEE = customer_permissions.SEE_OWN_ACCOUNT
LONGEST_NAME = 200


class NewDisputeFile(values.Given):
    """What goes with the file, and how it is called; `internal`: for the operator's people alone."""

    words: Annotated[str, Field(max_length=dispute_values.WORDS)] = ""
    name: Annotated[str, Field(max_length=LONGEST_NAME)] = "file"
    internal: bool = False


class NewOwnFile(values.Given):
    """What goes with the file."""

    words: Annotated[str, Field(max_length=dispute_values.WORDS)] = ""
    name: Annotated[str, Field(max_length=LONGEST_NAME)] = "file"


class DisputeFile(values.Told):
    """A picture (written anew as JPEG) or a PDF, with when it came."""

    id: uuid.UUID
    name: str
    media_type: str
    size: int
    at: values.InstantTold
    author: str
    is_by_tenant: bool
    is_internal: bool


class DisputeFiles(values.Told):
    """The oldest first."""

    items: list[DisputeFile]


@endpoint(
    router,
    "GET",
    "/disputes/{uuid:dispute}/files",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=DisputeFiles,
)
def list_dispute_files(request: entry.Request, dispute: uuid.UUID) -> DisputeFiles:
    """This will return the files of a dispute."""
    return _listed(dispute_queries.get_dispute(public_id=dispute), is_tenant=False)


@endpoint(
    router,
    "POST",
    "/disputes/{uuid:dispute}/files",
    permission=permissions.MANAGE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=DisputeFiles,
    status=201,
    most_bytes=entry.MOST_UPLOAD_BYTES,
)
def keep_dispute_file(
    request: entry.Request,
    dispute: uuid.UUID,
    file: Annotated[UploadedFile, File()],
    given: Annotated[NewDisputeFile, Form()],
) -> DisputeFiles:
    """This will add a picture or PDF to a dispute; pictures are decoded and written anew."""
    disputing.write_in_dispute(
        actor=request.caller.actor,
        at=request.caller.at,
        dispute=dispute,
        words=given.words,
        files=[disputing.Given(given.name, file.read(attachments.MOST_BYTES + 1))],
        is_shared=not given.internal,
    )
    return _listed(dispute_queries.get_dispute(public_id=dispute), is_tenant=False)


@endpoint(
    router,
    "GET",
    "/disputes/{uuid:dispute}/files/{uuid:enclosure}",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=None,
)
def get_dispute_file(request: entry.Request, dispute: uuid.UUID, enclosure: uuid.UUID) -> HttpResponse:
    """This will give out a file of a dispute."""
    return _content(dispute_queries.get_dispute(public_id=dispute), enclosure, is_tenant=False)


@endpoint(
    router,
    "GET",
    "/own/disputes/{uuid:dispute}/files",
    permission=SEE,
    module=Module.BILLING,
    by_site=True,
    answers=DisputeFiles,
)
def list_own_dispute_files(request: entry.Request, dispute: uuid.UUID) -> DisputeFiles:
    """This will return the files of an own dispute, without what is for the operator's people alone."""
    return _listed(_own(request, dispute), is_tenant=True)


@endpoint(
    router,
    "POST",
    "/own/disputes/{uuid:dispute}/files",
    permission=SEE,
    module=Module.BILLING,
    by_site=True,
    answers=DisputeFiles,
    status=201,
    most_bytes=entry.MOST_UPLOAD_BYTES,
)
def keep_own_dispute_file(
    request: entry.Request,
    dispute: uuid.UUID,
    file: Annotated[UploadedFile, File()],
    given: Annotated[NewOwnFile, Form()],
) -> DisputeFiles:
    """This will add a picture or PDF to an own dispute; pictures are decoded and written anew."""
    row = _own(request, dispute)
    disputing.write_in_dispute(
        actor=request.caller.actor,
        at=request.caller.at,
        dispute=row.public_id,
        words=given.words,
        files=[disputing.Given(given.name, file.read(attachments.MOST_BYTES + 1))],
        is_by_tenant=True,
    )
    return _listed(row, is_tenant=True)


@endpoint(
    router,
    "GET",
    "/own/disputes/{uuid:dispute}/files/{uuid:enclosure}",
    permission=SEE,
    module=Module.BILLING,
    by_site=True,
    answers=None,
)
def get_own_dispute_file(request: entry.Request, dispute: uuid.UUID, enclosure: uuid.UUID) -> HttpResponse:
    """This will give out a file of an own dispute."""
    return _content(_own(request, dispute), enclosure, is_tenant=True)


def _own(request: entry.Request, dispute: uuid.UUID) -> dispute_queries.DisputeRow:
    found = dispute_queries.get_dispute(public_id=dispute)
    linked = own.accounts_of_user(user_id=request.caller.actor.id or 0, at=request.caller.at)
    if found.account_id not in {each.id for each in linked}:
        raise problems.not_found(_("There is no such dispute."))
    return found


def _listed(row: dispute_queries.DisputeRow, *, is_tenant: bool) -> DisputeFiles:
    return DisputeFiles(
        items=[
            DisputeFile(
                id=file.public_id,
                name=file.name,
                media_type=file.media_type,
                size=file.size,
                at=values.instant(each.at),
                author=each.author,
                is_by_tenant=each.is_by_tenant,
                is_internal=not each.is_shared,
            )
            for each in dispute_queries.entries_of(dispute_id=row.id, is_tenant=is_tenant)
            for file in each.files
        ]
    )


def _content(row: dispute_queries.DisputeRow, enclosure: uuid.UUID, *, is_tenant: bool) -> HttpResponse:
    file, content = dispute_queries.file_of(dispute_id=row.id, file=enclosure, is_tenant=is_tenant)
    ending = file.name.rsplit(".", 1)[-1]
    headers = {"Content-Disposition": f'attachment; filename="dispute-{file.public_id}.{ending}"'}
    return HttpResponse(content, content_type=file.media_type, headers=headers)
