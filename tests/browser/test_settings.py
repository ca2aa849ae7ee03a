"""Settings on a phone: mail and a bot are set up by hand, tested, and a person's address and chat are confirmed."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.db import connections
from playwright.sync_api import Page

from meterbook.identity import models as identity_models
from meterbook.kernel import clock
from meterbook.notifications import operations
from meterbook_lab import mail_server, telegram_server
from tests.browser.conftest import Visit
from tests.factories import identity, notifications
from tests.factories.notifications import ACTOR, TOKEN
from tests.support import browser as browsing


@pytest.fixture
def smtp() -> Iterator[mail_server.MailServer]:
    with notifications.open_network(), mail_server.running(mail_server.MailServer()) as running:
        yield running


@pytest.fixture
def bot() -> Iterator[telegram_server.TelegramServer]:
    with notifications.telegram(telegram_server.TelegramServer(TOKEN)) as running:
        yield running


def work(organization: identity_models.Organization) -> None:
    """The worker's turn, in a thread of its own: the browser's loop runs in this one."""

    def turn() -> None:
        try:
            given = {"organization_id": organization.pk, "actor": ACTOR, "at": clock.now()}
            operations.check_telegram(**given)
            operations.receive_updates(**given, real_at=clock.real_now())
            operations.deliver(**given, real_clock=clock.real_now)
        finally:
            connections.close_all()

    thread = threading.Thread(target=turn)
    thread.start()
    thread.join()


@dataclass
class Tour:
    """A browser that goes through the settings of one organization, and takes a picture at each stop."""

    watched: browsing.Watched
    organization: identity_models.Organization
    name: str

    @property
    def page(self) -> Page:
        """The page."""
        return self.watched.page

    def look(self, name: str) -> None:
        """This will fail when the page does not fit, or is not accessible."""
        assert self.watched.overflow() <= 0, name
        assert self.watched.axe() == [], name
        browsing.picture(self.page, f"settings-{name}-{self.name}")

    def save(self, section: str, words: str) -> None:
        """This will press Save in a section and wait for what is said."""
        self.watched.follow(f"section:has(#{section}) button:has-text('Save')")
        self.page.wait_for_selector(f"text={words}")

    def test(self, words: str) -> None:
        """This will send a test, have the worker's turn, and wait for what the page says of it by itself."""
        self.watched.follow("text=Send a test to me")
        self.page.wait_for_selector("#test >> text=is being sent")
        work(self.organization)
        self.page.wait_for_selector(f"#test >> text={words}")


def set_up_mail(tour: Tour, smtp: mail_server.MailServer) -> None:
    """Wrong words, then a server that does not answer, then the right one."""
    page = tour.page
    page.fill("[name=mail-host]", "smtp.example.com:25 and more")
    page.fill("[name=mail-sender_address]", "meterbook@northquay.example")
    tour.save("mail-title", "Write the name of the server only")
    tour.look("wrong")
    assert page.input_value("[name=mail-sender_address]") == "meterbook@northquay.example"
    page.fill("[name=mail-host]", mail_server.HOST)
    page.fill("[name=mail-port]", str(mail_server.free_port()))
    page.select_option("[name=mail-tls]", "NONE")
    tour.save("mail-title", "The mail settings were kept.")
    tour.test("did not go through")
    tour.look("refused")
    page.fill("[name=mail-port]", str(smtp.port))
    tour.save("mail-title", "The mail settings were kept.")
    tour.test("was taken for")


def set_up_telegram(tour: Tour) -> None:
    """The token goes in and never comes back."""
    page = tour.page
    page.check("[name=telegram-is_on]")
    page.fill("[name=telegram-token]", TOKEN)
    tour.save("telegram-title", "The bot was kept.")
    work(tour.organization)
    page.reload()
    page.wait_for_selector("text=@meterbook_lab_bot")
    tour.look("on")
    assert TOKEN not in page.content()


def confirm_an_address(tour: Tour, smtp: mail_server.MailServer) -> None:
    """A wrong code, then the one that was sent."""
    page = tour.page
    page.fill("[name=new-address]", "maria@example.com")
    tour.watched.follow("text=Send a code")
    page.wait_for_selector("text=Code from the mail")
    work(tour.organization)
    page.fill("[name=code]", "WRONGONE")
    tour.watched.follow(".code-form button")
    page.wait_for_selector("text=This is not the code that was sent.")
    tour.look("own-wrong")
    body = smtp.to("maria@example.com")[0].message.get_body(("plain",))
    assert body is not None
    code = re.search(r"code: (\w{8})", body.get_content())
    assert code is not None
    page.fill("[name=code]", code[1])
    tour.watched.follow(".code-form button")
    page.wait_for_selector("text=Messages come to this address from now on.")


def link_a_chat(tour: Tour, bot: telegram_server.TelegramServer) -> None:
    """The chat appears by itself once it has sent the code."""
    page = tour.page
    tour.watched.follow("text=Link a Telegram chat")
    given = page.inner_text(".notice .code")
    tour.look("own-telegram")
    bot.write(4711, f"/start {given}")
    work(tour.organization)
    page.wait_for_selector("text=Chat 4711")


@pytest.mark.parametrize(("width", "theme"), [(360, "light")])
def test_mail_and_telegram_are_set_up_and_a_person_is_reached(
    visit: Visit, smtp: mail_server.MailServer, bot: telegram_server.TelegramServer, width: int, theme: str
) -> None:
    organization = identity.organization(name="Northquay Property")
    user = identity.user(organization=organization, name="Maria Ortega")
    tour = Tour(visit(width=width, theme=theme), organization, f"{width}-{theme}")
    page, settings = tour.page, f"/o/{organization.public_id}/settings/"

    tour.watched.enter(user, f"{settings}messages/")
    tour.look("empty")
    set_up_mail(tour, smtp)
    set_up_telegram(tour)

    tour.watched.go(f"{settings}own")
    confirm_an_address(tour, smtp)
    link_a_chat(tour, bot)
    page.select_option("[name=wish-alarm_severity]", "CRITICAL")
    page.fill("[name=wish-quiet_from]", "22:00")
    tour.save("what", "Quiet hours need both times")
    page.fill("[name=wish-quiet_until]", "07:00")
    tour.save("what", "Your wishes were kept.")
    tour.look("own-done")

    tour.watched.go(f"{settings}log/")
    page.wait_for_selector("table >> text=Confirmation code")
    tour.look("log")
    tour.watched.follow(page.locator("table a:has-text('Test message')").last)
    page.wait_for_selector("h2:has-text('Tries')")
    tour.look("message")
    # A form that is refused answers 422, which the console notes.
    tour.watched.said = [said for said in tour.watched.said if "422" not in said]
