"""Files that go with a message. Who makes them is above notifications, so it plugs itself in when it starts.

A message stores only "name:reference"; the bytes are fetched when it is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from meterbook.kernel.actor import Actor
from meterbook.notifications.transports import answers

Loader = Callable[..., answers.File]

_loaders: dict[str, Loader] = {}


class AttachmentUnknown(LookupError):
    """Nothing is connected that makes attachments of this name."""


def connect(loaders: Mapping[str, Loader]) -> None:
    """This will set who makes which files: `loader(reference, actor=, at=)` inside a scope."""
    _loaders.clear()
    _loaders.update(loaders)


def load(attachment: str, *, actor: Actor, at: datetime) -> answers.File:
    """This will return the file that "name:reference" stands for. Needs a scope.

    :raises AttachmentUnknown: when nothing makes files of that name
    """
    name, _, reference = attachment.partition(":")
    if name not in _loaders:
        raise AttachmentUnknown(f"{name}: {AttachmentUnknown.__doc__}")
    return _loaders[name](reference, actor=actor, at=at)
