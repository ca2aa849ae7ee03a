"""What a gateway keeps of itself: where the server is, its key, the server's key, the configuration in force.

One file that only its owner may read, written anew as a whole and flushed to the disk before it counts.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from meterbook.acquisition.push import configuration, signing

FILE, BUFFER = "gateway.json", "buffer.sqlite3"
VERSION = "1.0"


class NotEnrolled(RuntimeError):
    """There is no enrolment in this folder; run `meterbook-gateway init` first."""


@dataclass(frozen=True)
class Kept:
    """What the file holds. `signed` and `signature` are the configuration as the server sent it."""

    server: str
    gateway: str
    name: str
    key: str
    secret: str = field(repr=False)
    algorithm: str
    server_key: str
    authority: str = ""  # a file with the certificate of the server's authority, where the machine does not know it
    number: int = 0
    signed: str = ""
    signature: str = ""
    broker_user: str = ""  # by which the broker of the configuration is entered; never told by the server
    broker_password: str = field(default="", repr=False)

    @property
    def configuration(self) -> configuration.Configuration:
        """This will read the configuration in force, its signature once more.

        :raises configuration.ConfigurationRefused: when somebody altered the file
        """
        if not self.signed:
            return configuration.Configuration(0)
        return configuration.read(
            self.signed, self.signature, server_key=signing.decode(self.server_key), gateway=self.gateway
        )

    def with_configuration(self, text: str, signature: str) -> Kept:
        """This will take over a configuration that the server signed, unless it is older.

        :raises configuration.ConfigurationRefused: naming what is wrong with it
        """
        found = configuration.read(
            text,
            signature,
            server_key=signing.decode(self.server_key),
            gateway=self.gateway,
            number=self.number,
        )
        return replace(self, number=found.number, signed=text, signature=signature)


def load(folder: Path) -> Kept:
    """This will read the file.

    :raises NotEnrolled: when there is none
    """
    try:
        content = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NotEnrolled(NotEnrolled.__doc__) from error
    return Kept(**content)


def save(folder: Path, kept: Kept) -> None:
    """This will write the file, readable by its owner only."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / FILE
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(asdict(kept), file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
