"""The picture of prices in steps: where each step stands, what it says, where the example lies."""

from __future__ import annotations

from decimal import Decimal

from meterbook.tariffs.rating import reading
from meterbook.web.tariffs import stairs
from tests.factories import tariffs


class TestStair:
    def test_rises_with_the_price_and_marks_the_example(self) -> None:
        document = reading.read(tariffs.document(components=[tariffs.TIERS]))

        (stair,) = stairs.stairs(document, Decimal(150), language="en")

        assert [each.title for each in stair.steps] == [
            "0 to 100 kWh: 0.1 USD/kWh",
            "100 to 300 kWh: 0.15 USD/kWh",
            "above 300 kWh: 0.2 USD/kWh",
        ]
        # 300 x 1.35 are the whole width of 960, and 0.20 the whole height of 160.
        assert [(each.x, each.width, each.height) for each in stair.steps] == [
            (0, 237, 80),
            (237, 474, 120),
            (711, 249, 160),
        ]
        assert (stair.used_x, stair.used) == (355, "150\N{NO-BREAK SPACE}kWh")
        assert [each.shade for each in stair.steps] == [3, 4, 5]

    def test_stretches_to_an_example_beyond_the_steps_and_survives_odd_prices(self) -> None:
        tiers = {**tariffs.TIERS, "tiers": [{"up_to": "10", "price": "0"}, {"price": "0"}]}
        document = reading.read(tariffs.document(components=[tiers]))

        (stair,) = stairs.stairs(document, Decimal(1_000), language="en")

        assert stair.used_x == stairs.WIDTH
        assert all(each.height == stairs.LOWEST for each in stair.steps)
        assert stairs.stairs(reading.read(tariffs.peak_document()), None, language="en") == ()
