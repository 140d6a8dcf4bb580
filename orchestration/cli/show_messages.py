"""Prints messages that were sent, and those that would be, for `sluttdato messages`."""

from datetime import date

from rich.console import Console
from rich.table import Table

from orchestration.cli.console import FAILED, WrongUse, err, print_json
from orchestration.cli.console import out as standard_output
from orchestration.core.alerting import alert_log, state_now
from orchestration.core.settings import Settings
from publish.alerts.send import digest, send_test

_KINDS = ("opened", "changed", "escalated", "excepted", "resolved")


def show_messages(settings: Settings, last: int, out: Console, *, as_json: bool) -> None:
    """The last messages: day, recipient, state, number of events of each kind."""
    messages = [{
        "message_id": m["message_id"], "told_on": m["told_on"], "recipient": m["recipient"], "state": m["state"],
        **{kind: sum(e["event"] == kind for e in m["events"])
           for kind in _KINDS}, "still_open": m["still_open"],
    } for m in alert_log(settings).messages()[-last:]]
    if as_json:
        print_json(messages)
        return
    if not messages:
        out.print("Nothing was sent yet. Recipients are set under `alerts.recipients`; `--preview NAME` shows a message.")
        return
    table = Table("sent on", "recipient", "state", "events", box=None, pad_edge=False)
    for row in messages:
        events = ", ".join(f"{row[kind]} {kind}" for kind in (*_KINDS, "still_open") if row[kind])
        table.add_row(str(row["told_on"]), row["recipient"], row["state"], events)
    out.print(table)


def preview_message(settings: Settings, name: str, today: date, out: Console) -> None:
    """The message that a recipient would get now."""
    due = digest(settings.alerts, name, state_now(settings, today, None), alert_log(settings).memory(name))
    if due is None:
        out.print(f"There is nothing new to send to {name}.", markup=False)
        return
    message, _ = due
    out.print(f"{message.title}\n\n{message.body}", markup=False, soft_wrap=True)


def test_address(settings: Settings, name: str) -> int:
    """Send the test message; the exit status."""
    recipient = settings.alerts.recipients[name]
    if recipient.send_to is None:
        raise WrongUse(f"alerts.recipients.{name}.send_to is not set")
    if not send_test(recipient.send_to, name):
        err.print(f"sluttdato: the message to {name} did not leave: is `send_to` right, and does the channel answer?",
                  markup=False, soft_wrap=True)
        return FAILED
    standard_output.print(f"A test message left for {name}.", markup=False)
    return 0
