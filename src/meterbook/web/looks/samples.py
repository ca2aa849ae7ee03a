"""Real bills that a template is looked at with: issued ones of the site, or any of the organization."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.utils.translation import gettext as _

from meterbook.billing import queries as billing_queries
from meterbook.customers import picturing
from meterbook.documents import issuing, logos
from meterbook.documents.rendering import looks, page, words
from meterbook.web import access

SAMPLES = 25
DUE = timedelta(days=14)


class NoSample(LookupError):
    """No bill was issued or calculated yet; a template is looked at with a real one."""


def choices(site_id: int | None) -> list[tuple[str, str]]:
    """This will return the newest bills by public id, with what they are called."""
    narrowing = billing_queries.BillNarrowing(site_id=site_id)
    rows = billing_queries.list_bills(narrowing=narrowing, limit=SAMPLES).rows
    return [(str(each.public_id), f"{each.number}, {each.customer_name}") for each in rows]


def render(request: access.Request, look: looks.Look, *, bill: uuid.UUID | None, site_id: int | None) -> bytes:
    """This will set a bill or a draft as a template would have it; without one named, the newest bill.

    :raises NoSample: when there is none
    :raises billing_queries.BillNotFound: when the one that is named is not there
    """
    if bill is None:
        known = choices(site_id) or choices(None)
        if not known:
            raise NoSample(_("No bill was issued yet; a template is looked at with a real one."))
        bill = uuid.UUID(known[0][0])
    found = billing_queries.get_bill(public_id=bill)
    content = found.content
    day = found.bill_date or request.at.date()
    issue = page.Issue(
        number=found.number or _("Draft"),
        bill_date=day,
        due_date=found.due_date or day + DUE,
        sha256=found.digest or found.content_digest,
        code=found.code or "",
    )
    language = str(content.get("language") or (content.get("customer") or {}).get("language", ""))[:2]
    logo = logos.at_head(
        place=look.logo,
        of_organization=str(content["organization"].get("logo", "")),
        site_id=uuid.UUID(content["site"]["public_id"]),
        customer_id=picturing.customer_of(account=found.account_public_id),
        at=request.at,
    )
    return issuing.preview(
        content=content,
        issue=issue,
        look=look,
        language=language if language in words.LANGUAGES else "en",
        logo=logo,
    )
