"""Requests to a server: time-outs, a deadline, retries, tokens, redirects, limits, and clear errors.

    settings   the settings that every pulled source has
    wire       one request: trust, pace, the deadline of the pull, and how much may come
    answers    reading a body within limits, and what went wrong, in words
    oauth      how a client shows who it is: tokens, basic, ntlm
    client     the requests of a source: attempts, waits, redirects

Belongs here: what holds for every pulled source. Does not belong here: what the pages mean (the adapters), and how pages make a
listing (`pulled`). Whatever a server does ends as an answer or as one PullFailed that names the source. No error text holds a
secret, or anything that came but a server's own error code and a host's name.
"""

from ingest.sources.http.answers import AnswerTooLarge, BadAnswer, json_body, stream
from ingest.sources.http.client import Client, NothingThere, in_order
from ingest.sources.http.oauth import OAuth, basic, ntlm
from ingest.sources.http.settings import HttpSettings

__all__ = ["AnswerTooLarge", "BadAnswer", "Client", "HttpSettings", "NothingThere", "OAuth", "basic", "in_order", "json_body",
           "ntlm", "stream"]
