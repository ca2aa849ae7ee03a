"""What is said of current transformers: against hand-computed figures, and in properties."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from meterbook.acquisition.commissioning import transformers
from meterbook.acquisition.commissioning.transformers import CtKind, Measured, Phase
from meterbook.acquisition.contract.frames import Kind as SampleKind
from meterbook.acquisition.contract.frames import Sample
from meterbook.kernel.quantity import Unit


def phase(name: str = "1", volts: str = "230", amperes: str = "5", factor: str = "0.9", watts: str = "1035") -> Phase:
    return Phase(name, *(Decimal(each) if each else None for each in (volts, amperes, factor, watts)))


def kinds(measured: Measured, **more: object) -> list[tuple[CtKind, str]]:
    return [(each.kind, each.phase) for each in transformers.check(measured, **more)]  # type: ignore[arg-type]


def sample(series: str, value: int, decimals: int, unit: Unit) -> Sample:
    return Sample(series, series, value, decimals, unit, SampleKind.INSTANT, is_coarse=False, raw="")


class TestCheck:
    def test_tells_by_how_much_power_differs_with_exact_figures(self) -> None:
        (found,) = transformers.check(Measured((phase(watts="41200"),)))

        assert (found.kind, found.phase) == (CtKind.DIFFERS, "1")
        assert (found.found, found.expected) == (Fraction(41200), Fraction(1035))
        assert found.ratio == Fraction(41200, 1035)
        assert found.percent == Fraction(40165, 1035) * 100

    @pytest.mark.parametrize(
        ("of", "said"),
        [
            (phase(), [(CtKind.AGREES, "1")]),
            (phase(watts="1030"), [(CtKind.AGREES, "1")]),
            (phase(watts="1086.75"), [(CtKind.AGREES, "1")]),  # 5 % to the last watt
            (phase(watts="1086.76"), [(CtKind.DIFFERS, "1")]),
            (phase(watts="-1035"), [(CtKind.REVERSED, "1"), (CtKind.AGREES, "1")]),
            (
                phase(factor="-0.9", watts="-1035"),
                [(CtKind.REVERSED, "1"), (CtKind.AGREES, "1")],
            ),
            (phase(factor="", watts="1035"), [(CtKind.CARRIES, "1")]),
            (phase(factor="", watts="1300"), [(CtKind.EXCEEDS, "1")]),
            (phase(amperes="0", watts="0", factor="1"), [(CtKind.TOO_LITTLE, "1")]),
            (phase(volts="0", watts="0"), [(CtKind.NO_VOLTAGE, "1"), (CtKind.TOO_LITTLE, "1")]),
            (phase(volts="", factor="", watts="7"), [(CtKind.INCOMPLETE, "")]),
        ],
    )
    def test_of_one_phase(self, of: Phase, said: list[tuple[CtKind, str]]) -> None:
        assert kinds(Measured((of,))) == said

    def test_names_the_phase_that_is_reversed_the_one_without_voltage_and_the_one_without_current(self) -> None:
        three = (phase("1"), phase("2", watts="-1035"), phase("3", volts="3", watts="0"))

        assert kinds(Measured(three))[:2] == [(CtKind.NO_VOLTAGE, "3"), (CtKind.REVERSED, "2")]
        dead = (phase("1"), phase("2"), phase("3", amperes="0", watts="0"))
        assert (CtKind.NO_CURRENT, "3") in kinds(Measured(dead))

    def test_a_transformer_on_another_phase_shows_as_a_factor_that_no_load_has(self) -> None:
        crossed = (phase("1", factor="0.4", watts="460"), phase("2"), phase("3"))

        assert (CtKind.LOW_FACTOR, "1") in kinds(Measured(crossed))

    def test_compares_the_whole_where_no_phase_tells_its_power(self) -> None:
        three = tuple(phase(each, factor="", watts="") for each in transformers.PHASES)

        assert kinds(Measured(three, Decimal(3105), Decimal("0.9"))) == [(CtKind.AGREES, "")]
        assert kinds(Measured(three, Decimal(3450), Decimal("0.9"))) == [(CtKind.DIFFERS, "")]
        assert kinds(Measured(three, Decimal(-3105), Decimal("0.9"))) == [
            (CtKind.REVERSED, ""),
            (CtKind.AGREES, ""),
        ]
        assert kinds(Measured(three)) == [(CtKind.INCOMPLETE, "")]

    @pytest.mark.parametrize(
        ("clamp", "multiplier", "kind", "ratio"),
        [
            ("200", 40, CtKind.CLAMP_AGREES, Fraction(40)),
            ("196", 40, CtKind.CLAMP_AGREES, Fraction(40)),
            ("101", 40, CtKind.CLAMP_DIFFERS, Fraction(20)),  # 100/5 hang there, not 200/5
            ("5.1", 40, CtKind.CLAMP_INSIDE, Fraction(1)),  # the meter multiplies itself
            ("5", 1, CtKind.CLAMP_AGREES, Fraction(1)),
            ("0", 1, CtKind.CLAMP_UNREAD, None),
        ],
    )
    def test_compares_with_a_clamp(self, clamp: str, multiplier: int, kind: CtKind, ratio: Fraction | None) -> None:
        found = transformers.check(Measured((phase(),)), multiplier=Fraction(multiplier), clamps={"1": Decimal(clamp)})

        said = next(each for each in found if each.kind.value.startswith("CLAMP"))
        assert (said.kind, said.ratio) == (kind, ratio)

    def test_compares_with_a_known_load(self) -> None:
        whole = Measured((phase(),), Decimal(1035))

        assert (CtKind.LOAD_AGREES, "") in kinds(whole, multiplier=Fraction(20), load=Decimal(20000))
        assert (CtKind.LOAD_DIFFERS, "") in kinds(whole, multiplier=Fraction(40), load=Decimal(20000))
        assert (CtKind.LOAD_INSIDE, "") in kinds(whole, multiplier=Fraction(40), load=Decimal(1000))

    @given(
        volts=some.decimals(100, 400, places=2),
        amperes=some.decimals("0.5", 5, places=3),
        factor=some.decimals("0.5", 1, places=3),
        ratio=some.sampled_from(transformers.PRIMARY),
    )
    def test_right_transformers_agree_and_a_wrong_ratio_is_named(
        self, volts: Decimal, amperes: Decimal, factor: Decimal, ratio: int
    ) -> None:
        watts = volts * amperes * factor
        right = Measured((Phase("1", volts, amperes, factor, watts),), watts)
        through = Fraction(ratio, 5)

        assert not any(each.kind.is_fault for each in transformers.check(right))
        clamped = transformers.check(
            right, multiplier=through, clamps={"1": Decimal(amperes) * ratio / 5}, load=watts * ratio / 5
        )
        assert not any(each.kind.is_fault for each in clamped)
        turned = Measured((Phase("1", volts, amperes, factor, -watts),), -watts)
        assume(watts >= transformers.LEAST_POWER)
        assert CtKind.REVERSED in {each.kind for each in transformers.check(turned)}
        wrong = transformers.check(right, multiplier=through * 2, clamps={"1": Decimal(amperes) * ratio / 5})
        assert next(each.ratio for each in wrong if each.kind is CtKind.CLAMP_DIFFERS) == through


class TestMeasured:
    def test_gathers_phases_in_plain_units(self) -> None:
        found = transformers.measured_of(
            [
                sample("voltage_l1", 2301, 1, Unit.V),
                sample("current_l1", 5000, 3, Unit.A),
                sample("power_l1", 1035, 3, Unit.KW),
                sample("power_factor_l1", 900, 1, Unit.PERCENT),
                sample("voltage_l2", 2302, 1, Unit.V),
                sample("power_l2", 12, 0, Unit.W),
            ]
        )

        assert found.phases[0] == Phase("1", Decimal("230.1"), Decimal(5), Decimal("0.9"), Decimal(1035))
        assert found.phases[1].power == Decimal(12)
        assert found.power == Decimal(1047)

    def test_the_only_phase_takes_what_the_whole_says(self) -> None:
        found = transformers.measured_of(
            [sample("voltage_l1", 230, 0, Unit.V), sample("current_l1", 5, 0, Unit.A), sample("power", 1035, 0, Unit.W)]
        )

        assert found.phases == (Phase("", Decimal(230), Decimal(5), None, Decimal(1035)),)


def test_a_ratio_near_a_usual_one_is_that_one() -> None:
    assert transformers.usual_ratio(Fraction("39.6")) == 40
    assert transformers.usual_ratio(Fraction("1.01")) == 1
    assert transformers.usual_ratio(Fraction(7, 2)) == Fraction(7, 2)
