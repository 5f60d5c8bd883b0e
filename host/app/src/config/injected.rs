//! Variables that Kubernetes puts into a pod for each service, and that look like settings of ours when the service
//! is named `transload` or `transload-something`.
//!
//! Source: Kubernetes, "Service", section about discovery by environment variables; the names are those of Docker's
//! legacy container links.

use super::{PREFIX, SETTINGS};

const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

/// Whether the variable is one of those. A setting never is, nor is one that a person may well have meant as a
/// setting (`TRANSLOAD_PORT=8080`): that is refused, so that nobody wonders why it does nothing.
pub(super) fn is_injected(name: &str, value: &str) -> bool {
    let Some(key) = name.strip_prefix(PREFIX) else { return false };
    if SETTINGS.iter().any(|setting| setting.key.eq_ignore_ascii_case(key)) {
        return false;
    }
    let words: Vec<&str> = key.split('_').collect();
    let at = |word: &str| words.iter().rposition(|found| *found == word);
    if let Some(service) = at("SERVICE") {
        return match &words[service + 1..] {
            ["HOST"] => is_address(value),
            // SERVICE_PORT, and SERVICE_PORT_HTTP where the port has a name.
            ["PORT", ..] => value.parse::<u16>().is_ok(),
            _ => false,
        };
    }
    let Some(port) = at("PORT") else { return false };
    match &words[port + 1..] {
        // ..._PORT, and ..._PORT_8080_TCP_PORT, whose number stands before the last PORT.
        [] => is_url(value) || is_part_of_link(&words[..port]),
        [number, protocol] => number.parse::<u16>().is_ok() && PROTOCOLS.contains(protocol),
        [number, protocol, "ADDR" | "PROTO"] => {
            number.parse::<u16>().is_ok() && PROTOCOLS.contains(protocol)
        }
        _ => false,
    }
}

/// `PORT_8080_TCP` in front of the last `PORT`.
fn is_part_of_link(words: &[&str]) -> bool {
    let [.., port, number, protocol] = words else { return false };
    *port == "PORT" && number.parse::<u16>().is_ok() && PROTOCOLS.contains(protocol)
}

fn is_address(value: &str) -> bool {
    value == "None" || value.parse::<std::net::IpAddr>().is_ok()
}

/// `tcp://10.0.0.11:8080`.
fn is_url(value: &str) -> bool {
    let Some((scheme, _)) = value.split_once("://") else { return false };
    PROTOCOLS.iter().any(|protocol| protocol.eq_ignore_ascii_case(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kubernetes_makes_for_a_service_is_known_and_nothing_else() {
        for (name, value) in [
            ("TRANSLOAD_SERVICE_HOST", "10.0.0.11"),
            ("TRANSLOAD_SERVICE_PORT", "8080"),
            ("TRANSLOAD_SERVICE_PORT_HTTP", "8080"),
            ("TRANSLOAD_PORT", "tcp://10.0.0.11:8080"),
            ("TRANSLOAD_PORT_8080_TCP", "tcp://10.0.0.11:8080"),
            ("TRANSLOAD_PORT_8080_TCP_PROTO", "tcp"),
            ("TRANSLOAD_PORT_8080_TCP_PORT", "8080"),
            ("TRANSLOAD_PORT_8080_TCP_ADDR", "10.0.0.11"),
            ("TRANSLOAD_SANDBOX_SERVICE_HOST", "fd00::1"),
            ("TRANSLOAD_SANDBOX_PORT_53_UDP", "udp://10.0.0.11:53"),
        ] {
            assert!(is_injected(name, value), "{name}={value}");
        }
        for (name, value) in [
            ("TRANSLOAD_PORT", "8080"),
            ("TRANSLOAD_SERVICE_HOST", "example"),
            ("TRANSLOAD_SERVICE_PORT", "http"),
            ("TRANSLOAD_SERVICE", "10.0.0.11"),
            ("TRANSLOAD_PORT_HTTP_TCP", "8080"),
            ("TRANSLOAD_LISTEN", "tcp://10.0.0.11:8080"),
            ("TRANSLOAD_COLOUR", "red"),
            ("OTHER_SERVICE_HOST", "10.0.0.11"),
        ] {
            assert!(!is_injected(name, value), "{name}={value}");
        }
    }
}
