"""Accounts priced in columns have the lines that each has when it is priced by itself."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from meterbook.kernel import currency as currencies
from meterbook.tariffs.rating import columns, lines, plan
from tests.factories import tariffs

PERIODS = ("peak", "flat", "off")
CALENDAR = [
    {"from": "08:00", "to": "12:00", "period": "peak"},
    {"from": "12:00", "to": "22:00", "period": "flat"},
    {"from": "22:00", "to": "08:00", "period": "off"},
]
prices = st.decimals("-0.05", "2", places=5).map(str) | st.sampled_from(["0", "0.1", "3", "0.105"])


@st.composite
def components(draw: st.DrawFn) -> list[dict[str, Any]]:
    ends = sorted(draw(st.sets(st.integers(1, 400), max_size=3)))
    ladder = [*({"up_to": str(end), "price": draw(prices)} for end in ends), {"price": draw(prices)}]
    ways: list[dict[str, Any]] = [
        {"charge": "ENERGY", "price": draw(prices)},
        {"charge": "ENERGY", "prices": {code: draw(prices) for code in PERIODS}},
        {"charge": "ENERGY", "tiers": ladder},
        {"charge": "FIXED_DAILY", "price": draw(prices)},
        {"charge": "FIXED_MONTHLY", "price": draw(prices)},
    ]
    chosen = draw(st.lists(st.sampled_from(ways), min_size=1, max_size=4))
    return [{"code": f"c{number}", "name": f"C{number}", **each} for number, each in enumerate(chosen)]


@st.composite
def plans(draw: st.DrawFn) -> plan.Plan:
    listed = draw(components())
    taxes = [
        {
            "code": f"t{number}",
            "name": "Tax",
            "rate": draw(st.sampled_from(["0.21", "0.0055", "0", "1"])),
            "components": own,
        }
        for number, own in enumerate(
            draw(
                st.lists(
                    st.lists(st.sampled_from([each["code"] for each in listed]), min_size=1, unique=True), max_size=2
                )
            )
        )
    ]
    raw = tariffs.document(
        components=listed,
        currency=draw(st.sampled_from(["EUR", "JPY", "KWD"])),
        periods=[{"code": code, "name": code.title()} for code in PERIODS],
        calendar=[{"windows": CALENDAR}],
        decimals=draw(st.integers(0, 3)),
        rounding=draw(st.sampled_from(["HALF_UP", "HALF_EVEN"])),
        **({"taxes": taxes} if taxes else {}),
    )
    days = draw(st.integers(1, 70))
    until = date.fromordinal(date(2026, 3, 14).toordinal() + days)
    return tariffs.plan(raw, first=date(2026, 3, 14), until=until, decimals=draw(st.integers(0, 4)))


totals = st.lists(st.integers(-2_000, 900_000) | st.just(0), min_size=3, max_size=3)


@given(plans(), st.lists(totals, min_size=1, max_size=5), st.lists(st.integers(0, 900), min_size=3, max_size=3))
def test_a_table_has_what_each_account_has_by_itself(
    found: plan.Plan, used: list[list[int]], counts: list[int]
) -> None:
    table = columns.price(found, used, counts)
    assert table is not None
    for account, own in enumerate(used):
        assert written(table, found, account) == told(lines.rate_totals(found, own, counts))


def told(rated: lines.Rated) -> tuple[object, ...]:
    fixed = {lines.DAY, lines.MONTH}
    return (
        [str(each.quantity) for each in rated.periods],
        [
            (each.code, str(each.amount)) + ((each.quantity, f"{each.exact:f}") if each.unit not in fixed else ())
            for each in rated.lines
        ],
        str(rated.net),
        [(str(each.base), str(each.amount)) for each in rated.taxes],
    )


def written(table: columns.Table, found: plan.Plan, account: int) -> tuple[object, ...]:
    places, decimals = currencies.minor_units(found.document.currency), found.document.decimals
    return (
        [
            str(number(each, decimals))
            for each, has in zip(table.periods[account], table.has_period[account], strict=True)
            if has
        ],
        [
            (each.code, str(number(each.amount[account], places)))
            + (
                ()
                if each.quantity is None or each.exact is None
                else (str(number(each.quantity[account], decimals)), f"{number(each.exact[account], each.places):f}")
            )
            for each in table.lines
            if each.is_there[account]
        ],
        str(number(table.net[account], places)),
        [(str(number(base[account], places)), str(number(due[account], places))) for base, due in table.taxes],
    )


def number(value: int, decimals: int) -> Decimal:
    return Decimal(int(value)).scaleb(-decimals)


@given(st.integers(0, 62))
@example(62)
def test_what_could_leave_62_bits_is_not_priced_at_once(bits: int) -> None:
    raw = tariffs.document(components=[{"code": "energy", "name": "Energy", "charge": "ENERGY", "price": "1.00001"}])
    found = tariffs.plan(raw, first=date(2026, 3, 1), until=date(2026, 4, 1))
    table = columns.price(found, [[1 << bits]], [2_972])
    assert (table is None) == (((1 << bits) * 100_001) >= 1 << 62)
    if table is not None:
        assert written(table, found, 0) == told(lines.rate_totals(found, [1 << bits], [2_972]))
