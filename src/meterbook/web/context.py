"""What the frame of every page shows; templates get it as `shell`, frozen: rendering asks the database nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from meterbook.foundation import scoping
from meterbook.identity import first_start
from meterbook.identity import queries as identity_queries
from meterbook.identity import values as identity_values
from meterbook.journeys import send_sign_in_codes
from meterbook.kernel import clock
from meterbook.sites import queries as site_queries
from meterbook.web import access, demo_people, language, navigation
from meterbook.web.alarms import zone as alarm_zones
from meterbook.web.single_sign_on import signing
from meterbook.web.sites import choice


@dataclass(frozen=True)
class Person:
    """Who is signed in."""

    name: str
    email: str
    initials: str


@dataclass(frozen=True)
class Choice:
    """One entry of a menu of the frame."""

    code: str
    caption: str
    icon: str
    is_chosen: bool


@dataclass(frozen=True)
class Inside:
    """What the frame shows inside an organization."""

    organization: identity_queries.OrganizationRow
    organizations: tuple[identity_queries.OrganizationRow, ...]
    sites: tuple[site_queries.SiteRow, ...]
    site: site_queries.SiteRow | None
    zone: ZoneInfo
    navigation: tuple[navigation.Entry, ...]
    alarms: alarm_zones.Zone | None
    stream_href: str
    seen_as: str  # whose rights the pages show; empty: one's own


@dataclass(frozen=True)
class Shell:
    """The frame of a page; `inside` is None outside any organization (sign-in, chooser, errors)."""

    language: str
    languages: tuple[Choice, ...]
    theme: str
    themes: tuple[Choice, ...]
    path: str
    now: datetime
    speed: int
    is_demo: bool
    person: Person | None
    inside: Inside | None
    texts: dict[str, str]
    demo_people: tuple[demo_people.DemoPerson, ...] = ()  # on the page for signing in
    provider: str = ""  # what the button says that leads to the provider; on that page and where one joins
    is_first_start: bool = False  # on that page: nobody has chosen a password yet
    has_codes: bool = False  # on the page for signing in: whether tenants may, with a code by mail


def shell(request: HttpRequest) -> dict[str, Any]:
    """This will return the frame's data as `shell`; a part of a page gets only the time, as its own `now`."""
    if not access.wants_page(request):
        return {}
    return {"shell": build(request)}


def build(request: HttpRequest) -> Shell:
    """This will collect the frame's data; it opens a scope of its own when none is running."""
    theme = language.theme(request)
    return Shell(
        language=translation.get_language() or settings.LANGUAGE_CODE,
        languages=_languages(),
        theme=theme.lower(),
        themes=_themes(theme),
        path=request.get_full_path(),
        now=getattr(request, "at", None) or clock.now(),
        speed=clock.speed(),
        is_demo=settings.IS_DEMO,
        person=_person(request),
        inside=_enter(request),
        texts=_texts(),
        demo_people=demo_people.listed() if request.path == reverse("account_login") else (),
        provider=_provider(request),
        is_first_start=request.path == reverse("account_login") and first_start.is_waiting(),
        has_codes=request.path == reverse("account_login") and send_sign_in_codes.is_offered(at=clock.now()),
    )


def _enter(request: HttpRequest) -> Inside | None:
    if not hasattr(request, "access"):
        return None
    if scoping.is_open():
        return _inside(request)  # type: ignore[arg-type]
    with scoping.scope([request.organization.id], actor=request.actor):  # type: ignore[attr-defined]
        return _inside(request)  # type: ignore[arg-type]


def _inside(request: access.Request) -> Inside:
    sites = choice.visible_sites(request)
    site = choice.chosen_site(request)
    return Inside(
        organization=request.organization,
        organizations=request.organizations,
        sites=sites,
        site=site,
        zone=choice.clock_zone(request),
        navigation=navigation.entries(request),
        alarms=alarm_zones.find(request),
        stream_href=reverse("stream", args=[request.organization.public_id]),
        seen_as=(request.seen_as.name or request.seen_as.email) if request.seen_as else "",
    )


def _person(request: HttpRequest) -> Person | None:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return None
    words = (user.name or user.email).split()
    initials = "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()
    return Person(name=user.name or user.email, email=user.email, initials=initials)


def _provider(request: HttpRequest) -> str:
    here = request.resolver_match.url_name if request.resolver_match else ""
    is_nobody = not request.user.is_authenticated if hasattr(request, "user") else False
    return signing.label() if is_nobody and here in {"account_login", signing.INVITATION} else ""


def _languages() -> tuple[Choice, ...]:
    present = translation.get_language()
    return tuple(Choice(code, name, "language", code == present) for code, name in settings.LANGUAGES)


def _themes(chosen: identity_values.Theme) -> tuple[Choice, ...]:
    captions = {
        identity_values.Theme.AUTO: (_("As the device"), "sun-moon"),
        identity_values.Theme.LIGHT: (_("Light"), "sun"),
        identity_values.Theme.DARK: (_("Dark"), "moon"),
    }
    return tuple(Choice(code.lower(), text, icon, code == chosen) for code, (text, icon) in captions.items())


def _texts() -> dict[str, str]:
    """What the scripts of every page say; a page adds its own as `page_texts`."""
    return {"copied": _("Copied"), "live": _("Live"), "notLive": _("Not live, reconnecting")}
