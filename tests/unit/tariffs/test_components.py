"""Every shape of component, each by a figure worked out by hand or printed by others."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from meterbook.tariffs.rating.inputs import (
    Exemption,
    History,
    InputMissing,
    Inputs,
    InvoiceLine,
    Prices,
)
from meterbook.tariffs.rating.terms import Channel
from tests.unit.tariffs.pricing_cases import amounts, component, energy, intervals, plan, totals

TIERS = [{"up_to": "100", "price": "0.10"}, {"up_to": "300", "price": "0.15"}, {"price": "0.20"}]
FLAT = energy(price="0.10")
PEAKS: dict[str, Any] = {
    "periods": [{"code": "peak", "name": "Peak"}, {"code": "off", "name": "Off"}],
    "calendar": [
        {
            "windows": [
                {"from": "12:00", "to": "18:00", "period": "peak"},
                {"from": "18:00", "to": "12:00", "period": "off"},
            ]
        }
    ],
}


def facts(**values: str) -> Inputs:
    return Inputs(facts={name: Decimal(value) for name, value in values.items()})


class TestTiers:
    @pytest.mark.spec("M-051/3")
    @pytest.mark.parametrize(
        ("options", "kwh", "expected"),
        [
            ({"tier_mode": "SLAB"}, "300", "45.00"),  # all at the tier reached; the threshold is in the lower
            ({"tier_mode": "SLAB", "tier_boundary": "UPPER"}, "300", "60.00"),
            ({"tier_mode": "SLAB"}, "300.001", "60.00"),
            ({"tier_reference": "BILLING_PERIOD"}, "500", "80.00"),
            ({"tier_reference": {"days": 1}}, "500", "50.00"),  # 3,000 kWh in 30 days at the first price
            ({"tier_reference": {"days": 60}}, "500", "90.00"),  # 50 and 150: 5 + 15 + 70
            ({"tier_reference": {"days": 365}, "tier_factor_decimals": 1}, "50", "8.00"),  # factor 0.1: 10, 30
        ],
    )
    def test_length_mode_and_boundary(self, options: dict[str, Any], kwh: str, expected: str) -> None:
        rated = totals(plan(energy(tiers=TIERS, **options)), kwh)

        assert rated.total == Decimal(expected)

    def test_thresholds_for_each_person(self) -> None:
        given = plan(energy(tiers=TIERS, tier_scale={"fact": "headcount", "least": "2"}))

        assert totals(given, "500", facts(headcount="4")).total == Decimal("55.00")  # 400 at 0.10, 100 at 0.15
        assert totals(given, "500", facts(headcount="1")).total == Decimal("65.00")  # as two: 200, 300
        with pytest.raises(InputMissing, match="headcount"):
            totals(given, "500")

    @pytest.mark.spec("M-051/2")
    def test_a_ladder_over_the_year_goes_on_and_begins_anew(self) -> None:
        ladder = energy(tiers=[{"up_to": "1000", "price": "0.10"}, {"price": "0.20"}], tier_year="01-01")
        used, total = Decimal(0), Decimal(0)
        for month in range(1, 13):
            until = date(2026 + month // 12, month % 12 + 1, 1)
            given = plan(ladder, first=date(2026, month, 1), until=until)
            rated = totals(given, "100", Inputs(history=History(ladder={"energy": used})))
            used = Decimal(rated.lines[-1].trace["year_used"])
            total += rated.total

        assert (used, total) == (Decimal(1200), Decimal("140.00"))  # 1,000 at 0.10 and 200 at 0.20
        assert rated.lines[-1].trace["year_from"] == "2026-01-01"

        over = plan(ladder, first=date(2026, 12, 31), until=date(2027, 1, 2))
        rated = intervals(over, [10_000] * 48, Inputs(history=History(ladder={"energy": Decimal(990)})), minutes=60)
        # 240 kWh on each day: 10 at 0.10, 230 at 0.20 in the old year; 240 at 0.10 in the new one
        assert amounts(rated) == {"energy.1": "1.00", "energy.2": "46.00", "energy.2.1": "24.00"}
        assert rated.lines[-1].trace["year_used"] == "240.000"

    def test_fees_of_tiers_and_packages(self) -> None:
        tiers = [
            {"up_to": "10", "price": "10", "fixed": "2"},
            {"up_to": "20", "price": "5", "fixed": "3"},
            {"price": "5", "fixed": "3"},
        ]
        assert [totals(plan(energy(tiers=tiers)), kwh).total for kwh in ("0", "12", "21")] == [2, 115, 163]
        assert totals(plan(energy(tiers=tiers, tier_mode="SLAB")), "0").total == 2
        blocks = [{"up_to": "1000", "price": "1", "package": "100"}, {"price": "1", "package": "1000"}]
        assert totals(plan(energy(tiers=blocks)), "5325").total == 15
        assert totals(plan(energy(price="100", package="10", allowance={"quantity": "10"})), "121").total == 1200

    def test_what_is_on_the_ladder_already_pays_no_fee_again(self) -> None:
        tiers = [
            {"up_to": "5", "price": "0", "fixed": "100"},
            {"up_to": "10", "price": "0", "fixed": "50"},
            {"up_to": "15", "price": "5"},
            {"price": "1"},
        ]
        rated = totals(
            plan(energy(tiers=tiers, tier_year="01-01")), "10", Inputs(history=History(ladder={"energy": Decimal(12)}))
        )
        assert amounts(rated) == {"energy.3": "15.00", "energy.4": "7.00"}

    @pytest.mark.spec("M-055/1")
    def test_time_of_use_within_tiers(self) -> None:
        tiers = [
            {"up_to": "100", "prices": {"peak": "0.10", "off": "0.05"}},
            {"prices": {"peak": "0.15", "off": "0.10"}},
        ]
        shared = plan(energy(tiers=tiers, tier_reference="BILLING_PERIOD"), **PEAKS)
        rated = totals(shared, ["300", "100"])
        # 75 + 25 of the first 100, 225 + 75 above: 7.50 + 1.25 + 33.75 + 7.50
        assert rated.total == Decimal("50.00")
        assert [line.code for line in rated.lines] == ["energy.1.peak", "energy.1.off", "energy.2.peak", "energy.2.off"]

        in_time = plan(energy(tiers=tiers, tier_reference="BILLING_PERIOD", tier_sharing="TIME_ORDER"), **PEAKS)
        rated = intervals(in_time, [10_000] * 24, minutes=60)
        # the first 100 kWh are off-peak: 5.00; then 20 off, 60 peak, 60 off
        assert amounts(rated) == {"energy.1.off": "5.00", "energy.2.peak": "9.00", "energy.2.off": "8.00"}

    def test_tiers_within_time_of_use(self) -> None:
        own = energy(period_tiers={"peak": TIERS, "off": [{"price": "0.05"}]})

        assert amounts(totals(plan(own, **PEAKS), ["150", "10"])) == {
            "energy.peak.1": "10.00",
            "energy.peak.2": "7.50",
            "energy.off.1": "0.50",
        }

    def test_hours_of_use(self) -> None:
        """NREL's SSC, July of a large shop: 16,774.68 with 21.00 fixed."""
        steps = [
            {"up_to": "3000", "price": "0.132655"},
            {"up_to": "10000", "price": "0.120303"},
            {"hours": "200", "price": "0.102607"},
            {"hours": "400", "price": "0.013627"},
            {"hours": "600", "price": "0.010275"},
            {"price": "0.00771"},
        ]
        given = plan(
            component("demand", "DEMAND", price="0", demand={"decimals": 6}),
            energy(tiers=steps, hours_of="demand", tier_reference="BILLING_PERIOD"),
            component("fixed", "FIXED_PERIOD", price="21"),
        )
        rated = totals(given, "384169.616", demands={"demand": {"": "658.015640"}})
        assert abs(rated.total - Decimal("16774.68")) <= Decimal("0.01")

        small = totals(given, "5000", demands={"demand": {"": "10"}})
        assert [line.trace["up_to"] for line in small.lines if "tier" in line.trace] == [
            "2000.000",
            "4000.000",
            "6000.000",
        ]


