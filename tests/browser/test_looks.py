"""Every page that an organization has, on every screen, in both themes and languages: it fits, is accessible and
translated, says nothing to the console and asks nobody else. A new route is walked without being named here.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import TimeoutError as NeverSo
from playwright.sync_api import expect

from meterbook.identity import models as identity_models
from meterbook.identity.values import Module
from meterbook.web import translations
from tests.browser.conftest import Visit
from tests.factories import identity, metering, sites
from tests.journeys.test_routes import ARGUMENTS
from tests.support import browser as browsing
from tests.support import routes

WIDTHS = (360, 768, 1280)
OWN = ("/accounts/password/change/", "/accounts/2fa/", "/styleguide")  # outside every organization
MOST_TABS, TABS_AT_ONCE = 90, 5
# Whatever has the focus for a moment from the skip link's target on: asking after each key would take most of the time.
NOTE_FOCUS = """() => {
  window.cameToPrimary = false;
  addEventListener("focusin", (event) => { window.cameToPrimary ||= event.target.matches("main .action.primary"); });
  document.getElementById("main").focus();
}"""
# No pages, and not to be asked in the thread of the browser, which has a loop of its own.
ASYNCHRONOUS = ("stream", "public_address_test", "single_sign_on_test")
# What a reader sees or hears, line by line.
TEXTS = """() => {
  const lines = document.body.innerText.split("\\n");
  for (const each of document.querySelectorAll("[aria-label], [title], [placeholder]"))
    for (const name of ["aria-label", "title", "placeholder"]) lines.push(each.getAttribute(name) ?? "");
  return lines.map((line) => line.trim()).filter(Boolean);
}"""
# What a finger has to hit and is less than 44 px high.
SMALL = """() => [...document.querySelectorAll("main :is(.action, .input, .segment a), .topbar .icon-button")]
  .map((each) => [each, each.getBoundingClientRect().height])
  .filter(([each, height]) => each.checkVisibility() && height && height < 43.5)
  .map(([each, height]) => `${each.className} ${each.textContent.trim()} ${height}`)"""
# What reaches beyond the right edge.
WIDE = """() => [...document.querySelectorAll("body *")]
  .filter((each) => each.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .filter((each) => !each.closest(".visually-hidden, .table-scroll"))
  .slice(0, 3).map((each) => each.outerHTML.slice(0, 80))"""
FITS = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"
# What stands around every page: its bar and its navigation, and of what they are made on this one.
PARTS_OF_FRAME = (".topbar", ".sidebar")
FRAME = """() => [...document.querySelectorAll(":is(.topbar, .sidebar), :is(.topbar, .sidebar) *")]
  .map((each) => each.tagName + each.getAttribute("class")).join()"""
# Names that the organization and the style guide give, and that a catalog knows too.
NAMES = {"Energy", "Base", "estimated"}


@dataclass(frozen=True)
class Place:
    """An organization with something on every page, somebody who may do everything in it, and the pages' paths."""

    organization: identity_models.Organization
    user: identity_models.User
    paths: tuple[str, ...]


@pytest.fixture(scope="module")
def place(database: str) -> Place:
    organization = identity.organization(modules=tuple(Module))
    site = sites.site(organization=organization)
    now = datetime.now(UTC)
    for number in range(12):
        meter = metering.installed_meter(organization=organization, site=site, name=f"A rather long name {number}")
        metering.record(
            meter.energy, [(now - timedelta(minutes=15 * each), 9_000_000 - each) for each in (1, 0)], at=now
        )
    user = identity.user(organization=organization, name="Maria Ortega")
    return Place(organization, user, (*pages(organization, user), *OWN))


def pages(organization: identity_models.Organization, user: identity_models.User) -> tuple[str, ...]:
    """The paths of an organization whose answer is a whole page, or that fail."""
    client = Client(raise_request_exception=False)
    client.force_login(user)

    @functools.cache
    def argument(name: str) -> object:
        return ARGUMENTS[name].make(organization)

    found, known = [], {routes.ORGANIZATION, *ARGUMENTS}
    for route in routes.walk(settings.ROOT_URLCONF):
        # A parameter that has no entry yet is what the walk over all routes finds.
        if (
            route.kind != "guarded"
            or not {routes.ORGANIZATION} <= set(route.parameters) <= known
            or route.name in ASYNCHRONOUS
        ):
            continue
        given = {name: argument(name) for name in route.parameters if name != routes.ORGANIZATION}
        path = route.fill({**given, routes.ORGANIZATION: organization.public_id})
        answer = client.get(path)
        is_page = answer["Content-Type"].startswith("text/html") and not answer.streaming
        if is_page and (answer.status_code >= 500 or (answer.status_code == 200 and b"<main " in answer.content)):
            found.append(path)
    return tuple(found)


@functools.cache
def english() -> frozenset[str]:
    """The texts that read otherwise in Spanish, those with figures in them left out."""
    catalog = translations.read(translations.LOCALE / "es" / "LC_MESSAGES" / "django.po")
    pairs = [
        (str(one), str(other))
        for message in catalog
        if message.id
        for one, other in zip(*_both(message.id, message.string), strict=False)
    ]
    spanish = {other for _one, other in pairs} | NAMES
    return frozenset(one for one, other in pairs if other and "%" not in one and one not in spanish)


def _both(text: object, translated: object) -> tuple[tuple[object, ...], tuple[object, ...]]:
    return (
        text if isinstance(text, tuple) else (text,),
        translated if isinstance(translated, tuple) else (translated,),
    )


def open_page(watched: browsing.Watched, path: str, language: str) -> list[str]:
    answer = watched.page.goto(f"{watched.site.address}{path}?lang={language}")
    assert answer is not None
    if not answer.ok:
        return [f"answers {answer.status}"]
    try:
        loading = watched.page.locator("[data-island] .skeleton:visible")
        expect(loading).to_have_count(0)
    except AssertionError:
        return ["a part of it is never there"]
    return []


def fits(watched: browsing.Watched) -> list[str]:
    """The screens that the page is too wide for."""
    found = []
    for width in WIDTHS:
        watched.page.set_viewport_size({"width": width, "height": 900})
        if watched.page.evaluate(FITS):
            continue
        try:  # charts follow a moment later
            watched.page.wait_for_function(FITS, timeout=browsing.SETTLING_MILLISECONDS)
        except NeverSo:
            found.append(f"{width} px: {watched.overflow()} too wide: {watched.page.evaluate(WIDE)}")
    return found


def tabs_to_primary(watched: browsing.Watched) -> str:
    """Why the keyboard does not come from the skip link's target to the first primary action, or nothing."""
    page = watched.page
    if not page.locator("main .action.primary:visible:enabled").count():
        return ""
    page.evaluate(NOTE_FOCUS)
    for _some in range(MOST_TABS // TABS_AT_ONCE):
        for _press in range(TABS_AT_ONCE):
            page.keyboard.press("Tab")
        if page.evaluate("window.cameToPrimary"):
            return ""
    return f"no primary action within {MOST_TABS} tabs"


def test_there_are_pages(place: Place) -> None:
    assert len(place.paths) > 25


def accessible(watched: browsing.Watched, frames: set[str]) -> list[str]:
    """What the checker finds; a frame that was seen before, around another page, is not looked at again."""
    frame = watched.ask(FRAME)
    known = PARTS_OF_FRAME if frame in frames else ()
    frames.add(frame)
    return watched.axe(without=known)


@pytest.mark.spec("M-044/1")
def test_pages_fit_and_are_accessible_in_the_dark_and_by_keyboard(visit: Visit, place: Place) -> None:
    watched = visit(theme="dark")
    watched.enter(place.user)
    wrong: dict[str, list[str]] = {}
    frames: set[str] = set()
    for path in place.paths:
        found = [
            *open_page(watched, path, "en"),
            *fits(watched),
            *accessible(watched, frames),
            tabs_to_primary(watched),
        ]
        wrong |= {path: [each for each in found if each]} if any(found) else {}

    assert wrong == {}


@pytest.mark.spec("M-044/1")
@pytest.mark.spec("M-010/1")
def test_pages_are_spanish_and_fit_a_phone_for_fingers(visit: Visit, place: Place) -> None:
    watched = visit(width=360)
    watched.enter(place.user)
    wrong: dict[str, list[str]] = {}
    for path in place.paths:
        found = open_page(watched, path, "es")
        found += [f"English: {each}" for each in watched.ask(TEXTS) if each in english()]
        found += [f"small: {each}" for each in watched.ask(SMALL)]
        wide = watched.overflow()
        found += [f"{wide} too wide: {watched.ask(WIDE)}"] if wide > 0 else []
        wrong |= {path: found} if found else {}

    assert wrong == {}


def test_an_empty_organization_says_on_every_page_what_to_do(visit: Visit) -> None:
    organization = identity.organization(modules=tuple(Module))
    user = identity.user(organization=organization)
    watched = visit(width=360)
    watched.enter(user)
    wrong: dict[str, list[str]] = {}
    home = f"/o/{organization.public_id}/"
    for name in ("", "meters/", "accounts/", "bills/", "runs/", "tariffs/", "imports/", "sites/", "alarms/"):
        answer = open_page(watched, home + name, "es")
        has_way = watched.page.locator(
            ":is(.empty-state, .first-steps, form) :is(a, button, input):visible, .empty-state p"
        ).count()
        found = [*answer, *watched.axe(), *fits(watched), "" if has_way else "no word and no step"]
        wrong |= {name: [each for each in found if each]} if any(found) else {}

    assert wrong == {}
