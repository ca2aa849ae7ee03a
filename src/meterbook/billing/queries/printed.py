"""What of customers is printed on the bills of a run."""

from __future__ import annotations

import uuid

from meterbook.billing import models, values
from meterbook.billing.queries.runs import find_run


def printed_of_run(*, run_public_id: uuid.UUID, most: int) -> list[tuple[str, str, str]]:
    """This will return account number, customer's name and address of what a run has drafted or issued.

    :param most: the first ones only, by position
    :raises meterbook.billing.queries.runs.RunNotFound: when there is no such run
    """
    run = find_run(run_public_id)
    members = models.RunMember.objects.filter(
        organization_id=run.organization_id,
        run=run,
        state__in=[values.MemberState.DRAFTED, values.MemberState.ISSUED],
    )
    rows = members.order_by("position").values_list(
        "account__number", "account__customer__name", "account__customer__address"
    )
    return list(rows[:most])
