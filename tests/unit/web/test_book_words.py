"""Ledger accounts in words."""

from __future__ import annotations

import pytest
from django.utils import translation

from meterbook.tariffs.queries import PartNames
from meterbook.web.billing import book_words

NAMES = PartNames(
    components={
        "sewerage": [{"en": "Sewerage", "es": "Alcantarillado"}],
        "base": [{"en": "Base", "es": "Base"}, {"en": "Parking space", "es": "Plaza"}, {"en": "Base"}],
        "fee": [{"en": each} for each in ("A", "B", "C", "D")],
    },
    taxes={"vat": [{"en": "VAT", "es": "IVA"}]},
)


class TestAccount:
    @pytest.mark.parametrize(
        ("code", "language", "caption"),
        [
            ("INC-EUR-COLD_WATER-sewerage", "en", "Cold water, Sewerage"),
            ("INC-EUR-COLD_WATER-sewerage", "es", "Agua fría, Alcantarillado"),
            ("INC-EUR-COLD_WATER-gone", "en", "Cold water, gone"),
            ("INC-EUR-COLD_WATER-base", "en", "Cold water, Base / Parking space (base)"),
            ("INC-EUR-COLD_WATER-base", "es", "Agua fría, Base / Plaza (base)"),
            ("INC-EUR-COLD_WATER-fee", "en", "Cold water, A / B / C / … (fee)"),
            ("INC-EUR-POOL-base", "en", "Shared costs, base"),
            ("INC-EUR-PLASMA-sewerage", "en", "PLASMA, Sewerage"),
            ("TAX-EUR-vat", "es", "IVA"),
            ("TAX-EUR-gone", "en", "gone"),
            ("AR-HM-1", "en", "What the ledger says"),
            ("BANK", "en", "What the ledger says"),
        ],
    )
    def test_is_called_what_it_was_opened_for(self, code: str, language: str, caption: str) -> None:
        with translation.override(language):
            assert book_words.account(code, "What the ledger says", NAMES)[0] == caption
