"""The PDF of a charge-back statement speaks of a cost center, and of nothing that is paid (M-063)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from meterbook.documents.rendering import looks, page
from tests.factories import documents

ISSUE = page.Issue("CB-4100-2026-10-01", date(2026, 11, 3), date(2026, 11, 3), "0" * 64, "DMWD-DIBA-NRBP")
LOOK = looks.Look(title={"en": "Our bill"}, legal={"en": "Pay at the desk."}, iban="DE02120300000000202051")


def told(account: dict[str, Any], language: str) -> dict[str, Any]:
    return page.of_bill(documents.bill_content(account=account, currency="EUR"), ISSUE, language, LOOK)


@pytest.mark.spec("M-063")
@pytest.mark.parametrize(("language", "title"), [("en", "Charge-back statement"), ("es", "Cargo interno")])
def test_a_statement_asks_for_nothing(language: str, title: str) -> None:
    account = {"public_id": "a", "number": "4100", "is_landlord": False}

    statement, bill = told({**account, "is_internal": True}, language), told(account, language)

    assert statement["title"] == title
    assert (statement["due"]["day"], statement["reference"], statement["payment"]["lines"]) == ("", "", [])
    assert "Pay at the desk." not in statement["legal"]
    assert bill["due"]["day"]
    assert bill["payment"]["lines"]
