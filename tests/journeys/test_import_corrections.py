"""A corrected file, from its review over a second person to what counts; by pages and by a program."""

from __future__ import annotations

import html
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from meterbook.identity.values import RoleCode
from meterbook.metering import models
from tests.db.journeys.billed_days import CHANGED, REASON, BilledDays, days_file
from tests.factories import api, identity

MAPPED = {"series": "energy_import", "gaps": "REFUSE", "point": "SHOP-1"}


def text_of(client: Client, path: str) -> str:
    return html.unescape(client.get(path).content.decode())


def reviewed(client: Client, billed: BilledDays, content: bytes) -> str:
    file = SimpleUploadedFile("march.csv", content)
    page = client.post(f"/o/{billed.place.organization.public_id}/imports/", {"file": file})["Location"]
    client.post(page, MAPPED)
    return str(page)


@pytest.mark.spec("B-19")
class TestCorrectedFile:
    def test_goes_from_its_review_over_a_second_person_to_what_counts(self) -> None:
        billed = BilledDays()
        first, second = Client(), Client()
        for client, user in zip((first, second), billed.users, strict=True):
            client.force_login(user)
        page = reviewed(first, billed, days_file(CHANGED))
        review = text_of(first, page)
        importer = Client()
        importer.force_login(identity.user(organization=billed.place.organization, role=RoleCode.API_CLIENT))
        other = text_of(importer, page)
        empty = first.post(f"{page}run", {"reason": " "}, follow=True)
        nothing = billed.count(models.CorrectionProposal)

        done = html.unescape(first.post(f"{page}run", {"reason": REASON}, follow=True).content.decode())
        again = text_of(first, reviewed(first, billed, days_file(CHANGED)))
        edits = f"/o/{billed.place.organization.public_id}/meters/{billed.meter.point.public_id}/edits"
        waiting = text_of(second, edits)
        with billed.scope():
            proposal = models.CorrectionProposal.objects.get(organization_id=billed.place.organization.pk)
        decide = edits.replace("edits", f"proposals/{proposal.public_id}/decide")
        second.post(decide, {"verdict": "approve"})
        approved = text_of(first, page)
        billed.derive()

        assert "You may not correct readings there." in other
        assert "Some of it differs from what is stored" in review
        assert "Bills were made of this time: it counts once a second person has approved it." in review
        assert "2.50" in review
        assert "1 Mar 2026" in review
        assert "Say why the stored values are corrected" in html.unescape(empty.content.decode())
        assert nothing == 0
        assert "Bills were made of that time: what differs waits for a second person." in done
        assert "Waits for a second person" in done
        assert "Waits for a second person" not in approved
        assert "Taken as a correction" in approved
        assert "It waits for a second person already" in again
        assert "2 values, by “march.csv”" in waiting
        assert REASON in waiting
        assert "1 issued bill was made with it and is not changed" in waiting
        assert sum(billed.used()[0]) == 97_000
        counted = text_of(second, edits)
        assert "Corrected by a file" in counted
        assert "counted before" in counted

    def test_is_taken_by_a_program_with_the_right_to_correct(self) -> None:
        billed = BilledDays()
        billed.load(days_file({}, days=5))
        april = days_file({4 * 96: "9"}, days=5)
        owner = billed.place.organization
        manager = api.program(organization=owner)
        importer = api.program(organization=owner, permissions=["metering:import_readings"])

        def sent(program: api.Program, **more: str) -> tuple[int, dict[str, object]]:
            file = SimpleUploadedFile("april.csv", april, content_type="text/csv")
            answer = program.post("/imports", api.MultipartBody(file=file, point="SHOP-1", **more))
            told: dict[str, object] = json.loads(answer.content)
            return answer.status_code, told

        plain = sent(manager)
        dry = sent(manager, correction_reason=REASON)
        foreign = sent(importer, correction_reason=REASON)
        refused = sent(importer, correction_reason=REASON, dry_run="false")
        assert billed.count(models.Correction) == 0
        taken = sent(manager, correction_reason=REASON, dry_run="false")
        again = sent(manager, correction_reason=REASON, dry_run="false")
        billed.derive()

        assert plain[0] == 422
        changes = [told["points"][0]["changes"] for _status, told in (dry, foreign, taken)]  # type: ignore[index]
        assert [each["state"] for each in changes] == ["OFFERED", "NOT_ALLOWED", "TAKEN"]
        assert (changes[0]["count"], changes[0]["before"], changes[0]["after"]) == (1, "1.00", "9.00")
        assert changes[0]["needs_second"] is False
        assert refused[0] == 403
        assert again[1]["points"][0]["changes"] is None  # type: ignore[index]
        assert billed.used(days=4)[0][:2] == [9000, 1000]
        edits = manager.get(f"/meter-points/{billed.meter.point.public_id}/edits")
        told = json.loads(edits.content)
        assert [each["kind"] for each in told["edits"]] == ["INTERVALS"]
