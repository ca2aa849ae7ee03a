"""Asks the public address whether it leads back here. It asks that one address, one path, and follows nowhere."""

from __future__ import annotations

import enum
import http.client
import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 4
PATH, ANSWER = "/healthz", b"ok"
REFUSES_NAME = 400


class Outcome(enum.StrEnum):
    """What came of it."""

    OURS = "OURS"
    NAME_UNKNOWN = "NAME_UNKNOWN"
    NOBODY = "NOBODY"
    NOT_TRUSTED = "NOT_TRUSTED"
    NO_TLS = "NO_TLS"
    NAME_REFUSED = "NAME_REFUSED"
    SENT_ELSEWHERE = "SENT_ELSEWHERE"
    SOMETHING_ELSE = "SOMETHING_ELSE"


def probe(address: str, *, root: Path | None = None) -> Outcome:
    """This will ask the address and tell what came of it, within seconds; nothing of the answer is kept.

    :param address: as `values.read_address` returns it
    :param root: a further authority to trust: our own
    """
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port or {"http": 80, "https": 443}[parts.scheme]
    line = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    if parts.scheme == "https":
        context = ssl.create_default_context()
        if root is not None and root.exists():
            context.load_verify_locations(root)
        line = http.client.HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=context)
    try:
        line.request("GET", PATH, headers={"Connection": "close"})
        answer = line.getresponse()
        return _judge(answer.status, answer.read(len(ANSWER) + 1))
    except socket.gaierror:
        return Outcome.NAME_UNKNOWN
    except ssl.SSLCertVerificationError:
        return Outcome.NOT_TRUSTED
    except ssl.SSLError:
        return Outcome.NO_TLS
    except OSError:
        return Outcome.NOBODY
    except http.client.HTTPException:
        return Outcome.SOMETHING_ELSE
    finally:
        line.close()


def _judge(status: int, body: bytes) -> Outcome:
    if status == http.client.OK and body == ANSWER:
        return Outcome.OURS
    if status == REFUSES_NAME:
        return Outcome.NAME_REFUSED
    return Outcome.SENT_ELSEWHERE if 300 <= status < 400 else Outcome.SOMETHING_ELSE
