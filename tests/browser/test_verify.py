"""A stranger scans the code of a bill on a phone and compares the file that was received."""

from __future__ import annotations

from meterbook.billing import operations as billing_operations
from meterbook.documents import codes, models
from meterbook.documents import queries as document_queries
from meterbook.foundation import scoping
from tests.browser.conftest import Visit
from tests.factories import billing, everything, identity


def test_file_is_compared_without_being_sent(visit: Visit) -> None:
    place = billing.place()
    days = billing.Days(everything.FIRST, everything.UNTIL)
    billing.shop(place, name="Shop 1", days=days)
    billing.issued(place, first_day=days.first_day, until_day=days.until_day)
    with scoping.scope([place.organization.pk], actor=identity.ACTOR):
        known = models.IssuedDocument.objects.get(organization_id=place.organization.pk)
        row = billing_operations.issue_pdf(actor=identity.ACTOR, at=everything.END, bill=known.source_id)
        assert row is not None
        _row, content = document_queries.file_content(public_id=row.public_id)
    watched = visit(width=360, theme="dark")
    page = watched.page
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))

    watched.go(f"/v/{codes.written(known.code)}")
    page.wait_for_selector(f"text={known.number}")
    page.set_input_files("[data-verify-file]", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": content})
    page.wait_for_selector(".verify-ok")
    assert (watched.overflow(), watched.axe()) == (0, [])
    changed = content[:-10] + b"X" + content[-9:]
    page.set_input_files("[data-verify-file]", {"name": "b.pdf", "mimeType": "application/pdf", "buffer": changed})
    page.wait_for_selector(".verify-bad")
    assert (watched.overflow(), watched.axe()) == (0, [])
    assert set(sent) == {"GET"}
