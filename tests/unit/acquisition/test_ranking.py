"""Which type of the library a meter is, from what it sent: every simulated meter finds itself."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from meterbook.acquisition.commissioning import ranking, survey
from meterbook.acquisition.commissioning.ranking import Grade
from meterbook.acquisition.contract.frames import Block, Record
from meterbook.acquisition.library import documents, orders
from meterbook.acquisition.library.documents import MeterModel
from meterbook.acquisition.library.orders import ByteOrder
from tests.factories import commissioning

MODELS = [each for each in documents.all_models() if each.protocol == "MODBUS" and not each.is_simulated]
SDM630 = documents.load("eastron_sdm630")


def surveyed(meter: MeterModel) -> survey.Sent:
    sent = survey.Sent()
    for _round in range(9):
        wanted = ranking.following(MODELS, sent)
        if not wanted:
            return sent
        sent = sent.with_answers(commissioning.answers(commissioning.simulated(meter), wanted))
    raise AssertionError("the survey does not end")


class TestRank:
    @pytest.mark.parametrize("meter", MODELS, ids=lambda each: each.code)
    def test_every_meter_of_the_library_is_found_among_the_first(self, meter: MeterModel) -> None:
        sent = surveyed(meter)

        found = ranking.rank(MODELS, sent)

        place = next(at for at, each in enumerate(found) if each.model.code == meter.code)
        better = [each.model.code for each in found[:place] if each.score > found[place].score]
        assert better == [] or (meter.code, better) == ("schneider_pm5100", ["schneider_iem3155"])  # one map, two names
        assert found[place].grade is not Grade.UNLIKELY
        assert found[place].order is orders.order_of(orders.main_counter(meter))

    def test_another_order_of_bytes_is_found_with_the_model(self) -> None:
        sent = surveyed(orders.in_order(SDM630, ByteOrder.O3412))

        found = next(each for each in ranking.rank(MODELS, sent) if each.model.code == "eastron_sdm630")

        assert found.order is ByteOrder.O3412
        assert found.grade is Grade.LIKELY
        frequency = next(each for each in found.evidence if each.series_code == "frequency")
        assert Decimal(49) < (frequency.number or Decimal(0)) < Decimal(51)

    def test_a_frequency_that_no_grid_has_speaks_against_a_model(self) -> None:
        sent = surveyed(SDM630)
        frequency = SDM630.register("frequency")
        wrong = sent.with_answers({Block(frequency.function, frequency.address, frequency.words): "44a091ec"})

        found = next(each for each in ranking.rank([SDM630], wrong))

        assert found.grade is Grade.UNLIKELY

    def test_nothing_comes_of_a_meter_without_any_counter_of_the_library(self) -> None:
        nothing = survey.Sent(dict.fromkeys(survey.first_round(MODELS), ""))

        assert ranking.following(MODELS, nothing) == ()
        assert ranking.rank(MODELS, nothing) == []
        assert nothing.is_silent

    def test_the_maker_that_an_mbus_meter_names_goes_before_all(self) -> None:
        models = documents.all_models()
        own = documents.load("kamstrup_multical_601")
        assert own.kin is not None
        main = orders.main_counter(own)
        records = (Record(main.record, Decimal(37351), "Wh", "", "e791"),)

        kin = (own.kin.manufacturer, "14588517", own.kin.version or 8, own.kin.medium or 4)

        first, *_others = ranking.rank_named(models, records, kin)

        assert (first.model.code, first.grade) == (own.code, Grade.SAYS_SO)


class TestExplain:
    def test_finds_order_and_scale_that_say_what_the_display_shows(self) -> None:
        sent = surveyed(orders.in_order(SDM630, ByteOrder.O3412))
        candidates = ranking.rank([SDM630], sent)

        plain = ranking.explain(candidates, sent, Decimal("12345.0"))
        thousandth = ranking.explain(candidates, sent, Decimal("12.345"))

        assert plain is not None
        assert (plain.order, plain.scale, plain.number) == (ByteOrder.O3412, 1, 12345)
        assert thousandth is not None
        assert (thousandth.scale, thousandth.number) == (Fraction(1, 1000), Fraction(12345, 1000))
        assert ranking.explain(candidates, sent, Decimal(777)) is None
        assert ranking.explain(candidates, sent, Decimal(0)) is None


class TestSent:
    def test_is_stored_and_read_back(self) -> None:
        sent = surveyed(SDM630)

        assert survey.Sent.from_json(sent.as_json()).words == sent.words
        assert not sent.has_mark
        assert survey.Sent({Block(3, 40_000, 2): "53756e53"}).has_mark

    def test_nothing_that_writes_or_does_not_exist_may_be_asked(self) -> None:
        for block in (Block(6, 0, 1), Block(16, 0, 1), Block(3, 0, 0), Block(3, 0, 126), Block(4, 65_535, 2)):
            assert not survey.is_readable(block)
