"""`meterbook audit verify`: what it prints and the exit status."""

from __future__ import annotations

import argparse
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from meterbook.audit import anchors, values
from meterbook.cli import audit as command
from tests.factories import audit, identity

Tamper = Callable[..., None]


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(["verify", *arguments]))


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    status = run("--json", *arguments)
    return status, json.loads(capsys.readouterr().out)


@pytest.mark.spec("X-11/1")
class TestVerifyCommand:
    def test_finds_a_whole_installation_sound(self, empty_database: str, capsys: pytest.CaptureFixture[str]) -> None:
        first, second = audit.sealed_organization(), identity.organization()

        status = run()

        printed = capsys.readouterr().out
        assert status == 0
        assert f"({first.public_id}): sound; 6 entries sealed, 0 waiting" in printed
        assert f"({second.public_id}): sound; 0 entries sealed, 1 waiting" in printed

    @pytest.mark.parametrize(
        ("statement", "fault", "place"),
        [
            ("UPDATE audit_auditentry SET reason = 'x' WHERE id = {entry}", "ALTERED", 6),
            ("DELETE FROM audit_auditentry WHERE id = {entry}", "REMOVED", 6),
            ("DELETE FROM audit_auditseal WHERE entry_id = {entry}", "CUT_OFF", 6),
        ],
    )
    def test_says_what_was_changed_where_and_what_to_do(
        self, tamper: Tamper, capsys: pytest.CaptureFixture[str], statement: str, fault: str, place: int
    ) -> None:
        organization = audit.sealed_organization()
        entry = "(SELECT entry_id FROM audit_auditseal WHERE organization_id = %(org)s AND sequence = 6)"

        tamper(statement.format(entry=entry), org=organization.id)

        status, found = run_json(capsys, "--organization", str(organization.public_id))
        finding = found["organizations"][0]["findings"][0]
        assert (status, found["sound"]) == (1, False)
        assert (finding["fault"], finding["sequence"]) == (fault, place)
        assert finding["remedy"] == str(values.REMEDIES[values.Fault(fault)])

    def test_prints_a_fault_with_its_remedy_for_a_person(
        self, tamper: Tamper, capsys: pytest.CaptureFixture[str]
    ) -> None:
        organization = audit.sealed_organization()
        tamper("UPDATE audit_auditentry SET reason = 'x' WHERE organization_id = %(org)s", org=organization.id)

        status = run("--organization", str(organization.public_id))

        lines = capsys.readouterr().out.splitlines()
        assert status == 1
        assert "6 faults" in lines[0]
        assert "ALTERED: entry 1" in lines[1]
        assert lines[2].strip() == str(values.REMEDIES[values.Fault.ALTERED])

    def test_checks_only_the_organization_that_was_named(
        self, tamper: Tamper, capsys: pytest.CaptureFixture[str]
    ) -> None:
        spoiled, sound = audit.sealed_organization(), audit.sealed_organization()
        tamper("UPDATE audit_auditentry SET reason = 'x' WHERE organization_id = %(org)s", org=spoiled.id)

        status, found = run_json(capsys, "--organization", str(sound.public_id))

        assert status == 0
        assert [each["organization"] for each in found["organizations"]] == [str(sound.public_id)]

    def test_misses_an_organization_of_which_only_the_anchor_file_is_left(
        self, empty_database: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        gone = uuid.uuid4()
        anchors.append(gone, anchors.Anchor(sequence=1, digest=b"x" * 32, anchored_at=audit.AT, signature="s"))

        status, found = run_json(capsys)

        assert status == 1
        assert found["organizations"][0]["organization"] == str(gone)
        assert found["organizations"][0]["findings"][0]["fault"] == "ORGANIZATION_REMOVED"

    def test_says_that_there_is_no_such_organization(self, capsys: pytest.CaptureFixture[str]) -> None:
        unknown = uuid.uuid4()

        status = run("--organization", str(unknown))

        assert status == 2
        assert f"There is no organization {unknown}" in capsys.readouterr().out


def test_each_fault_has_a_remedy() -> None:
    assert set(values.REMEDIES) == set(values.Fault)
