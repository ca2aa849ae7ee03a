"""Many plans go to the server part by part: the same answers, the same refusals, all or nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel.money import Money
from meterbook.ledger import books, models, posting, queries
from tests.factories import identity, ledger

COUNT = 7


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "PART", 2)


@pytest.fixture
def organization() -> identity_models.Organization:
    return identity.organization()


def plans(organization: identity_models.Organization, *, count: int = COUNT) -> list[posting.TransactionPlan]:
    """Not in the order of their keys."""
    owed = [ledger.account(organization=organization) for _ in range(2)]
    sold = ledger.account(organization=organization, is_control=True)
    return [
        ledger.plan((owed[n % 2], f"{n + 1}.00"), (sold, f"-{n + 1}.00"), key=f"k{n * 3 % count}") for n in range(count)
    ]


def post(
    organization: identity_models.Organization, given: list[posting.TransactionPlan]
) -> list[posting.PostedTransaction]:
    with scoping.scope([organization.id], actor=identity.ACTOR):
        return posting.post_many(actor=identity.ACTOR, at=ledger.AT, plans=given)


def amounts(organization: identity_models.Organization, posted: list[posting.PostedTransaction]) -> list[str]:
    with scoping.scope([organization.id], actor=identity.ACTOR):
        return [str(queries.get_transaction(each.id).entries[0].amount) for each in posted]


def count(organization: identity_models.Organization) -> int:
    with scoping.scope([organization.id], actor=identity.ACTOR):
        assert queries.verify_balances() == []
        return models.LedgerTransaction.objects.filter(organization_id=organization.id).count()


def test_are_answered_in_the_order_of_the_plans(organization: identity_models.Organization) -> None:
    given = plans(organization)

    posted = post(organization, given)

    assert [each.key for each in posted] == [each.key for each in given]
    assert amounts(organization, posted) == [f"{n + 1}.00 EUR" for n in range(COUNT)]
    assert all(each.is_new for each in posted)
    assert count(organization) == COUNT


def test_with_keys_of_earlier_ones_or_twice_are_there_once(organization: identity_models.Organization) -> None:
    given = plans(organization)
    post(organization, given[:3])

    again = post(organization, [*given, *given])

    assert [each.is_new for each in again] == [False] * 3 + [True] * 4 + [False] * 7
    assert [each.id for each in again[:COUNT]] == [each.id for each in again[COUNT:]]
    assert count(organization) == COUNT


def test_are_refused_whole_for_a_foreign_account_in_a_later_part(organization: identity_models.Organization) -> None:
    foreign = ledger.account(organization=identity.organization())
    given = plans(organization)
    bad = replace(given[-1], key="z", postings=(posting.Posting(foreign.pk, Money.of(5, "EUR")), given[0].postings[1]))
    bad = replace(
        bad, postings=(bad.postings[0], posting.Posting(given[0].postings[1].account_id, Money.of(-5, "EUR")))
    )

    with pytest.raises(books.AccountNotPostable):
        post(organization, [*given, bad])

    assert count(organization) == 0
    assert len(post(organization, given)) == COUNT


def test_are_refused_whole_for_an_unbalanced_plan_in_a_later_part(organization: identity_models.Organization) -> None:
    given = plans(organization)
    off = replace(given[-1], key="z", postings=(given[0].postings[0], given[1].postings[1]))

    with pytest.raises(posting.PlanUnbalanced):
        post(organization, [*given, off])

    assert count(organization) == 0
    assert len(post(organization, given)) == COUNT


def test_are_refused_whole_when_a_key_was_used_for_something_else(organization: identity_models.Organization) -> None:
    given = plans(organization)
    post(organization, given[-1:])

    with pytest.raises(posting.IdempotencyConflict):
        post(organization, [*given[:-1], replace(given[-1], text="Something else")])

    assert count(organization) == 1
