"""Who guesses passwords waits, and is told how long: what is right is taken back and counts against nobody."""

from __future__ import annotations

import math
from collections.abc import Callable

from allauth.core.internal import ratelimit
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from meterbook.kernel import clock

APP = "allauth.account"
AT_ACCOUNT, HERE, KNOWN = "login_failed", "login_failed_here", "login_known"
TOO_MANY = 429


class RetryAfterMiddleware(MiddlewareMixin):
    """Answers 429 with the seconds to wait where guesses were refused; the page with its words stays as it is."""

    get_response: Callable[[HttpRequest], HttpResponseBase]

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """This will tell programs what the page tells people."""
        seconds = getattr(request, "guess_waits", None)
        if seconds is not None:
            response.status_code = TOO_MANY
            response.headers["Retry-After"] = str(seconds)
        return response


def count(
    request: HttpRequest, action: str, key: str = "", *, is_read: bool = False
) -> ratelimit.RateLimitUsage | None:
    """This will count one guess; None where there were too many. `rollback` of what is returned takes it back.

    :param is_read: count pages that are only asked for, too
    """
    return ratelimit.consume(request, app=APP, action=action, key=key, limit_get=is_read)


def refuse(request: HttpRequest, **keys: str) -> None:
    """This will note how long whoever asks has to wait.

    :param keys: by action, the key whose guesses are counted; the longest wait counts
    """
    waits = [_seconds(request, action, key) for action, key in keys.items()]
    request.guess_waits = max(waits, default=1)  # type: ignore[attr-defined]


def _seconds(request: HttpRequest, action: str, key: str) -> int:
    """Until the oldest guess that fills a limit counts no more; at least one."""
    longest, now = 1, clock.real_now().timestamp()
    for rate in ratelimit.parse_rates(settings.ACCOUNT_RATE_LIMITS[action]):
        name = ratelimit.get_cache_key(request, app=APP, action=action, rate=rate, key=key)
        newest_first = [each for each in cache.get(name, []) if each > now - rate.duration]
        if len(newest_first) >= rate.amount:
            longest = max(longest, math.ceil(newest_first[rate.amount - 1] + rate.duration - now))
    return longest
