"""A run that is killed anywhere and started again ends with the same bills: no gap, no duplicate.

A child process takes the run on and is killed (SIGKILL) at the n-th call of a function of billing, documents or the
ledger: at every change of state, and inside of each step.
"""

from __future__ import annotations

import functools
import itertools
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from datetime import date
from types import FrameType
from zoneinfo import ZoneInfo

import pytest
from django.db import connections

from meterbook.billing import correction_values, models, queries, values
from meterbook.billing.calculating import drafting, facts
from meterbook.billing.operations import recalculating
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.kernel.money import Money
from meterbook.ledger import queries as ledger_queries
from tests.factories import billing, corrections, customers

ACTOR = Actor.system("test")
FIRST, UNTIL = date(2026, 10, 1), date(2026, 10, 3)
MADRID = ZoneInfo("Europe/Madrid")
START, END = civil.start_of_day(FIRST, MADRID), civil.start_of_day(UNTIL, MADRID)
SHOPS = 5
KILLS = 200  # of a long search
WATCHED = tuple(f"meterbook/{each}/" for each in ("billing", "documents", "ledger", "audit"))


@pytest.fixture(autouse=True)
def _small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several chunks, without thousands of accounts."""
    monkeypatch.setattr(values, "ACCOUNTS_A_CHUNK", 2)
    monkeypatch.setattr(values, "MOST_ACCOUNTS_A_CHUNK", 2)


def planned() -> models.BillRun:
    place = billing.place(code="HR")
    for number in range(SHOPS):
        meter = billing.metered(place)
        billing.count(meter.energy, START, END, rise=20 + number)
        account = customers.account(organization=place.organization, site=place.site, number=f"A-{number}")
        customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=START)
    return billing.plan(place, first_day=FIRST, until_day=UNTIL)


def at_call(number: int) -> Callable[[str], bool]:
    """At the n-th call of a watched function."""
    left = itertools.count(number - 1, -1)
    return lambda _name: next(left) == 0


def inside_of_a_move() -> Callable[[str], bool]:
    """When the state is changed, and not committed."""
    return lambda name: name == "move"


def after_a_move() -> Callable[[str], bool]:
    """When a changed state is committed, at the beginning of the next step."""
    seen: list[str] = []

    def is_next(name: str) -> bool:
        seen.append(name)
        return name == "step" and "move" in seen

    return is_next


def advance_in_child(run: models.BillRun, is_time: Callable[[str], bool]) -> bool:
    """Take the run on in a process that is killed when it is time; False: it came to its end before."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        _be_killed_when(is_time)
        try:
            billing.advance(run)
        finally:
            sys.setprofile(None)
            os._exit(0)
    _pid, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@functools.cache
def is_watched(path: str) -> bool:
    """Asked at every call of any function."""
    return any(each in path for each in WATCHED)


def _be_killed_when(is_time: Callable[[str], bool]) -> None:
    def look(frame: FrameType, event: str, _argument: object) -> None:
        code = frame.f_code
        if event == "call" and is_watched(code.co_filename) and is_time(code.co_name):
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(look)


def take_to_the_end(run: models.BillRun, chance: random.Random, most: int) -> int:
    """Kill again and again; it answers how often."""
    kills = 0
    while billing.fresh(run).state != values.RunState.CLOSED:
        if billing.fresh(run).state == values.RunState.REVIEW:
            billing.approve(billing.fresh(run))
        # More patience each time, or the same step would be killed for ever.
        if advance_in_child(run, at_call(chance.randint(1, most) + 40 * kills)):
            kills += 1
    return kills


def verify(run: models.BillRun) -> None:
    """One bill an account, numbers from 1 without a gap, posted once, and what is calculated again is the same."""
    with scoping.scope([run.organization_id], actor=ACTOR):
        rows = queries.run_bills(run_public_id=run.public_id).rows
        assert [each.account_number for each in rows] == [f"A-{number}" for number in range(SHOPS)]
        assert [each.number for each in rows] == [f"HR-2026-{number:06}" for number in range(1, SHOPS + 1)]
        assert {each.state for each in rows} == {values.MemberState.ISSUED}
        assert ledger_queries.verify_balances() == []
        drafts = {
            each.account_id: each
            for each in models.BillDraft.objects.filter(organization_id=run.organization_id, run=run)
        }
        found = models.BillRun.objects.select_related("site").get(organization_id=run.organization_id, pk=run.pk)
        again = drafting.Calculator(facts.run_of(found)).calculate(sorted(drafts)).contents
        assert {key: each.digest for key, each in again.items()} == {key: each.digest for key, each in drafts.items()}
        for row in rows:
            bill = billing.bill_of(row)
            (posted,) = ledger_queries.list_transactions_of(bill.public_id)
            assert sum((each.amount for each in posted.entries), Money.zero("EUR")) == Money.zero("EUR")
            owed = next(each.amount for each in posted.entries if each.account_code == f"AR-{row.account_number}")
            assert owed == row.total


