"""Reads of work in the field; each needs a running scope."""

from meterbook.fieldwork.queries.jobs import (
    JobNotFound,
    JobRow,
    Person,
    codes_at,
    get_job,
    known_sources,
    list_jobs,
    managers_of,
    open_sources,
    people_for,
)
from meterbook.fieldwork.queries.swaps import (
    LookedAt,
    PhotoNotFound,
    SwapTestNotFound,
    SwapTestRow,
    get_field_photo,
    get_swap_test,
    list_swap_tests,
    samples_of,
)

__all__ = [
    "JobNotFound",
    "JobRow",
    "LookedAt",
    "Person",
    "PhotoNotFound",
    "SwapTestNotFound",
    "SwapTestRow",
    "codes_at",
    "get_field_photo",
    "get_job",
    "get_swap_test",
    "known_sources",
    "list_jobs",
    "list_swap_tests",
    "managers_of",
    "open_sources",
    "people_for",
    "samples_of",
]
