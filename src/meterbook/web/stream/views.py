"""The stream of notices that a browser reads; it carries kinds and ids, never values."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import StreamingHttpResponse

from meterbook.foundation import scoping
from meterbook.identity import queries as identity_queries
from meterbook.identity.values import Module
from meterbook.metering import queries as metering_queries
from meterbook.sites import permissions as site_permissions
from meterbook.web import access
from meterbook.web.stream import hub

PERMISSION = site_permissions.VIEW_SITES
BEAT_SECONDS = 15.0
# Many values arrive at a slot's end: they go out together, at most so often.
PAUSE_SECONDS = 0.25
BEAT = "event: beat\ndata:\n\n"
# News of a module that is off is not told.
KIND_MODULES = {
    "series": Module.METERING,
    "request": Module.METERING,
    "device": Module.METERING,
    "alarm": Module.ALARMS,
}


@access.stream_page(permission=PERMISSION, module=Module.CORE, by_site=True, by_single=True)
async def stream(request: access.Request) -> StreamingHttpResponse:
    """This will send `data: {"kind", "ids"}` for each change in the organization, and a beat each 15 s.

    Whose reach ends at some sites hears of the series there, and of other kinds only that something changed. To whom
    single meters are assigned it tells of their series, and of nothing else.
    """
    only = await sync_to_async(own_series)(request)
    response = StreamingHttpResponse(_notices(request, only), content_type="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


def own_series(request: access.Request) -> frozenset[int] | None:
    """This will return the series at the reader's sites, or of the meters that are assigned; None for who may see all.

    Opens its own scope.
    """
    sites = request.access.sites(PERMISSION)
    if sites is None:
        return None
    try:
        with scoping.scope([request.organization.id], actor=request.actor):
            return metering_queries.series_within(site_ids=sites, meter_point_ids=request.access.meters(PERMISSION))
    finally:
        connections.close_all()


async def _notices(request: access.Request, only: frozenset[int] | None) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    kinds = [kind for kind, module in KIND_MODULES.items() if request.organization.has_module(module)]
    if not request.access.allows_somewhere(PERMISSION):
        kinds = [each for each in kinds if each == hub.SERIES]
    with hub.of_this_process().mailbox(request.organization.id, kinds, only=only) as box:
        yield BEAT
        checked = loop.time()
        while True:
            news = await box.take(max(0.0, checked + BEAT_SECONDS - loop.time()))
            is_beat = loop.time() >= checked + BEAT_SECONDS
            # A right that was taken away ends the stream before anything else is told.
            if (box.doubts_rights() or is_beat) and not await sync_to_async(_may_continue)(request):
                return
            for text in news:
                yield f"data: {text}\n\n"
            if is_beat:
                if only is not None:
                    box.narrow(await sync_to_async(own_series)(request))
                checked = loop.time()
                yield BEAT
            await asyncio.sleep(PAUSE_SECONDS)


def _may_continue(request: access.Request) -> bool:
    try:
        key = request.session.session_key
        if key is None or not request.session.exists(key) or not access.may_continue(request, PERMISSION):
            return False
        return _has_same_modules(request)
    finally:
        # The stream's thread waits for the next beat; its connection must not wait with it.
        connections.close_all()


def _has_same_modules(request: access.Request) -> bool:
    """A stream that hears other kinds from now on ends, or one that must ask for a second step; the browser opens the
    next one at once.
    """
    with scoping.scope([request.organization.id], actor=request.actor):
        now = identity_queries.get_organization()
    known = request.organization
    return (now.default_modules, now.site_modules, now.second_factor_roles) == (
        known.default_modules,
        known.site_modules,
        known.second_factor_roles,
    )
