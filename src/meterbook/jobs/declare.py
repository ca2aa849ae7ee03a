"""How a job is written down: name, queue, lock, retry; the body gets a scope of one organization and is one call."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.db import close_old_connections
from procrastinate import RetryDecision, RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.jobs import Job

from meterbook.foundation import queue as foundation_queue
from meterbook.foundation import scoping
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor

MAX_ATTEMPTS = 10


class UsualRetry(RetryStrategy):
    """Ten times, ever more slowly; a periodic job not at all, because the next instant starts it anew.

    The next one may wait already: putting the failed one back beside it would break the queueing lock, and leave the
    job running for ever as far as the queue knows.
    """

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """This will tell when to try again; None: not."""
        return None if job.queueing_lock else super().get_retry_decision(exception=exception, job=job)


# Deadlocks and serialization failures pass; what fails ten times needs a person and stays visible as failed.
USUAL_RETRY = UsualRetry(max_attempts=MAX_ATTEMPTS, exponential_wait=3)

Body = Callable[..., object]


def job(
    name: str,
    *,
    queue: str = "default",
    lock: Callable[..., str] | None = None,
    retry: RetryStrategy = USUAL_RETRY,
    own_scope: bool = False,
) -> Callable[[Body], Body]:
    """This will declare the decorated body as the job `name`.

    :param lock: from the job's ids to the name under which at most one runs at a time, in order
    :param own_scope: the body opens its scopes itself (it needs several transactions) and gets `organization_id`
    """

    def declare(body: Body) -> Body:
        @functools.wraps(body)
        def run(*, organization_id: int, **ids: Any) -> None:  # noqa: ANN401 - ids differ by job
            close_old_connections()
            actor = Actor.system(name)
            try:
                if own_scope:
                    body(organization_id=organization_id, actor=actor, at=clock.now(), **ids)
                else:
                    with scoping.scope([organization_id], actor=actor):
                        body(actor=actor, at=clock.now(), **ids)
            finally:
                close_old_connections()

        app.task(name=name, queue=queue, retry=retry)(run)
        foundation_queue.register(foundation_queue.Declaration(name=name, queue=queue, lock=lock))
        return body

    return declare
