//! The secret that a client needs where the server can be reached from other machines.

use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::{HeaderMap, Uri};
use graft_durable::sha256;

use crate::Error;

/// A random secret of 128 bits.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    hex: String,
    /// Cookies do not tell ports apart; their names do.
    cookie: String,
}

impl Token {
    /// A new one, for a server on `port`.
    pub(crate) fn random(port: u16) -> Result<Self, Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|error| Error::System(error.to_string()))?;
        Ok(Self {
            hex: format!("{:032x}", u128::from_le_bytes(bytes)),
            cookie: format!("graft-{port}"),
        })
    }

    /// The query that signs a browser in.
    pub(crate) fn query(&self) -> String {
        format!("token={}", self.hex)
    }

    /// The header that keeps a browser signed in.
    pub(crate) fn set_cookie(&self) -> String {
        let Self { hex, cookie } = self;
        format!("{cookie}={hex}; Path=/; HttpOnly; SameSite=Strict")
    }

    /// Whether a request has it as `Authorization: Bearer`, or as the cookie.
    pub(crate) fn is_in(&self, headers: &HeaderMap) -> bool {
        let text = |name| headers.get_all(name).iter().filter_map(|v| v.to_str().ok());
        let mut bearer = text(AUTHORIZATION).filter_map(|value| value.strip_prefix("Bearer "));
        let mut cookies = text(COOKIE)
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .filter_map(|(name, value)| (name == self.cookie).then_some(value));
        bearer.any(|given| self.is(given)) || cookies.any(|given| self.is(given))
    }

    /// Whether an address has it as `?token=`.
    pub(crate) fn is_in_query(&self, uri: &Uri) -> bool {
        let mut pairs = uri.query().unwrap_or_default().split('&');
        pairs.any(|pair| {
            pair.strip_prefix("token=")
                .is_some_and(|given| self.is(given))
        })
    }

    /// Compares hashes, whose first difference tells nothing of the secret.
    fn is(&self, given: &str) -> bool {
        sha256(given.as_bytes()) == sha256(self.hex.as_bytes())
    }
}
