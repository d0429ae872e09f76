//! Who asks. A client is known by a digest, so that neither the history nor the log holds
//! the secret that it shows.

use ring::digest::{SHA256, digest};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// Someone who asks for experiments, the same over all requests. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Client(Arc<str>);

impl Client {
    /// The one who shows this secret.
    pub fn of_session(secret: &str) -> Self {
        Self::of("session", secret)
    }

    /// Whoever shows no secret, from this address.
    pub fn of_address(address: IpAddr) -> Self {
        Self::of("address", &address.to_string())
    }

    /// As [`Client::name`] gave it.
    pub fn named(name: &str) -> Self {
        Self(name.into())
    }

    /// The name under which it is stored: 32 hexadecimal digits.
    pub fn name(&self) -> &str {
        &self.0
    }

    fn of(kind: &str, text: &str) -> Self {
        let digest = digest(&SHA256, format!("filature {kind} {text}").as_bytes());
        let digits: String =
            digest.as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        Self(digits.into())
    }
}

impl fmt::Display for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_the_same_over_all_requests_and_nobody_else() {
        let [one, other] = ["secret", "another"].map(Client::of_session);
        assert_eq!(one, Client::of_session("secret"));
        assert_ne!(one, other);
        let address = Client::of_address(IpAddr::from([127, 0, 0, 1]));
        assert_ne!(address, Client::of_session("127.0.0.1"), "a secret is no address");
        assert_eq!(Client::named(one.name()), one);
    }

    #[test]
    fn its_name_does_not_tell_its_secret() {
        let client = Client::of_session("secret");
        assert_eq!(client.name().len(), 32);
        assert!(client.name().bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
