"""What `meterbook audit verify` prints; apart from the command itself, which starts without Django."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

from django.utils.translation import gettext as _

from meterbook.audit import anchors as audit_anchors
from meterbook.audit import values as audit_values
from meterbook.audit import verification as audit_verification
from meterbook.foundation import scoping
from meterbook.identity import queries as identity_queries
from meterbook.kernel.actor import Actor

ACTOR = Actor.system("audit verify")
SOUND, FAULTY, NOT_CHECKED = 0, 1, 2


@dataclass(frozen=True)
class _Checked:
    """One organization: its name, empty when only its anchor file is left, and what its check found."""

    name: str
    report: audit_verification.Report


def verify(*, organization: uuid.UUID | None, is_json: bool, out: TextIO) -> int:
    """This will check one organization or all, print what it found, and return the exit status: 1 for any fault, 2 when
    there is no such organization.

    :param is_json: one JSON object for a program instead of lines for a person
    """
    checked = list(_check(organization))
    if organization is not None and not checked:
        return _refuse(organization, is_json=is_json, out=out)
    is_sound = not any(each.report.findings for each in checked)
    if is_json:
        document = {"sound": is_sound, "organizations": [_document(each) for each in checked]}
        out.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    else:
        for each in checked:
            _print(each, out)
    return SOUND if is_sound else FAULTY


def _check(organization: uuid.UUID | None) -> Iterator[_Checked]:
    # Files first: an organization whose file appears while this runs is in the database as well.
    with_file = audit_anchors.organizations_with_file()
    seen: set[uuid.UUID] = set()
    for organization_id in scoping.organization_ids():
        with scoping.scope([organization_id], actor=ACTOR):
            found = identity_queries.get_organization()
            seen.add(found.public_id)
            if organization not in (None, found.public_id):
                continue
            report = audit_verification.verify(organization_id=organization_id)
        yield _Checked(name=found.name, report=report)
    for gone in sorted(with_file - seen, key=str):
        if organization in (None, gone):
            yield _Checked(name="", report=_report_of_gone(gone))


def _report_of_gone(organization: uuid.UUID) -> audit_verification.Report:
    text = _("anchored in %(path)s, but the organization is no longer in the database")
    finding = audit_values.Finding(
        fault=audit_values.Fault.ORGANIZATION_REMOVED,
        sequence=None,
        message=text % {"path": audit_anchors.path_of(organization)},
    )
    return audit_verification.Report(
        organization=organization, sealed=0, waiting=0, digest="", findings=(finding,), notes=()
    )


def _refuse(organization: uuid.UUID, *, is_json: bool, out: TextIO) -> int:
    message = _("There is no organization %s. The public id is in the address of its pages.") % organization
    out.write((json.dumps({"sound": None, "error": message}, ensure_ascii=False) if is_json else message) + "\n")
    return NOT_CHECKED


def _document(checked: _Checked) -> dict[str, object]:
    report = checked.report
    return {
        "organization": str(report.organization),
        "name": checked.name,
        "sound": not report.findings,
        "sealed": report.sealed,
        "waiting": report.waiting,
        "head": report.digest,
        "findings": [
            {"fault": each.fault, "sequence": each.sequence, "message": each.message, "remedy": each.remedy}
            for each in report.findings
        ],
        "notes": list(report.notes),
    }


def _print(checked: _Checked, out: TextIO) -> None:
    report = checked.report
    state = _("sound") if not report.findings else _("%s faults") % len(report.findings)
    counts = _("%(sealed)s entries sealed, %(waiting)s waiting") % {"sealed": report.sealed, "waiting": report.waiting}
    out.write(f"{checked.name} ({report.organization}): {state}; {counts}; head {report.digest}\n".lstrip())
    for finding in report.findings:
        out.write(f"  {finding.fault}: {finding.message}\n    {finding.remedy}\n")
    for note in report.notes:
        out.write(f"  {note}\n")
