"""What home shows, collected in a fixed number of queries. Needs a running scope."""

from __future__ import annotations

from dataclasses import dataclass, replace

from meterbook.metering import values as metering_values
from meterbook.monitoring import queries as monitoring_queries
from meterbook.monitoring import values as monitoring_values
from meterbook.sites import queries as site_queries
from meterbook.web import access, meter_states
from meterbook.web.alarms import zone as alarm_zones
from meterbook.web.home import bills, steps, use
from meterbook.web.sites import choice
from meterbook.web.work import accounts, collecting, needs


@dataclass(frozen=True)
class State:
    """One state of meters with its words and how many have it."""

    code: str
    caption: str
    count: int


@dataclass(frozen=True)
class Meters:
    """How the meters stand; `states` are those read live."""

    found: monitoring_queries.Availability
    states: tuple[State, ...]

    @property
    def total(self) -> int:
        """All that are read live."""
        return self.found.total

    @property
    def reporting(self) -> int:
        """Those whose values are on time."""
        return self.found.count(monitoring_values.MeterState.OK)

    @property
    def from_files(self) -> int:
        """Those that are not read live."""
        return self.found.not_live


@dataclass(frozen=True)
class Home:
    """The page's data; `meters` is None for someone who may not see meters, and so on."""

    site: site_queries.SiteRow | None
    sites: tuple[site_queries.SiteRow, ...]
    meters: Meters | None = None
    alarms: alarm_zones.Zone | None = None
    use: use.Use | None = None
    needs: tuple[needs.Need, ...] = ()
    bills: bills.Latest | None = None
    steps: tuple[steps.Step, ...] = ()

    @property
    def waiting(self) -> int:
        """How many things wait, as the page of all work and the badge in the frame count them."""
        return needs.total(self.needs)

    @property
    def has_meters(self) -> bool:
        """Whether there is any meter, read live or by files."""
        return self.meters is not None and bool(self.meters.total or self.meters.from_files)


def collect(request: access.Request) -> Home:
    """This will collect the page's data for the chosen site, or for all that the user sees."""
    sites, meters = choice.visible_sites(request), _meters(request)
    found = Home(site=choice.chosen_site(request), sites=sites, meters=meters, alarms=alarm_zones.find(request))
    found = replace(found, steps=steps.collect(request, sites=sites, has_meters=found.has_meters))
    if not found.has_meters:
        return found
    return replace(
        found,
        use=use.collect(request, _asked(request)),
        needs=(*collecting.collect(request, meters.found if meters else None), *accounts.unlet(request)),
        bills=bills.collect(request),
    )


def _meters(request: access.Request) -> Meters | None:
    found = collecting.find_meters(request)
    if found is None:
        return None
    captions = meter_states.captions()
    return Meters(found, tuple(State(state.value, captions[state], found.count(state)) for state in captions))


def _asked(request: access.Request) -> metering_values.Service | None:
    """The service whose hours are drawn; anything else than a service is as if nothing was asked."""
    wanted = request.GET.get("service", "").upper()
    return metering_values.Service(wanted) if wanted in metering_values.Service.__members__ else None
