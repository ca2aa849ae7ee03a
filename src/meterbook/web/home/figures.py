"""What home shows, collected in a few queries. Needs a running scope."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from meterbook.identity.values import Module
from meterbook.metering import permissions as metering_permissions
from meterbook.metering import queries as metering_queries
from meterbook.sites import queries as site_queries
from meterbook.web import access
from meterbook.web.alarms import zone as alarm_zones
from meterbook.web.home import steps
from meterbook.web.sites import choice

NEWEST_VALUES = 8
# Pages of 50 whose states are drawn as cells; of more meters the list tells.
MOST_CELL_PAGES = 4


@dataclass(frozen=True)
class Cell:
    """One meter as a square of the state picture."""

    row: metering_queries.MeterRow
    word: str


@dataclass(frozen=True)
class Group:
    """The meters of one site."""

    name: str
    cells: tuple[Cell, ...]
    reporting: int


@dataclass(frozen=True)
class Meters:
    """The meters of the page; `total` counts all that are read live, `groups` may hold fewer."""

    total: int
    reporting: int
    silent: int
    never: int
    newest_at: datetime | None
    rows: tuple[metering_queries.MeterRow, ...]
    groups: tuple[Group, ...]
    drawn: int
    from_files: int = 0


@dataclass(frozen=True)
class Home:
    """The page's data; `meters` is None for someone who may not see meters."""

    site: site_queries.SiteRow | None
    sites: tuple[site_queries.SiteRow, ...]
    meters: Meters | None
    alarms: alarm_zones.Zone | None
    steps: tuple[steps.Step, ...] = ()

    @property
    def has_meters(self) -> bool:
        """Whether there is any meter, read live or by files."""
        return self.meters is not None and bool(self.meters.total or self.meters.from_files)


WORDS = {
    metering_queries.MeterState.OK: "on-time",
    metering_queries.MeterState.SILENT: "silent",
    metering_queries.MeterState.NEVER: "never",
    metering_queries.MeterState.NOT_LIVE: "not-live",
}


def collect(request: access.Request) -> Home:
    """This will collect the page's data for the chosen site, or for all that the user sees."""
    sites, meters = choice.visible_sites(request), _meters(request)
    found = Home(site=choice.chosen_site(request), sites=sites, meters=meters, alarms=alarm_zones.find(request))
    return replace(found, steps=steps.collect(request, sites=sites, has_meters=found.has_meters))


def _meters(request: access.Request) -> Meters | None:
    permission = metering_permissions.VIEW_METER
    if not request.organization.has_module(Module.METERING) or not request.access.allows_somewhere(permission):
        return None
    sites = _site_ids(request, permission)
    first = metering_queries.list_meters(at=request.at, site_ids=sites)
    found = list(first.rows)
    for number in range(2, min(first.pages, MOST_CELL_PAGES) + 1):
        found += metering_queries.list_meters(at=request.at, site_ids=sites, page=number).rows
    # A meter whose readings come from files can be neither late nor silent.
    rows = [row for row in found if row.state is not metering_queries.MeterState.NOT_LIVE]
    return Meters(
        total=first.total - first.counts[metering_queries.MeterState.NOT_LIVE],
        reporting=first.counts[metering_queries.MeterState.OK],
        silent=first.counts[metering_queries.MeterState.SILENT],
        never=first.counts[metering_queries.MeterState.NEVER],
        newest_at=max((row.seen_at for row in rows if row.seen_at), default=None),
        rows=tuple(rows[:NEWEST_VALUES]),
        groups=_groups(rows),
        drawn=len(rows),
        from_files=first.counts[metering_queries.MeterState.NOT_LIVE],
    )


def _site_ids(request: access.Request, permission: str) -> frozenset[int] | None:
    chosen = choice.chosen_site(request)
    allowed = request.access.sites(permission)
    if chosen is None:
        return allowed
    return frozenset({chosen.id}) if allowed is None else allowed & {chosen.id}


def _groups(rows: list[metering_queries.MeterRow]) -> tuple[Group, ...]:
    by_site: dict[str, list[metering_queries.MeterRow]] = {}
    for row in rows:
        by_site.setdefault(row.site_name, []).append(row)
    return tuple(
        Group(
            name=name,
            cells=tuple(Cell(row, WORDS[row.state]) for row in found),
            reporting=sum(row.state is metering_queries.MeterState.OK for row in found),
        )
        for name, found in sorted(by_site.items())
    )
