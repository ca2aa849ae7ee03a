"""Which rate of a tax is due when it changes, as the organization and its sites say: page, program, and the bill."""

from __future__ import annotations

import pytest
from django.urls import reverse

from meterbook.documents.rendering import proof, words
from meterbook.identity.values import RoleCode
from meterbook.kernel.actor import Actor
from tests.factories import api, billing, corrections
from tests.support import pages, trails


@pytest.mark.spec("B-34")
def test_the_legal_profile_is_set_and_the_bill_tells_which_rate_was_taken(database: str) -> None:
    taxes = [{**billing.TAX, "rates": [{"from": "2026-02-15", "rate": "0.10"}]}]
    place = billing.place(raw={**billing.document(), "taxes": taxes})
    organization, site = place.organization, place.site
    admin, program = pages.signed_in(organization), api.program(organization=organization)
    at_site = reverse("legal_profile_site", args=[organization.public_id, site.public_id])
    own = f"{site.public_id}-tax_point"

    assert "Legal profile" in pages.page(admin, "settings_index", organization)
    assert "Of each day of the period" in pages.page(admin, "legal_profile", organization)
    refused = admin.post(at_site, {own: "YESTERDAY"})
    admin.post(reverse("legal_profile_change", args=[organization.public_id]), {"tax_point": "INVOICE"})
    admin.post(at_site, {own: "DELIVERY"})

    assert refused.status_code == 422
    assert program.get("/legal-profile").json() == {
        "tax_point": "INVOICE",
        "sites": [{"site": str(site.public_id), "site_name": site.name, "tax_point": "DELIVERY"}],
    }
    assert trails.latest(organization).action == "billing:change_legal_profile"
    assert trails.latest(organization).after == {"tax_point": "DELIVERY"}
    assert program.ask("PUT", f"/sites/{site.public_id}/legal-profile", {"tax_point": "NOON"}).status_code == 422
    told = program.ask("PUT", f"/sites/{site.public_id}/legal-profile", {"tax_point": None}).json()
    assert told["sites"][0]["tax_point"] is None
    looker = pages.signed_in(organization, RoleCode.AUDITOR)
    assert looker.get(reverse("legal_profile", args=[organization.public_id])).status_code == 403
    assert admin.post(at_site.replace(str(site.public_id), str(organization.public_id)), {}).status_code == 404

    bill = corrections.bill_of(corrections.billed(place, approver=Actor.user(0, "checker", source="")))
    shown = pages.page(admin, "bill", organization, bill.public_id)
    assert "the rate of the date of the bill" in shown


def test_what_is_printed_says_by_which_day_the_rate_holds() -> None:
    days = {"tax_point": "DELIVERY", "from": "2026-02-01", "until": "2026-02-15"}
    taxes = [
        {"text": {"en": "VAT", "es": "IVA"}, "rate": rate, "base": "1.00", "amount": "0.21", "trace": trace}
        for rate, trace in (("0.21", days), ("0.10", {"tax_point": "INVOICE"}), ("0.04", {}))
    ]

    english, spanish = (proof.tax_points({"taxes": taxes}, words.of(code)) for code in ("en", "es"))

    assert english == [
        "The rate of a tax changed in this period. Each day has its own: "
        "VAT 21\N{NO-BREAK SPACE}% from 1 February 2026 to 14 February 2026.",
        "A tax whose rate changes is due by that of the date of the bill: VAT.",
    ]
    assert len(spanish) == 2
    assert "del 1 de febrero de 2026" in spanish[0]
