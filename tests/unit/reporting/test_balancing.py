"""The balance sheet of energy: whatever comes in goes somewhere, and what is left is named."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.reporting import balancing
from meterbook.reporting.balancing import Bearer, Billed, Borne, Cost, Part, Point

fractions = st.builds(Fraction, st.integers(-(10**9), 10**9), st.integers(1, 10**6))
amounts = st.decimals(min_value=-1_000_000, max_value=1_000_000, places=4, allow_nan=False, allow_infinity=False)
KEYS = ["a", "b", "c", "d"]
points = st.lists(
    st.builds(
        Point,
        key=st.sampled_from(KEYS),
        name=st.just("Shop"),
        measured=fractions,
        is_common=st.booleans(),
        is_loss=st.booleans(),
        is_elsewhere=st.booleans(),
    ),
    unique_by=lambda each: each.key,
    min_size=1,
)
billed = st.lists(
    st.builds(
        Billed,
        key=st.sampled_from(KEYS),
        quantity=fractions,
        account=st.just("A-1"),
        bill=st.just("B-1"),
        href=st.just("1"),
        is_landlord=st.booleans(),
        is_vacancy=st.booleans(),
    )
)


def bill(key: str, quantity: int, **more: bool) -> Billed:
    return Billed(key, Fraction(quantity), "A-1", "B-1", "1", **more)


@pytest.mark.spec("I-05")
class TestQuantities:
    @given(points=points, billed=billed, through=st.one_of(st.none(), fractions))
    def test_sum_to_what_came_in_whatever_was_billed(
        self, points: list[Point], billed: list[Billed], through: Fraction | None
    ) -> None:
        known = [each for each in billed if each.key in {point.key for point in points}]

        found = balancing.quantities(points, known, through)

        assert found.difference == 0
        assert sum(found.parts.values()) == found.total
        if through is None:
            assert found.total == sum(each.measured for each in points)
            assert Part.UNMETERED not in found.parts
        shared = {each.key for each in points if each.is_common or each.is_loss}
        own = [each for each in known if not each.is_landlord and each.key not in shared]
        assert found.parts.get(Part.TENANTS, 0) == sum(each.quantity for each in own)

    @given(points=points, billed=billed)
    def test_change_no_part_but_the_unmetered_one_when_more_comes_in(
        self, points: list[Point], billed: list[Billed]
    ) -> None:
        known = [each for each in billed if each.key in {point.key for point in points}]
        total = sum((each.measured for each in points), Fraction(0))

        tight, loose = (balancing.quantities(points, known, total + more) for more in (0, 7))

        assert Part.UNMETERED not in tight.parts
        assert loose.parts == {**tight.parts, Part.UNMETERED: 7}

    def test_are_named_by_who_pays(self) -> None:
        shop, empty, stairs, office = (Point(each, each, Fraction(10)) for each in KEYS)
        stairs = Point("c", "c", Fraction(10), is_common=True)

        found = balancing.quantities(
            [shop, empty, stairs, office],
            [
                bill("a", 10),
                bill("b", 10, is_landlord=True, is_vacancy=True),
                bill("c", 10, is_landlord=True),
                bill("d", 10, is_landlord=True),
            ],
            Fraction(45),
        )

        assert found.parts == {
            Part.TENANTS: 10,
            Part.COMMON: 10,
            Part.VACANCY: 10,
            Part.LANDLORD: 10,
            Part.UNMETERED: 5,
        }

    def test_say_what_is_on_no_bill(self) -> None:
        rows = [
            Point("a", "a", Fraction(60)),
            Point("b", "b", Fraction(30), is_common=True),
            Point("c", "c", Fraction(5)),
            Point("d", "d", Fraction(4), is_elsewhere=True),
        ]

        found = balancing.quantities(rows, [bill("a", 58)], Fraction(100))

        assert found.parts == {
            Part.TENANTS: 58,
            Part.COMMON: 30,
            Part.ELSEWHERE: 4,
            Part.UNBILLED: 5,
            Part.CHANGED: 2,
            Part.UNMETERED: 1,
        }


@pytest.mark.spec("I-05")
class TestMoney:
    @given(
        costs=st.lists(amounts, min_size=1),
        borne=st.lists(st.tuples(st.sampled_from([each for each in Bearer if each != "REMAINDER"]), amounts)),
    )
    def test_is_borne_to_the_last_digit(self, costs: list[Decimal], borne: list[tuple[Bearer, Decimal]]) -> None:
        rows = [Borne(bearer, "", "A-1", amount) for bearer, amount in borne]

        found = balancing.money([Cost("Power", "1", each) for each in costs], rows)

        assert found.difference == 0
        assert found.total == found.paid == sum(costs)
        assert sum(found.bearers.values()) == found.total

    def test_without_any_cost_claims_nothing(self) -> None:
        found = balancing.money([], [Borne(Bearer.TARIFF, "", "A-1", Decimal(5))])

        assert (found.bearers, found.difference) == ({Bearer.TARIFF: Decimal(5)}, 0)

    def test_names_what_more_was_billed_than_paid(self) -> None:
        found = balancing.money([Cost("Power", "1", Decimal(100))], [Borne(Bearer.TARIFF, "", "A", Decimal("104.5"))])

        assert found.bearers[Bearer.REMAINDER] == Decimal("-4.5")


class TestOfDays:
    @pytest.mark.parametrize(
        ("amount", "shared", "of", "expected"),
        [("31.00", 10, 31, "10.00"), ("100", 1, 3, "33.33"), ("-100", 1, 3, "-33.33"), ("0.05", 1, 2, "0.03")],
    )
    def test_is_rounded_half_up_once(self, amount: str, shared: int, of: int, expected: str) -> None:
        assert str(balancing.of_days(Decimal(amount), shared=shared, of=of, places=2)) == expected
