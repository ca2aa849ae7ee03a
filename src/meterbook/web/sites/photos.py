"""Photos of places: added, shown, removed."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from meterbook.documents import attachments, uploads
from meterbook.identity.values import Module
from meterbook.sites import operations as site_operations
from meterbook.sites import permissions
from meterbook.sites import queries as site_queries
from meterbook.web import access, once, parameters
from meterbook.web.sites import choice, finding

CAPTION_LENGTH = 200


@require_POST
@finding.guard
@once.carried_out_once
def add(request: access.Request, site: uuid.UUID, node: uuid.UUID) -> HttpResponse:
    """This will keep a photo of a place, written anew without what the camera noted beside it."""
    found = finding.find_site(request, site)
    finding.find_node(found, node)
    given = request.FILES.get("photo")
    try:
        if given is None:
            raise forms.ValidationError(_("Choose a photo first."))
        picture = attachments.require_picture(given.read(attachments.MOST_BYTES + 1))
        site_operations.add_photo(
            actor=request.actor,
            at=request.at,
            node=node,
            content=picture.content,
            media_type=picture.media_type,
            caption=parameters.written(request.POST.get("caption", ""), CAPTION_LENGTH).replace("\n", " "),
        )
    except (uploads.UploadRefused, site_operations.TooManyPhotos, site_operations.NodeArchived) as error:
        messages.error(request, str(error))
    except forms.ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, _("The photo was added."))
    return _back(request, site, node)


@require_GET
@access.page(permission=permissions.VIEW_SITES, module=Module.CORE, by_site=True)
def show(request: access.Request, site: uuid.UUID, photo: uuid.UUID) -> HttpResponse:
    """This will give a photo out."""
    _site, content = _find(request, permissions.VIEW_SITES, site, photo)
    # It was written by us and never changes; shown in the page, whatever it may be called.
    return HttpResponse(
        content,
        content_type=attachments.JPEG,
        headers={"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"},
    )


@require_POST
@finding.guard
def remove(request: access.Request, site: uuid.UUID, photo: uuid.UUID) -> HttpResponse:
    """This will delete a photo."""
    _find(request, permissions.EDIT_SITES, site, photo)
    site_operations.remove_photo(actor=request.actor, at=request.at, photo=photo)
    messages.success(request, _("The photo was removed."))
    text = request.POST.get("place", "")
    try:
        place = uuid.UUID(text)
    except ValueError:
        place = None
    return _back(request, site, place)


def _find(
    request: access.Request, permission: str, site: uuid.UUID, photo: uuid.UUID
) -> tuple[site_queries.SiteRow, bytes]:
    row = next((each for each in choice.visible_sites(request, permission) if each.public_id == site), None)
    try:
        site_id, _photo, content = site_queries.get_photo(public_id=photo)
    except site_queries.PlaceNotFound as error:
        raise Http404(str(error)) from error
    if row is None or site_id != row.id:
        raise Http404(_("There is no such photo."))
    return row, content


def _back(request: access.Request, site: uuid.UUID, node: uuid.UUID | None) -> HttpResponseRedirect:
    path = reverse("site_editor", args=[request.organization.public_id, site])
    return HttpResponseRedirect(f"{path}?{urlencode({'place': str(node)})}" if node else path)
