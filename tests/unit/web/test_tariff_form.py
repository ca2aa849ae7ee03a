"""A document passes through its form: what was not touched stays byte by byte, what was typed is there."""

from __future__ import annotations

import copy
import itertools
import json
from typing import Any

import pytest
from django.http import QueryDict
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from meterbook.tariffs.rating import reading
from meterbook.tariffs.rating.problems import TariffInvalid
from meterbook.web.tariffs.editor import faults, fields, forming, grid, loose, sheet, starts, structure
from tests.factories import tariffs

LETTERS = st.text("abcdefghijklmnopqrstuvwxyzáñ -", min_size=1, max_size=12).filter(str.strip)
NAMES = st.one_of(
    LETTERS,
    st.fixed_dictionaries({"en": LETTERS}, optional={"es": LETTERS, "fr": LETTERS}),
)
MONEY = st.from_regex(r"-?[0-9]{1,12}(\.[0-9]{1,8})?", fullmatch=True)
RATES = st.sampled_from(["0", "0.21", "0.0525"])
LIMITS = st.lists(st.integers(1, 10**6), min_size=0, max_size=3, unique=True).map(sorted)
SEASONS = ("01-15", "04-01", "07-01", "10-31")


@st.composite
def components(draw: st.DrawFn, periods: list[str], index: int) -> dict[str, Any]:
    made: dict[str, Any] = {"code": f"c{index}", "name": draw(NAMES)}
    shapes = [each for each in structure.SIMPLE if each != "BY_PERIOD" or periods]
    shape = draw(st.sampled_from(shapes))
    made["charge"] = {"DAILY": "FIXED_DAILY", "MONTHLY": "FIXED_MONTHLY"}.get(shape, "ENERGY")
    if shape == "TIERS":
        steps: list[dict[str, str]] = [{"up_to": f"{each}.50", "price": draw(MONEY)} for each in draw(LIMITS)]
        made["tiers"] = [*steps, {"price": draw(MONEY)}]
        reference = draw(st.sampled_from([None, "CALENDAR_MONTH", {"days": 30}, {"days": 28}]))
        made |= {} if reference is None else {"tier_reference": reference}
        made |= draw(st.sampled_from([{}, {"no_proration_within_days": 0}, {"no_proration_within_days": 3}]))
    elif shape == "BY_PERIOD":
        made["prices"] = {code: draw(MONEY) for code in periods}
    else:
        made["price"] = draw(MONEY)
    return made


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    periods = draw(st.sampled_from([[], ["peak", "off"], ["a", "b", "c"]]))
    seasons = draw(st.integers(0, 4)) if periods else 0
    day_types = draw(st.booleans()) if periods else False
    raw: dict[str, Any] = {
        "format": "meterbook-tariff/1",
        "code": draw(LETTERS),
        "name": draw(NAMES),
        "currency": draw(st.sampled_from(["EUR", "JPY", "KWD"])),
        "unit": draw(st.sampled_from(["KWH", "M3"])),
    }
    raw |= draw(st.fixed_dictionaries({}, optional={"decimals": st.integers(0, 6), "note": LETTERS}))
    raw |= draw(st.fixed_dictionaries({}, optional={"rounding": st.sampled_from(["HALF_UP", "HALF_EVEN"])}))
    if seasons:
        raw["seasons"] = [{"code": f"s{n}", "name": draw(NAMES), "starts": SEASONS[n]} for n in range(seasons)]
    if day_types:
        raw["day_types"] = [
            {"code": "work", "name": draw(NAMES), "weekdays": ["FRI", "MON", "TUE", "WED", "THU"]},
            {"code": "rest", "name": draw(NAMES), "weekdays": ["SAT", "SUN"], "is_holiday": True},
        ]
        raw["holidays"] = draw(st.sampled_from([["2026-12-25"], ["2026-05-01", "2026-01-01"]]))
    if periods:
        raw["periods"] = [{"code": code, "name": draw(NAMES)} for code in periods]
        edges = draw(st.lists(st.integers(1, 47), min_size=1, max_size=4, unique=True).map(sorted))
        times = ["00:00", *(f"{each // 2:02}:{each % 2 * 30:02}" for each in edges), "24:00"]
        windows = [
            {"from": first, "to": until, "period": draw(st.sampled_from(periods))}
            for first, until in itertools.pairwise(times)
        ]
        raw["calendar"] = [{"windows": windows}]
    raw["components"] = [draw(components(periods, index)) for index in range(draw(st.integers(1, 3)))]
    if draw(st.booleans()):
        tax: dict[str, Any] = {
            "code": "vat",
            "name": draw(NAMES),
            "rate": draw(RATES),
        }
        raw["taxes"] = [tax | draw(st.sampled_from([{}, {"components": ["c0"]}]))]
    return raw


