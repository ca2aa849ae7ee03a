"""Mail by SMTP, one connection for a batch."""

from __future__ import annotations

import smtplib
import socket
import ssl
from datetime import timedelta
from email.utils import format_datetime, formataddr
from types import TracebackType
from typing import Any

from django.core.mail import EmailMultiAlternatives

from meterbook.notifications import values
from meterbook.notifications.transports import addresses
from meterbook.notifications.transports.answers import Answer, Outgoing, Verdict, plain_words

TIMEOUT_SECONDS = 20
TOO_MUCH = timedelta(minutes=10)  # a server that says "too many" is left alone so long
PERMANENT, TEMPORARY = 500, 400
GOING_AWAY = 421  # RFC 5321: the server ends the conversation


class _Checked(smtplib.SMTP):
    """Connects to the address that was checked; certificates are compared with the name all the same."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return socket.create_connection((addresses.resolve(host, port), port), timeout)


class _CheckedTls(smtplib.SMTP_SSL):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        line = socket.create_connection((addresses.resolve(host, port), port), timeout)
        return self.context.wrap_socket(line, server_hostname=host)


class MailLine:
    """A line to a mail server, opened with the first message; use it as a context manager."""

    def __init__(self, settings: values.MailSettings, password: str) -> None:
        self._settings = settings
        self._password = password
        self._server: smtplib.SMTP | None = None

    def __enter__(self) -> MailLine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hang_up()

    def send(self, outgoing: Outgoing) -> Answer:
        """This will try to hand one message to the server and tell how that ended."""
        try:
            server = self._connected()
        except smtplib.SMTPResponseException as error:
            return self._down(f"{error.smtp_code} {plain_words(error.smtp_error)}")
        except (smtplib.SMTPException, OSError) as error:
            return self._down(str(error) or type(error).__name__)
        return self._hand_over(server, outgoing)

    def _connected(self) -> smtplib.SMTP:
        if self._server is not None:
            return self._server
        mode, host, port = self._settings.tls, self._settings.host, self._settings.port
        context = ssl.create_default_context()
        server: smtplib.SMTP
        if mode is values.TlsMode.TLS:
            server = _CheckedTls(host, port, timeout=TIMEOUT_SECONDS, context=context)
        else:
            server = _Checked(host, port, timeout=TIMEOUT_SECONDS)
        try:
            if mode is values.TlsMode.STARTTLS:
                server.starttls(context=context)
            server.ehlo_or_helo_if_needed()
            if self._settings.user:
                server.login(self._settings.user, self._password)
        except BaseException:
            server.close()
            raise
        self._server = server
        return server

    def _hand_over(self, server: smtplib.SMTP, outgoing: Outgoing) -> Answer:
        content = compose(outgoing, self._settings)
        was_data_begun = False
        try:
            code, words = server.mail(self._settings.sender_address)
            if code >= TEMPORARY:
                # The server does not want this sender: no message of ours will pass.
                server.rset()
                return self._down(f"{code} {plain_words(words)}")
            code, words = server.rcpt(outgoing.address)
            if code >= TEMPORARY:
                server.rset()
                return self._refused(code, words, Verdict.REFUSED_ADDRESS)
            was_data_begun = True
            code, words = server.data(content)
        except smtplib.SMTPResponseException as error:
            self._hang_up()
            return self._refused(error.smtp_code, error.smtp_error, Verdict.REFUSED_MESSAGE)
        except (smtplib.SMTPException, OSError) as error:
            self._hang_up()
            said = self._words(str(error) or type(error).__name__)
            return Answer(Verdict.DOUBTFUL if was_data_begun else Verdict.LATER, said)
        if code >= TEMPORARY:
            return self._refused(code, words, Verdict.REFUSED_MESSAGE)
        return Answer(Verdict.DELIVERED, self._words(f"{code} {plain_words(words)}"))

    def _refused(self, code: int, words: str | bytes, for_good: Verdict) -> Answer:
        said = self._words(f"{code} {plain_words(words)}")
        if code == GOING_AWAY:
            self._hang_up()
            return Answer(Verdict.CHANNEL_DOWN, said, TOO_MUCH)
        return Answer(for_good if code >= PERMANENT else Verdict.LATER, said)

    def _down(self, words: str) -> Answer:
        self._hang_up()
        return Answer(Verdict.CHANNEL_DOWN, self._words(words))

    def _words(self, words: str) -> str:
        return plain_words(words, without=(self._password,))

    def _hang_up(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        try:
            server.quit()
        except (smtplib.SMTPException, OSError):
            server.close()


def compose(outgoing: Outgoing, settings: values.MailSettings) -> bytes:
    """This will return the mail as it goes over the line; the same message always has the same Message-ID."""
    headers = {
        "Message-ID": outgoing.message_id,
        "Date": format_datetime(outgoing.at),
        "Content-Language": outgoing.language,
        "Auto-Submitted": "auto-generated",
    }
    if outgoing.unsubscribe_href:
        # RFC 8058: one click in the mail program, without opening a page.
        headers["List-Unsubscribe"] = f"<{outgoing.unsubscribe_href}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail = EmailMultiAlternatives(
        subject=outgoing.subject,
        body=outgoing.text,
        from_email=formataddr((settings.sender_name, settings.sender_address)),
        to=[outgoing.address],
        headers=headers,
    )
    mail.attach_alternative(outgoing.html, "text/html")
    if outgoing.file is not None:
        mail.attach(outgoing.file.name, outgoing.file.content, outgoing.file.media_type)
    made: Any = mail.message()  # Django's own class, which knows line ends
    content: bytes = made.as_bytes(linesep="\r\n")
    return content
