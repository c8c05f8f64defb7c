"""Tells loopback addresses from all others."""

from __future__ import annotations

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether a host is a loopback address, which only this machine can reach.

    Args:
        host: A name or an address without a port; an IPv6 address may be in brackets.
    """
    name = host.lower()
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
        if ":" not in name:
            return False
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)  # built into is_loopback from Python 3.13 on
    return (mapped or address).is_loopback
