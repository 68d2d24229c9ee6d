"""Which addresses a media host may have. Pure.

A name on the allow-list says nothing of where its DNS leads: it may point, or be made to point,
into the network of whoever runs the archiver. So the address itself is judged, just before it is
connected to.
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_NAT64 = IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_TUNNELS = (IPv6Network("2002::/16"), IPv6Network("2001::/23"))


def is_public(address: str) -> bool:
    """Whether ``address`` (as a resolver gives it) is an ordinary one of the public internet.

    IPv4 inside IPv6, mapped (RFC 4291) or by NAT64 (RFC 6052), is judged as the IPv4 it leads to;
    6to4 and Teredo, which tunnel to anywhere, are not public, nor is what nobody was given yet.
    """
    ip = ip_address(address)
    if isinstance(ip, IPv4Address):
        return _is_public_v4(ip)
    if ip.ipv4_mapped or ip in _NAT64:
        return _is_public_v4(IPv4Address(ip.packed[-4:]))
    tunnelled = any(ip in network for network in _TUNNELS)
    return ip.is_global and ip in _GLOBAL_UNICAST and not tunnelled


def is_private(address: str) -> bool:
    """Whether ``address`` is of a private network or loopback, where one's own servers may be.

    Link-local is neither: cloud machines find their own credentials there.
    """
    ip = ip_address(address)
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    odd = ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip.is_reserved
    return ip.is_loopback or (ip.is_private and not odd)


def _is_public_v4(ip: IPv4Address) -> bool:
    return ip.is_global and not ip.is_multicast and not ip.is_reserved
