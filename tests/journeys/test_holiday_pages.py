"""Calendars of holidays on their pages: those of a country are put in, looked over and kept; nothing typed is lost."""

from __future__ import annotations

from django.urls import reverse

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity.values import RoleCode
from meterbook.rules import queries, values
from tests.factories import identity, rules
from tests.support import pages

FILL = {"country": "ES", "region": "md", "first_year": "2026", "last_year": "2027"}
CHRISTMAS, BOXING = ("2026-12-25", "Christmas Day"), ("2026-12-26", "Boxing Day")


def rows(*days: tuple[str, str]) -> dict[str, list[str]]:
    return {
        "day": [day for day, _name in days],
        "day_name": [name for _day, name in days],
        "day_kind": ["HOLIDAY"] * len(days),
    }


def calendars(organization: identity_models.Organization) -> list[values.CalendarRow]:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        return queries.list_calendars()


def test_from_no_calendar_to_the_holidays_of_a_region() -> None:
    organization = identity.organization()
    browser = pages.signed_in(organization)
    new = reverse("calendar_new", args=[organization.public_id])
    assert "No calendar yet" in pages.page(browser, "calendars", organization)

    filled = browser.post(new, {**rows(("2026-05-15", "San Isidro")), **FILL, "name": "Madrid", "do": "fill"})
    sheet = filled.context["sheet"]
    assert filled.status_code == 200
    assert {"2026-05-02", "2026-05-15", "2027-01-06"} <= {each.day for each in sheet.rows}
    assert 'value="Madrid"' in filled.content.decode()
    kept = [(each.day, each.name) for each in sheet.rows]
    answer = browser.post(new, {**rows(*kept), "name": "Madrid", "code": "ES-Madrid", "do": "save"})

    assert answer.status_code == 302
    (row,) = calendars(organization)
    assert (row.code, len(row.newest.days)) == ("es-madrid", len(kept))
    assert "Madrid" in pages.page(browser, "calendars", organization)


def test_what_is_wrong_stands_beside_its_day_and_nothing_is_lost() -> None:
    organization = identity.organization()
    browser = pages.signed_in(organization)
    new = reverse("calendar_new", args=[organization.public_id])

    wrong = rows(("2026-13-01", "Thirteenth"), ("2026-01-06", ""), ("2026-01-06", "Epiphany"))
    answer = browser.post(new, {**wrong, "name": "Coast", "code": "coast!", "do": "save"})

    shown = answer.content.decode()
    assert answer.status_code == 422
    assert [bool(each.problem) for each in answer.context["sheet"].rows] == [True, True, True]
    assert "Thirteenth" in shown
    assert "such as es-madrid" in shown
    assert calendars(organization) == []
    region = browser.post(new, {**FILL, "region": "ZZ", "do": "fill"})
    assert region.status_code == 422
    assert "MD" in region.content.decode()


def test_a_day_is_taken_out_with_a_reason_and_the_history_tells() -> None:
    organization = identity.organization()
    boxing = values.CalendarDay(rules.CHRISTMAS.day.replace(day=26), "Boxing Day")
    calendar = rules.calendar_of(organization, days=(rules.CHRISTMAS, boxing))
    browser = pages.signed_in(organization)
    shown, change = (reverse(each, args=[organization.public_id, calendar]) for each in ("calendar", "calendar_change"))
    assert f'action="{change}"' in browser.get(shown).content.decode()

    shorter = browser.post(change, {**rows(CHRISTMAS, BOXING), "reason": "moved", "do": "remove:1"})
    assert [each.day for each in shorter.context["sheet"].rows] == ["2026-12-25"]
    assert "moved" in shorter.content.decode()
    assert browser.post(change, {**rows(CHRISTMAS), "reason": "", "do": "save"}).status_code == 422
    answer = browser.post(change, {**rows(CHRISTMAS), "reason": "moved", "do": "save"})

    assert answer.status_code == 302
    assert "Boxing Day" in browser.get(shown).content.decode()
    assert calendars(organization)[0].newest.number == 2


def test_who_may_only_look_sees_the_days_and_changes_nothing() -> None:
    organization = identity.organization()
    calendar = rules.calendar_of(organization)
    browser = pages.signed_in(organization, role=RoleCode.AUDITOR)
    shown, change = (reverse(each, args=[organization.public_id, calendar]) for each in ("calendar", "calendar_change"))

    assert "Christmas Day" in browser.get(shown).content.decode()
    assert browser.post(change, {"do": "add"}).status_code == 403
    assert browser.get(reverse("calendar_new", args=[organization.public_id])).status_code == 403
