"""Alerts: what has happened since the last message, for whom, told once.

    recipients   who is told what: the settings
    items        what there is to report: cases of the marts, problems with the data
    due          what is due to be told to one recipient: a pure function of what is so now and what was told
    log          what was told to whom, and whether it arrived: append-only, the memory of all this
    messages     how it is said
    send         how it leaves, and what is written down on the way

Belongs here: everything between the marts and a message on its way. Does not belong here: what is a case (SQL), when and
under which lock messages are sent (`orchestration`).
"""
