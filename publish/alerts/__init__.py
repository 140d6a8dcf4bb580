"""Alerts: messages about what has happened since a recipient's last message. Each event is sent once.

    recipients   who gets which messages: the settings
    items        what there is to report: cases of the marts, problems with the data
    due          which events are due for one recipient: a pure function of today's items and of what was sent before
    log          which messages were sent to whom, and whether they arrived: append-only
    messages     the text of a message
    send         sends what is due, and logs it

Belongs here: everything between the marts and a sent message. Does not belong here: what is a case (SQL), when and
under which lock messages are sent (`orchestration`).
"""
