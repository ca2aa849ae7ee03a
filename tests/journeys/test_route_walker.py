"""The walker of the routes sees each fault: it is tried on a configuration made of them."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from pytest_django import Settings

from meterbook.web import navigation
from tests.factories import sites
from tests.support import routes

URLCONF = "tests.support.fake_routes"
ARGUMENTS = {
    "site": routes.Argument(make=lambda organization: sites.site(organization=organization).public_id, is_owned=True)
}
ROUTES = {each.name: each for each in routes.walk(URLCONF)}
ANY_METHOD = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@pytest.fixture
def people(settings: Settings) -> routes.People:
    """Organizations and people, with the fake routes served."""
    settings.ROOT_URLCONF = URLCONF
    return routes.People(arguments=ARGUMENTS)


def everywhere(who: str, status: int) -> list[str]:
    return [f"{method} {who}: answers {status}" for method in ANY_METHOD]


class TestWalk:
    def test_goes_down_into_included_configurations(self) -> None:
        assert ROUTES["sound_object"].path == "o/<uuid:organization>/sound-object/<uuid:site>"
        assert ROUTES["sound_object"].parameters == ("organization", "site")
        assert {each.kind for name, each in ROUTES.items() if name.startswith(("account_", "mfa_"))} == {"allauth"}

    def test_counts_every_route(self) -> None:
        ours = [each for each in routes.walk(URLCONF) if each.kind != "allauth"]

        assert len(ours) == 20


class TestMisdeclared:
    @pytest.mark.parametrize("name", [name for name in ROUTES if name.startswith(("sound_", "account_login"))])
    def test_finds_nothing_wrong_with_sound_routes(self, name: str) -> None:
        assert routes.misdeclared(ROUTES[name], ARGUMENTS) == []

    @pytest.mark.parametrize(
        ("name", "fault"),
        [
            ("unmarked", "is neither public, signed_in nor guarded"),
            ("public_without_reason", "is public without a reason"),
            ("unknown_permission", "names the permission 'tests:fly', which no domain declares"),
            ("text_for_module", "names no module"),
            ("outside_an_organization", "is guarded but has no <uuid:organization> in its path"),
            ("has_unknown_parameter", "has the parameter 'thing', which has no entry in ARGUMENTS"),
            ("expression", "is a regular expression: write it with path()"),
        ],
    )
    def test_names_the_fault(self, name: str, fault: str) -> None:
        (found,) = routes.misdeclared(ROUTES[name], ARGUMENTS)

        assert found.startswith(fault)


class TestMisplaced:
    HOME = f"/o/{navigation.UNKNOWN}/"
    BILLS = f'<a href="{HOME}bills/"'

    def told(self, links: str, path: str = "corrections/") -> list[str]:
        page = f'<aside class="sidebar" id="side"><nav>{links}</nav></aside><a href="/x" aria-current="page">x</a>'
        return routes.misplaced(HttpResponse(page), f"{self.HOME}{path}", self.HOME)

    def test_finds_nothing_wrong_where_the_own_entry_is_marked_or_is_not_offered(self) -> None:
        assert self.told(f'{self.BILLS} aria-current="page">Bills</a>') == []
        assert self.told('<a href="/elsewhere">Elsewhere</a>') == []
        assert routes.misplaced(HttpResponse("a fragment"), "/nowhere", self.HOME) == []

    def test_sees_none_two_the_wrong_one_and_a_page_without_an_entry(self) -> None:
        marked, other = f'{self.BILLS} aria-current="page">', f'<a href="{self.HOME}runs/" aria-current="page">'

        for links in (f"{self.BILLS}>", marked + other, f"{self.BILLS}>{other}"):
            assert self.told(links)[0].startswith("its navigation marks")
        assert self.told(marked, "nowhere-at-all/") == ["its page stands under no entry of the navigation"]


class TestLeaks:
    @pytest.mark.parametrize("name", [name for name in ROUTES if name.startswith("sound_")])
    def test_finds_nothing_wrong_with_sound_routes(self, people: routes.People, name: str) -> None:
        assert routes.leaks(ROUTES[name], people) == []

    def test_sees_a_route_that_only_wears_the_marks(self, people: routes.People) -> None:
        assert routes.leaks(ROUTES["marked_but_open"], people) == [
            *everywhere("as nobody", 200),
            *everywhere("as a person of another organization", 200),
            *everywhere("for an unknown organization", 200),
            *everywhere("without the permission", 200),
            *everywhere("with METERING off", 200),
        ]

    @pytest.mark.parametrize(
        ("name", "found"),
        [
            (
                "leaves_everybody_out",
                ["GET with the permission: answers 403", "POST with the permission: answers 403"],
            ),
            ("shows_foreign_objects", everywhere("for a foreign site", 200)),
            ("takes_neither_get_nor_post", ["with the permission: takes neither GET nor POST"]),
            ("signed_in_but_open", everywhere("as nobody", 200)),
            ("public_but_closed", ["GET as nobody: answers 302", "POST as nobody: answers 302"]),
            (
                "open_for_deleting",
                [
                    "DELETE as nobody: answers 204",
                    "DELETE as a person of another organization: answers 204",
                    "DELETE for an unknown organization: answers 204",
                    "DELETE without the permission: answers 204",
                    "DELETE with METERING off: answers 204",
                ],
            ),
        ],
    )
    def test_names_who_got_in_and_how(self, people: routes.People, name: str, found: list[str]) -> None:
        assert routes.leaks(ROUTES[name], people) == found