def posted(raw: dict[str, Any], changes: dict[str, list[str]] | None = None, **more: str) -> QueryDict:
    """What a browser sends of the form of a document, with some fields changed."""
    found = QueryDict(mutable=True)
    text = loose.written(raw)
    found["base"] = text.replace("\n", "\r\n")
    for each in sheet.of(copy.deepcopy(raw)).fields():
        found.setlist(each.path, [shown.replace("\n", "\r\n") for shown in each.shown])
    for path, values in (changes or {}).items():
        assert path in found, path
        found.setlist(path, values)
    for key, value in more.items():
        found[key] = value
    return found


def after(raw: dict[str, Any], changes: dict[str, list[str]] | None = None, **more: str) -> dict[str, Any]:
    return forming.filled(posted(raw, changes, **more)).raw


def places(raw: dict[str, Any]) -> dict[str, list[str]]:
    try:
        reading.read(raw)
    except TariffInvalid as error:
        return faults.by_path(faults.located(raw, error.problems, sheet.of(raw)))
    return {}


class TestRoundTrip:
    @settings(max_examples=60, deadline=None)
    @given(raw=documents(), language=st.sampled_from(["en", "es"]))
    def test_what_nobody_touched_stays_byte_by_byte(self, raw: dict[str, Any], language: str) -> None:
        reading.read(raw)

        with translation.override(language):
            found = forming.filled(posted(raw))

        assert found.text == loose.written(raw)
        assert json.dumps(found.raw) == json.dumps(raw)

    @settings(max_examples=40, deadline=None)
    @given(raw=documents(), language=st.sampled_from(["en", "es"]), data=st.data())
    def test_the_form_of_the_changed_document_shows_what_was_typed(
        self, raw: dict[str, Any], language: str, data: st.DataObject
    ) -> None:
        with translation.override(language):
            amounts = [each.path for each in sheet.of(copy.deepcopy(raw)).fields() if isinstance(each, fields.Amount)]
            path = data.draw(st.sampled_from(amounts)) if amounts else None
            typed = "7,125.50" if language == "en" else "7.125,50"

            changed = after(raw, {path: [typed]} if path else {})

            shown = {each.path: each.value for each in sheet.of(copy.deepcopy(changed)).fields()}
            assert path is None or shown[path] == typed.replace("," if language == "en" else ".", "", 1)
            assert after(changed) == changed

    def test_keeps_the_text_as_the_expert_wrote_it(self) -> None:
        text = json.dumps(tariffs.peak_document())
        found = posted(tariffs.peak_document())
        found["base"] = text

        assert forming.filled(found).text == text


class TestPainting:
    @settings(max_examples=60, deadline=None)
    @given(raw=documents().filter(lambda each: "periods" in each), data=st.data())
    def test_the_document_has_the_hours_that_were_painted(self, raw: dict[str, Any], data: st.DataObject) -> None:
        held = grid.read(raw)
        assert held is not None
        letters = st.sampled_from("abc"[: len(held.periods)])
        cells = [list(season) for season in held.cells]
        for _number in range(data.draw(st.integers(1, 4))):
            season = data.draw(st.integers(0, len(cells) - 1))
            day = data.draw(st.integers(0, len(held.days) - 1))
            first = data.draw(st.integers(0, 47))
            until = data.draw(st.integers(first + 1, 48))
            row = cells[season][day]
            cells[season][day] = row[:first] + data.draw(letters) * (until - first) + row[until:]

        changed = after(raw, grid=json.dumps(cells))

        again = grid.read(changed)
        assert again is not None
        assert again.cells == cells
        assert reading.read(changed).components == reading.read(raw).components
        assert (changed == raw) == (cells == held.cells)

    def test_a_day_painted_apart_becomes_a_day_type(self) -> None:
        raw = tariffs.peak_document()
        cells = grid.read(raw).cells  # type: ignore[union-attr]
        cells[0][5] = "b" * 48

        changed = after(raw, grid=json.dumps(cells))

        assert [(each["code"], each["weekdays"]) for each in changed["day_types"]] == [
            ("mon-tue-wed-thu-fri-sun", ["MON", "TUE", "WED", "THU", "FRI", "SUN"]),
            ("sat", ["SAT"]),
        ]
        assert changed["calendar"][1] == {
            "day_types": ["sat"],
            "windows": [{"from": "00:00", "to": "24:00", "period": "off"}],
        }

    @pytest.mark.parametrize("text", ["", "no", "[]", '[["a"]]', "[[1,2,3,4,5,6,7]]", "[" * 3000], ids=range(6))
    def test_nonsense_changes_nothing(self, text: str) -> None:
        assert after(tariffs.peak_document(), grid=text) == tariffs.peak_document()

    def test_shows_gaps_and_hours_with_two_prices(self) -> None:
        windows = [
            {"from": "08:00", "to": "22:00", "period": "peak"},
            {"from": "21:00", "to": "06:00", "period": "off"},
        ]

        held = grid.read(tariffs.peak_document(windows=windows))

        assert held is not None
        assert held.cells[0][0] == "b" * 12 + "." * 4 + "a" * 26 + "!" * 2 + "b" * 4
        assert held.unpriced == 7 * 6

    def test_quarter_hours_where_the_document_has_them_and_no_painter_for_minutes(self) -> None:
        quarter, odd = (
            [{"from": "08:00", "to": time, "period": "peak"}, {"from": time, "to": "08:00", "period": "off"}]
            for time in ("21:45", "21:50")
        )

        assert grid.read(tariffs.peak_document(windows=quarter)).slots == 96  # type: ignore[union-attr]
        assert grid.read(tariffs.peak_document(windows=odd)) is None


