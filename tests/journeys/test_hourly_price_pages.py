"""Prices by the hour: a file is loaded, its prices are seen with their gaps, and a tariff charges by them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.tariffs import sources
from tests.factories import identity, sites
from tests.support import pages

START = datetime(2026, 2, 28, 23, tzinfo=UTC)  # midnight in Madrid


def rows(hours: int, first: datetime = datetime(2026, 3, 1)) -> str:  # noqa: DTZ001 - wall clock
    listed = (f"{first + timedelta(hours=hour):%Y-%m-%dT%H:%M},{0.1 + hour / 1000:.3f}" for hour in range(hours))
    return "start,price\n" + "\n".join(listed)


def load(browser: Client, owner: identity_models.Organization, text: str, **more: str) -> object:
    file = SimpleUploadedFile("prices.csv", text.encode())
    facts = {"code": "spot", "name": "Spot, EUR/kWh", "zone": "Europe/Madrid", **more}
    return browser.post(reverse("hourly_prices_take", args=[owner.public_id]), {**facts, "file": file}, follow=True)


def known(owner: identity_models.Organization) -> list[sources.SeriesRow]:
    with scoping.scope([owner.pk], actor=identity.ACTOR):
        return sources.list_series()


def test_a_file_is_kept_and_shown_with_its_day() -> None:
    owner = identity.organization()
    sites.site(organization=owner, time_zone="Europe/Madrid")
    browser = pages.signed_in(owner)
    empty = browser.get(reverse("hourly_prices", args=[owner.public_id])).content.decode()
    assert "No prices yet" in empty
    assert 'value="Europe/Madrid"' in empty

    answer = load(browser, owner, rows(24))

    page = answer.content.decode()  # type: ignore[attr-defined]
    assert "24 prices were kept." in page
    assert "mean 0.1115" in page
    assert "23:00: 0.123" in page
    assert page.count('class="tou-4"') == 24
    (series,) = known(owner)
    assert (series.step, series.first_at, series.until_at) == (60, START, START + timedelta(days=1))


def test_gaps_are_listed_and_filled_by_another_file() -> None:
    owner = identity.organization()
    sites.site(organization=owner, time_zone="Europe/Madrid")
    browser = pages.signed_in(owner)
    load(browser, owner, rows(24))
    load(browser, owner, rows(24, datetime(2026, 3, 3)))  # noqa: DTZ001 - wall clock

    here = reverse("hourly_price", args=[owner.public_id, "spot"])
    assert "Bills whose days touch a gap wait until it is filled." in browser.get(here).content.decode()
    missing = browser.get(here, {"day": "2026-03-02"}).content.decode()
    assert "No price of this day is loaded." in missing

    load(browser, owner, rows(24, datetime(2026, 3, 2)))  # noqa: DTZ001 - wall clock
    assert "there is a price for each interval" in browser.get(here).content.decode()
    with scoping.scope([owner.pk], actor=identity.ACTOR):
        assert sources.gaps_of(code="spot") == []


def test_a_file_with_a_fault_keeps_nothing_and_names_the_line() -> None:
    owner = identity.organization()
    browser = pages.signed_in(owner)

    for text, more, words in (
        ("start,price\n2026-03-01T00:00,1\n2026-03-01T01:00,x\n", {}, "Line 3: “x” is no price"),
        (rows(24), {"zone": "Mars"}, "Write a time zone such as Europe/Madrid."),
        (rows(24), {"code": "Not a code"}, "A code has small letters"),
    ):
        answer = load(browser, owner, text, **more)
        assert answer.status_code == 422  # type: ignore[attr-defined]
        assert words in answer.content.decode()  # type: ignore[attr-defined]
    assert known(owner) == []


def test_prices_below_zero_hang_from_the_line() -> None:
    owner = identity.organization()
    sites.site(organization=owner, time_zone="Europe/Madrid")
    with scoping.scope([owner.pk], actor=identity.ACTOR):
        sources.put_prices(
            actor=identity.ACTOR,
            at=START,
            code="spot",
            name="Spot",
            step=60,
            start=START,
            prices=[Decimal("0.1"), Decimal("-0.1")],
        )

    page = pages.signed_in(owner).get(reverse("hourly_price", args=[owner.public_id, "spot"])).content.decode()

    assert 'class="tou-1"><title>01:00: \u22120.1</title>' in page
    assert pages.signed_in(owner).get(reverse("hourly_price", args=[owner.public_id, "none"])).status_code == 404
