"""Digests and ids that are written out for speed are those of the general way."""

from __future__ import annotations

import hashlib
import uuid
from datetime import date
from types import SimpleNamespace
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from meterbook.billing import content
from meterbook.billing.calculating import facts
from meterbook.billing.operations import drafting


class TestIssueDigest:
    @given(number=st.text(max_size=40), day=st.dates(), due=st.dates())
    def test_is_that_of_canonical_json(self, number: str, day: date, due: date) -> None:
        digest = "ab" * 32
        said = {"number": number, "content": digest, "due_date": due.isoformat(), "bill_date": day.isoformat()}

        made = content.issue_digest(content_digest=digest, number=number, bill_date=day, due_date=due)

        assert made == hashlib.sha256(content.canonical(said)).hexdigest()


class TestPublicId:
    @given(run_id=st.uuids(), account_id=st.integers(1, 2**62))
    def test_is_that_of_the_standard(self, run_id: uuid.UUID, account_id: int) -> None:
        run = cast("facts.Run", SimpleNamespace(public_id=run_id))

        assert uuid.UUID(drafting.public_id(run, account_id)) == uuid.uuid5(run_id, str(account_id))
