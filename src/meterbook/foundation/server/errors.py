"""What keeps a database server from starting or being reached; each error says what to do."""

from __future__ import annotations


class ServerError(RuntimeError):
    """The database server could not be started or reached. `code` is stable; the message says what to do."""

    code = "SERVER"


def tail(text: str, lines: int = 5) -> str:
    """This will return the last lines of a server's log, indented, for an error message."""
    return "\n".join(f"    {line}" for line in text.strip().splitlines()[-lines:])
