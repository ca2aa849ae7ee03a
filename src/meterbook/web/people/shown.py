"""People, roles and sessions as the pages show them: frozen, with sites and days in words."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

import qrcode
import qrcode.image.svg
from django.urls import reverse
from django.utils import formats
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from meterbook.customers import queries as customer_queries
from meterbook.identity import people as identity_people
from meterbook.identity import queries as identity_queries
from meterbook.identity import sessions as identity_sessions
from meterbook.identity.values import ScopeKind
from meterbook.installation import queries as installation_queries
from meterbook.metering import queries as metering_queries
from meterbook.web import access
from meterbook.web.people import words
from meterbook.web.sites import choice


@dataclass(frozen=True)
class RoleHeld:
    """A grant as a line: what, where, when."""

    public_id: uuid.UUID
    title: str
    place: str
    dates: str
    is_in_force: bool


@dataclass(frozen=True)
class Line:
    """A person as a line of the list."""

    href: str
    name: str
    email: str
    roles: tuple[RoleHeld, ...]
    signed_in_at: datetime | None
    has_second_factor: bool
    state: str
    tone: str
    icon: str


@dataclass(frozen=True)
class Browser:
    """A signed-in browser."""

    public_id: uuid.UUID
    device: str
    address: str
    began_at: datetime
    seen_at: datetime
    is_here: bool


@dataclass(frozen=True)
class SecretLink:
    """A link that is shown once."""

    address: str
    picture: SafeString


def line(request: access.Request, row: identity_people.PersonRow) -> Line:
    """This will return a person as a line of the list."""
    caption, tone, icon = words.state(row.state)
    return Line(
        href=reverse("person", args=[request.organization.public_id, row.user.public_id]),
        name=row.user.name or row.user.email,
        email=row.user.email,
        roles=held(request, row.grants),
        signed_in_at=row.signed_in_at,
        has_second_factor=row.has_second_factor,
        state=caption,
        tone=tone,
        icon=icon,
    )


def held(request: access.Request, grants: Iterable[identity_queries.GrantRow]) -> tuple[RoleHeld, ...]:
    """This will return grants as lines; days are those of the site, for the whole organization those of the clock."""
    grants = tuple(grants)
    singles = _singles(grants)
    return tuple(
        RoleHeld(
            public_id=each.public_id,
            title=each.title if ":" not in each.title else words.right(each.title),
            place=singles.get((each.scope_kind, each.scope_id or 0)) or place(request, each.site_id),
            dates=dates(each.starts_at, each.ends_at, zone(request, each.site_id)),
            is_in_force=each.starts_at <= request.at and (each.ends_at is None or each.ends_at > request.at),
        )
        for each in grants
    )


def _singles(grants: Iterable[identity_queries.GrantRow]) -> dict[tuple[str, int], str]:
    """What grants of single meters and accounts reach, in words, by kind and id."""
    found: dict[tuple[str, int], str] = {}
    for each in grants:
        if each.scope_id is not None and each.scope_kind == ScopeKind.METER:
            found[each.scope_kind, each.scope_id] = _("One meter")
        elif each.scope_id is not None and each.scope_kind == ScopeKind.ACCOUNT:
            found[each.scope_kind, each.scope_id] = _("One account")
    for point in metering_queries.points_by_id(ids=[key for kind, key in found if kind == ScopeKind.METER]):
        found[ScopeKind.METER, point.id] = _("Meter %(name)s (%(code)s)") % {"name": point.name, "code": point.code}
    if accounts := [key for kind, key in found if kind == ScopeKind.ACCOUNT]:
        for key, account in customer_queries.accounts_by_id(ids=accounts).items():
            found[ScopeKind.ACCOUNT, key] = _("Account %(number)s") % {"number": account.number}
    return found


def place(request: access.Request, site_id: int | None) -> str:
    """This will name where a role counts."""
    if site_id is None:
        return _("Whole organization")
    return next((each.name for each in choice.visible_sites(request) if each.id == site_id), _("Another site"))


def zone(request: access.Request, site_id: int | None) -> ZoneInfo:
    """This will return whose days a role is counted in."""
    found = next((each.zone for each in choice.visible_sites(request) if each.id == site_id), None)
    return found or choice.clock_zone(request)


def dates(starts_at: datetime | None, ends_at: datetime | None, there: ZoneInfo) -> str:
    """This will say from when until when; the day of the end is the last one that counts."""
    first = formats.date_format(starts_at.astimezone(there).date(), "SHORT_DATE_FORMAT") if starts_at else ""
    if ends_at is None:
        return _("since %(day)s") % {"day": first} if first else ""
    last = formats.date_format((ends_at - timedelta(microseconds=1)).astimezone(there).date(), "SHORT_DATE_FORMAT")
    if not first:
        return _("until %(day)s") % {"day": last}
    return _("%(first)s to %(last)s") % {"first": first, "last": last}


def browsers(rows: Iterable[identity_sessions.SessionRow]) -> tuple[Browser, ...]:
    """This will return sessions as lines."""
    return tuple(
        Browser(each.public_id, words.device(each.agent), each.address, each.began_at, each.seen_at, each.is_here)
        for each in rows
    )


def secret_link(route: str, token: str) -> SecretLink:
    """This will return a link with a token from the configured public address, also as a QR code."""
    address = urljoin(installation_queries.public_address(), reverse(route, args=[token]))
    return SecretLink(address=address, picture=qr(address))


def qr(text: str) -> SafeString:
    """This will draw a QR code as SVG in black on white, whatever the theme: cameras want it so."""
    drawn = qrcode.make(text, image_factory=qrcode.image.svg.SvgPathImage, border=3)
    held_in = io.BytesIO()
    drawn.save(held_in)
    svg = held_in.getvalue().decode()
    return mark_safe(svg[svg.index("<svg") :])  # noqa: S308 - drawn here, of squares only
