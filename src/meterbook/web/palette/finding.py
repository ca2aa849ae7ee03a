"""What the palette finds for a reader: nothing that the reader could not open."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.urls import resolve, reverse
from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from meterbook.customers import reaching as customer_reaching
from meterbook.identity.values import Module
from meterbook.monitoring import queries as monitoring_queries
from meterbook.monitoring.queries import Place, PlaceKind
from meterbook.tariffs import permissions as tariff_permissions
from meterbook.web import access, navigation
from meterbook.web.palette import pages

MOST_PAGES = 6
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Target:
    """How a kind is called and shown, and the page that opens: who may open it may find it."""

    caption: str | Promise
    icon: str
    route: str
    at_parent: bool = False
    without_id: bool = False


@dataclass(frozen=True)
class Item:
    """One line of the palette."""

    title: str
    detail: str
    icon: str
    href: str


@dataclass(frozen=True)
class Group:
    """What was found of a kind."""

    caption: str
    items: tuple[Item, ...]


TARGETS = {
    PlaceKind.METER: Target(_("Meters"), "meter", "meter"),
    PlaceKind.ACCOUNT: Target(_("Accounts"), "account", "account"),
    PlaceKind.BILL: Target(_("Bills"), "bill", "bill"),
    PlaceKind.UNIT: Target(_("Places"), "home", "site_tree", at_parent=True),
    PlaceKind.RUN: Target(_("Bill runs"), "run", "run"),
    PlaceKind.TARIFF: Target(_("Tariffs"), "book", "tariff"),
    PlaceKind.SITE: Target(_("Sites"), "home", "site_tree"),
    PlaceKind.GATEWAY: Target(_("Gateways"), "bus", "topology", without_id=True),
    PlaceKind.PERSON: Target(_("People"), "account", "person"),
}


def find(request: access.Request, words: str) -> tuple[Group, ...]:
    """This will return what the words find, the group with the best match first; without words all pages."""
    offered = pages.offered(request)
    if not words:
        return (Group(str(pages.CAPTION), tuple(map(_page, offered))),) if offered else ()
    found = _places(request, words)
    groups = []
    for kind, target in TARGETS.items():
        places = [each for each in found if each.kind is kind]
        if places:
            items = tuple(_item(request, target, each) for each in places)
            groups.append((min(each.rank for each in places), Group(str(target.caption), items)))
    matching = tuple(_page(each) for each in offered if _has_all(each.caption, words))[:MOST_PAGES]
    if matching:
        groups.append((1, Group(str(pages.CAPTION), matching)))
    return tuple(group for _rank, group in sorted(groups, key=lambda pair: pair[0]))


def _places(request: access.Request, words: str) -> list[Place]:
    kinds = _kinds(request)
    if kinds.get(PlaceKind.TARIFF) is None:
        return monitoring_queries.find_places(words=words, kinds=kinds)
    # A tariff is at no site: who may see those of single sites finds what the list of tariffs would show.
    del kinds[PlaceKind.TARIFF]
    found = monitoring_queries.find_places(words=words, kinds=kinds)
    with customer_reaching.within(request.access, tariff_permissions.VIEW_TARIFF, at=request.at):
        return found + monitoring_queries.find_places(words=words, kinds={PlaceKind.TARIFF: None})


def _kinds(request: access.Request) -> dict[PlaceKind, frozenset[int] | None]:
    """What the reader may look for, and at which sites: as the page that would open admits them."""
    kinds: dict[PlaceKind, frozenset[int] | None] = {}
    for kind, target in TARGETS.items():
        guard = _guard_of(target)
        if guard is None or not request.organization.has_module(guard.module):
            continue
        sites = request.access.sites(guard.permission)
        if sites is None or (guard.by_site and sites):
            kinds[kind] = sites
    return kinds


@dataclass(frozen=True)
class _Guard:
    permission: str
    module: Module
    by_site: bool


@functools.cache
def _guard_of(target: Target) -> _Guard | None:
    view: Callable[..., object] = resolve(reverse(target.route, args=_args(target, UNKNOWN, UNKNOWN))).func
    permission = getattr(view, "permission", None)
    if permission is None:
        return None
    return _Guard(permission, view.module, view.by_site)  # type: ignore[attr-defined]


def _args(target: Target, organization: object, public_id: object) -> list[object]:
    return [organization] if target.without_id else [organization, public_id]


def _item(request: access.Request, target: Target, place: Place) -> Item:
    public_id = place.parent_id if target.at_parent else place.public_id
    href = reverse(target.route, args=_args(target, request.organization.public_id, public_id))
    detail = place.detail
    if place.kind is PlaceKind.RUN:
        detail = formats.date_format(date.fromisoformat(detail), "YEAR_MONTH_FORMAT")
    elif place.kind is PlaceKind.UNIT:
        href += f"#place-{place.public_id}"
    elif place.kind is PlaceKind.GATEWAY:
        href += f"?bus={place.public_id}"
    return Item(place.title, detail, target.icon, href)


def _page(entry: navigation.Entry) -> Item:
    return Item(entry.caption, "", entry.icon, entry.href)


def _has_all(caption: str, words: str) -> bool:
    text = _folded(caption)
    return all(each in text for each in _folded(words).split())


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFD", text.casefold())
    return "".join(each for each in apart if not unicodedata.combining(each))
