"""The settings that every pulled source has."""

import os
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from ingest.errors import PullFailed
from ingest.sources.base import SourceSettings

_LOCAL = ("localhost", "127.0.0.1", "::1")


class HttpSettings(SourceSettings):
    """Settings that every pulled source has."""

    connect_timeout_seconds: float = Field(default=10, gt=0, description="Seconds that the server has to accept a connection.")
    read_timeout_seconds: float = Field(default=120, gt=0, description="Seconds that the server may be silent while it answers.")
    max_pull_minutes: float = Field(
        default=60, gt=0, description="Minutes that a pull may take in all, with every wait and attempt; then it fails.")
    attempts: int = Field(
        default=6, ge=1, description="How many times a request that fails in passing is made in all; a listing too.")
    backoff_seconds: float = Field(
        default=1, ge=0, description="Seconds to wait before the second attempt; doubled for each one after, with jitter.")
    max_retry_after_seconds: float = Field(
        default=300, ge=0, description="The longest wait, in seconds, that a server may ask for; it fails when that is more.")
    concurrency: int = Field(default=2, ge=1, le=16, description="Requests made at the same time.")
    max_requests_per_second: float | None = Field(
        default=None, gt=0, description="Limit for all requests to the server together; left out: none.")
    ca_bundle: str | None = Field(
        default=None, description="File with your own authority's certificate; left out: REQUESTS_CA_BUNDLE, or the usual ones.")
    allow_http: bool = Field(
        default=False, description="true: send credentials and national ids unencrypted, on a network that you trust.")

    @field_validator("url", "token_url", check_fields=False)
    @classmethod
    def _web_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:  # .port raises for one that cannot be
            raise ValueError("expected an address such as https://host/path")
        if parts.username or parts.password:
            raise ValueError("no user or password in the address; there are settings for them")
        return value.rstrip("/")

    @property
    def verify(self) -> str | bool:
        """The trusted certificates: the file set here, else the one in REQUESTS_CA_BUNDLE, else the usual ones (True)."""
        return self.ca_bundle or os.environ.get("REQUESTS_CA_BUNDLE") or True

    def refuse_plain_http(self, *addresses: str) -> None:
        """Raise PullFailed for an http address, unless it is on this machine or `allow_http` is set."""
        for address in addresses:
            parts = urlsplit(address)
            if parts.scheme == "http" and parts.hostname not in _LOCAL and not self.allow_http:
                raise PullFailed(f"{address} is not encrypted. Use https, or set `allow_http: true` if your network is trusted")
