"""How a job is written down: name, queue, lock, retry; the body gets a scope of one organization and is one call."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from django.db import close_old_connections
from procrastinate import RetryDecision, RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.jobs import Job

from meterbook.foundation import queue as foundation_queue
from meterbook.foundation import scoping, ticker
from meterbook.identity import queries as identity_queries
from meterbook.identity import registry
from meterbook.identity.values import Module
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor

log = structlog.get_logger(__name__)

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
    module: Module | None = None,
    site: Callable[..., int | None] | None = None,
) -> Callable[[Body], Body]:
    """This will declare the decorated body as the job `name`. Where its module is off nothing runs.

    :param lock: from the job's ids to the name under which at most one runs at a time, in order
    :param own_scope: the body opens its scopes itself (it needs several transactions) and gets `organization_id`
    :param module: which module it belongs to; without it that of the domain in its name
    :param site: from the job's ids to the id of the site that it works for, where it works for one; called in a scope
    """
    belongs_to = module or registry.module_of(name)

    def declare(body: Body) -> Body:
        @functools.wraps(body)
        def run(*, organization_id: int, **ids: Any) -> None:  # noqa: ANN401 - ids differ by job
            close_old_connections()
            actor = Actor.system(name)
            try:
                if belongs_to is not Module.CORE and not _is_on(organization_id, actor, belongs_to, site, ids):
                    log.info("job.module_is_off", job=name, organization_id=organization_id, module=belongs_to.value)
                elif own_scope:
                    body(organization_id=organization_id, actor=actor, at=clock.now(), **ids)
                else:
                    with scoping.scope([organization_id], actor=actor):
                        body(actor=actor, at=clock.now(), **ids)
            finally:
                close_old_connections()

        app.task(name=name, queue=queue, retry=retry)(run)
        foundation_queue.register(
            foundation_queue.Declaration(name=name, queue=queue, lock=lock, module=belongs_to.value)
        )
        return body

    return declare


def _is_on(
    organization_id: int,
    actor: Actor,
    module: Module,
    site: Callable[..., int | None] | None,
    ids: Mapping[str, Any],
) -> bool:
    """Whether the job's module is on, at its site or else anywhere; a job of the platform belongs to nobody."""
    if organization_id == ticker.PLATFORM:
        return True
    with scoping.scope([organization_id], actor=actor):
        organization = identity_queries.get_organization()
        if site is None or not organization.site_modules:
            return organization.has_module(module)
        site_id = site(**ids)
        return organization.has_module(module) if site_id is None else organization.has_module_at(module, site_id)