class TestEnergy:
    def test_hourly_prices(self) -> None:
        given = plan(energy(price_series={"code": "pvpc", "add": "0.01"}), until=date(2026, 1, 2))
        prices = Prices(
            datetime(2025, 12, 31, tzinfo=UTC), timedelta(hours=1), [Decimal("0.1")] * 24 + [Decimal("0.20005")] * 24
        )
        rated = intervals(given, [250] * 96, Inputs(price_series={"pvpc": prices}))

        assert (rated.lines[0].quantity, rated.lines[0].exact) == ("24.000", Decimal("5.0412"))
        with pytest.raises(InputMissing, match="pvpc"):
            intervals(given, [250] * 96)

    def test_other_channels_losses_and_conditions(self) -> None:
        given = plan(
            FLAT,
            component("export", "ENERGY", channel="EXPORT", price="-0.05"),
            component("net", "ENERGY", channel="NET", price="1"),
            component("reactive", "ENERGY", channel="REACTIVE_IMPORT", price="0.02"),
            component("grid", "ENERGY", price="0.0160", loss={"factor": "1.0376"}),
            component("losses", "ENERGY", price="0.115", loss={"factor": "1.0376", "part": "ONLY"}),
            component("small", "ENERGY", price="9", only_if={"usage_up_to": "600"}),
        )
        rated = totals(given, "700", channels={Channel.EXPORT: "100", Channel.REACTIVE_IMPORT: "50"})

        assert amounts(rated) == {
            "energy": "70.00",
            "export": "-5.00",
            "net": "600.00",
            "reactive": "1.00",
            "grid": "11.62",
            "losses": "3.03",
        }
        assert rated.lines[3].unit == "KVARH"
        with pytest.raises(InputMissing, match="EXPORT"):
            totals(given, "700")

    @pytest.mark.spec("M-058/1")
    def test_minimum_consumption(self) -> None:
        """G-15: 12 kWh with a minimum of 30 at 0.50."""
        given = plan(energy(price="0.50", minimum={"quantity": "30"}))

        (line,) = totals(given, "12").lines
        assert (line.quantity, line.amount, line.trace["measured"]) == ("30.000", Decimal("15.00"), "12.000")
        (line,) = totals(given, "12", Inputs(whole_days=60)).lines
        assert line.quantity == "15.000"

    def test_allowances(self) -> None:
        before = plan(energy(tiers=TIERS, allowance={"quantity": "50", "unused": "CARRIED"}))
        rated = totals(before, "20", Inputs(history=History(allowance={"energy": Decimal(7)})))
        assert (rated.total, rated.lines[0].trace["allowance"]["left"]) == (0, "37.000")
        assert totals(before, "170").total == Decimal("13.00")  # 120: 10 + 3

        average = plan(energy(tiers=TIERS, allowance={"quantity": "50", "mode": "AVERAGE_PRICE"}))
        assert amounts(totals(average, "200"))["energy.free"] == "-6.25"  # 25.00 / 200 x 50

    def test_seasons(self) -> None:
        seasons = [
            {"code": "winter", "name": "Winter", "starts": "10-01"},
            {"code": "summer", "name": "Summer", "starts": "06-01"},
        ]
        given = plan(
            energy(price="0.10", seasons=["winter"]),
            component("hot", "ENERGY", price="0.20", seasons=["summer"]),
            component("fee", "FIXED_DAILY", price="1", seasons=["summer"]),
            first=date(2026, 5, 31),
            until=date(2026, 6, 3),
            seasons=seasons,
        )
        rated = intervals(given, [1_000] * 72, minutes=60)
        assert amounts(rated) == {"energy": "2.40", "hot": "9.60", "fee": "2.00"}
        assert sum(each.quantity for each in rated.periods) == 72


