"""A calendar whose jobs are killed anywhere starts each run once and ends with the same bills: no gap, no duplicate."""

from __future__ import annotations

import itertools
import os
import random
import signal
import sys
from datetime import date, datetime, timedelta
from types import FrameType

from django.db import connections

from meterbook.billing import models
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from tests.factories import billing, calendars, customers, metering
from tests.factories.billing import MADRID

ACTOR = Actor.system("test")
FIRST, UNTIL = date(2026, 10, 5), date(2026, 10, 12)
NOTICE = datetime(2026, 10, 12, 8, tzinfo=MADRID)
STARTS, ENDS = civil.start_of_day(FIRST, MADRID), civil.start_of_day(UNTIL, MADRID)
WATCHED = ("meterbook/billing/", "meterbook/journeys/keeping")


def prepared() -> tuple[billing.Place, metering.Installed]:
    """A weekly calendar of three shops, of which the last one's final reading comes later."""
    place = billing.place(code="HR")
    meters = []
    for number in range(3):
        meter = billing.metered(place)
        metering.record(meter.energy, [(STARTS, 100), *([(ENDS, 10_100)] if number < 2 else [])])
        account = customers.account(organization=place.organization, site=place.site, number=f"A-{number}")
        customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=STARTS)
        meters.append(meter)
    billing.derive(place.organization.pk)
    calendars.calendar(
        place, starts_on=FIRST, cycle=calendars.WEEKLY, cutoff_day=7, is_auto_approved=True, approves_first=True
    )
    return place, meters[-1]


def tick_in_child(place: billing.Place, at: datetime, calls: int) -> bool:
    """Do what jobs do in a process that is killed at the n-th call; False: it came to its end before."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        left = itertools.count(calls - 1, -1)

        def look(frame: FrameType, event: str, _argument: object) -> None:
            if event == "call" and any(each in frame.f_code.co_filename for each in WATCHED) and next(left) == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(look)
        try:
            calendars.tick(place.organization, at)
        finally:
            sys.setprofile(None)
            os._exit(0)
    _pid, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def take_to_the_end(place: billing.Place, at: datetime, chance: random.Random) -> int:
    kills = 0
    # More patience each time, or the same step would be killed for ever.
    while tick_in_child(place, at, chance.randint(1, 90) + 150 * kills):
        kills += 1
    return kills


def test_a_killed_calendar_makes_each_run_and_bill_once() -> None:
    place, late = prepared()
    chance = random.Random(9)  # noqa: S311 - which calls are killed

    kills = take_to_the_end(place, NOTICE, chance)
    metering.record(late.energy, [(ENDS, 20_100)])
    kills += take_to_the_end(place, NOTICE + timedelta(hours=2), chance)

    assert kills > 3
    assert calendars.bills(place.organization) == {
        "A-0": ["HR-2026-000001"],
        "A-1": ["HR-2026-000002"],
        "A-2": ["HR-2026-000003"],
    }
    with scoping.scope([place.organization.pk], actor=ACTOR):
        own = {"organization_id": place.organization.pk}
        assert models.CalendarPeriod.objects.filter(**own).count() == 1
        assert [each.state for each in calendars_runs(own)] == ["CLOSED", "CLOSED"]


def calendars_runs(own: dict[str, int]) -> list[models.BillRun]:
    return list(models.BillRun.objects.filter(**own).order_by("id"))
