//! Which addresses the host may connect to.

use std::net::IpAddr;

use ipnet::IpNet;

use super::networks;

/// Which addresses the host may connect to: the public internet, and the networks that the configuration names.
#[derive(Clone, Debug, Default)]
pub struct EgressPolicy {
    allowed: Vec<IpNet>,
    allow_http: bool,
}

/// An address that the host does not connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is not in the public internet.
    #[error(
        "address {address} is in {network} and refused; if this is meant, allow it in the configuration \
         (allowed_networks = [\"{address}/{}\"])", host_bits(*.address)
    )]
    Network {
        /// The address.
        address: IpAddr,
        /// Its network, in words.
        network: &'static str,
    },
    /// Plain http would go to a network that the configuration does not name.
    #[error(
        "address {address} is not in a network that the configuration allows (allowed_networks), and plain http \
         goes nowhere else; use https"
    )]
    PlainHttp {
        /// The address.
        address: IpAddr,
    },
}

impl EgressPolicy {
    /// A policy that allows these networks beside the public internet, and plain http to these networks (and to no
    /// other) when `allow_http` is set.
    pub fn new(allowed: Vec<IpNet>, allow_http: bool) -> Self {
        Self { allowed, allow_http }
    }

    /// Checks an address that the host is about to connect to by TLS.
    ///
    /// # Errors
    /// When it lies in a network that is not the public internet and that the configuration does not name.
    pub fn check_address(&self, address: IpAddr) -> Result<(), Refused> {
        if self.allows_by_name(address) {
            return Ok(());
        }
        match networks::special(address) {
            Some(network) => Err(Refused::Network { address, network }),
            None => Ok(()),
        }
    }

    /// Checks an address that the host is about to connect to without TLS.
    ///
    /// # Errors
    /// As [`EgressPolicy::check_address`]; and when the configuration does not name its network, or no http at all.
    pub fn check_plain_address(&self, address: IpAddr) -> Result<(), Refused> {
        self.check_address(address)?;
        if self.allow_http && self.allows_by_name(address) {
            Ok(())
        } else {
            Err(Refused::PlainHttp { address })
        }
    }

    /// Whether plain http can go anywhere.
    pub(super) fn allows_http(&self) -> bool {
        self.allow_http && !self.allowed.is_empty()
    }

    fn allows_by_name(&self, address: IpAddr) -> bool {
        self.allowed.iter().any(|network| network.contains(&address))
    }
}

fn host_bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_public_internet_and_named_networks_are_allowed() {
        let policy = EgressPolicy::new(vec!["127.0.0.0/8".parse().unwrap()], true);
        for allowed in ["127.0.0.1", "8.8.8.8", "2a00:1450:4001::1"] {
            assert_eq!(policy.check_address(address(allowed)), Ok(()), "{allowed}");
        }
        // A network is allowed as it is written: its image inside IPv6 is another one.
        for refused in ["10.0.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"] {
            assert!(policy.check_address(address(refused)).is_err(), "{refused}");
        }
    }

    #[test]
    fn plain_http_goes_only_to_named_networks() {
        let loopback = vec!["127.0.0.0/8".parse().unwrap()];
        let with_http = EgressPolicy::new(loopback.clone(), true);
        assert_eq!(with_http.check_plain_address(address("127.0.0.1")), Ok(()));
        assert!(with_http.check_plain_address(address("8.8.8.8")).is_err());
        let without = EgressPolicy::new(loopback, false);
        assert!(without.check_plain_address(address("127.0.0.1")).is_err());
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let refusal = EgressPolicy::default().check_address(address("127.0.0.1")).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "address 127.0.0.1 is in a loopback network and refused; if this is meant, allow it in the \
             configuration (allowed_networks = [\"127.0.0.1/32\"])"
        );
    }
}
