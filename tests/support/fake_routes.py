"""A small URL configuration with one route for each fault that the walker of the routes must see, and sound ones."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import include, path, re_path, reverse
from django.views.decorators.http import require_http_methods

from meterbook.identity.values import Module
from meterbook.sites import queries as site_queries
from meterbook.web import access

VIEW_SITES = "sites:view"


@access.page(permission=VIEW_SITES, module=Module.METERING)
def sound_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


@access.page(permission=VIEW_SITES, module=Module.CORE)
def sound_object(request: HttpRequest, site: uuid.UUID) -> HttpResponse:
    try:
        return HttpResponse(site_queries.get_site(public_id=site).name)
    except site_queries.SiteNotFound as error:
        raise Http404 from error


@access.stream_page(permission=VIEW_SITES, module=Module.METERING)
async def sound_stream(request: HttpRequest) -> StreamingHttpResponse:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"data: 1\n\n"

    return StreamingHttpResponse(pieces(), content_type="text/event-stream")


@access.signed_in(reason="Shows only what belongs to the person.")
def sound_signed_in(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


@access.public(reason="Tells only that the process runs.")
def sound_public(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


@require_http_methods(["POST"])
@access.page(permission=VIEW_SITES, module=Module.CORE)
def sound_post(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=204)


def unmarked(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


@access.public(reason=" ")
def public_without_reason(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


@access.page(permission="tests:fly", module=Module.CORE)
def unknown_permission(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


@access.page(permission=VIEW_SITES, module="METERING")  # type: ignore[arg-type]
def text_for_module(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def marked_but_open(request: HttpRequest, organization: uuid.UUID) -> HttpResponse:
    """Has the marks of a guard, but nothing that guards."""
    return HttpResponse("ok")


marked_but_open.permission, marked_but_open.module = VIEW_SITES, Module.METERING  # type: ignore[attr-defined]


@access.page(permission=VIEW_SITES, module=Module.CORE)
def leaves_everybody_out(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


@access.page(permission=VIEW_SITES, module=Module.CORE)
def shows_foreign_objects(request: HttpRequest, site: uuid.UUID) -> HttpResponse:
    return HttpResponse(f"{site}")


@access.page(permission=VIEW_SITES, module=Module.CORE)
def has_unknown_parameter(request: HttpRequest, thing: uuid.UUID) -> HttpResponse:
    return HttpResponse(f"{thing}")


@require_http_methods(["PUT"])
@access.page(permission=VIEW_SITES, module=Module.CORE)
def takes_neither_get_nor_post(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def signed_in_but_open(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


signed_in_but_open.signed_in_reason = "It says so."  # type: ignore[attr-defined]


@access.public(reason="It says so.")
def public_but_closed(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(reverse("account_login"))


def open_for_deleting(request: HttpRequest, **parameters: Any) -> HttpResponse:  # noqa: ANN401
    return HttpResponse(status=204) if request.method == "DELETE" else sound_page(request, **parameters)


open_for_deleting.permission, open_for_deleting.module = VIEW_SITES, Module.METERING  # type: ignore[attr-defined]


in_organization = [
    path("sound-page", sound_page, name="sound_page"),
    path("sound-object/<uuid:site>", sound_object, name="sound_object"),
    path("sound-stream", sound_stream, name="sound_stream"),
    path("sound-post", sound_post, name="sound_post"),
    path("unknown-permission", unknown_permission, name="unknown_permission"),
    path("text-for-module", text_for_module, name="text_for_module"),
    path("marked-but-open", marked_but_open, name="marked_but_open"),
    path("leaves-everybody-out", leaves_everybody_out, name="leaves_everybody_out"),
    path("shows-foreign-objects/<uuid:site>", shows_foreign_objects, name="shows_foreign_objects"),
    path("has-unknown-parameter/<uuid:thing>", has_unknown_parameter, name="has_unknown_parameter"),
    path("takes-neither-get-nor-post", takes_neither_get_nor_post, name="takes_neither_get_nor_post"),
    path("open-for-deleting", open_for_deleting, name="open_for_deleting"),
]

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("o/<uuid:organization>/", include(in_organization)),
    path("sound-signed-in", sound_signed_in, name="sound_signed_in"),
    path("sound-public", sound_public, name="sound_public"),
    path("unmarked", unmarked, name="unmarked"),
    path("public-without-reason", public_without_reason, name="public_without_reason"),
    path("outside-an-organization", sound_page, name="outside_an_organization"),
    path("signed-in-but-open", signed_in_but_open, name="signed_in_but_open"),
    path("public-but-closed", public_but_closed, name="public_but_closed"),
    re_path(r"^expression$", sound_public, name="expression"),
]
