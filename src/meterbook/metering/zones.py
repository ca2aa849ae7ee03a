"""The time zone and the document language of a meter point: its own, else those of its site (M-012, M-013)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from zoneinfo import ZoneInfo

from meterbook.kernel import zones


def resolve(own: str, former: Sequence[Sequence[str]], of_site: str) -> ZoneInfo:
    """This will return the zone of a meter point through time: the same object for the same facts.

    :param own: empty: that of the site
    :param former: as `MeterPoint.former_zones`
    """
    return zones.dated(own or of_site, zones.read(former) if former else ())


def common(found: Iterable[ZoneInfo], of_site: ZoneInfo) -> ZoneInfo:
    """This will return the zone that meter points share, or that of their site where they differ."""
    own = set(found)
    return own.pop() if len(own) == 1 else of_site


def language_of(own: Collection[str], *, account: str, site: str, organization: str) -> str:
    """This will return the language of a document over meter points: meter, account, site, organization (M-012).

    :param own: the languages that are set at the meter points; empty where none is
    :param account: that of the customer; empty where nobody is meant. Meters of several languages use it
    """
    rest = account or site or organization
    resolved = {each or rest for each in own}
    return resolved.pop() if len(resolved) == 1 else rest
