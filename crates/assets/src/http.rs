//! One file over HTTP, from a server that may be slow, silent, lying or endless.

use std::io::{self, Read};
use std::time::Duration;

use crate::{Failure, Timeouts};

/// Bytes a second below which a server is as good as silent.
const SLOWEST: f64 = 8.0 * 1024.0;

/// What packing may add to content that cannot be packed: header, trailer, five bytes a block.
const PACKING: u64 = 64 * 1024;

/// Asks for `url`, whose content has `bytes` bytes when unpacked. Proxies are taken from the
/// environment. A redirect never leads from HTTPS to HTTP.
pub(crate) fn get(url: &str, bytes: u64, timeouts: Timeouts) -> Result<impl Read, Failure> {
    #[expect(clippy::cast_precision_loss, reason = "a limit, not a measurement")]
    let whole = timeouts.stall + Duration::from_secs_f64(bytes as f64 / SLOWEST);
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .https_only(url.starts_with("https://"))
        .proxy(proxy(url))
        .accept_encoding("identity")
        .user_agent(concat!("graft/", env!("CARGO_PKG_VERSION")))
        .timeout_resolve(Some(timeouts.connect))
        .timeout_connect(Some(timeouts.connect))
        .timeout_recv_response(Some(timeouts.stall))
        .timeout_per_read(Some(timeouts.stall))
        .timeout_recv_body(Some(whole))
        .build()
        .into();
    let response = agent.get(url).call().map_err(|error| failure(&error))?;
    Ok(response.into_body().into_reader().take(bytes + PACKING))
}

/// The part of a URL that names the server, `host:port`.
pub(crate) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

/// A proxy is of no use for this machine itself.
fn proxy(url: &str) -> Option<ureq::Proxy> {
    if host(url).starts_with("127.0.0.1") {
        None
    } else {
        ureq::Proxy::try_from_env()
    }
}

fn failure(error: &ureq::Error) -> Failure {
    let reason = match error {
        ureq::Error::StatusCode(status) => return Failure::Status(*status),
        ureq::Error::Timeout(ureq::Timeout::Resolve) => "its name was not resolved in time".into(),
        ureq::Error::Timeout(ureq::Timeout::Connect) => "no connection in time".into(),
        ureq::Error::Timeout(_) => return Failure::Stalled,
        ureq::Error::HostNotFound => "its name is not known; is there a network?".into(),
        ureq::Error::Io(error) => error.to_string(),
        other => other.to_string(),
    };
    Failure::Unreachable(reason)
}

/// Why reading a body, or what it is packed in, failed.
pub(crate) fn broken(error: io::Error) -> Failure {
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(inner @ ureq::Error::Timeout(_)) => failure(inner),
        _ => Failure::Broken(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for (url, expected) in [
            ("https://example.org/a/b.gz", "example.org"),
            ("http://127.0.0.1:8080/", "127.0.0.1:8080"),
            ("https://example.org", "example.org"),
        ] {
            assert_eq!(host(url), expected);
        }
    }

    #[test]
    fn an_unknown_host_fails_at_once() {
        // RFC 6761 reserves .invalid: it never resolves.
        let result = get("https://graft.invalid/a", 1, Timeouts::default());
        assert!(matches!(result, Err(Failure::Unreachable(_))));
    }
}
