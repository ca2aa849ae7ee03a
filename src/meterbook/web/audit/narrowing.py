"""What the trail is narrowed by, read from the address: what is unknown there is left out."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils.dateparse import parse_date

from meterbook.audit import queries as audit_queries
from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.monitoring import queries as monitoring_queries
from meterbook.sites import queries as site_queries
from meterbook.web import access, parameters
from meterbook.web.sites import choice

BEGINNING = datetime(1990, 1, 1, tzinfo=UTC)
HIGHEST = 2**63 - 1


@dataclass(frozen=True)
class Narrowing:
    """What is asked for; empty is anything. Days are those of the page's zone, both included."""

    who: str
    action: str
    kind: str
    about: str
    subject_id: uuid.UUID | None
    first_day: date | None
    final_day: date | None
    site: site_queries.SiteRow | None
    before: int | None

    @property
    def query(self) -> dict[str, str]:
        """The address that asks the same, without its page."""
        return {
            "who": self.who,
            "action": self.action,
            "kind": self.kind,
            "about": self.about,
            "object": str(self.subject_id or ""),
            "from": self.first_day.isoformat() if self.first_day else "",
            "until": self.final_day.isoformat() if self.final_day else "",
            "site": str(self.site.public_id) if self.site else "",
        }

    @property
    def is_narrow(self) -> bool:
        """Whether anything is left out."""
        return any(self.query.values())


def read(request: access.Request) -> Narrowing:
    """This will read what the address asks for."""
    wanted = request.GET.get("site", "")
    return Narrowing(
        who=parameters.search(request, "who"),
        action=parameters.search(request, "action"),
        kind=parameters.search(request, "kind"),
        about=parameters.search(request, "about"),
        subject_id=_id(request.GET.get("object", "")),
        first_day=_day(request, "from"),
        final_day=_day(request, "until"),
        site=next((each for each in choice.visible_sites(request) if str(each.public_id) == wanted), None),
        before=_number(request.GET.get("before", "")),
    )


def find(request: access.Request, asked: Narrowing, *, limit: int) -> tuple[audit_queries.EntryRow, ...]:
    """This will return what is asked for, newest first."""
    period = _period(request, asked)
    if period is None and (asked.first_day or asked.final_day):
        return ()  # from after until
    given: dict[str, Any] = {
        "period": period,
        "actor_label": asked.who,
        "action": asked.action,
        "subject_kind": asked.kind,
        "about": asked.about,
        "subject_id": asked.subject_id,
        "older_than_id": asked.before,
        "limit": limit,
    }
    if asked.site is not None:
        given["subject_ids"] = monitoring_queries.subjects_of_site(site_id=asked.site.id)
    return audit_queries.list_entries(**given)


def _period(request: access.Request, asked: Narrowing) -> Period | None:
    if asked.first_day is None and asked.final_day is None:
        return None
    zone = choice.clock_zone(request)
    start = civil.start_of_day(asked.first_day, zone) if asked.first_day else BEGINNING
    final = asked.final_day or civil.local_date(request.at, zone)
    end = civil.start_of_day(final + timedelta(days=1), zone)
    return Period(start, end) if start < end else None


def _day(request: HttpRequest, name: str) -> date | None:
    try:
        found = parse_date(request.GET.get(name, "").strip())
    except ValueError:
        return None
    if found is None or not parameters.EARLIEST_YEAR <= found.year <= parameters.LATEST_YEAR:
        return None
    return found


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _number(text: str) -> int | None:
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(HIGHEST)):
        return None
    return min(int(text), HIGHEST)
