"""News travels upwards through one outbox (architecture 3).

`publish` writes a row in the caller's transaction and defers one job for each handler; the worker runs each handler
once per event, in order per `key`, in a transaction of its own.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from django.db import IntegrityError, transaction

from meterbook.foundation import models, queue, scoping

HANDLE_EVENT = "foundation.handle_event"


@dataclasses.dataclass(frozen=True)
class Event:
    """Base of all events. Fields are ids and plain values that JSON can carry; `name` is "domain.thing_happened"."""

    name: ClassVar[str] = ""
    organization_id: int

    @property
    def key(self) -> str:
        """The object whose events must be handled in order."""
        raise NotImplementedError(f"{type(self).__name__} must name the object that orders its events.")


Handler = Callable[..., None]

_classes: dict[str, type[Event]] = {}
_handlers: dict[str, tuple[str, ...]] = {}


class UnknownEvent(LookupError):
    """An event without a line in `config.subscriptions`; add one, with an empty list when nobody listens yet."""


def subscribe(subscriptions: Mapping[type[Event], Iterable[Handler]]) -> None:
    """This will set which handlers each event has; called once at start by `config`."""
    _classes.clear()
    _handlers.clear()
    for event_class, handlers in subscriptions.items():
        _classes[event_class.name] = event_class
        _handlers[event_class.name] = tuple(f"{each.__module__}:{each.__qualname__}" for each in handlers)


def subscribed() -> dict[str, tuple[str, ...]]:
    """This will return the handler paths by event name."""
    return dict(_handlers)


def publish(event: Event) -> None:
    """This will write the event into the caller's transaction and have its handlers run after the commit.

    :raises UnknownEvent: when the event has no line in `config.subscriptions`
    :raises scoping.OutsideScope: outside a scope
    """
    scoping.current()
    if event.name not in _classes:
        raise UnknownEvent(f"{event.name}: {UnknownEvent.__doc__}")
    row = models.OutboxEvent.objects.create(
        organization_id=event.organization_id,
        name=event.name,
        key=event.key,
        payload=dataclasses.asdict(event),
    )
    for handler in _handlers[event.name]:
        queue.defer(
            HANDLE_EVENT,
            lock=f"event:{event.organization_id}:{event.key}",
            organization_id=event.organization_id,
            event_id=row.pk,
            handler=handler,
        )


def deliver(*, organization_id: int, event_id: int, handler: str, at: datetime) -> bool:
    """This will run one handler for one event unless it has run before; it answers whether it ran.

    The mark and what the handler writes are one transaction: both are there or neither.
    """
    row = models.OutboxEvent.objects.filter(organization_id=organization_id).get(pk=event_id)
    try:
        with transaction.atomic():
            models.EventDelivery.objects.create(organization_id=organization_id, event=row, handler=handler)
    except IntegrityError:
        return False
    _load(handler)(load(row.name, row.payload), actor=scoping.current().actor, at=at)
    return True


def load(name: str, payload: Mapping[str, Any]) -> Event:
    """This will make the typed event from its stored form; fields that the class no longer has are left out."""
    event_class = _classes[name]
    known = {each.name for each in dataclasses.fields(event_class)}
    return event_class(**{field: value for field, value in payload.items() if field in known})


def _load(path: str) -> Handler:
    module, _, name = path.partition(":")
    loaded: Handler = getattr(importlib.import_module(module), name)
    return loaded
