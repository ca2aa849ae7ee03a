"""Inviting, accepting and a passkey, on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Visit
from tests.factories import identity, sites
from tests.support import browser as browsing

SECRET = "three-words-and-a-dash"


def look(watched: browsing.Watched, name: str, theme: str) -> None:
    assert watched.overflow() <= 0, name
    assert watched.axe() == [], name
    browsing.picture(watched.page, f"people-{name}-{theme}")


def add_authenticator(page: Page) -> None:
    """A phone that unlocks by itself."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


@pytest.mark.parametrize("theme", ["dark"])
def test_inviting_and_accepting(visit: Visit, theme: str) -> None:
    organization = identity.organization(name="Northquay Property")
    admin = identity.user(organization=organization, name="Maria Ortega")
    home = f"/o/{organization.public_id}/"
    email = f"nora.{organization.public_id}@meterbook.example"
    inviting, joining = visit(width=360, theme=theme), visit(width=360, theme=theme)

    inviting.enter(admin, f"{home}people/")
    look(inviting, "list", theme)
    inviting.follow("main a:has-text('Invite somebody')")
    inviting.page.fill("[name=email]", email)
    inviting.page.select_option("[name=role]", "MANAGER")
    look(inviting, "invite", theme)
    inviting.follow("text=Make the invitation")
    link = inviting.page.input_value("#link")
    expect(inviting.page.locator(".qr svg")).to_be_visible()
    look(inviting, "link", theme)

    joining.go(link.removeprefix(joining.site.address))
    expect(joining.page.locator("h1")).to_have_text("You are invited")
    joining.page.fill("[name=name]", "Nora Stone")
    joining.page.fill("[name=password1]", SECRET)
    joining.page.fill("[name=password2]", SECRET)
    look(joining, "join", theme)
    joining.follow("button:has-text('Accept the invitation')")
    joining.page.wait_for_url(f"**{home}")
    expect(joining.page.locator("h1")).to_have_text("Northquay Property")

    inviting.go(f"{home}people/")
    expect(inviting.page.locator(".people-list")).to_contain_text("Nora Stone")
    inviting.follow("text=Nora Stone")
    look(inviting, "person", theme)
    inviting.follow("main a:has-text('See as')")
    look(inviting, "see-as", theme)
    inviting.follow("button:has-text('See as this person')")
    expect(inviting.page.locator(".seen-as")).to_contain_text("Nora Stone")
    look(inviting, "seen-as", theme)
    inviting.follow("text=Be yourself again")
    expect(inviting.page.locator(".seen-as")).to_have_count(0)
    inviting.go(f"{home}people/roles")
    look(inviting, "roles", theme)


def test_a_passkey_is_made_and_lets_in(browser: Browser, site_server: browsing.Site) -> None:
    organization = identity.organization(name="Northquay Property")
    sites.site(organization=organization, name="Northquay")
    user = identity.user(organization=organization)
    # A passkey belongs to a name; a bare number of an address has none.
    site = browsing.Site(site_server.address.replace("127.0.0.1", "localhost"))
    with browsing.visit(browser, site, width=360) as watched:
        page = watched.page
        add_authenticator(page)
        watched.sign_in(user.email, identity.PASSWORD)

        watched.go("/me/second-step")
        look(watched, "second-step", "light")
        watched.follow("text=With a passkey of this device")
        look(watched, "passkey", "light")
        watched.follow("#mfa_webauthn_add")
        page.wait_for_url(lambda address: "/webauthn/add" not in address)
        watched.go("/accounts/2fa/")
        look(watched, "factors", "light")
        page.context.clear_cookies()
        watched.go("/accounts/login/")
        watched.follow("#passkey_login")

        expect(page.locator("h1")).to_have_text("Northquay")
        watched.check()