class TestFixed:
    @pytest.mark.spec("M-050/2")
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (component("a", "FIXED_DAILY", price="0.103944", times="subscribed_kw"), "14.34"),  # 4.6 x 30 days
            (component("a", "FIXED_MONTHLY", price="2", times="area", proration="NONE"), "241.00"),
            (component("a", "FIXED_MONTHLY", price="30", proration={"days": 60}), "15.00"),
            (component("a", "FIXED_YEARLY", price="9.72"), "0.80"),
            (component("a", "FIXED_PERIOD", price="7"), "7.00"),
            (component("a", "ONE_OFF", price="50", due="2026-01-30"), "50.00"),
            (component("a", "ONE_OFF", price="50", due="2026-01-31"), "0.00"),
            (component("a", "ONE_OFF", price="25", due="FIRST_PERIOD", times="dwellings"), "50.00"),
            (
                component(
                    "a",
                    "FIXED_PERIOD",
                    times="sanctioned_kw",
                    tiers=[{"up_to": "1", "price": "85"}, {"price": "95"}],
                ),
                "275.00",
            ),
        ],
    )
    def test_by_time_and_facts(self, given: dict[str, Any], expected: str) -> None:
        known = facts(subscribed_kw="4.6", area="120.5", dwellings="2", sanctioned_kw="3")
        rated = totals(plan(given), "0", Inputs(facts=known.facts, is_first_period=True))

        assert sum((line.amount for line in rated.lines), Decimal(0)) == Decimal(expected)
        assert all(
            Decimal(line.quantity) * line.price == line.exact for line in rated.lines if "/" not in line.quantity
        )


