"""Sending messages, one recipient after the other: find what is due, log it, send it, log the outcome.

Does not belong here: which events are due (`due`), the text (`messages`).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import SecretStr

from publish.alerts.due import Event, Memory, due, is_weekly_due
from publish.alerts.items import State
from publish.alerts.log import AlertLog
from publish.alerts.messages import Message, compose
from publish.alerts.recipients import Alerts

Channel = Callable[[str, Message], bool]


@dataclass
class Sent:
    """The outcome of one run's messages: the names of the recipients."""

    sent: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def digest(alerts: Alerts, name: str, state: State, memory: Memory) -> tuple[Message, list[Event]] | None:
    """The message that is due for one recipient, with its events; None when nothing is due. `memory`: what they were sent."""
    recipient = alerts.recipients[name]
    events = due(recipient, state.items, memory, state.as_of, short_lived=state.short_lived(memory.last_sent_on),
                 looked_at=state.looked_at)
    weekly = state.cases_are_known and recipient.findings and is_weekly_due(recipient, memory.last_sent_on, state.as_of)
    if not events and not weekly:
        return None
    return compose(alerts, recipient, state, events, lambda e: e.fingerprint(name) in memory.uncertain), events


def send_all(alerts: Alerts, state: State, log: AlertLog, channel: Channel | None = None) -> Sent:
    """Send what is due to every recipient with an address. The next run sends again what failed."""
    outcome = Sent()
    for name, recipient in alerts.recipients.items():
        if recipient.send_to is None:
            continue
        memory = log.memory(name)
        due_now = digest(alerts, name, state, memory)
        if due_now is None:
            continue
        message, events = due_now
        message_id = log.begin(name, state.as_of, events, message.still_open, memory.uncertain,
                               is_problem_only=not state.cases_are_known)
        arrived = (channel or by_apprise)(recipient.send_to.get_secret_value(), message)
        log.end(message_id, sent=arrived)
        (outcome.sent if arrived else outcome.failed).append(name)
    return outcome


def send_test(send_to: SecretStr, name: str, channel: Channel | None = None) -> bool:
    """Send a message to test an address; returns whether it was accepted."""
    message = Message("Sluttdato: prøvemelding",
                      f"Denne meldingen viser at adressen til «{name}» virker. Du trenger ikke å gjøre noe.", 0)
    return (channel or by_apprise)(send_to.get_secret_value(), message)


def by_apprise(address: str, message: Message) -> bool:
    """Send by Apprise; False when the address is not valid, or the message was not accepted."""
    import apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it may log the address, which contains secrets
    service = apprise.Apprise.instantiate(address, suppress_exceptions=True)
    if service is None:
        return False
    sender = apprise.Apprise(asset=apprise.AppriseAsset(app_id="Sluttdato", app_desc="Sluttdato", async_mode=False))
    sender.add(service)
    return bool(sender.notify(title=message.title, body=message.body, body_format=apprise.NotifyFormat.TEXT,
                              notify_type=apprise.NotifyType(message.severity)))
