"""What accounts would have been billed by other prices, without changing anything. Needs a running scope."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from meterbook.billing.calculating import facts
from meterbook.billing.correcting import anew
from meterbook.billing.whatif import asked as asking
from meterbook.billing.whatif import history, pricing, sums
from meterbook.customers import queries as customer_queries
from meterbook.foundation import scoping
from meterbook.tariffs import models as tariff_models
from meterbook.tariffs import operations as tariff_operations
from meterbook.tariffs import sources
from meterbook.tariffs.rating import reading

_AT_ONCE = 500  # accounts of a portion whose intervals are in memory at a time
_NOT_KEPT = -1  # in place of the id of a version that is not kept


class VersionNotFound(LookupError):
    """There is no such tariff version in this organization."""


def of_version(public_id: uuid.UUID) -> facts.Tariff:
    """This will return a version, published or a draft, as prices for all days.

    :raises VersionNotFound: when it is not there or belongs to another organization
    """
    return anew.by_version(_version(public_id), facts.Documents())


def document_of(public_id: uuid.UUID) -> dict[str, Any]:
    """This will return the document of a version as it is now.

    :raises VersionNotFound: see `of_version`
    """
    return dict(_version(public_id).document)


def _version(public_id: uuid.UUID) -> tariff_models.TariffVersion:
    versions = tariff_models.TariffVersion.objects.filter(
        organization_id=scoping.current().organization_id, public_id=public_id
    )
    found = versions.select_related("tariff").first()
    if found is None:
        raise VersionNotFound(_("There is no such tariff version."))
    return found


def of_document(raw: object) -> facts.Tariff:
    """This will return a document that is kept nowhere as prices for all days.

    :raises TariffInvalid: naming every place that is wrong
    """
    sound = reading.read(raw, sources.calendars())
    digest = hashlib.sha256(tariff_operations.canonical(raw)).hexdigest()
    return anew.always(sound.code, _NOT_KEPT, 0, digest, sound)


def compare(asked: asking.Asked, *, now: datetime) -> asking.Result:
    """This will price what accounts used by other prices, and tell what changes for whom.

    Before is what issued bills came to; where nothing was billed, what contracts say, with today's version for days
    that have none. Shared costs and settlements of a bill stay as they are. By what contracts say, the result is the
    issued bills to the cent, unless readings have changed since.

    :raises asking.DaysInvalid: when the days cannot be
    :raises asking.ScopeInvalid: when an account or a tariff is not there
    :raises asking.NobodyThere: when nobody used anything
    :raises asking.TooMuchAtOnce: when it is more than somebody waits for
    """
    asked.check(now.astimezone(UTC).date())
    account_ids = history.accounts_of(asked)
    _refuse_much(len(account_ids))  # each has a bill or a month: no need to find out which
    portions = history.portions(asked, account_ids, now) if account_ids else []
    size = history.size(portions)
    if not size:
        raise asking.NobodyThere(nobody())
    _refuse_much(size)
    accounts = customer_queries.accounts_by_id(ids=account_ids)
    involved = {each for portion in portions for each in portion.accounts}
    currency = usual_currency(asked, [accounts[each].currency for each in sorted(involved)])
    found = price(asked, portions, accounts, currency, now)
    if not found.has_any:
        raise asking.NobodyThere(foreign(currency))
    return found.result(accounts, currency)


def price(
    asked: asking.Asked,
    portions: Sequence[history.Portion],
    accounts: Mapping[int, customer_queries.AccountRow],
    currency: str,
    now: datetime,
) -> sums.Sums:
    """This will price portions, in the order of time, and add them up; accounts of another currency are counted."""
    involved = {each for portion in portions for each in portion.accounts}
    wanted = {each for each in involved if accounts[each].currency == currency}
    only = pricing.Only(history.tariff_id(asked.scope), asked.scope.service)
    session = pricing.Session(asked.first_day, asked.chosen, only, now)
    session.known.accounts |= accounts
    added = sums.Sums(asked.chosen)
    added.elsewhere = len(involved - wanted)
    for portion in portions:
        for piece in _pieces(portion, wanted):
            added.add(piece, session.compare(piece))
    return added


def usual_currency(asked: asking.Asked, currencies: Sequence[str]) -> str:
    """This will return the currency of the result: that of the chosen prices, or that of most accounts."""
    return Counter(currencies).most_common(1)[0][0] if asked.chosen is None else asked.chosen.currency


def nobody() -> str:
    """This will say that there is nothing to price."""
    return _("Nobody pays for anything there in these days; choose others.")


def foreign(currency: str) -> str:
    """This will say that nobody has the currency of the prices."""
    words = _("Everybody there has another currency than %(currency)s; choose prices in theirs.")
    return words % {"currency": currency}


def _refuse_much(count: int) -> None:
    if count > asking.MOST_BILLS:
        words = _(
            "These are %(count)s bills and months or more; %(most)s are compared while you wait. Have it done in the "
            "background, or choose one site, fewer accounts or a shorter time."
        )
        raise asking.TooMuchAtOnce(words % {"count": count, "most": asking.MOST_BILLS})


def _pieces(portion: history.Portion, wanted: Collection[int]) -> Iterable[history.Portion]:
    """At most so many accounts as are held in memory, of those wanted."""
    own = [each for each in portion.accounts if each in wanted]
    for start in range(0, len(own), _AT_ONCE):
        part = own[start : start + _AT_ONCE]
        yield history.Portion(
            portion.run,
            {each: portion.shares.get(each, ()) for each in part},
            {each: portion.issued[each] for each in part if each in portion.issued},
        )
