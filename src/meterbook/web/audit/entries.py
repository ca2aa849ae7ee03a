"""The trail as a list, as a file, and one entry of it in words."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import tzinfo

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from meterbook.audit import checks as audit_checks
from meterbook.audit import permissions
from meterbook.audit import queries as audit_queries
from meterbook.identity import queries as identity_queries
from meterbook.identity.values import Module
from meterbook.kernel.actor import API_KEY
from meterbook.web import access, tables
from meterbook.web.audit import linking, narrowing, words
from meterbook.web.sites import choice

MOST_ROWS = 100_000  # of a file


@dataclass(frozen=True)
class Option:
    """One of a list to choose from."""

    code: str
    caption: str
    is_chosen: bool


@dataclass(frozen=True)
class Line:
    """An entry as the list shows it; `behalf` is the landlord for whom a company acted, or who answers for a key."""

    row: audit_queries.EntryRow
    action: str
    kind: str
    subject: str
    summary: str
    actor_kind: str
    behalf: str
    href: str


@require_GET
@access.page(permission=permissions.VIEW_AUDIT, module=Module.CORE)
def trail(request: access.Request) -> HttpResponse:
    """This will show the entries, newest first: `?who=`, `?action=`, `?kind=`, `?about=`, `?object=` (a public id),
    `?from=`, `?until=` (days), `?site=`, and `?before=` (the number of an entry) for what is older.
    """
    asked = narrowing.read(request)
    found = narrowing.find(request, asked, limit=tables.PAGE + 1)
    rows = found[: tables.PAGE]
    file = reverse("audit_file", args=[request.organization.public_id])
    context = {
        "lines": _lines(request, rows),
        "asked": asked,
        "actions": _options(audit_queries.actions_in_use(), asked.action, words.action),
        "kinds": _options(audit_queries.kinds_in_use(), asked.kind, words.kind),
        "sites": choice.visible_sites(request),
        "older_href": tables.link(asked.query, before=str(rows[-1].id)) if len(found) > tables.PAGE else "",
        "newest_href": (tables.link(asked.query) if asked.before is not None else ""),
        "csv_href": file + tables.link(asked.query, kind_of_file=tables.CSV),
        "xlsx_href": file + tables.link(asked.query, kind_of_file=tables.XLSX),
        "check": audit_checks.latest_check(),
        "now": request.at,
        "zone": choice.clock_zone(request),
    }
    return render(request, "audit/list.html", context)


@require_GET
@access.page(permission=permissions.VIEW_AUDIT, module=Module.CORE)
def file(request: access.Request) -> HttpResponse:
    """This will give out what the list shows, all pages of it: `?kind_of_file=csv` or `xlsx`."""
    asked = replace(narrowing.read(request), before=None)
    kind = tables.XLSX if request.GET.get("kind_of_file") == tables.XLSX else tables.CSV
    captions = (
        _("Number"), _("When (UTC)"), _("Who"), _("Kind of actor"), _("From where"), _("Action"), _("Action code"),
        _("Object"), _("Kind of object"), _("Object id"), _("Before"), _("After"), _("Reason"), _("On behalf of"),
    )  # fmt: skip
    rows = (_cells(each) for each in narrowing.find(request, asked, limit=MOST_ROWS))
    return tables.file(kind, "audit", captions, rows)


@require_GET
@access.page(permission=permissions.VIEW_AUDIT, module=Module.CORE)
def entry(request: access.Request, entry: uuid.UUID) -> HttpResponse:
    """This will show one entry: who, when, from where, and what was before and after."""
    try:
        row = audit_queries.get_entry(public_id=entry)
    except audit_queries.EntryNotFound as error:
        raise Http404(_("There is no such entry.")) from error
    zone = choice.clock_zone(request)
    (line,) = _lines(request, (row,))
    listed = reverse("audit", args=[request.organization.public_id])
    context = {
        "line": line,
        "row": row,
        "changes": words.changes(row.before, row.after, zone),
        "area": words.area(row.action),
        "object_href": linking.href(request, row),
        "list_href": listed,
        "same_object_href": listed + tables.link({"object": str(row.subject_id or "")}) if row.subject_id else "",
        "raw": _raw(row),
        "zone": zone,
        "now": request.at,
    }
    return render(request, "audit/entry.html", context)


def _lines(request: access.Request, rows: tuple[audit_queries.EntryRow, ...]) -> list[Line]:
    zone: tzinfo = choice.clock_zone(request)
    keys = {each.actor_id for each in rows if each.actor_kind == API_KEY}
    people = {each.id: each.name or each.email for each in identity_queries.list_users()} if keys else {}
    return [
        Line(
            row=each,
            action=words.action(each.action),
            kind=words.kind(each.subject_kind),
            subject=words.subject(each.subject_label, each.subject_kind),
            summary=words.summary(each.before, each.after, zone),
            actor_kind=words.actor_kind(each.actor_kind),
            behalf=each.on_behalf_of or (people.get(each.actor_id or 0, "") if each.actor_kind == API_KEY else ""),
            href=reverse("audit_entry", args=[request.organization.public_id, each.public_id]),
        )
        for each in rows
    ]


def _options(codes: tuple[str, ...], chosen: str, say: Callable[[str], str]) -> list[Option]:
    return sorted((Option(each, say(each), each == chosen) for each in codes), key=lambda each: each.caption)


def _cells(row: audit_queries.EntryRow) -> tuple[tables.Cell, ...]:
    return (
        row.sequence,
        f"{row.at:%Y-%m-%d %H:%M:%S}",
        row.actor_label,
        words.actor_kind(row.actor_kind),
        row.source,
        words.action(row.action),
        row.action,
        words.subject(row.subject_label, row.subject_kind),
        words.kind(row.subject_kind),
        str(row.subject_id or ""),
        _json(row.before),
        _json(row.after),
        row.reason,
        row.on_behalf_of,
    )


def _json(given: object) -> str:
    return "" if given is None else json.dumps(given, ensure_ascii=False, sort_keys=True)


def _raw(row: audit_queries.EntryRow) -> str:
    kept = {"action": row.action, "subject": row.subject_kind, "before": row.before, "after": row.after}
    return json.dumps(kept, ensure_ascii=False, indent=2)
