"""Many writers at once: nothing lost, nothing twice, nobody locked out (specification 04, property 5)."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel.money import Money
from meterbook.ledger import books, models, posting, queries
from meterbook.ledger.values import AccountKind
from tests.factories import identity, ledger

WRITERS = 20
ROUNDS = 12
KEYS = 60
HUNDRED = 100


def work(organization_id: int, accounts: list[models.LedgerAccount], seed: int) -> int:
    """Posts, lots with common keys in any order, refunds and reversals. It answers how many transactions are new."""
    chance = random.Random(seed)  # noqa: S311
    new = 0
    try:
        for _ in range(ROUNDS):
            numbers = chance.sample(range(KEYS), chance.randint(1, 10))
            plans = [shared_plan(accounts, number) for number in numbers]
            with scoping.scope([organization_id], actor=identity.ACTOR):
                posted = posting.post_many(actor=identity.ACTOR, at=ledger.AT, plans=plans)
            new += sum(each.is_new for each in posted)
            victim = chance.choice(posted)
            try:
                with scoping.scope([organization_id], actor=identity.ACTOR):
                    undone = posting.reverse(
                        actor=identity.ACTOR,
                        at=ledger.AT,
                        transaction_id=victim.id,
                        reason="Chance",
                        key=f"undo {seed} {victim.id}",
                    )
                new += undone.is_new
            except books.AlreadyReversed:
                continue
    finally:
        connections["default"].close()
    return new


def shared_plan(accounts: list[models.LedgerAccount], number: int) -> posting.TransactionPlan:
    """The same plan for the same number, whoever makes it."""
    chance = random.Random(number)  # noqa: S311
    taken = chance.sample(accounts, 3)
    first, second = chance.randint(1, 10**6), chance.randint(1, 10**6)
    amounts = (first, second, -first - second)
    texts = [str(Money.from_minor(each, "EUR").amount) for each in amounts]
    return ledger.plan(*zip(taken, texts, strict=True), key=f"plan {number}")


def refund(organization_id: int, giver: models.LedgerAccount, bank: models.LedgerAccount, number: int) -> bool:
    try:
        with scoping.scope([organization_id], actor=identity.ACTOR):
            plan = ledger.plan((giver, "-1.00"), (bank, "1.00"), key=f"refund {number}", gives_money_away=True)
            posting.post(actor=identity.ACTOR, at=ledger.AT, plan=plan)
    except books.FloorReached:
        return False
    finally:
        connections["default"].close()
    return True


def post_at_once(organization_id: int, plans: list[posting.TransactionPlan], start: threading.Barrier) -> int:
    """Waits for the other writer, then posts. It answers how many transactions are new."""
    try:
        with scoping.scope([organization_id], actor=identity.ACTOR):
            start.wait(timeout=30)
            posted = posting.post_many(actor=identity.ACTOR, at=ledger.AT, plans=plans)
    finally:
        connections["default"].close()
    return sum(each.is_new for each in posted)


def assert_sound(organization: identity_models.Organization) -> None:
    with scoping.scope([organization.id], actor=identity.ACTOR):
        assert queries.verify_balances() == []
        assert not any(queries.trial_balance().values())


@pytest.mark.spec("X-15/1")
class TestTwentyWriters:
    def test_leave_the_books_balanced_without_duplicates(self) -> None:
        organization = identity.organization()
        accounts = [ledger.account(organization=organization, is_control=n < 2) for n in range(8)]

        with ThreadPoolExecutor(WRITERS) as pool:
            new = list(pool.map(lambda seed: work(organization.id, accounts, seed), range(WRITERS)))

        assert_sound(organization)
        with scoping.scope([organization.id], actor=identity.ACTOR):
            rows = models.LedgerTransaction.objects.filter(organization_id=organization.id)
            assert rows.count() == sum(new)
            assert rows.filter(reverses_id__isnull=True).count() <= KEYS
            assert rows.values("key").distinct().count() == sum(new)

    def test_give_away_exactly_what_is_there(self) -> None:
        organization = identity.organization()
        till = ledger.account(organization=organization, kind=AccountKind.ASSET, floor="0")
        bank = ledger.account(organization=organization)
        ledger.post((till, "7.50"), (bank, "-7.50"))

        with ThreadPoolExecutor(WRITERS) as pool:
            paid = list(pool.map(lambda number: refund(organization.id, till, bank, number), range(WRITERS)))

        assert sum(paid) == 7
        assert_sound(organization)
        with scoping.scope([organization.id], actor=identity.ACTOR):
            assert str(queries.balance(till.pk)) == "0.50 EUR"

    def test_post_the_same_keys_in_opposite_orders_without_a_deadlock(self) -> None:
        organization = identity.organization()
        owed, sold = (ledger.account(organization=organization) for _ in range(2))
        plans = [ledger.plan((owed, "1.00"), (sold, "-1.00"), key=f"both {number:04}") for number in range(1000)]
        start = threading.Barrier(2)

        with ThreadPoolExecutor(2) as pool:
            orders = (plans, plans[::-1])
            new = list(pool.map(lambda order: post_at_once(organization.id, order, start), orders))

        assert sorted(new) == [0, len(plans)]
        assert_sound(organization)


@pytest.mark.spec("X-15/1")
def test_a_hundred_at_once_leave_the_exact_balance_and_each_key_once() -> None:
    """Each of a hundred writers has a connection of its own and waits for all others; every key is posted by two."""
    organization = identity.organization()
    owed, sold = (ledger.account(organization=organization) for _ in range(2))
    start = threading.Barrier(HUNDRED)
    plans = [
        ledger.plan((owed, f"{number}.07"), (sold, f"-{number}.07"), key=f"one of two {number:03}")
        for number in range(1, HUNDRED // 2 + 1)
    ]

    with ThreadPoolExecutor(HUNDRED) as pool:
        new = list(pool.map(lambda plan: post_at_once(organization.id, [plan], start), plans * 2))

    assert sum(new) == len(plans)
    assert_sound(organization)
    with scoping.scope([organization.id], actor=identity.ACTOR):
        assert str(queries.balance(owed.pk)) == "1278.50 EUR"  # 1 + 2 ... + 50, and 50 times 0.07
