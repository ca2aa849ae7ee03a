"""What a gap is estimated from (B-20): worked examples, and what holds of every method."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.metering.estimating import ladder
from meterbook.metering.estimating.degrees import Follows
from meterbook.metering.estimating.inputs import DEFAULT_ORDER, Case, Lack, Method, Minimum, Part, Peer, Year

WEEK = Fraction(7)
MONDAY = date(2026, 3, 9)


def said(case: Case, method: Method) -> tuple[int | None, Lack | None]:
    (found,) = (each for each in ladder.outcomes(case) if each.method is method)
    return found.used, found.lack


def gap(days: Fraction = WEEK, **known: object) -> Case:
    return Case(days=days, hours=days * 24, **known)  # type: ignore[arg-type]


def part(name: str, used: int | None, days: int = 1) -> Part:
    return Part(name, used, Fraction(days))


COLD = {"follows": Follows.COLD, "degrees": 1_500, "degrees_then": 1_000}
EXAMPLES = {
    "two hours between readings run straight": (
        Method.INTERPOLATION,
        gap(Fraction(1, 12), difference=340),
        (340, None),
    ),
    "more than two hours do not": (Method.INTERPOLATION, gap(Fraction(1, 8), difference=340), (None, Lack.TOO_LONG)),
    "without a reading after it nothing is interpolated": (Method.INTERPOLATION, gap(), (None, Lack.NO_END)),
    "a known difference is apportioned": (Method.PROFILE, gap(difference=700, weights=[1, 2]), (700, None)),
    "no shape, nothing to apportion by": (Method.PROFILE, gap(difference=700), (None, Lack.NO_PROFILE)),
    "last year times how use has grown: 700 x 330 / 300": (
        Method.LAST_YEAR,
        gap(year=Year(part("2025-03-09", 700, 7), is_same_account=True, recent=330, recent_before=300)),
        (770, None),
    ),
    "last year as it was where the trend is not known": (
        Method.LAST_YEAR,
        gap(year=Year(part("2025-03-09", 700, 7), is_same_account=True, recent=None, recent_before=300)),
        (700, None),
    ),
    "another account's year says nothing": (
        Method.LAST_YEAR,
        gap(year=Year(part("2025-03-09", 700, 7), is_same_account=False)),
        (None, Lack.OTHER_ACCOUNT),
    ),
    "a year with holes says nothing": (
        Method.LAST_YEAR,
        gap(year=Year(part("2025-03-09", None, 7), is_same_account=True)),
        (None, Lack.NO_YEAR),
    ),
    # (3,100 + 2,800 + 3,100) / 90 days x 7 = 700; November is too long ago, January was not measured.
    "the last three measured months": (
        Method.DAILY_AVERAGE,
        gap(
            periods=[
                part("2026-02", 2_800, 28),
                part("2026-01", None, 31),
                part("2025-12", 3_100, 31),
                part("2025-10", 3_100, 31),
                part("2025-09", 99_999, 30),
            ]
        ),
        (700, None),
    ),
    "no measured month": (Method.DAILY_AVERAGE, gap(periods=[part("2026-02", None, 28)]), (None, Lack.NO_PERIODS)),
    # Mondays used 10 and 20, Tuesdays 30: 15 + 30.
    "like days": (
        Method.LIKE_DAYS,
        gap(
            Fraction(2),
            like={
                MONDAY: [part("2026-03-02", 10), part("2026-02-23", 20), part("2026-02-16", None)],
                MONDAY + timedelta(days=1): [part("2026-03-03", 30)],
            },
        ),
        (45, None),
    ),
    "a weekday that was never measured": (
        Method.LIKE_DAYS,
        gap(Fraction(1), like={MONDAY: [part("2026-03-02", None)]}),
        (None, Lack.NO_LIKE_DAY),
    ),
    "the mean of the others": (Method.PEERS, gap(peers=[Peer("A", 10), Peer("B", 20), Peer("C", 60)]), (30, None)),
    # 90 over 300 m2 for 50 m2.
    "by area where it is known of all": (
        Method.PEERS,
        gap(peers=[Peer(name, 30, Fraction(100)) for name in "ABC"], own_area=Fraction(50)),
        (15, None),
    ),
    "two others are not enough": (Method.PEERS, gap(peers=[Peer("A", 1), Peer("B", 2)]), (None, Lack.FEW_PEERS)),
    "what the others leave of the main meter": (
        Method.RESIDUAL,
        gap(parents=[part("M", 1_000)], siblings=[part("A", 300), part("B", 450)]),
        (250, None),
    ),
    "a main meter with a gap of its own": (
        Method.RESIDUAL,
        gap(parents=[part("M", None)], siblings=[]),
        (None, Lack.PARENT_INCOMPLETE),
    ),
    "another gap below the main meter": (
        Method.RESIDUAL,
        gap(parents=[part("M", 9)], siblings=[part("A", None)]),
        (None, Lack.SIBLING_INCOMPLETE),
    ),
    "others that used more than came in": (
        Method.RESIDUAL,
        gap(parents=[part("M", 9)], siblings=[part("A", 10)]),
        (None, Lack.NEGATIVE),
    ),
    "no main meter": (Method.RESIDUAL, gap(), (None, Lack.NO_PARENT)),
    # Three of 31 days at 310 a month, four of 28 at 140.
    "what was agreed at least": (
        Method.MINIMUM,
        gap(minimums=[Minimum("2026-01", 310, Fraction(3), 31), Minimum("2026-02", 140, Fraction(4), 28)]),
        (50, None),
    ),
    "an agreement that ended inside": (
        Method.MINIMUM,
        gap(minimums=[Minimum("2026-01", 310, Fraction(3), 31), Minimum("2026-02", None, Fraction(4), 28)]),
        (None, Lack.NO_MINIMUM),
    ),
    "last year times the degree days: 700 x 1,500 / 1,000, whatever the trend": (
        Method.LAST_YEAR,
        gap(year=Year(part("2025-03-09", 700, 7), is_same_account=True, recent=9, recent_before=1, **COLD)),  # type: ignore[arg-type]
        (1050, None),
    ),
    "a year without degree days follows the trend": (
        Method.LAST_YEAR,
        gap(
            year=Year(
                part("2025-03-09", 700, 7), is_same_account=True, recent=330, recent_before=300, follows=Follows.COLD
            )
        ),
        (770, None),
    ),
    "no least": (Method.MINIMUM, gap(), (None, Lack.NO_MINIMUM)),
    "a person's number": (Method.MANUAL, gap(given=5), (5, None)),
    "no number": (Method.MANUAL, gap(), (None, Lack.NOT_GIVEN)),
}


@pytest.mark.spec("B-20")
class TestMethods:
    @pytest.mark.parametrize("name", EXAMPLES)
    def test_worked_examples(self, name: str) -> None:
        method, case, expected = EXAMPLES[name]

        assert said(case, method) == expected

    def test_are_tried_in_the_configured_order(self) -> None:
        case = gap(minimums=[Minimum("2026-01", 31, Fraction(7), 31)], given=5, difference=40, weights=[1])

        usual = ladder.first_applicable(ladder.outcomes(case))
        other = ladder.outcomes(case, [Method.MANUAL, Method.MINIMUM])

        assert usual is not None
        assert usual.method is Method.PROFILE
        assert [each.method for each in other[:3]] == [Method.MANUAL, Method.MINIMUM, Method.INTERPOLATION]
        assert {each.method for each in other} == set(DEFAULT_ORDER)

    def test_a_gap_of_which_nothing_is_known_gives_nothing(self) -> None:
        assert ladder.first_applicable(ladder.outcomes(gap())) is None
        assert all(each.lack is not None for each in ladder.outcomes(gap()))


AMOUNTS = st.one_of(st.none(), st.integers(-50, 10**12))
PARTS = st.lists(
    st.builds(Part, st.dates().map(str), AMOUNTS, st.integers(0, 40).map(Fraction)),
    max_size=6,
    unique_by=lambda p: p.name,
)
CASES = st.builds(
    Case,
    days=st.fractions(Fraction(1, 96), Fraction(400)),
    hours=st.fractions(Fraction(1, 4), Fraction(9_600)),
    difference=st.one_of(st.none(), st.integers(0, 10**12)),
    weights=st.one_of(st.none(), st.lists(st.integers(0, 99), min_size=1, max_size=5)),
    year=st.one_of(
        st.none(),
        st.builds(
            Year,
            st.builds(Part, st.just("then"), AMOUNTS),
            st.booleans(),
            AMOUNTS,
            AMOUNTS,
            st.sampled_from(Follows),
            st.one_of(st.none(), st.integers(0, 9_000)),
            st.one_of(st.none(), st.integers(0, 9_000)),
        ),
    ),
    periods=PARTS,
    like=st.dictionaries(st.dates(), PARTS, max_size=4),
    peers=st.lists(
        st.builds(Peer, st.text("ABCDEF", min_size=1), AMOUNTS, st.one_of(st.none(), st.fractions(0, 900))),
        max_size=6,
        unique_by=lambda p: p.name,
    ),
    own_area=st.one_of(st.none(), st.fractions(0, 900)),
    parents=PARTS,
    siblings=PARTS,
    minimums=st.lists(
        st.builds(Minimum, st.just("2026-01"), AMOUNTS, st.fractions(0, 31), st.integers(28, 31)), max_size=3
    ),
    given=AMOUNTS,
)


@pytest.mark.spec("B-20")
class TestEveryMethod:
    @given(CASES)
    def test_never_gives_less_than_nothing_and_says_why_it_gives_none(self, case: Case) -> None:
        for each in ladder.outcomes(case):
            assert (each.used is None) == (each.lack is not None)
            assert each.used is None or each.used >= 0

    @given(CASES, st.randoms(use_true_random=False))
    def test_says_the_same_whatever_the_order_of_what_is_known(self, case: Case, chance: random.Random) -> None:
        def mixed(known: object) -> list[object]:
            listed = list(known)  # type: ignore[call-overload]
            chance.shuffle(listed)
            return listed

        other = replace(
            case,
            periods=mixed(case.periods),
            peers=mixed(case.peers),
            parents=mixed(case.parents),
            siblings=mixed(case.siblings),
            like={day: mixed(case.like[day]) for day in mixed(case.like)},
        )

        assert ladder.outcomes(case) == ladder.outcomes(other)

    @given(CASES, st.permutations(DEFAULT_ORDER), st.integers(1, len(DEFAULT_ORDER)))
    def test_stands_where_the_order_puts_it(self, case: Case, order: list[Method], named: int) -> None:
        """The first of the order that gives a number is proposed; methods that were left out give none."""
        listed = [each.method for each in ladder.outcomes(case, order[:named])]
        first = ladder.first_applicable(ladder.outcomes(case, order[:named]))

        assert listed[:named] == order[:named]
        assert sorted(listed) == sorted(DEFAULT_ORDER)
        usable = [each for each in order[:named] if said(case, each)[0] is not None]
        assert (first.method if first else None) == (usable[0] if usable else None)
