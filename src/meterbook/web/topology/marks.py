"""How a place of the topology is doing, as one chip: icon, words and color, and the share of questions that failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meterbook.acquisition.topology import DeviceNode, Health
from meterbook.acquisition.values import DeviceStatus
from meterbook.kernel import rounding
from meterbook.kernel.rounding import RoundingMode

MUCH = Decimal(5)  # percent of failed questions from which on a line is worth a look


@dataclass(frozen=True)
class Mark:
    """`error_rate` is in percent, None when nothing was asked in this hour and the one before."""

    tone: str
    icon: str
    words: str
    devices: int
    answering: int
    answered_at: datetime | None
    error_rate: Decimal | None

    @property
    def is_bad_rate(self) -> bool:
        """Whether so many questions fail that somebody should look."""
        return self.error_rate is not None and self.error_rate >= MUCH


def of_health(health: Health, *, is_enabled: bool = True) -> Mark:
    """This will say how all devices below a place are doing: the worst first."""
    tone, icon, words = _worst(health) if is_enabled else ("stale", "lock", _("Switched off"))
    return Mark(
        tone, icon, words, health.devices, health.answering, health.answered_at, rate(health.failed, health.asked)
    )


def of_device(node: DeviceNode) -> Mark:
    """This will say how one device is doing."""
    tone, icon, words = {
        DeviceStatus.OK: ("ok", "circle-check", node.status_caption),
        DeviceStatus.SILENT: ("alarm", "no-contact", node.status_caption),
        DeviceStatus.NEVER: ("stale", "question", node.status_caption),
    }[node.status]
    if node.status is DeviceStatus.OK and node.failures:
        tone, icon, words = "warn", "alert", _("Fails at present")
    answering = int(node.status is DeviceStatus.OK)
    return Mark(tone, icon, words, 1, answering, node.answered_at, rate(node.failed, node.asked))


def rate(failed: int, asked: int) -> Decimal | None:
    """This will return how many of the questions failed, in percent with one decimal: 1 of 3 is 33.3."""
    if asked <= 0:
        return None
    return Decimal(rounding.divide(failed * 1000, asked, RoundingMode.HALF_UP)).scaleb(-1, context=rounding.EXACT)


def _worst(health: Health) -> tuple[str, str, str]:
    if not health.devices:
        return "", "info", _("No meters")
    for count, tone, icon, words in (
        (health.silent, "alarm", "no-contact", ngettext("%(count)s silent", "%(count)s silent", health.silent)),
        (health.failing, "warn", "alert", ngettext("%(count)s fails", "%(count)s fail", health.failing)),
        (health.never, "warn", "question", ngettext("%(count)s never read", "%(count)s never read", health.never)),
    ):
        if count:
            return tone, icon, words % {"count": count}
    return "ok", "circle-check", _("All answer")
