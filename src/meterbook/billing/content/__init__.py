"""The content of a bill, "meterbook-bill/1": from facts to canonical JSON. Pure."""

from meterbook.billing.content.building import ENGINE, FORMAT, build, daily_average
from meterbook.billing.content.digests import (
    INCOME,
    TAX,
    canonical,
    income_code,
    issue_digest,
    parts_of_code,
    tax_code,
    verification_code,
)
from meterbook.billing.content.parts import (
    Charge,
    Content,
    Counts,
    Estimate,
    Heading,
    Month,
    Point,
    Reference,
    Register,
    Segment,
    TariffFacts,
)

__all__ = [
    "ENGINE",
    "FORMAT",
    "INCOME",
    "TAX",
    "Charge",
    "Content",
    "Counts",
    "Estimate",
    "Heading",
    "Month",
    "Point",
    "Reference",
    "Register",
    "Segment",
    "TariffFacts",
    "build",
    "canonical",
    "daily_average",
    "income_code",
    "issue_digest",
    "parts_of_code",
    "tax_code",
    "verification_code",
]
