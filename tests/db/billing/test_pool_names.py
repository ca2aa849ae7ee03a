"""A shared cost may be named in several languages; bills in one say it so, all others as before."""

from __future__ import annotations

import pytest

from meterbook.billing.pools import reading, writing
from meterbook.documents.rendering import shared, words
from tests.db.billing.test_pools import FIRST, UNTIL, House
from tests.factories import billing, pools

TAX = {"code": "vat", "name": "VAT", "rate": "0.21"}
NAMES = {"es": "Ascensor"}


def test_bills_say_it_in_their_language_and_go_on_without_names_as_before() -> None:
    house = House()
    each_line = {"division": "EACH", "parts": [{"key": "EQUAL"}]}
    named = pools.pool(
        house.place, **each_line, names=NAMES, tax=TAX | {"names": {"es": "IVA"}}, name="Lift of the house"
    )
    plain = pools.pool(house.place, code="PLAIN", name="Cleaning", tax=TAX)
    pools.amount(named, "30.00", first_day=FIRST, until_day=UNTIL, texts={"es": "Reparaciones de mayo", "en": ""})
    pools.amount(plain, "60.00", first_day=FIRST, until_day=UNTIL)

    run = house.run()
    bill = house.bill(run, house.accounts["B"])
    said = {each["pool"]["code"]: each for each in bill["shared_costs"]}

    own, other = said[named.code], said["PLAIN"]
    assert own["pool"]["names"] == NAMES
    assert own["line"]["texts"] == {"es": "Reparaciones de mayo"}
    assert own["tax"]["text"] == {"en": "VAT", "es": "IVA"}
    # Nothing is added where nothing was said: such bills keep their bytes.
    assert set(other["pool"]) == {"code", "name", "kind", "version"}
    assert other["tax"]["text"] == {"en": "VAT"}
    assert set(house.sheet(plain)["lines"][0]) == {"kind", "text", "amount", "first_day", "until_day"}
    names = {code: shared.named(own, code) for code in ("en", "es")}
    assert names == {"en": "Lift of the house: Mending in May", "es": "Ascensor: Reparaciones de mayo"}
    for code, expected in (("en", "Lift of the house: Mending in May"), ("es", "Ascensor: Reparaciones de mayo")):
        (group,) = shared.groups(bill, words.of(code))
        told = [row["name"] for row in group["rows"]]
        assert [expected in each for each in told].count(True) == 1
        assert ["Cleaning" in each for each in told].count(True) == 1  # the plain name is for all languages
    assert billing.advance(billing.approve(run)).state == "CLOSED"


@pytest.mark.parametrize(
    ("given", "paths"),
    [
        pytest.param({"names": {"es": "Bombas"}}, [], id="fine"),
        pytest.param({"names": {"es": ""}}, [], id="empty"),
        pytest.param({"names": ["Bombas"]}, ["names"], id="no mapping"),
        pytest.param({"names": {"Spanish": "Bombas"}}, ["names"], id="no language"),
        pytest.param({"names": {"es": "x" * 201}}, ["names/es"], id="too long"),
        pytest.param({"tax": TAX | {"names": {"es": 7}}}, ["tax/names/es"], id="no text"),
    ],
)
def test_names_are_read_and_written_or_refused_by_place(given: dict[str, object], paths: list[str]) -> None:
    made, problems = reading.read(pools.document(**given))

    assert [each.path for each in problems] == paths
    if made is not None:
        written = writing.write(made)
        assert written.get("names", {}) == {key: text for key, text in given.get("names", {}).items() if text}  # type: ignore[attr-defined]
        assert ("names" in written) is bool(written.get("names"))
        assert reading.read(written) == (made, [])
