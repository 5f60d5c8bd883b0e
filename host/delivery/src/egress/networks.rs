//! Networks that no vendor is in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What kind of network this address is in, in words, where that is not the public internet.
///
/// Source: the IANA special-purpose address registries for IPv4 and IPv6 (RFC 6890 and what later RFCs added), and
/// RFC 4291 for IPv6's global unicast space, `2000::/3`: everything outside of it is reserved.
pub(super) fn special(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => lookup(&V4, |(network, bits, _)| {
            prefix(u128::from(address.to_bits()) << 96, *bits)
                == prefix(u128::from(Ipv4Addr::from(*network).to_bits()) << 96, *bits)
        }),
        IpAddr::V6(address) => lookup(&V6, |(network, bits, _)| {
            prefix(address.to_bits(), *bits) == prefix(Ipv6Addr::from(*network).to_bits(), *bits)
        }),
    }
}

/// The first row wins, so a narrow network stands before the wide one that contains it.
fn lookup<N>(
    table: &[(N, u32, &'static str)],
    holds: impl Fn(&&(N, u32, &'static str)) -> bool,
) -> Option<&'static str> {
    table.iter().find(holds).map(|(_, _, name)| *name)
}

fn prefix(bits: u128, length: u32) -> u128 {
    bits.checked_shr(128 - length).unwrap_or(0)
}

type Row<N> = (N, u32, &'static str);

const V4: [Row<[u8; 4]>; 18] = [
    ([0, 0, 0, 0], 32, "the unspecified address"),
    ([0, 0, 0, 0], 8, "the network 'this network'"),
    ([10, 0, 0, 0], 8, "a private network"),
    ([100, 64, 0, 0], 10, "a carrier's shared network (CGNAT)"),
    ([127, 0, 0, 0], 8, "a loopback network"),
    ([169, 254, 0, 0], 16, "a link-local network"),
    ([172, 16, 0, 0], 12, "a private network"),
    ([192, 0, 0, 0], 24, "a network for protocol assignments"),
    ([192, 0, 2, 0], 24, "a documentation network"),
    ([192, 88, 99, 0], 24, "the network of 6to4 relays"),
    ([192, 168, 0, 0], 16, "a private network"),
    ([198, 18, 0, 0], 15, "a benchmarking network"),
    ([198, 51, 100, 0], 24, "a documentation network"),
    ([203, 0, 113, 0], 24, "a documentation network"),
    ([224, 0, 0, 0], 4, "a multicast network"),
    ([255, 255, 255, 255], 32, "the broadcast address"),
    ([240, 0, 0, 0], 4, "a reserved network"),
    // The anycast addresses of IANA's own sinkhole for private reverse lookups: no vendor is there (RFC 7534).
    ([192, 175, 48, 0], 24, "a network of the AS112 service"),
];

const V6: [Row<[u16; 8]>; 19] = [
    ([0, 0, 0, 0, 0, 0, 0, 0], 128, "the unspecified address"),
    ([0, 0, 0, 0, 0, 0, 0, 1], 128, "a loopback network"),
    ([0, 0, 0, 0, 0, 0xffff, 0, 0], 96, "IPv4 inside IPv6 (mapped)"),
    ([0, 0, 0, 0, 0, 0, 0, 0], 96, "IPv4 inside IPv6 (compatible)"),
    ([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96, "IPv4 inside IPv6 (NAT64)"),
    ([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48, "IPv4 inside IPv6 (local NAT64)"),
    ([0x100, 0, 0, 0, 0, 0, 0, 0], 64, "the discard-only network"),
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 32, "IPv4 inside IPv6 (Teredo)"),
    ([0x2001, 2, 0, 0, 0, 0, 0, 0], 48, "a benchmarking network"),
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, "a network for protocol assignments"),
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, "a documentation network"),
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, "IPv4 inside IPv6 (6to4)"),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, "a documentation network"),
    ([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, "a unique local network"),
    ([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, "a link-local network"),
    ([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, "a multicast network"),
    // What is left below and above the global unicast space 2000::/3, in two halves each.
    ([0, 0, 0, 0, 0, 0, 0, 0], 3, "a reserved network"),
    ([0x4000, 0, 0, 0, 0, 0, 0, 0], 2, "a reserved network"),
    ([0x8000, 0, 0, 0, 0, 0, 0, 0], 1, "a reserved network"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_is_not_the_public_internet() {
        for (address, expected) in [
            ("0.0.0.0", Some("the unspecified address")),
            ("0.1.2.3", Some("the network 'this network'")),
            ("10.255.255.255", Some("a private network")),
            ("11.0.0.0", None),
            ("100.63.255.255", None),
            ("100.64.0.0", Some("a carrier's shared network (CGNAT)")),
            ("100.127.255.255", Some("a carrier's shared network (CGNAT)")),
            ("100.128.0.0", None),
            ("127.0.0.1", Some("a loopback network")),
            ("127.255.255.254", Some("a loopback network")),
            ("169.254.169.254", Some("a link-local network")),
            ("172.15.255.255", None),
            ("172.16.0.1", Some("a private network")),
            ("172.31.255.255", Some("a private network")),
            ("172.32.0.0", None),
            ("192.0.0.8", Some("a network for protocol assignments")),
            ("192.0.2.1", Some("a documentation network")),
            ("192.88.99.1", Some("the network of 6to4 relays")),
            ("192.168.1.1", Some("a private network")),
            ("198.17.255.255", None),
            ("198.19.0.1", Some("a benchmarking network")),
            ("198.51.100.7", Some("a documentation network")),
            ("203.0.113.7", Some("a documentation network")),
            ("224.0.0.1", Some("a multicast network")),
            ("240.0.0.1", Some("a reserved network")),
            ("255.255.255.255", Some("the broadcast address")),
            ("8.8.8.8", None),
            ("::", Some("the unspecified address")),
            ("::1", Some("a loopback network")),
            ("::ffff:8.8.8.8", Some("IPv4 inside IPv6 (mapped)")),
            ("::127.0.0.1", Some("IPv4 inside IPv6 (compatible)")),
            ("64:ff9b::7f00:1", Some("IPv4 inside IPv6 (NAT64)")),
            ("64:ff9b:1::7f00:1", Some("IPv4 inside IPv6 (local NAT64)")),
            ("100::1", Some("the discard-only network")),
            ("2001:0:4136:e378::1", Some("IPv4 inside IPv6 (Teredo)")),
            ("2001:2::1", Some("a benchmarking network")),
            ("2001:10::1", Some("a network for protocol assignments")),
            ("2001:db8::1", Some("a documentation network")),
            ("2002:7f00:1::1", Some("IPv4 inside IPv6 (6to4)")),
            ("3fff::1", Some("a documentation network")),
            ("2001:4860:4860::8888", None),
            ("2a00:1450:4001::1", None),
            ("5f00::1", Some("a reserved network")),
            ("fc00::1", Some("a unique local network")),
            ("fdff::1", Some("a unique local network")),
            ("fe80::1", Some("a link-local network")),
            ("fec0::1", Some("a reserved network")),
            ("ff02::1", Some("a multicast network")),
            ("::2:0:0:0", Some("a reserved network")),
        ] {
            assert_eq!(special(address.parse().unwrap()), expected, "{address}");
        }
    }
}
