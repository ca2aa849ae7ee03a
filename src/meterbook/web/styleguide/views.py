"""Every component in every state; for developers, and for browser tests that take its picture."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from meterbook.web import access

COLORS = (
    "accent", "ok", "warn", "alarm", "estimated", "about", "stale",
    "electricity", "water", "hot-water", "gas", "heating", "cooling", "other",
    "canvas", "surface", "sunken", "line", "ink", "muted",
)  # fmt: skip
# A fixed instant, so that two pictures of the page are the same.
AT = datetime(2026, 6, 16, 14, 40, tzinfo=UTC)


@access.signed_in(reason="Shows components with made-up data; only while developing and in a demo.")
def styleguide(request: HttpRequest) -> HttpResponse:
    """This will show the style guide where it is of use, and is not there otherwise."""
    if not (settings.DEBUG or settings.IS_DEMO):
        raise Http404(_("The style guide is shown while developing and in a demo only."))
    ages = {"fresh": AT - timedelta(seconds=4), "old": AT - timedelta(minutes=43)}
    return render(request, "styleguide/page.html", {"colors": COLORS, "at": AT, "ages": ages})
