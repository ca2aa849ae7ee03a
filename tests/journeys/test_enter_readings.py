"""A house of meters without communication: the readings of a month typed in one list, checked, kept, and told."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from meterbook.metering import queries as metering_queries
from meterbook.metering.values import Service
from meterbook.monitoring import queries as monitoring_queries
from meterbook.web import language
from tests.factories import acquisition, identity, metering
from tests.journeys import house
from tests.journeys.hand_read import AT, DECEMBER, NOVEMBER, NOW, UNITS, House, picture


@pytest.fixture(autouse=True)
def _in_december() -> object:
    with clock.use(clock.SettableClock(NOW)) as installed:
        yield installed


@pytest.fixture
def place() -> House:
    return House()


class TestList:
    def test_goes_unit_by_unit_with_the_reading_before(self, place: House) -> None:
        found = place.client.get(place.page)

        assert [each.row.unit_name for each in found.context["rows"]] == ["Piso 7", "Piso 8", "Piso 9", "Piso 10"]
        assert {each.before for each in found.context["rows"]} == {"1,300.00"}
        assert (found.context["round"].done, found.context["round"].title) == (0, "November 2026")

    def test_leaves_out_meters_with_a_device_and_those_read_by_the_quarter(self, place: House) -> None:
        spoken, filed = place.meters[0], place.meters[1]
        acquisition.device(
            organization=place.organization, on=acquisition.bus(site=place.site), meter=spoken.meter, unit_id=7
        )
        quarter = timedelta(minutes=15)
        metering.record(filed.energy, [(NOVEMBER + quarter, 130_010), (NOVEMBER + 2 * quarter, 130_020)])

        found = place.client.get(place.page)

        assert [each.row.unit_name for each in found.context["rows"]] == ["Piso 7", "Piso 8"]

    def test_is_narrowed_to_what_is_missing_and_to_words(self, place: House) -> None:
        place.send(value_0="1.520,00")

        missing = place.client.get(place.page, {"show": "missing"}).context["rows"]
        found = place.client.get(place.page, {"q": "piso 10"}).context["rows"]

        assert [each.row.unit_name for each in missing] == ["Piso 7", "Piso 8", "Piso 9"]
        assert [each.row.unit_name for each in found] == ["Piso 10"]

    @pytest.mark.parametrize("month", ["2026-13", "0000-01", "x", "2031-01", "9999-99"])
    def test_takes_nonsense_for_the_month_that_is_due(self, place: House, month: str) -> None:
        assert place.client.get(place.page, {"month": month}).status_code == 200

    def test_is_not_there_for_who_may_only_look(self, place: House) -> None:
        monitor = house.signed_in(place.person())

        assert monitor.get(place.page).status_code == 403
        assert place.send(monitor, value_0="1520").status_code == 403
        assert len(place.readings(0)) == 2

    def test_prints_as_a_sheet(self, place: House) -> None:
        found = place.client.get(place.path("readings_sheet"))

        assert "Casa Sol" in found.content.decode()
        assert found.content.decode().count("<tr>") == UNITS + 1


class TestSaving:
    def test_stores_all_that_was_typed_with_the_separators_of_the_language(self, place: House) -> None:
        place.client.cookies[language.LANGUAGE_COOKIE] = "es"

        answer = place.send(value_0="1.520,50", value_1="1450", value_2="")

        assert answer.status_code == 302
        assert place.readings(0)[-1] == (DECEMBER, 152_050)
        assert place.readings(1)[-1] == (DECEMBER, 145_000)
        assert len(place.readings(2)) == 2
        assert place.client.get(place.page).context["round"].done == 2
        assert [each.action for each in place.audited()] == ["metering:note_reading"] * 2

    def test_keeps_what_stands_in_other_rows_when_one_is_saved(self, place: House) -> None:
        answer = place.send(save=place.key(0), value_0="1,520.50", value_1="1,4")

        (other,) = [each for each in answer.context["rows"] if each.key == place.key(1)]
        assert (len(place.readings(0)), len(place.readings(1))) == (3, 2)
        assert other.form["value"].value() == "1,4"

    def test_answers_a_row_alone_for_the_page_that_saves_while_typing(self, place: House) -> None:
        told = json.loads(place.send(save=place.key(0), part=True, value_0="1,520.50").content)

        assert (told["isSaved"], told["done"], told["total"]) == (True, 1, UNITS)
        assert "is-done" in told["html"]

    def test_takes_a_time_of_its_own_for_a_row(self, place: House) -> None:
        place.send(value_0="1,500.00", at_0="2026-11-28T18:00", value_1="1,500.00")

        assert place.readings(0)[-1][0] == datetime(2026, 11, 28, 17, tzinfo=UTC)
        assert place.readings(1)[-1][0] == DECEMBER

    @pytest.mark.parametrize(
        ("value", "words"),
        [
            ("1,299.99", "It is lower than the 1,300.00 kWh before."),
            ("2,300.00", "more than three times the usual use; about 1,589.9"),
        ],
        ids=["lower", "unusual"],
    )
    def test_asks_about_what_looks_wrong_and_takes_it_with_a_reason(self, place: House, value: str, words: str) -> None:
        asked = place.send(value_0=value, value_1="1,600.00")
        unexplained = place.send(**{"value_0": value, "is_sure_0": "on"})

        assert (asked.status_code, unexplained.status_code) == (422, 422)
        assert words in asked.content.decode()
        assert "take a photo of the display. All three are needed." in asked.content.decode()
        assert "Say why it is right." in unexplained.content.decode()
        assert (len(place.readings(0)), len(place.readings(1))) == (2, 3)

        sure = {"value_0": value, "is_sure_0": "on", "reason_0": "looked twice"}
        unproven = place.send(**sure)

        assert unproven.status_code == 422
        assert "Take a photo of the display as well" in unproven.content.decode()
        assert len(place.readings(0)) == 2

        taken = place.send(**sure, photo_0=picture())

        assert taken.status_code == 302
        assert len(place.readings(0)) == 3
        assert place.audited()[-1].reason == "looked twice"

    @pytest.mark.parametrize(
        ("value", "words"),
        [("12.345", "at most 2 decimals"), ("abc", "Write a number"), ("-5", "not below 0")],
        ids=["decimals", "letters", "negative"],
    )
    def test_refuses_what_no_display_shows_in_words(self, place: House, value: str, words: str) -> None:
        answer = place.send(value_0=value)

        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert len(place.readings(0)) == 2

    def test_corrects_a_number_of_the_same_time_with_a_reason(self, place: House) -> None:
        place.send(value_0="1,520.50")

        asked = place.send(value_0="1,502.50")
        place.send(value_0="1,502.50", is_sure_0="on", reason_0="two digits swapped")

        assert "stands there for this time already" in asked.content.decode()
        assert place.audited()[-1].action == "metering:correct_reading"
        assert place.readings(0)[-1] == (DECEMBER, 152_050)  # what was read stays

    def test_lets_only_who_may_correct_do_that(self, place: House) -> None:
        operator = house.signed_in(place.person(role=RoleCode.OPERATOR))
        place.send(operator, value_0="1,520.50")

        answer = place.send(operator, value_0="1,502.50", is_sure_0="on", reason_0="swapped")

        assert answer.status_code == 422
        assert [each.action for each in place.audited()] == ["metering:note_reading"]

    def test_says_that_a_time_lies_ahead_and_saves_nothing(self, place: House) -> None:
        answer = place.client.post(place.page, {"at": "2026-12-24T00:00", f"{place.key(0)}-value": "1,520.00"})

        assert answer.status_code == 422
        assert "This lies ahead" in answer.content.decode()
        assert answer.context["rows"][-1].form["value"].value() == "1,520.00"


class TestPhoto:
    def send(self, place: House, content: bytes) -> Any:  # noqa: ANN401
        body = {
            "at": AT,
            f"{place.key(0)}-value": "1,520.50",
            f"{place.key(0)}-photo": SimpleUploadedFile("display.png", content),
        }
        return place.client.post(place.page, body)

    def test_is_kept_with_the_reading_and_shown_to_who_sees_the_meter(self, place: House) -> None:
        self.send(place, picture().read())
        (row,) = [each for each in place.client.get(place.page).context["rows"] if each.key == place.key(0)]
        shown = place.client.get(place.path("reading_photo", row.photo))
        stranger = house.House()

        assert shown.content.startswith(b"\xff\xd8")
        assert shown.headers["Content-Type"] == "image/jpeg"
        assert stranger.client.get(stranger.path("reading_photo", row.photo)).status_code == 404

    def test_that_is_none_is_refused_before_anything_is_stored(self, place: House) -> None:
        answer = self.send(place, b"no picture")

        assert "no picture or PDF that can be read" in answer.content.decode()
        assert len(place.readings(0)) == 2


class TestRemembering:
    def test_home_and_my_work_ask_for_what_is_missing(self, place: House) -> None:
        found = place.client.get(place.path("work")).content.decode()

        assert "Readings missing for November 2026: 4 meters" in found
        assert place.page in found

    def test_until_all_are_there(self, place: House) -> None:
        place.send(value_0="1,400", value_1="1,400", value_2="1,400", value_3="1,400")

        assert "Readings missing" not in place.client.get(place.path("work")).content.decode()


class TestRound:
    @pytest.mark.parametrize(
        ("day", "month"),
        [
            (date(2026, 11, 23), date(2026, 10, 1)),
            (date(2026, 11, 24), date(2026, 11, 1)),
            (date(2027, 1, 1), date(2026, 12, 1)),
        ],
        ids=["before", "from", "year"],
    )
    def test_is_of_the_month_that_ends_next_to_a_day(self, day: date, month: date) -> None:
        assert monitoring_queries.round_of(day) == month

    def test_knows_the_usual_use(self, place: House) -> None:
        with scoping.scope([place.organization.pk], actor=identity.ACTOR):
            rows = monitoring_queries.hand_read(site_ids=None, month_end=DECEMBER, at=NOW)

        assert {round(each.usual_a_day or 0) for each in rows} == {966}  # 300.00 kWh in 31 days and an hour
        assert {each.service for each in rows} == {Service.ELECTRICITY}


class TestCorrected:
    def test_the_corrected_number_stands_everywhere_and_is_told(self, place: House) -> None:
        place.send(value_0="5,010.00", is_sure_0="on", reason_0="misread", photo_0=picture())
        told = place.client.post(
            place.page,
            {
                "at": AT,
                f"{place.key(0)}-value": "1,510.00",
                f"{place.key(0)}-is_sure": "on",
                f"{place.key(0)}-reason": "a 5 for a 1",
            },
            follow=True,
        )
        (row,) = [each for each in told.context["rows"] if each.key == place.key(0)]
        series = place.meters[0].energy
        with scoping.scope([place.organization.pk], actor=identity.ACTOR):
            face = metering_queries.faces_at(
                meter_point_ids=[place.meters[0].point.pk], instant=DECEMBER + timedelta(days=1), at=NOW
            )[place.meters[0].point.pk]
            (listed,) = metering_queries.list_series(meter_point_ids=[place.meters[0].point.pk])
            (live,) = metering_queries.live_values(series=[listed])
            newest = metering_queries.latest_readings(series=listed, until=NOW, limit=1)[0]

        assert "is corrected: 1,510.00" in told.content.decode()
        assert row.entered == "1,510.00"
        assert face.before is not None
        assert (series.pk, face.before.raw) == (listed.id, 151_000)
        assert (str(live.value), str(newest.value)) == ("1510.00", "1510.00")


class TestNearest:
    def test_the_reading_nearest_to_the_months_end_counts(self, place: House) -> None:
        place.send(value_0="1,500.00", at_0="2026-11-27T18:00")
        place.send(value_0="1,520.00")

        (row,) = [each for each in place.client.get(place.page).context["rows"] if each.key == place.key(0)]
        assert (row.entered, row.distance) == ("1,520.00", "")

    def test_the_use_of_the_other_meters_is_known(self, place: House) -> None:
        with scoping.scope([place.organization.pk], actor=identity.ACTOR):
            rows = monitoring_queries.hand_read(site_ids=None, month_end=DECEMBER, at=NOW)
        others = monitoring_queries.others_a_day(rows, rows[0])
        assert round(others or 0) == 966
