//! Where a request came from, when proxies stand in between.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use axum::http::HeaderMap;
use base::{Error, Result};

/// The addresses of proxies whose word is taken: `127.0.0.1`, `10.0.0.0/8`, `fd00::/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// This machine: what is trusted unless told.
    pub const LOOPBACK: [Self; 2] = [
        Self {
            address: IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
            prefix: 8,
        },
        Self {
            address: IpAddr::V6(Ipv6Addr::LOCALHOST),
            prefix: 128,
        },
    ];

    fn contains(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let malformed = || {
            Error::invalid(
                "trusted_proxies_malformed",
                format!("a trusted proxy is an address or a network such as 10.0.0.0/8, not {text:?}"),
            )
            .at("trusted_proxies")
        };
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| malformed())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) => prefix.parse().ok().filter(|prefix| *prefix <= longest),
            None => Some(longest),
        };
        Ok(Self {
            address,
            prefix: prefix.ok_or_else(malformed)?,
        })
    }
}

/// Where the request came from: the last address of `X-Forwarded-For` that is not a trusted proxy's own, if
/// a trusted proxy sends it. What stands further left anyone may have written.
pub(crate) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut client = peer.to_canonical();
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .flat_map(|line| line.to_str().unwrap_or_default().split(','))
        .collect();
    for hop in forwarded.into_iter().rev() {
        if !is_trusted(client) {
            break;
        }
        let Some(address) = address_of(hop) else {
            break;
        };
        client = address;
    }
    client
}

/// An address with or without a port: `1.2.3.4`, `1.2.3.4:5678`, `::1`, `[::1]:5678`.
fn address_of(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let address: IpAddr = match hop.parse::<SocketAddr>() {
        Ok(with_port) => with_port.ip(),
        Err(_) => hop.trim_matches(['[', ']']).parse().ok()?,
    };
    Some(address.to_canonical())
}

/// Who is counted together when sign-ins fail: an IPv4 address, or the /64 that one IPv6 customer has.
pub(crate) fn neighbourhood(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let network = Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64));
            format!("{network}/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn address(peer: &str, lines: &[&'static str], trusted: &[&str]) -> String {
        let trusted: Vec<Network> = if trusted.is_empty() {
            Network::LOOPBACK.to_vec()
        } else {
            trusted.iter().map(|text| text.parse().unwrap()).collect()
        };
        let headers: HeaderMap = lines
            .iter()
            .map(|line| {
                let name = HeaderName::from_static("x-forwarded-for");
                (name, HeaderValue::from_static(line))
            })
            .collect();
        client_address(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(address("127.0.0.1", &["1.1.1.1, 2.2.2.2"], &[]), "2.2.2.2");
        assert_eq!(address("127.0.0.1", &["1.1.1.1", "2.2.2.2"], &[]), "2.2.2.2");
        assert_eq!(address("::ffff:127.0.0.1", &["2.2.2.2:4711"], &[]), "2.2.2.2");
        assert_eq!(address("::1", &["[2001:db8::1]:4711"], &[]), "2001:db8::1");
        assert_eq!(address("9.9.9.9", &["1.1.1.1"], &[]), "9.9.9.9");
        assert_eq!(address("127.0.0.1", &[], &[]), "127.0.0.1");
        assert_eq!(address("127.0.0.1", &["1.1.1.1, nonsense"], &[]), "127.0.0.1");
        // Two proxies of one's own: the last address that is neither's.
        let own = ["10.0.0.0/8", "192.168.1.1"];
        assert_eq!(
            address("192.168.1.1", &["6.6.6.6, 1.1.1.1, 10.3.2.1"], &own),
            "1.1.1.1"
        );
        assert_eq!(address("127.0.0.1", &["1.1.1.1"], &own), "127.0.0.1");
        assert_eq!(address("10.1.1.1", &["10.2.2.2"], &["0.0.0.0/0"]), "10.2.2.2");
    }

    #[test]
    fn a_network_is_an_address_with_a_prefix() {
        for bad in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/x", "proxy"] {
            assert_eq!(
                bad.parse::<Network>().unwrap_err().code(),
                "trusted_proxies_malformed",
                "{bad}"
            );
        }
    }

    #[test]
    fn one_ipv6_customer_is_counted_once() {
        let of = |text: &str| neighbourhood(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2:ffff::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("1.2.3.4"), "1.2.3.4");
    }
}
