"""Whoever changes the trail behind the product's back is found out.

`tamper` runs SQL as the superuser with all triggers and foreign keys off: the strongest hand short of the data folder.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from meterbook.audit import anchors, chain, models, operations, queries
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from tests.factories import audit, identity

# ruff: noqa: S608 - the statements are put together from constants of this file
Tamper = Callable[..., None]
ENTRY_AT = "(SELECT entry_id FROM audit_auditseal WHERE organization_id = %(org)s AND sequence = %(n)s)"
SECOND_WAITING = "(SELECT entry_id FROM audit_pendingseal WHERE organization_id = %(org)s ORDER BY 1 OFFSET 1 LIMIT 1)"


class TestSealing:
    def test_gives_each_entry_its_place_once(self) -> None:
        organization = identity.organization()
        audit.write(organization, count=3)

        assert (audit.seal(organization), audit.seal(organization)) == (4, 0)

        with scoping.scope([organization.id], actor=audit.ACTOR):
            assert [each.sequence for each in queries.list_entries()] == [4, 3, 2, 1]

    def test_takes_an_entry_that_committed_late_at_the_end(self) -> None:
        organization = audit.sealed_organization()
        audit.write(organization, count=1, first=99)

        audit.seal(organization)

        assert audit.faults(organization) == []

    def test_does_not_lengthen_the_chain_by_another_organization(self) -> None:
        first, second = audit.sealed_organization(), audit.sealed_organization()

        assert audit.verify(first).sealed == audit.verify(second).sealed == 6

    def test_anchors_the_head_in_the_table_and_in_the_file(self) -> None:
        organization = audit.sealed_organization()

        lines = list(anchors.read(organization.public_id))
        with scoping.scope([organization.id], actor=audit.ACTOR):
            rows = list(models.AuditAnchor.objects.order_by("sequence").values_list("sequence", "signature"))

        assert [(line.sequence, line.signature) for line in lines if isinstance(line, anchors.Anchor)] == rows
        assert [sequence for sequence, _signature in rows] == [3, 6]
        assert anchors.path_of(organization.public_id).stat().st_mode & 0o777 == 0o600

    def test_writes_no_line_for_a_sealing_that_was_rolled_back(self) -> None:
        organization = identity.organization()

        def fail_afterwards() -> None:
            with scoping.scope([organization.id], actor=audit.ACTOR):
                operations.seal(organization_id=organization.id, at=audit.AT)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail_afterwards()

        assert list(anchors.read(organization.public_id)) == []

    def test_goes_on_without_a_folder_that_can_be_written(self, data_folder: Path) -> None:
        (data_folder / anchors.FOLDER).write_text("a file where the folder should be", encoding="utf-8")

        organization = identity.organization()

        assert audit.seal(organization) == 1


@pytest.mark.spec("X-11/1")
class TestVerify:
    def test_finds_a_sound_chain_sound(self) -> None:
        report = audit.verify(audit.sealed_organization())

        assert (report.sealed, report.waiting, report.findings, report.notes) == (6, 0, (), ())

    def test_finds_an_empty_chain_sound(self) -> None:
        report = audit.verify(identity.organization())

        assert (report.sealed, report.waiting, report.findings) == (0, 1, ())

    @pytest.mark.parametrize(
        "change",
        [
            "after = '{\"n\": 99}'",
            "actor_label = 'Somebody else'",
            "at = at + interval '1 microsecond'",
            "reason = 'invented'",
            "before = NULL",
            "after = '{\"n\": 4.5}'",
            "after = '{\"n\": 1e400}'",
        ],
    )
    def test_names_an_altered_entry_and_no_other(self, tamper: Tamper, change: str) -> None:
        organization = audit.sealed_organization()

        tamper(f"UPDATE audit_auditentry SET {change} WHERE id = {ENTRY_AT}", org=organization.id, n=4)

        assert audit.faults(organization) == [("ALTERED", 4)]

    def test_names_a_removed_entry(self, tamper: Tamper) -> None:
        organization = audit.sealed_organization()

        tamper(f"DELETE FROM audit_auditentry WHERE id = {ENTRY_AT}", org=organization.id, n=2)

        assert audit.faults(organization) == [("REMOVED", 2)]

    def test_names_an_entry_removed_with_its_seal(self, tamper: Tamper) -> None:
        organization = audit.sealed_organization()

        remove(tamper, organization, 5)

        assert audit.faults(organization) == [("REMOVED", 5)]

    def test_names_entries_removed_in_a_row_and_an_altered_one_after_them(self, tamper: Tamper) -> None:
        organization = audit.sealed_organization()
        for place in (3, 4):
            remove(tamper, organization, place)

        tamper(f"UPDATE audit_auditentry SET reason = 'x' WHERE id = {ENTRY_AT}", org=organization.id, n=5)

        assert audit.faults(organization) == [("REMOVED", 3), ("ALTERED", 5)]
        assert "3 to 4" in audit.verify(organization).findings[0].message

    def test_names_an_entry_that_was_removed_while_it_waited(self, tamper: Tamper) -> None:
        organization = audit.sealed_organization()
        audit.write(organization, count=3, first=70)
        tamper(f"DELETE FROM audit_auditentry WHERE id = {SECOND_WAITING}", org=organization.id)
        assert audit.faults(organization) == [("REMOVED", None)]

        sealed = audit.seal(organization)

        assert sealed == 2
        assert audit.faults(organization) == [("REMOVED", None)]

    def test_names_an_entry_that_was_altered_to_what_cannot_be_sealed(self, tamper: Tamper) -> None:
        organization = audit.sealed_organization()
        audit.write(organization, count=3, first=70)
        tamper(f"UPDATE audit_auditentry SET after = '{{\"n\": 4.5}}' WHERE id = {SECOND_WAITING}", org=organization.id)

        sealed = audit.seal(organization)

        assert sealed == 2
        assert audit.faults(organization) == [("ALTERED", None)]

    def test_tells_a_removed_seal_from_a_removed_entry(self, tamper: Tamper) -> None:
        organization = audit.sealed_organization()

        tamper("DELETE FROM audit_auditseal WHERE organization_id = %(org)s AND sequence = 4", org=organization.id)

        assert audit.faults(organization) == [("SEAL_REMOVED", 4)]

    def test_names_exchanged_entries(self, tamper: Tamper) -> None:
        organization = audit.sealed_organization()

        tamper(
            "UPDATE audit_auditseal AS s SET entry_id = o.entry_id FROM audit_auditseal AS o"
            " WHERE s.organization_id = %(org)s AND o.organization_id = %(org)s"
            " AND (s.sequence, o.sequence) IN ((2, 4), (4, 2))",
            org=organization.id,
            unique="audit_auditseal_entry_id_key",
        )

        assert audit.faults(organization) == [("REORDERED", 2), ("REORDERED", 4)]

    def test_names_seals_whose_places_were_exchanged(self, tamper: Tamper) -> None:
        organization = audit.sealed_organization()

        tamper(
            "UPDATE audit_auditseal SET sequence = 9 - sequence WHERE organization_id = %(org)s AND sequence IN (4, 5)",
            org=organization.id,
            unique="audit_seal_sequence_once",
        )

        found = audit.faults(organization)
        assert ("REORDERED", 4) in found
        assert ("REORDERED", 5) in found

    def test_finds_a_chain_that_was_cut_off(self, tamper: Tamper) -> None:
        organization = audit.sealed_organization()

        for place in (5, 6):
            remove(tamper, organization, place)

        assert audit.faults(organization) == [("CUT_OFF", 5)]

    def test_finds_a_chain_that_was_cut_off_with_its_anchor_rows(self, tamper: Tamper) -> None:
        organization = audit.sealed_organization()
        for place in (5, 6):
            remove(tamper, organization, place)

        tamper("DELETE FROM audit_auditanchor WHERE organization_id = %(org)s AND sequence = 6", org=organization.id)

        assert audit.faults(organization) == [("CUT_OFF", 5), ("ANCHOR_REMOVED", 6)]

    def test_finds_an_emptied_trail(self, tamper: Tamper) -> None:
        organization = audit.sealed_organization()

        for table in ("audit_auditentry", "audit_auditseal", "audit_auditanchor"):
            tamper(f"DELETE FROM {table} WHERE organization_id = %(org)s", org=organization.id)

        assert ("CUT_OFF", 1) in audit.faults(organization)

    def test_still_sees_a_cut_after_new_entries_were_sealed(self, tamper: Tamper) -> None:
        organization = audit.sealed_organization()
        for place in (5, 6):
            remove(tamper, organization, place)

        audit.write(organization, count=2, first=50)
        audit.seal(organization)

        assert audit.faults(organization) == [("REMOVED", 5)]

    def test_finds_an_entry_that_was_altered_and_sealed_again(self, tamper: Tamper) -> None:
        organization = audit.sealed_organization()
        tamper(f"UPDATE audit_auditentry SET reason = 'x' WHERE id = {ENTRY_AT}", org=organization.id, n=4)

        reseal(tamper, organization, first=4, last=4)

        assert audit.faults(organization) == [("REWRITTEN", 4)]

    def test_finds_a_chain_that_was_recomputed_to_its_end(self, tamper: Tamper) -> None:
        organization = audit.sealed_organization()
        tamper(f"UPDATE audit_auditentry SET reason = 'x' WHERE id = {ENTRY_AT}", org=organization.id, n=4)

        reseal(tamper, organization, first=4, last=6)

        assert audit.faults(organization) == [("REWRITTEN", 6)]
        assert "entries 4 to 6" in audit.verify(organization).findings[0].message

    def test_finds_a_recomputed_chain_whose_anchors_were_forged(self, tamper: Tamper) -> None:
        organization = audit.sealed_organization()
        tamper(f"UPDATE audit_auditentry SET reason = 'x' WHERE id = {ENTRY_AT}", org=organization.id, n=4)
        reseal(tamper, organization, first=4, last=6)

        tamper(
            "UPDATE audit_auditanchor AS a SET digest = s.digest FROM audit_auditseal AS s"
            " WHERE a.organization_id = %(org)s AND s.organization_id = %(org)s AND a.sequence = s.sequence",
            org=organization.id,
        )

        assert {fault for fault, _place in audit.faults(organization)} >= {"ANCHOR_FORGED", "REWRITTEN"}

    def test_finds_an_entry_that_was_slipped_in_beside_the_chain(self, tamper: Tamper) -> None:
        organization = audit.sealed_organization()

        tamper(
            "INSERT INTO audit_auditentry (organization_id, public_id, at, actor_kind, actor_label, source, action,"
            " subject_kind, subject_label, reason, rows_digest)"
            " VALUES (%(org)s, gen_random_uuid(), now(), 'USER', 'X', '', 'a:b', 'c', 'd', '', '')",
            org=organization.id,
        )

        assert audit.faults(organization) == [("NOT_SEALED", None)]

    def test_says_when_there_is_no_file_to_compare_with(self) -> None:
        organization = audit.sealed_organization()

        anchors.path_of(organization.public_id).unlink()

        report = audit.verify(organization)
        assert report.findings == ()
        assert "No anchor file" in report.notes[0]

    @pytest.mark.parametrize("line", [b"{}", b"[]", b"\xff\xfe", b'{"sequence": Infinity}', b"[" * 200_000])
    def test_names_a_line_of_the_file_that_is_no_anchor(self, line: bytes) -> None:
        organization = audit.sealed_organization()

        with anchors.path_of(organization.public_id).open("ab") as file:
            file.write(line + b"\n")

        assert audit.faults(organization) == [("ANCHOR_FORGED", None)]
        assert "line 3" in audit.verify(organization).findings[0].message

    def test_does_not_take_the_anchor_of_another_organization(self) -> None:
        organization, other = audit.sealed_organization(), audit.sealed_organization()

        anchors.path_of(other.public_id).replace(anchors.path_of(organization.public_id))

        assert {fault for fault, _place in audit.faults(organization)} == {"ANCHOR_FORGED"}

    def test_reads_chains_longer_than_a_chunk(self, tamper: Tamper, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("meterbook.audit.verification.CHUNK", 2)
        monkeypatch.setattr("meterbook.audit.operations.BATCH", 2)
        organization = audit.sealed_organization(batches=(7,))

        remove(tamper, organization, 3)

        assert audit.faults(organization) == [("REMOVED", 3)]


def remove(tamper: Tamper, organization: identity_models.Organization, place: int) -> None:
    """The entry at that place, and its seal."""
    tamper(f"DELETE FROM audit_auditentry WHERE id = {ENTRY_AT}", org=organization.id, n=place)
    tamper(
        "DELETE FROM audit_auditseal WHERE organization_id = %(org)s AND sequence = %(n)s", org=organization.id, n=place
    )


def reseal(tamper: Tamper, organization: identity_models.Organization, *, first: int, last: int) -> None:
    """What somebody does who knows how digests are made."""
    with scoping.scope([organization.id], actor=audit.ACTOR):
        seals = list(models.AuditSeal.objects.filter(sequence__gte=first, sequence__lte=last).order_by("sequence"))
        entries = queries.chain_entries(organization_id=organization.id, ids=[each.entry_id for each in seals])
    previous = bytes(seals[0].previous)
    for each in seals:
        digest = chain.link(previous, each.sequence, entries[each.entry_id])
        tamper(
            "UPDATE audit_auditseal SET previous = %(previous)s, digest = %(digest)s WHERE id = %(id)s",
            previous=previous,
            digest=digest,
            id=each.pk,
        )
        previous = digest


class TestBeginning:
    @pytest.mark.parametrize("left", ["nothing", "a later entry"])
    def test_is_missed_when_everything_is_gone(self, tamper: Tamper, left: str) -> None:
        organization = audit.sealed_organization()
        for table in ("auditanchor", "auditseal", "auditentry"):
            tamper(f"DELETE FROM audit_{table} WHERE organization_id = %(org)s", org=organization.id)
        anchors.path_of(organization.public_id).unlink()
        if left == "a later entry":
            audit.write(organization, count=1)

        assert audit.faults(organization) == [("EMPTIED", None)]


class TestAnchorFiles:
    def test_name_organizations_even_when_nothing_else_does(self, data_folder: Path) -> None:
        organization = audit.sealed_organization()
        (data_folder / anchors.FOLDER / "notes.anchors").write_text("mine", encoding="utf-8")

        assert anchors.organizations_with_file() == frozenset({organization.public_id})

    def test_of_an_unknown_organization_are_empty(self) -> None:
        assert list(anchors.read(uuid.uuid4())) == []


def test_connection_of_the_tests_is_the_application_role() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("meterbook_app",)
