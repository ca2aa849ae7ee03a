"""How connections are encrypted, and an attempt of it in memory: what fails here would fail with every browser."""

from __future__ import annotations

import contextlib
import ssl

from meterbook.foundation.tls import files

# Far more than the turns of any handshake.
MOST_TURNS = 20


def server_context(pair: files.Pair) -> ssl.SSLContext:
    """This will return how connections are encrypted: TLS 1.2 at least, HTTP/1.1.

    :raises ssl.SSLError: when the library refuses the certificate or its key
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_alpn_protocols(["http/1.1"])
    made.load_cert_chain(pair.certificate, pair.key)
    return made


def attempt(pair: files.Pair) -> None:
    """This will shake hands with itself, as a client of today does who trusts the issuer whoever it is.

    :raises ssl.SSLError: when the two cannot come to terms
    """
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.minimum_version = ssl.TLSVersion.TLSv1_2
    # Who issued it, for whom and until when is looked at elsewhere; devices may know an issuer that we do not.
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting.wrap_bio(to_client, to_server)
    server = server_context(pair).wrap_bio(to_server, to_client, server_side=True)
    waiting = [client, server]
    for _turn in range(MOST_TURNS):
        for each in tuple(waiting):
            with contextlib.suppress(ssl.SSLWantReadError):
                each.do_handshake()
                waiting.remove(each)
        if not waiting:
            return
    raise ssl.SSLError("the handshake does not end")
