"""Where an endpoint is, and the proxy that it is reached through."""

import urllib.request
from base64 import b64encode
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Self
from urllib.parse import SplitResult, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Address:
    """Where an endpoint is, e.g. ``http://127.0.0.1:8000/v1``, and how it is reached."""

    base: SplitResult
    proxy: SplitResult | None

    @classmethod
    def of(cls, url: str) -> Self:
        """Read an address. Raises ValueError, which says what is wrong."""
        base = _split(url)
        if base.query or base.fragment or base.username is not None:
            raise ValueError("must end with its path, e.g. /v1, and hold no user or password")
        return cls(base, None if _is_loopback(base.hostname or "") else _proxy(base))

    def __str__(self) -> str:
        return self.base.geturl()


def credentials(proxy: SplitResult) -> dict[str, str]:
    """The header that names us to a proxy, none for one that wants no name."""
    if proxy.username is None:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def _split(url: str) -> SplitResult:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must begin with http:// or https:// and name a host")
    _ = parts.port  # Raises ValueError for what is none.
    return parts


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _proxy(base: SplitResult) -> SplitResult | None:
    named = urllib.request.getproxies().get(base.scheme)
    if named is None or urllib.request.proxy_bypass(base.hostname or ""):
        return None
    return _split(named if "://" in named else f"http://{named}")
