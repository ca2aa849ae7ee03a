"""The page between a button and what cannot be taken back: what it is done to, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meterbook.billing import queries as billing_queries
from meterbook.documents import permissions as document_permissions
from meterbook.documents import queries as document_queries
from meterbook.foundation import scoping
from meterbook.kernel import currency as currencies
from meterbook.web import access
from meterbook.web.billing import past_calibration, runs, unsent
from meterbook.web.templatetags import meterbook as tags

NAMED = 12  # accounts; the others are counted


@dataclass(frozen=True)
class Question:
    """What is asked: `effects` are sentences, `given` what the form sends again, `named` who is meant."""

    title: str
    effects: tuple[str, ...]
    action: str
    icon: str
    given: tuple[tuple[str, str], ...] = ()
    named: tuple[billing_queries.ComparedRow, ...] = ()
    others: int = 0
    reason: str = ""  # the label of its field; empty: none is asked for
    is_reason_lacking: bool = False
    is_dangerous: bool = False
    unsendable: int = 0  # bills that go nowhere without a mail server
    lacking: str = ""  # what the bill head does not say


def leaving_out(
    request: access.Request, run: billing_queries.RunRow, chosen: Sequence[int], *, is_lacking: bool
) -> HttpResponse:
    """This will ask whether accounts are left out, and why; `is_lacking`: it was sent without a reason."""
    named = billing_queries.members_by_account(run_public_id=run.public_id, account_ids=chosen[:NAMED])
    count = len(chosen)
    left = run.counts.drafted + run.counts.held - count
    question = Question(
        title=ngettext("Leave %(count)s account out of %(run)s?", "Leave %(count)s accounts out of %(run)s?", count)
        % {"count": tags.number(count), "run": runs.title(run)},
        effects=(
            ngettext(
                "It gets no bill from this run, and its draft is thrown away.",
                "They get no bill from this run, and their drafts are thrown away.",
                count,
            ),
            ngettext(
                "Its days stay unbilled until another run of the same days takes it.",
                "Their days stay unbilled until another run of the same days takes them.",
                count,
            ),
            ngettext("%(count)s account stays in this run.", "%(count)s accounts stay in this run.", left)
            % {"count": tags.number(left)},
        ),
        action=ngettext("Leave it out", "Leave them out", count),
        icon="cross",
        # All that the filter finds may be more than a form can hold: the address says the filter again.
        given=(("all", "1"),) if request.POST.get("all") else (("account_kept", ",".join(map(str, chosen))),),
        named=tuple(named),
        others=count - len(named),
        reason=ngettext("Why it is left out", "Why these are left out", count),
        is_reason_lacking=is_lacking,
        is_dangerous=True,
    )
    return _ask(request, run, question, status=422 if is_lacking else 200)


def approving(request: access.Request, run: billing_queries.RunRow) -> HttpResponse:
    """This will ask whether a run is approved."""
    summary = billing_queries.run_summary(run_public_id=run.public_id)
    count = run.counts.drafted
    facts = {"count": tags.number(count), "run": runs.title(run), "site": run.site_name}
    effects = [
        _("Every bill gets its number and is posted in the ledger; together %(total)s with taxes.")
        % {"total": f"{tags.number(summary.total.amount, currencies.minor_units(run.currency))} {run.currency}"},
        _("An issued bill never changes: a later fault takes a credit note and a new bill. Look at the amounts."),
    ]
    if run.counts.excluded:
        out = ngettext("%(count)s account was left out.", "%(count)s accounts were left out.", run.counts.excluded)
        effects.append(out % {"count": tags.number(run.counts.excluded)})
    if unusual := summary.counts[billing_queries.Show.UNUSUAL]:
        words = ngettext(
            "%(count)s bill is about far more than is usual or plausible: look at its readings first.",
            "%(count)s bills are about far more than is usual or plausible: look at their readings first.",
            unusual,
        )
        effects.insert(0, words % {"count": tags.number(unusual)})
    effects[:0] = past_calibration.effects(run)
    if run.started_by_id == request.actor.id:
        effects.append(_("You started this run: it is marked “approved alone”."))
    question = Question(
        title=ngettext(
            "Approve %(count)s bill of %(site)s, %(run)s?", "Approve %(count)s bills of %(site)s, %(run)s?", count
        )
        % facts,
        effects=tuple(effects),
        action=_("Approve and issue"),
        icon="check",
        unsendable=unsent.unsendable(run),
        lacking=_lacking(),
    )
    return _ask(request, run, question)


def _lacking() -> str:
    """What bills do not say about the sender, as a list in words; empty when all is there."""
    head = document_queries.letterhead(organization_id=scoping.current().organization_id)
    parts = (
        (head.address, _("the address")),
        (head.tax_number, _("the tax number")),
        (head.contact, _("how to pay and whom to ask")),
    )
    return ", ".join(words for written, words in parts if not written)


def canceling(request: access.Request, run: billing_queries.RunRow) -> HttpResponse:
    """This will ask whether a run is canceled."""
    count = run.counts.drafted
    question = Question(
        title=_("Cancel the run %(run)s of %(site)s?") % {"run": runs.title(run), "site": run.site_name},
        effects=(
            ngettext("%(count)s draft is thrown away.", "%(count)s drafts are thrown away.", count)
            % {"count": tags.number(count)},
            _("Nothing was issued; another run can bill these days."),
        ),
        action=_("Cancel the run"),
        icon="cross",
        reason=_("Why it is canceled (may stay empty)"),
        is_dangerous=True,
    )
    return _ask(request, run, question)


def everything(request: access.Request, run: billing_queries.RunRow) -> HttpResponse:
    """This will ask whether all drafts are thrown away and made again."""
    count = run.counts.drafted + run.counts.held
    question = Question(
        title=_("Calculate everything of %(run)s anew?") % {"run": runs.title(run)},
        effects=(
            ngettext(
                "%(count)s account is checked and calculated again, from the readings there are now.",
                "%(count)s accounts are checked and calculated again, from the readings there are now.",
                count,
            )
            % {"count": tags.number(count)},
            _("Accounts that were left out stay out."),
            _("Accounts with a contract that was added since the start come in; those whose contract is gone go out."),
        ),
        action=_("Calculate anew"),
        icon="refresh",
        given=(("everything", "1"),),
    )
    return _ask(request, run, question)


def _ask(
    request: access.Request, run: billing_queries.RunRow, question: Question, *, status: int = 200
) -> HttpResponse:
    organization = request.organization.public_id
    context: Mapping[str, Any] = {
        "question": question,
        "title": runs.title(run),
        "run": run,
        "messages_href": unsent.messages_href(request),
        "letterhead_href": reverse("letterhead", args=[organization])
        if document_permissions.EDIT_LETTERHEAD in request.permissions
        else "",
        "runs_href": reverse("runs", args=[organization]),
        "run_href": reverse("run", args=[organization, run.public_id]),
    }
    return render(request, "billing/confirm.html", context, status=status)
