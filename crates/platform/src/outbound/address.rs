//! Which addresses may be called. A name is judged by what it stands for at the moment of the call, so that a
//! name which is harmless when it is written down and not when it is used helps nobody.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use base::{Error, Result};
use hyper::Uri;

/// The longest address.
const URL_CHARS_MAX: usize = 2_000;

/// At which clouds give out their machines' credentials, beside the link-local ones: of Alibaba Cloud, of Azure and, by
/// IPv6, of AWS.
const OF_CLOUDS: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

/// How far a call may go. What is no address of a single machine, and the addresses at which clouds give out
/// their machines' credentials (link-local, and [`OF_CLOUDS`]), are never called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Addresses of the public Internet.
    Public,
    /// Also those of private networks and of this machine.
    Private,
}

impl Reach {
    /// Whether an address may be called.
    pub(super) fn permits(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        if OF_CLOUDS.contains(&address) {
            return false;
        }
        match address {
            IpAddr::V4(address) => match self {
                Self::Public => is_public_v4(address),
                Self::Private => is_public_v4(address) || is_private_v4(address),
            },
            IpAddr::V6(address) => match self {
                Self::Public => is_public_v6(address),
                Self::Private => is_public_v6(address) || is_private_v6(address),
            },
        }
    }

    /// Whether a host may be called as far as its name says: what it stands for is only known at the call.
    pub(super) fn permits_host(self, host: &str) -> bool {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        match bare.parse::<IpAddr>() {
            Ok(address) => self.permits(address),
            Err(_) => self == Self::Private || !is_this_machine(host),
        }
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    // 100.64/10 is what carriers and some clouds use within their own networks.
    address.is_private() || address.is_loopback() || (a == 100 && (64..128).contains(&b))
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = a == 0
        || a >= 224 // several machines at once, and what is reserved
        || address.is_link_local()
        || address.is_documentation()
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b));
    !special && !is_private_v4(address)
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    address.is_loopback() || address.is_unique_local()
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // Tunnels (Teredo, 6to4) and examples carry or hide other addresses.
    let hides = (a == 0x2001 && (b == 0 || b == 0x0db8)) || a == 0x2002;
    (a & 0xe000) == 0x2000 && !hides
}

/// Whether a URL may be called. Errors, at `url`: `url_malformed`; `url_insecure` for http to another machine
/// unless that is allowed; `url_private` beyond the reach.
pub fn check_url(url: &str, allow_http: bool, reach: Reach) -> Result<()> {
    let malformed = |message: &str| Error::invalid("url_malformed", message).at("url");
    if url.chars().count() > URL_CHARS_MAX {
        return Err(malformed("an address has at most 2,000 characters"));
    }
    let uri: Uri = url.parse().map_err(|_| malformed("this is not an address"))?;
    let Some(host) = uri.host().filter(|host| !host.is_empty()) else {
        return Err(malformed("the address has no host"));
    };
    if url.contains('#') || uri.authority().is_some_and(|part| part.as_str().contains('@')) {
        return Err(malformed("an address has no fragment, user or password in it"));
    }
    match uri.scheme_str() {
        Some("https") => {}
        Some("http") if allow_http || is_this_machine(host) => {}
        Some("http") => {
            return Err(Error::invalid(
                "url_insecure",
                "use https, or set allow_http if nobody in between may do harm",
            )
            .at("url"));
        }
        _ => return Err(malformed("the address begins with https:// or http://")),
    }
    if reach.permits_host(host) {
        return Ok(());
    }
    Err(Error::invalid(
        "url_private",
        "this address is in a private network or on this machine: set allow_private if it is meant",
    )
    .at("url"))
}

fn is_this_machine(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let numbers: Vec<_> = host.split('.').map(str::parse::<u8>).collect();
    matches!(numbers.as_slice(), [Ok(127), Ok(_), Ok(_), Ok(_)])
        || host == "localhost"
        || host.ends_with(".localhost")
        || host == "[::1]"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_public_private_or_never_called() {
        let reach = |address: &str| {
            let address = address.parse().unwrap();
            (Reach::Public.permits(address), Reach::Private.permits(address))
        };
        for public in ["1.1.1.1", "203.0.112.9", "2606:4700::1111", "::ffff:1.1.1.1"] {
            assert_eq!(reach(public), (true, true), "{public}");
        }
        for private in [
            "10.0.0.1",
            "172.16.3.4",
            "192.168.1.1",
            "127.0.0.1",
            "100.64.0.1",
            "::1",
            "fd00::1",
            "::ffff:10.0.0.1",
        ] {
            assert_eq!(reach(private), (false, true), "{private}");
        }
        for never in [
            "0.0.0.0",
            "169.254.169.254",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "203.0.113.1",
            "::",
            "fe80::1",
            "ff02::1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "2001:db8::1",
            "::10.0.0.1",
            "::ffff:169.254.169.254",
            "100.100.100.200",
            "168.63.129.16",
            "fd00:ec2::254",
        ] {
            assert_eq!(reach(never), (false, false), "{never}");
        }
    }

    #[test]
    fn a_url_is_judged_by_scheme_and_host() {
        let code = |url: &str, allow_http, reach| {
            check_url(url, allow_http, reach)
                .map_err(|e| e.code())
                .err()
                .unwrap_or("good")
        };
        for (url, public, private) in [
            ("https://crm.example.com/a?b=1", "good", "good"),
            ("https://10.0.0.1/", "url_private", "good"),
            ("https://[::1]:8443/", "url_private", "good"),
            ("http://localhost:9000/x", "url_private", "good"),
            ("https://169.254.169.254/latest", "url_private", "url_private"),
            ("http://example.com/", "url_insecure", "url_insecure"),
            ("ftp://example.com/", "url_malformed", "url_malformed"),
        ] {
            assert_eq!(code(url, false, Reach::Public), public, "{url}");
            assert_eq!(code(url, false, Reach::Private), private, "{url}");
        }
        assert_eq!(code("http://example.com/", true, Reach::Public), "good");
    }
}
