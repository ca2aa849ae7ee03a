"""Who acts: carried through every operation and written into the audit record."""

from __future__ import annotations

from dataclasses import dataclass

USER, SYSTEM, API_KEY = "USER", "SYSTEM", "API_KEY"
KINDS = (USER, SYSTEM, API_KEY)


class ActorUnknown(ValueError):
    """An actor is a USER or an API_KEY with its id, or the SYSTEM without one."""


@dataclass(frozen=True)
class Actor:
    """A person, a key or the system itself; `label` is what the audit shows, `source` where it came from."""

    kind: str
    id: int | None
    label: str
    source: str = ""
    on_behalf_of: str = ""  # the landlord, when somebody of a management company acts by a delegation

    def __post_init__(self) -> None:
        if self.kind not in KINDS or (self.kind == SYSTEM) != (self.id is None) or not self.label:
            raise ActorUnknown(f"{self.kind!r} with id {self.id!r} and label {self.label!r}: {ActorUnknown.__doc__}")

    @classmethod
    def system(cls, label: str, *, source: str = "") -> Actor:
        """This will return the system acting under a name such as "collector"."""
        return cls(kind=SYSTEM, id=None, label=label, source=source)

    @classmethod
    def user(cls, user_id: int, label: str, *, source: str = "") -> Actor:
        """This will return a signed-in person."""
        return cls(kind=USER, id=user_id, label=label, source=source)

    @classmethod
    def api_key(cls, user_id: int, label: str, *, source: str = "") -> Actor:
        """This will return a program that acts by an API key; `user_id` is who answers for the key, `label` names it.

        What one person must not do twice (start and approve) is so refused to the person's keys too.
        """
        return cls(kind=API_KEY, id=user_id, label=label, source=source)
