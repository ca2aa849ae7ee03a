"""What `meterbook import readings` does and prints; apart from the command itself, which starts without Django."""

from __future__ import annotations

import argparse
import json
import sys
import uuid
from pathlib import Path
from typing import Any, TextIO

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meterbook.documents import uploads
from meterbook.foundation import scoping
from meterbook.identity import queries as identity_queries
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor
from meterbook.metering import operations as metering_operations
from meterbook.metering.importing import targets
from meterbook.metering.importing.mapping import Mapping
from meterbook.metering.importing.problems import FileInvalid
from meterbook.sites import queries as site_queries

ACTOR = Actor.system("import readings")
IMPORTED, FAILED = 0, 2


class CannotImport(ValueError):
    """The file or an option of the command cannot be used; the message names which and what to do."""


def run(options: argparse.Namespace, *, out: TextIO, errors: TextIO) -> int:
    """This will import the file, or with --dry-run only look at it, and print what came of it."""
    try:
        name, content = _content(options.file)
        organization_id = _organization(options.organization)
        outcome = _import(options, organization_id, name, content)
    except FileInvalid as error:
        return _refuse(options, error, out=out, errors=errors)
    except (CannotImport, uploads.UploadRefused, metering_operations.StoreBusy) as error:
        if options.json:
            out.write(json.dumps({"error": str(error), "problems": [], "total": 0}, ensure_ascii=False) + "\n")
        errors.write(f"meterbook: {error}\n")
        return FAILED
    if options.wait and not options.dry_run:
        metering_operations.derive_dirty_days(organization_id=organization_id, actor=ACTOR, at=clock.now())
    if options.json:
        out.write(json.dumps(outcome.plain(), ensure_ascii=False, indent=2) + "\n")
    else:
        _print(outcome, out)
    return IMPORTED


def _content(name: str) -> tuple[str, bytes]:
    """One byte more than is allowed is enough to know."""
    try:
        if name == "-":
            return "-", sys.stdin.buffer.read(uploads.MOST_BYTES + 1)
        with Path(name).open("rb") as file:
            return Path(name).name, file.read(uploads.MOST_BYTES + 1)
    except OSError as error:
        raise CannotImport(_("%(file)s cannot be read: %(reason)s") % {"file": name, "reason": error}) from error


def _organization(public_id: uuid.UUID | None) -> int:
    found: dict[int, identity_queries.OrganizationRow] = {}
    for organization_id in scoping.organization_ids():
        with scoping.scope([organization_id], actor=ACTOR):
            found[organization_id] = identity_queries.get_organization()
    chosen = [each for each, row in found.items() if public_id in (None, row.public_id)]
    if len(chosen) == 1:
        return chosen[0]
    listed = ", ".join(f"{row.name} {row.public_id}" for row in found.values())
    raise CannotImport(_("Name the organization with --organization: %(listed)s.") % {"listed": listed})


def _import(
    options: argparse.Namespace, organization_id: int, name: str, content: bytes
) -> metering_operations.ImportOutcome:
    what: dict[str, Any] = {"content": content, "name": name, "mapping": _mapping(options)}
    is_correction, now = bool(options.correct.strip()), clock.now()
    with scoping.scope([organization_id], actor=ACTOR):
        site = _site(options)
        if options.dry_run:
            reviewing = metering_operations.Reviewing(ACTOR, now) if is_correction else None
            return metering_operations.check_import(**what, new_meters_at=site, reviewing=reviewing)
        correcting = metering_operations.Correcting(options.correct) if is_correction else None
        return metering_operations.import_readings(
            actor=ACTOR, at=now, **what, new_meters_at=site, correcting=correcting
        )


def _mapping(options: argparse.Namespace) -> Mapping:
    return Mapping(
        series=options.series,
        point=options.meter_point,
        point_column=options.meter_point_column,
        time_column=options.time_column,
        value_column=options.value_column,
        time_format=options.time_format,
        decimal_separator=options.decimal_separator,
        delimiter="\t" if options.delimiter in ("tab", "\\t") else options.delimiter,
        sheet=options.sheet,
        kind=options.kind.upper(),
        unit=options.unit.upper(),
        zone=options.zone,
        label=options.label.upper(),
        midnight=options.midnight.upper(),
        step=options.step,
        gaps=options.missing.upper(),
        columns=targets.written(_target(each) for each in options.column),
    )


def _target(text: str) -> targets.Target:
    column, mark, place = text.rpartition("=")
    point, _colon, series = place.rpartition(":")
    if not mark or not column.strip() or not series.strip():
        words = _("“%(given)s” names no column with its quantity; write it as %(example)s.")
        raise CannotImport(words % {"given": text, "example": "Import=MP-1:energy_import"})
    return targets.Target(column.strip(), point.strip(), series.strip())


def _site(options: argparse.Namespace) -> uuid.UUID | None:
    if not options.create:
        return None
    sites = site_queries.list_sites()
    found = [each for each in sites if each.code == options.site]
    if not found:
        listed = ", ".join(each.code for each in sites) or _("none yet")
        raise CannotImport(_("--create needs --site with the code of a site: %(listed)s.") % {"listed": listed})
    return found[0].public_id


def _refuse(options: argparse.Namespace, error: FileInvalid, *, out: TextIO, errors: TextIO) -> int:
    summary = _("%(file)s was not imported: %(count)s faults. Nothing was stored.") % {
        "file": options.file,
        "count": error.total,
    }
    if options.json:
        listed = [
            {"line": each.line, "column": each.column, "problem": each.problem, "remedy": each.remedy}
            for each in error.problems
        ]
        document = {"error": summary, "problems": listed, "total": error.total}
        out.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    errors.write(f"meterbook: {summary}\n")
    for each in error.problems:
        errors.write(f"  {each}\n")
    if error.total > len(error.problems):
        errors.write(_("  … and %(count)s more") % {"count": error.total - len(error.problems)} + "\n")
    return FAILED


def _print(outcome: metering_operations.ImportOutcome, out: TextIO) -> None:
    for note in outcome.notes:
        out.write(f"  {note}\n")
    for each in outcome.points:
        total = f", {each.total} {each.unit}" if each.total else ""
        new = _(" (new)") if each.is_new else ""
        out.write(
            _("%(code)s%(new)s: %(rows)s rows, %(start)s to %(end)s%(total)s; %(inserted)s new, %(unchanged)s known")
            % {
                "code": each.code,
                "new": new,
                "rows": each.rows,
                "start": each.starts_at,
                "end": each.ends_at,
                "total": total,
                "inserted": each.inserted,
                "unchanged": each.unchanged,
            }
            + "\n"
        )
        if each.changes is not None:
            out.write(_changed(each.changes) + "\n")
    out.write((_("Dry run: nothing was stored.") if outcome.is_dry_run else _("Imported.")) + "\n")


def _changed(found: metering_operations.ChangedValues) -> str:
    words = ngettext(
        "  %(count)s value differs from what is stored, on %(days)s",
        "  %(count)s values differ from what is stored, on %(days)s",
        found.count,
    )
    days = [*found.days, *(["…"] if found.day_count > len(found.days) else [])]
    told = words % {"count": found.count, "days": ", ".join(days)}
    if found.before:
        sums = {"before": found.before, "after": found.after, "unit": found.unit}
        told += _(": %(before)s %(unit)s before, %(after)s %(unit)s now") % sums
    if found.needs_second or found.state == metering_operations.ChangeState.WAITS:
        told += _("; bills were made of that time, so that a second person must approve")
    return told