class TestBill:
    @pytest.mark.spec("G-15")
    def test_minimum_and_maximum(self) -> None:
        parts = [energy(price="0.32"), component("fee", "FIXED_PERIOD", price="5")]
        least = plan(*parts, component("least", "MINIMUM_BILL", price="10.00"))
        assert amounts(totals(least, "10"))["least"] == "1.80"
        most = plan(*parts, component("most", "MAXIMUM_BILL", price="6", components=["energy"]))
        assert amounts(totals(most, "100"))["most"] == "-26.00"
        shared = plan(
            energy(price="1"),
            component("least", "MINIMUM_BILL", price="100", proration="PERIOD_DAYS"),
            until=date(2026, 1, 26),
        )
        assert amounts(totals(shared, "70", Inputs(whole_days=28)))["least"] == "19.29"

    def test_discounts_and_surcharges(self) -> None:
        given = plan(
            FLAT,
            component("less", "DISCOUNT", percent="10", most="5"),
            component("gift", "DISCOUNT", price="500"),
            component("more", "SURCHARGE", percent="2", components=["energy"], least="1"),
        )
        assert amounts(totals(given, "100")) == {"energy": "10.00", "less": "-1.00", "gift": "-9.00", "more": "1.00"}
        assert amounts(totals(given, "1000"))["less"] == "-5.00"

    def test_a_utilitys_invoice(self) -> None:
        invoice = {
            "energy": InvoiceLine(Decimal(1000), Decimal("123.45")),
            "grid": InvoiceLine(Decimal(1000), Decimal(60)),
        }
        given = plan(
            component("passed", "PASS_THROUGH", invoice={"code": "utility", "lines": ["energy"]}),
            component(
                "grid", "PASS_THROUGH", invoice={"code": "utility", "lines": ["grid"], "how": "SHARE", "key": "area"}
            ),
            energy(price="0.50"),
            component("cap", "COST_CAP", invoice={"code": "utility"}, components=["energy"]),
        )
        inputs = Inputs(facts={"area": Decimal(25)}, keys={"area": Decimal(100)}, invoices={"utility": invoice})
        assert amounts(totals(given, "100", inputs)) == {
            "passed": "12.35",
            "grid": "15.00",
            "energy": "50.00",
            "cap": "-31.65",  # 100 kWh cost 18.345, rounded 18.35
        }
        with pytest.raises(InputMissing, match="utility"):
            totals(given, "100")


class TestTaxes:
    def taxed(self, price: str, *taxes: dict[str, Any], inputs: Inputs = Inputs(), first: str = "1") -> Any:  # noqa: ANN401, B008
        return totals(plan(energy(price=price), taxes=list(taxes)), first, inputs)

    @pytest.mark.spec("G-11")
    @pytest.mark.spec("M-054/1")
    def test_held_by_prices_compound_and_parallel(self) -> None:
        for gross, rate, expected in (("10.00", "0.16", "1.38"), ("119.00", "0.19", "19.00")):
            rated = self.taxed(gross, {"code": "vat", "name": "VAT", "rate": rate, "inclusive": True})
            assert (str(rated.taxes[0].amount), rated.total) == (expected, Decimal(gross))
            assert rated.net + rated.taxes[0].amount == rated.total
        levy = {"code": "levy", "name": "Levy", "rate": "0.05"}
        vat = {"code": "vat", "name": "VAT", "rate": "0.12"}
        assert self.taxed("100", levy, {**vat, "taxes": ["levy"]}).total == Decimal("117.60")
        assert self.taxed("100", levy, vat).total == Decimal("117.00")

    @pytest.mark.spec("M-054/2")
    def test_exempt_reversed_and_by_line(self) -> None:
        vat = {"code": "vat", "name": "VAT", "rate": "0.21"}
        paper = Exemption("vat", "A-1", date(2025, 1, 1), date(2026, 1, 2))
        rated = self.taxed("100", vat, inputs=Inputs(exemptions=(paper,)))
        assert (rated.total, rated.taxes[0].trace["exempt"]["certificate"]) == (100, "A-1")
        late = Exemption("vat", "A-1", date(2025, 1, 1), date(2026, 1, 1))
        assert self.taxed("100", vat, inputs=Inputs(exemptions=(late,))).total == 121
        rated = self.taxed("100", {**vat, "reverse_charge": True})
        assert (rated.total, rated.taxes[0].trace) == (100, {"reverse_charge": True})
        parts = [component(code, "FIXED_PERIOD", price="0.05") for code in "abc"]
        by_line = plan(*parts, taxes=[{"code": "t", "name": "T", "rate": "0.10", "rounding": "LINE"}])
        assert totals(by_line, "0").taxes[0].amount == Decimal("0.03")  # 3 x 0.01; on the sum 0.02
