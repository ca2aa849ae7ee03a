"""Changes of notifications; each needs a running scope, except what talks to the outside (`deliver`, `check_telegram`,
`receive_updates`): that opens its own, and holds none while the other side answers.
"""

from meterbook.notifications.operations.channels import SecretNeeded, set_mail, set_telegram
from meterbook.notifications.operations.codes import TooManyCodes
from meterbook.notifications.operations.delivering import deliver
from meterbook.notifications.operations.linking import check_telegram, receive_updates
from meterbook.notifications.operations.recipients import (
    TooManyDestinations,
    ask_for_mail,
    ask_for_telegram,
    confirm_by_link,
    confirm_code,
    link_chat,
    remove_destination,
    set_alarm_default,
    set_preferences,
    unsubscribe,
)
from meterbook.notifications.operations.sending import retry_message, send, send_test

__all__ = [
    "SecretNeeded",
    "TooManyCodes",
    "TooManyDestinations",
    "ask_for_mail",
    "ask_for_telegram",
    "check_telegram",
    "confirm_by_link",
    "confirm_code",
    "deliver",
    "link_chat",
    "receive_updates",
    "remove_destination",
    "retry_message",
    "send",
    "send_test",
    "set_alarm_default",
    "set_mail",
    "set_preferences",
    "set_telegram",
    "unsubscribe",
]
