//! Who may ask: checks of every request before anything of it is used, and headers of every answer.
//!
//! - `Host` must name this server. A page of another site that lets its own name point here (DNS rebinding) has
//!   its own name there.
//! - A browser says in `Origin` and `Sec-Fetch-Site` which site a request comes from. Other sites may link to
//!   the page, and nothing else. There is no CORS, so that they can read no answer.
//! - Where the server can be reached from other machines, a token is needed.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{Request, State};
use axum::http::header::{self, HOST, HeaderName, ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::Error;
use crate::refusal::Refusal;
use crate::routes::Shared;
use crate::token::Token;

/// What a page may load, and what other pages may do with it.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (header::CACHE_CONTROL, "no-store"),
];

/// Who may ask.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    address: SocketAddr,
    /// None where only this machine can connect.
    token: Option<Token>,
}

impl Access {
    /// To a server on `address`, whose port is known.
    pub(crate) fn new(address: SocketAddr) -> Result<Self, Error> {
        let is_local = address.ip().is_loopback();
        let token = (!is_local).then(|| Token::random(address.port()));
        Ok(Self {
            address,
            token: token.transpose()?,
        })
    }

    /// The address to open in a browser, with the token where one is needed.
    pub(crate) fn url(&self, shown: IpAddr) -> String {
        let address = SocketAddr::new(shown, self.address.port());
        match &self.token {
            Some(token) => format!("http://{address}/?{}", token.query()),
            None => format!("http://{address}/"),
        }
    }

    /// Refuses a request to another host, or from another site.
    fn check(&self, method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
        let host = single(headers, &HOST)?;
        let Some(host) = host.filter(|host| self.is_ours(host)) else {
            let host = host.unwrap_or("none");
            let ours = self.address;
            return Err(Refusal::new(
                StatusCode::MISDIRECTED_REQUEST,
                "host",
                format!("expected {ours} as Host, found {host}; open http://{ours}/"),
            ));
        };
        let changes = !matches!(*method, Method::GET | Method::HEAD);
        let foreign = |found: &str| {
            let error =
                format!("expected a request of this server's own page, found one of {found}");
            Err(Refusal::new(StatusCode::FORBIDDEN, "origin", error))
        };
        match single(headers, &ORIGIN)? {
            Some(origin) if origin.strip_prefix("http://") != Some(host) => {
                return foreign(&format!("the origin {origin}"));
            }
            _ => {}
        }
        let mode = headers.get("sec-fetch-mode");
        let is_link = !changes && mode.is_some_and(|mode| mode == "navigate");
        match single(headers, &HeaderName::from_static("sec-fetch-site"))? {
            None | Some("same-origin" | "none") => Ok(()),
            Some(_) if is_link => Ok(()),
            Some(site) => foreign(&format!("another site (Sec-Fetch-Site: {site})")),
        }
    }

    /// Whether a `Host` names this server: by an address of this machine and the port. Names other than
    /// `localhost` are never ours, since whoever owns one decides where it points.
    fn is_ours(&self, host: &str) -> bool {
        let port = format!(":{}", self.address.port());
        let name = match host.strip_suffix(&port) {
            Some(name) => name,
            None if self.address.port() == 80 => host,
            None => return false,
        };
        let bound = self.address.ip();
        if name.eq_ignore_ascii_case("localhost") {
            return bound.is_loopback() || bound.is_unspecified();
        }
        let inner = name.strip_prefix('[').and_then(|n| n.strip_suffix(']'));
        let Ok(ip) = inner.unwrap_or(name).parse::<IpAddr>() else {
            return false;
        };
        ip == bound || bound.is_unspecified() || (bound.is_loopback() && ip.is_loopback())
    }

    /// Lets a request in that has the token; one that has it in its address gets a cookie, too. (Not a
    /// redirection: a browser that follows a link from another site would come back without the cookie.)
    fn admit(&self, request: &Request) -> Result<Option<HeaderValue>, Refusal> {
        let Some(token) = &self.token else {
            return Ok(None);
        };
        if request.method() == Method::GET && token.is_in_query(request.uri()) {
            return Ok(HeaderValue::from_str(&token.set_cookie()).ok());
        }
        if token.is_in(request.headers()) {
            return Ok(None);
        }
        Err(Refusal::new(
            StatusCode::UNAUTHORIZED,
            "token",
            "expected the token of this server, found none that is right; open the address that graft \
             serve printed, or send Authorization: Bearer TOKEN",
        ))
    }
}

/// The value of a header that may be there once.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let (first, second) = (values.next(), values.next());
    let text = first.map(HeaderValue::to_str).transpose();
    match (text, second) {
        (Ok(text), None) => Ok(text),
        _ => Err(Refusal::bad(format!("expected one {name} of plain text"))),
    }
}

/// Checks a request, and puts the headers on its answer.
pub(crate) async fn guard(State(server): State<Shared>, request: Request, next: Next) -> Response {
    let access = &server.access;
    let checked = access.check(request.method(), request.headers());
    let mut response = match checked.and_then(|()| access.admit(&request)) {
        Ok(cookie) => {
            let mut response = next.run(request).await;
            if let Some(cookie) = cookie {
                response.headers_mut().insert(SET_COOKIE, cookie);
            }
            response
        }
        Err(refusal) => refusal.into_response(),
    };
    for (name, value) in HEADERS {
        let value = HeaderValue::from_static(value);
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}

#[cfg(test)]
mod tests;
