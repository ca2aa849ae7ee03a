"""Files of bills are given out only to who reaches each bill in them (M-002/2)."""

from __future__ import annotations

import pytest

from meterbook.billing import operations as billing_operations
from meterbook.billing import queries as billing_queries
from meterbook.customers import reaching
from meterbook.foundation import scoping
from meterbook.kernel import clock
from tests.factories import billing, identity


class TestPrintFiles:
    @pytest.mark.spec("M-002/2")
    def test_of_one_account_only_gets_no_print_file_with_other_bills(self, database: str) -> None:
        """A file belongs to no account: all that is in it must be within reach."""
        place = billing.place()
        for name in ("Bakery", "Florist"):
            billing.shop(place, name=name, days=billing.FEBRUARY)
        run = billing.issued(place, first_day=billing.FEBRUARY.first_day, until_day=billing.FEBRUARY.until_day)
        with scoping.scope([place.organization.pk], actor=identity.ACTOR):
            (file,) = billing_operations.print_bills(
                actor=identity.ACTOR, at=clock.now(), run=run.public_id, is_everything=True
            )
            mine, other = billing_queries.run_bills(run_public_id=run.public_id).rows
            assert billing_queries.get_print(public_id=file.public_id).bills == 2

            reaching.limit(sites=(), accounts=[mine.account_id])

            assert billing_queries.list_prints(run_public_id=run.public_id) == []
            with pytest.raises(billing_queries.PrintNotFound):
                billing_queries.get_print(public_id=file.public_id)
            with pytest.raises(billing_queries.BillNotFound):
                billing_operations.issue_pdf(
                    actor=identity.ACTOR, at=clock.now(), bill=other.bill_public_id or run.public_id
                )
