"""How messages leave: derive, write down, send, write down the outcome. One recipient after the other."""

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
    """What became of one run's messages, by the recipients' names."""

    sent: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def digest(alerts: Alerts, name: str, state: State, memory: Memory) -> tuple[Message, list[Event]] | None:
    """The message that is due to one recipient now, by what they were told, and its events; None on a quiet day."""
    recipient = alerts.recipients[name]
    events = due(recipient, state.items, memory, state.as_of, passed=state.passed(memory.last_sent_on),
                 not_looked_at=state.not_looked_at)
    weekly = state.cases_are_known and recipient.findings and is_weekly_due(recipient, memory.last_sent_on, state.as_of)
    if not events and not weekly:
        return None
    return compose(alerts, recipient, state, events, lambda e: e.fingerprint(name) in memory.unsure), events


def send_all(alerts: Alerts, state: State, log: AlertLog, channel: Channel | None = None) -> Sent:
    """Send what is due to every recipient with an address. Whatever fails is told again by the next run."""
    outcome = Sent()
    for name, recipient in alerts.recipients.items():
        if recipient.send_to is None:
            continue
        memory = log.memory(name)
        told = digest(alerts, name, state, memory)
        if told is None:
            continue
        message, events = told
        message_id = log.begin(name, state.as_of, events, message.still_open, memory.unsure,
                               is_problem_only=not state.cases_are_known)
        arrived = (channel or by_apprise)(recipient.send_to.get_secret_value(), message)
        log.end(message_id, sent=arrived)
        (outcome.sent if arrived else outcome.failed).append(name)
    return outcome


def send_test(send_to: SecretStr, name: str, channel: Channel | None = None) -> bool:
    """Send a message that only says that the address works."""
    message = Message("Sluttdato: prøvemelding",
                      f"Denne meldingen viser at adressen til «{name}» virker. Du trenger ikke å gjøre noe.", 0)
    return (channel or by_apprise)(send_to.get_secret_value(), message)


def by_apprise(address: str, message: Message) -> bool:
    """Send by Apprise; False when the address is none, or the other side did not take the message."""
    import apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its words may hold the address, which holds secrets
    service = apprise.Apprise.instantiate(address, suppress_exceptions=True)
    if service is None:
        return False
    sender = apprise.Apprise(asset=apprise.AppriseAsset(app_id="Sluttdato", app_desc="Sluttdato", async_mode=False))
    sender.add(service)
    return bool(sender.notify(title=message.title, body=message.body, body_format=apprise.NotifyFormat.TEXT))
