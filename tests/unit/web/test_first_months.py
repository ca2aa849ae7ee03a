"""Which days a first draft can bill, and what the wizard's flat price is as a document."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from meterbook.journeys import first_steps
from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating import reading
from meterbook.web.start import months

MADRID, KOLKATA = ZoneInfo("Europe/Madrid"), ZoneInfo("Asia/Kolkata")


@pytest.mark.parametrize(
    ("at", "since", "zone", "expected"),
    [
        ((2026, 3, 10, 9), (2026, 2, 19, 23), MADRID, [("03-01", "03-10"), ("02-20", "03-01")]),
        ((2026, 3, 1, 9), (2026, 2, 19, 23), MADRID, [("02-20", "03-01")]),  # nothing of March is over
        ((2024, 3, 1, 9), (2024, 2, 28, 23), MADRID, [("02-29", "03-01")]),  # the leap day alone
        ((2026, 3, 31, 22), (2026, 3, 29, 1), MADRID, [("03-30", "04-01")]),  # it is April there; since mid of a day
        ((2026, 3, 10, 9), (2026, 3, 10, 8), MADRID, []),  # since today
        ((2026, 3, 9, 23), (2026, 3, 8, 18, 30), KOLKATA, [("03-09", "03-10")]),
        ((2026, 1, 5, 9), (2025, 1, 1), MADRID, [("01-01", "01-05"), ("12-01", "01-01")]),
    ],
    ids=["two months", "first of a month", "leap day", "clock change", "today", "half hours", "new year"],
)
def test_days_that_are_over_and_paid_for(
    at: tuple[int, ...], since: tuple[int, ...], zone: ZoneInfo, expected: list[tuple[str, str]]
) -> None:
    found = months.billable(
        at=datetime(*at, tzinfo=UTC),  # type: ignore[misc,arg-type]
        zone=zone,
        paid_since=datetime(*since, tzinfo=UTC),  # type: ignore[misc,arg-type]
    )

    assert [(f"{each.first:%m-%d}", f"{each.until:%m-%d}") for each in found] == expected
    assert all(isinstance(each.final, date) and each.final < each.until for each in found)


@pytest.mark.parametrize(
    ("percent", "rate"), [("21", Decimal("0.21")), ("5.25", Decimal("0.0525")), ("100", Decimal(1)), ("0", None)]
)
def test_a_flat_price_is_a_sound_document(percent: str, rate: Decimal | None) -> None:
    price = first_steps.FirstPrice(
        code="STANDARD",
        name="Standard",
        currency="EUR",
        unit=Unit.M3,
        price=Decimal("0.12345678"),
        monthly=Decimal("6") if rate else None,
        tax_name="VAT",
        tax_percent=Decimal(percent),
    )

    sound = reading.read(price.document())

    assert [each.price for each in sound.components] == [Decimal("0.12345678"), *([Decimal(6)] if rate else [])]
    assert [each.rate for each in sound.taxes] == ([rate] if rate is not None else [])


@pytest.mark.parametrize(
    ("spanish", "names"), [("IVA", {"en": "VAT", "es": "IVA"}), ("", {"en": "VAT", "es": "VAT"})], ids=["both", "one"]
)
def test_a_flat_price_names_its_tax_in_the_language_of_the_bill(spanish: str, names: dict[str, str]) -> None:
    price = first_steps.FirstPrice(
        code="STANDARD",
        name="Standard",
        currency="EUR",
        unit=Unit.M3,
        price=Decimal("0.12"),
        monthly=None,
        tax_name="VAT",
        tax_percent=Decimal(21),
        tax_name_es=spanish,
    )

    (tax,) = reading.read(price.document()).taxes

    assert dict(tax.name) == names
