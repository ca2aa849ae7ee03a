"""What each tariff brings in a run, from the marks of its drafts."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from meterbook.billing.queries.amounts import money
from meterbook.billing.queries.members import read
from meterbook.billing.queries.runs import find_run
from meterbook.foundation import scoping
from meterbook.kernel.money import Money

TARIFFS = """
SELECT t.key, count(*), sum(t.value::numeric)
FROM billing_billdraft d CROSS JOIN LATERAL jsonb_each_text(d.nets) AS t
WHERE d.organization_id = %(organization)s AND d.run_id = %(run)s
GROUP BY 1 ORDER BY 3 DESC, 1
"""


@dataclass(frozen=True)
class TariffSum:
    """What one tariff brings in a run before taxes, and how many accounts are billed by it."""

    code: str
    accounts: int
    net: Money


def tariff_sums(*, run_public_id: uuid.UUID) -> list[TariffSum]:
    """This will return what each tariff brings in a run, the most first; the sums together are the run's net.

    :raises meterbook.billing.queries.runs.RunNotFound: see `run_summary`
    """
    run = find_run(run_public_id)
    found = read(TARIFFS, {"organization": scoping.current().organization_id, "run": run.pk})
    return [TariffSum(code, accounts, money(net, run.site.currency)) for code, accounts, net in found]