def advance_by_two(run: models.BillRun) -> None:
    """Take the run on in two processes side by side."""
    connections.close_all()
    children = []
    for _process in range(2):
        child = os.fork()
        if child == 0:
            try:
                billing.advance(run)
                os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
    assert [os.waitpid(each, 0)[1] for each in children] == [0, 0]


@pytest.mark.spec("B-71")
class TestKilledRun:
    def test_ends_with_the_same_bills_when_killed_at_every_change_of_state(self) -> None:
        run = planned()
        seen = [billing.fresh(run).state]

        while seen[-1] != values.RunState.CLOSED:
            if seen[-1] == values.RunState.REVIEW:
                seen.append(billing.approve(billing.fresh(run)).state)
            assert advance_in_child(run, inside_of_a_move())
            assert billing.fresh(run).state == seen[-1]
            advance_in_child(run, after_a_move())
            seen.append(billing.fresh(run).state)

        assert seen == [each.value for each in values.RunState if each is not values.RunState.CANCELED]
        verify(run)

    @pytest.mark.parametrize("seed", range(3))
    def test_ends_with_the_same_bills(self, seed: int) -> None:
        run = planned()

        kills = take_to_the_end(run, random.Random(seed), most=300)  # noqa: S311 - not a secret

        assert kills
        verify(run)

    @pytest.mark.soak
    def test_ends_with_the_same_bills_wherever_it_is_killed(self) -> None:
        """A search of any length kills two hundred times at least."""
        seconds = float(os.environ.get("MB_SOAK_SECONDS", "0"))
        end, seed, kills = time.monotonic() + seconds, 100, 0
        while kills < (KILLS if seconds else 1) or time.monotonic() < end:
            run = planned()
            chance = random.Random(seed)  # noqa: S311 - not a secret
            kills += take_to_the_end(run, chance, most=chance.choice((50, 300, 2_000)))
            verify(run)
            seed += 1

    def test_is_drafted_and_issued_by_two_processes(self) -> None:
        run = planned()

        advance_by_two(run)

        assert billing.fresh(run).state == values.RunState.REVIEW
        advance_by_two(billing.approve(billing.fresh(run)))
        verify(run)


class TestARecalculation:
    def test_is_shared_and_what_a_killed_process_had_is_calculated_by_another(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(recalculating, "PORTION", 1)
        monkeypatch.setattr(correction_values, "AT_ONCE", 0)
        made = corrections.billed()
        with scoping.scope([made.owner], actor=ACTOR):
            asked = recalculating.ask_recalculation(
                actor=ACTOR,
                at=corrections.LATER,
                mode=correction_values.Mode.REPRODUCE,
                scope=recalculating.Scope(site=made.place.site.public_id),
            )
        rows = models.RecalculatedBill.objects.filter(organization_id=made.owner, recalculation=asked)
        other = _hold_a_portion(made.owner, asked)
        try:
            assert _calculate(made.owner, asked)
            assert not _calculate(made.owner, asked)  # the other has what is left
        finally:
            os.kill(other, signal.SIGKILL)
            os.waitpid(other, 0)
        with scoping.scope([made.owner], actor=ACTOR):
            waiting = rows.filter(outcome=correction_values.Outcome.WAITING)
            assert len(waiting.select_for_update()) == 1  # this waits until the server noticed

        assert _calculate(made.owner, asked)
        assert not _calculate(made.owner, asked)
        with scoping.scope([made.owner], actor=ACTOR):
            asked.refresh_from_db()
            assert asked.done == asked.bills == 2
            bills = {each.pk: each.draft.digest for each in models.Bill.objects.filter(organization_id=made.owner)}
            assert {each.bill_id: each.digest for each in rows} == bills
            assert {each.outcome for each in rows} == {correction_values.Outcome.SAME}


def _calculate(owner: int, asked: models.Recalculation) -> bool:
    with scoping.scope([owner], actor=ACTOR):
        return recalculating.calculate_next(recalculation=asked.public_id)


def _hold_a_portion(owner: int, asked: models.Recalculation) -> int:
    """A process that took a portion and stops before it calculates it: its id."""
    taken, end = os.pipe()
    connections.close_all()
    child = os.fork()
    if child == 0:

        def look(frame: FrameType, event: str, _argument: object) -> None:
            if event == "call" and frame.f_code.co_name == "compute":
                os.write(end, b"!")
                signal.pause()

        sys.setprofile(look)
        try:
            _calculate(owner, asked)
        finally:
            os._exit(1)
    os.close(end)
    assert os.read(taken, 1) == b"!"
    os.close(taken)
    return child
