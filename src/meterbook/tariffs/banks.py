"""What the latest version of a tariff keeps of energy fed in must go on in the next one, or be settled."""

from __future__ import annotations

import uuid

from meterbook.foundation import scoping
from meterbook.tariffs import models, sources, values
from meterbook.tariffs.rating import bank_changes, reading
from meterbook.tariffs.rating.document import TariffDocument
from meterbook.tariffs.rating.problems import TariffInvalid


def require(*, tariff: uuid.UUID, sound: TariffDocument) -> None:
    """This will make sure that a next version says what becomes of each bank of the version published last.

    :param tariff: the public id of one of the organization; without a published version nothing is required
    :raises TariffInvalid: naming the banks that it forgets, with the places
    """
    published = models.TariffVersion.objects.filter(
        organization_id=scoping.current().organization_id,
        tariff__public_id=tariff,
        state=values.VersionState.PUBLISHED,
    )
    latest = published.order_by("-during").first()
    if latest is None:
        return
    problems = bank_changes.problems(reading.read(latest.document, sources.calendars()), sound)
    if problems:
        raise TariffInvalid(problems)
