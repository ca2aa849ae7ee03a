"""Numbers without a gap, and files that are kept as they were issued."""

from __future__ import annotations

import threading
import uuid
from dataclasses import asdict
from datetime import UTC, datetime

import pytest
from django.db import connections

from meterbook.audit import models as audit_models
from meterbook.documents import operations, queries, values
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from tests.factories import identity

ACTOR = Actor.system("test")
AT = datetime(2026, 11, 3, tzinfo=UTC)
BILL = values.DocumentKind.BILL


class TakenBack(Exception):
    """What makes a transaction fail in a test."""


def take_and_fail(organization_id: int) -> None:
    with scoping.scope([organization_id], actor=ACTOR):
        operations.take_numbers(kind=BILL, prefix="HR-2026", count=5)
        raise TakenBack


class TestNumbers:
    @pytest.mark.spec("B-71")
    def test_are_given_back_when_the_transaction_fails(self) -> None:
        organization = identity.organization()
        with scoping.scope([organization.pk], actor=ACTOR):
            assert list(operations.take_numbers(kind=BILL, prefix="HR-2026", count=2)) == [1, 2]
        with pytest.raises(TakenBack):
            take_and_fail(organization.pk)

        with scoping.scope([organization.pk], actor=ACTOR):
            assert list(operations.take_numbers(kind=BILL, prefix="HR-2026", count=1)) == [3]
            (series,) = queries.list_series()

        assert (series.newest, series.issued) == ("HR-2026-000003", 3)

    def test_begin_with_one_in_each_series(self) -> None:
        with scoping.scope([identity.organization().pk], actor=ACTOR):
            operations.take_numbers(kind=BILL, prefix="HR-2026", count=7)

            assert list(operations.take_numbers(kind=BILL, prefix="HR-2027", count=1)) == [1]
            assert list(operations.take_numbers(kind=values.DocumentKind.CREDIT_NOTE, prefix="HR-2026", count=1)) == [1]

    @pytest.mark.spec("B-71")
    def test_have_no_gap_and_no_double_when_many_take_them(self) -> None:
        organization = identity.organization()
        taken: list[int] = []
        failures = iter([True, False] * 20)

        def take() -> None:
            try:
                for _round in range(5):
                    try:
                        with scoping.scope([organization.pk], actor=ACTOR):
                            numbers = operations.take_numbers(kind=BILL, prefix="HR-2026", count=3)
                            if next(failures):
                                raise TakenBack
                        taken.extend(numbers)
                    except TakenBack:
                        continue
            finally:
                connections.close_all()

        threads = [threading.Thread(target=take) for _thread in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

        assert sorted(taken) == list(range(1, 31))

    def test_are_at_least_one(self) -> None:
        with scoping.scope([identity.organization().pk], actor=ACTOR), pytest.raises(operations.NothingToNumber):
            operations.take_numbers(kind=BILL, prefix="HR-2026", count=0)


class TestFiles:
    def test_are_kept_once_and_never_replaced(self) -> None:
        source_id = uuid.uuid4()

        def file(content: bytes) -> str:
            issued = operations.file_document(
                actor=ACTOR,
                at=AT,
                kind=BILL,
                source_id=source_id,
                name="HR-2026-000001.pdf",
                media_type="application/pdf",
                content=content,
            )
            return issued.digest

        with scoping.scope([identity.organization().pk], actor=ACTOR):
            assert file(b"%PDF one") == file(b"%PDF one")
            with pytest.raises(operations.FileAlreadyIssued):
                file(b"%PDF two")
            row = queries.find_file(source_id=source_id, kind=BILL)
            assert row is not None
            assert queries.file_content(public_id=row.public_id) == (row, b"%PDF one")

    def test_of_others_are_not_there(self) -> None:
        with scoping.scope([identity.organization().pk], actor=ACTOR), pytest.raises(queries.IssuedFileNotFound):
            queries.file_content(public_id=uuid.uuid4())


class TestLetterhead:
    def test_is_empty_until_somebody_says_it(self) -> None:
        organization = identity.organization()

        with scoping.scope([organization.pk], actor=ACTOR):
            assert queries.letterhead(organization_id=organization.pk) == values.LetterheadFacts()

    def test_is_changed_with_an_entry_only_when_something_differs(self) -> None:
        organization = identity.organization()
        first = values.LetterheadFacts(tax_number="B-1", address="Quay 1\n08039 Barcelona", contact="+34 900")
        second = values.LetterheadFacts(tax_number="B-2")

        with scoping.scope([organization.pk], actor=ACTOR):
            for facts in (first, first, second):
                operations.change_letterhead(actor=ACTOR, at=AT, facts=facts)
            found = queries.letterhead(organization_id=organization.pk)
            entries = audit_models.AuditEntry.objects.filter(
                organization_id=organization.pk, action="documents:change_letterhead"
            )
            said = list(entries.order_by("id").values_list("before", "after"))

        assert found == second
        assert said == [(None, asdict(first)), (asdict(first), asdict(second))]

    def test_of_another_organization_is_not_seen(self) -> None:
        organization = identity.organization()
        with scoping.scope([organization.pk], actor=ACTOR):
            operations.change_letterhead(actor=ACTOR, at=AT, facts=values.LetterheadFacts(tax_number="B-1"))

        with scoping.scope([identity.organization().pk], actor=ACTOR):
            assert queries.letterhead(organization_id=organization.pk) == values.LetterheadFacts()
