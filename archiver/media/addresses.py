"""Which addresses a media host may have. Pure.

A name on the allow-list says nothing of where its DNS leads: it may point, or be made to point,
into the network of whoever runs the archiver. So the address itself is judged, just before it is
connected to. The tables are our own: what Python's ``ipaddress`` calls global differs from 3.11 to
3.13, and machines of clouds find their own credentials at addresses that it calls global or
private.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_NOT_PUBLIC_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network (RFC 791)
        "10.0.0.0/8",  # private (RFC 1918)
        "100.64.0.0/10",  # shared by carriers (RFC 6598); 100.100.100.200 is Alibaba's metadata
        "127.0.0.0/8",  # loopback (RFC 1122)
        "168.63.129.16/32",  # Azure's host, with its certificates, though the block is public
        "169.254.0.0/16",  # link-local (RFC 3927), with the metadata of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments (RFC 6890); .192 is Oracle's metadata
        "192.0.2.0/24",  # documentation (RFC 5737)
        "192.31.196.0/24",  # AS112 (RFC 7535)
        "192.52.193.0/24",  # AMT relays (RFC 7450)
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112 (RFC 7534)
        "198.18.0.0/15",  # benchmarks (RFC 2544)
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast (RFC 5771)
        "240.0.0.0/4",  # reserved, and broadcast (RFC 1112)
    )
)
_PUBLIC_V6 = IPv6Network("2000::/3")
"""All that was ever given out for the internet; the rest is not public."""
_NOT_PUBLIC_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, with Teredo, which tunnels to anywhere (RFC 4380)
        "2001:db8::/32",  # documentation (RFC 3849)
        "2002::/16",  # 6to4, which does so, too (RFC 3056)
        "2620:4f:8000::/48",  # AS112 (RFC 7534)
        "3fff::/20",  # documentation (RFC 9637)
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")

_PRIVATE_V4 = tuple(
    IPv4Network(network)
    for network in (
        *("10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
        "198.18.0.0/15",  # where proxies of one's own put the names that they take over
    )
)
_PRIVATE_V6 = tuple(IPv6Network(network) for network in ("::1/128", "fc00::/7"))
_METADATA_V6 = tuple(
    IPv6Network(network)
    for network in (
        "fd00:ec2::/32",  # Amazon's
        "fd20:ce::/32",  # Google's
        "fd00:42::42/128",  # Scaleway's
    )
)


def is_public(address: str) -> bool:
    """Whether ``address`` (as a resolver gives it) is an ordinary one of the public internet.

    IPv4 inside IPv6, mapped (RFC 4291) or by NAT64 (RFC 6052), is judged as the IPv4 it leads to.
    """
    ip = ip_address(address)
    if isinstance(ip, IPv6Address) and (ip.ipv4_mapped or ip in _NAT64):
        ip = IPv4Address(ip.packed[-4:])
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in _NOT_PUBLIC_V4)
    return ip in _PUBLIC_V6 and not any(ip in network for network in _NOT_PUBLIC_V6)


def is_private(address: str) -> bool:
    """Whether ``address`` is of a private network or loopback, where one's own servers may be.

    Link-local is neither, nor is any other at which a cloud tells a machine its credentials.
    """
    ip = ip_address(address)
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if isinstance(ip, IPv4Address):
        return any(ip in network for network in _PRIVATE_V4)
    is_metadata = any(ip in network for network in _METADATA_V6)
    return any(ip in network for network in _PRIVATE_V6) and not is_metadata
