"""What a test asks of a page right after a click is asked of the page that the click leads to."""

from __future__ import annotations

from tests.browser.conftest import Visit

RESET = "/accounts/password/reset/"


def test_nothing_is_asked_of_a_page_that_is_about_to_go(visit: Visit) -> None:
    watched = visit(width=360)
    for way in (watched.page.click, watched.follow):
        watched.go("/accounts/login/")

        way(f"main a[href^='{RESET}']")

        assert watched.ask("location.pathname") == RESET
        assert watched.overflow() == 0