class TestFaults:
    @pytest.mark.parametrize(
        ("path", "typed", "words"),
        [
            ("components[0].prices.peak", "a lot", "Write an amount such as 0.1234, with at most 8 decimals."),
            ("components[0].prices.off", "", "Fill this in."),
            ("name", "", "Fill this in."),
            ("taxes[0].rate", "210", "Write a rate from 0 to 100, such as 21."),
            ("components[1].price", "", "Fill this in."),
        ],
        ids=["amount", "empty", "name", "rate", "price"],
    )
    def test_stand_beside_their_field_which_keeps_what_was_typed(self, path: str, typed: str, words: str) -> None:
        raw = starts.document("")

        changed = after(raw, {path: [typed]})

        assert places(changed) == {path: [words]}
        shown = {each.path: each.value for each in sheet.of(changed).fields()}
        assert shown[path] == typed

    def test_of_steps_and_hours_are_told_in_words_of_the_form(self) -> None:
        raw = starts.document("steps")
        raw["components"][0]["tiers"] = [{"price": "1"}, {"up_to": "50", "price": "1"}, {"up_to": "40", "price": "1"}]
        hours = starts.document("")
        hours["calendar"][0]["windows"].pop()

        assert places(raw) == {
            "components[0].tiers[0].up_to": ["Write where this step ends; only the final step has no end."],
            "components[0].tiers[2].up_to": ["Leave this empty: the final step takes all that is left."],
        }
        assert places(hours) == {
            "calendar[0].windows": ["All year · every day: from 00:00 to 08:00 there is no price."]
        }


class TestButtons:
    def test_every_way_to_charge_becomes_every_other_and_is_sound_once_filled(self) -> None:
        for shape in structure.SHAPES:
            for other in structure.SHAPES:
                raw = starts.document("flat")
                added = structure.act(raw, f"add:components:{shape}")
                changed = after(raw, {f"{added}.charge": [other]})
                for _stage in range(2):  # what lacks is told before what does not fit together
                    changed = after(changed, {path: ["150"] for path in places(changed)})
                assert places(changed) == {}, (shape, other)

    def test_a_way_to_charge_that_is_none_is_named_beside_its_field_and_put_right_by_choosing(self) -> None:
        raw = starts.document("flat")

        changed = after(raw, {"components[0].charge": ["ZZZ"]})

        assert list(places(changed)) == ["components[0].charge"]
        assert places(after(changed, {"components[0].charge": ["FLAT"]})) == {}
        assert structure.act(raw, "add:components:ZZZ") == ""

    def test_a_period_that_goes_takes_its_prices_and_leaves_its_hours_open(self) -> None:
        raw = starts.document("")
        structure.act(raw, "add:periods")
        raw["components"][0]["prices"]["price-3"] = "0.30"

        structure.act(raw, "remove:periods[0]")

        assert raw["components"][0]["prices"] == {"off": "0.1100", "price-3": "0.30"}
        assert places(raw) == {"calendar[0].windows": ["All year · every day: from 08:00 to 22:00 there is no price."]}

    def test_seasons_and_holidays_come_and_go(self) -> None:
        raw = starts.document("")
        for wanted in ("add:seasons", "add:seasons", "on:holidays"):
            structure.act(raw, wanted)
        raw["seasons"][2]["starts"] = "12-01"
        raw["holidays"] = ["2026-12-25"]
        assert places(raw) == {}
        held = grid.read(raw)
        assert held is not None
        assert (len(held.seasons), held.days[-1]) == (3, "HOL")

        for wanted in ("off:holidays", "remove:seasons[2]", "remove:seasons[0]"):
            structure.act(raw, wanted)

        assert places(raw) == {}
        assert not {"seasons", "holidays"} & raw.keys()

    @pytest.mark.parametrize(
        "wanted",
        [
            "",
            "remove",
            "remove:components[9]",
            "add:format",
            "up:components[0]",
            "up:code[0]",
            "add:components[0].windows",
        ],
        ids=range(7),
    )
    def test_what_cannot_be_done_changes_nothing(self, wanted: str) -> None:
        raw = starts.document("")

        assert structure.act(raw, wanted) == ""
        assert raw == starts.document("")

    def test_order(self) -> None:
        raw = starts.document("")

        assert structure.act(raw, "down:components[0]") == "components[1]"
        assert [each["code"] for each in raw["components"]] == ["service", "energy"]
