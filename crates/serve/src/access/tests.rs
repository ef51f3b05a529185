//! Requests of browsers and programs, with what each is told.

use super::*;

fn access(address: &str) -> Access {
    Access::new(address.parse().unwrap()).unwrap()
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pairs = pairs.iter().map(|(name, value)| {
        let value = HeaderValue::from_str(value).unwrap();
        (HeaderName::from_static(name), value)
    });
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(name, value);
    }
    headers
}

#[test]
fn only_addresses_of_this_server_are_hosts() {
    for (bound, host, expected) in [
        ("127.0.0.1:8000", "127.0.0.1:8000", true),
        ("127.0.0.1:8000", "localhost:8000", true),
        ("127.0.0.1:8000", "LocalHost:8000", true),
        ("127.0.0.1:8000", "[::1]:8000", true),
        ("127.0.0.1:8000", "127.0.0.1", false),
        ("127.0.0.1:8000", "127.0.0.1:8001", false),
        ("127.0.0.1:8000", "evil.example:8000", false),
        ("127.0.0.1:8000", "localhost.evil.example:8000", false),
        ("127.0.0.1:8000", "127.0.0.1.evil.example:8000", false),
        ("127.0.0.1:8000", "192.168.1.5:8000", false),
        ("127.0.0.1:8000", "", false),
        ("127.0.0.1:80", "localhost", true),
        ("[::1]:8000", "[::1]:8000", true),
        ("192.168.1.5:8000", "192.168.1.5:8000", true),
        ("192.168.1.5:8000", "localhost:8000", false),
        ("192.168.1.5:8000", "192.168.1.6:8000", false),
        ("0.0.0.0:8000", "192.168.1.5:8000", true),
        ("0.0.0.0:8000", "evil.example:8000", false),
    ] {
        assert_eq!(access(bound).is_ours(host), expected, "{bound} {host}");
        let checked = access(bound).check(&Method::GET, &headers(&[("host", host)]));
        assert_eq!(checked.is_ok(), expected, "{bound} {host}");
    }
    let twice = headers(&[("host", "localhost:8000"), ("host", "evil.example:8000")]);
    assert!(
        access("127.0.0.1:8000")
            .check(&Method::GET, &twice)
            .is_err()
    );
    assert!(
        access("127.0.0.1:8000")
            .check(&Method::GET, &HeaderMap::new())
            .is_err()
    );
}

#[test]
fn other_sites_may_link_and_nothing_else() {
    const HERE: &str = "http://localhost:8000";
    let access = access("127.0.0.1:8000");
    for (method, origin, site, mode, expected) in [
        ("POST", None, None, None, true), // a program
        ("POST", Some(HERE), Some("same-origin"), Some("cors"), true),
        ("POST", Some(HERE), None, None, true),
        ("POST", Some("http://127.0.0.1:8000"), None, None, false),
        ("POST", Some("http://localhost:8001"), None, None, false),
        ("POST", Some("https://localhost:8000"), None, None, false),
        ("POST", Some("http://evil.example"), None, None, false),
        ("POST", Some("null"), None, None, false),
        ("POST", None, Some("cross-site"), Some("no-cors"), false),
        ("POST", None, Some("cross-site"), Some("navigate"), false), // a form
        ("POST", None, Some("same-site"), Some("cors"), false),      // another port
        ("GET", None, Some("cross-site"), Some("navigate"), true),   // a link
        ("GET", None, Some("none"), Some("navigate"), true),         // typed
        ("GET", None, Some("cross-site"), Some("no-cors"), false),   // an image
        ("GET", Some("http://evil.example"), None, None, false),
    ] {
        let mut sent = headers(&[("host", "localhost:8000")]);
        let named = [
            ("origin", origin),
            ("sec-fetch-site", site),
            ("sec-fetch-mode", mode),
        ];
        for (name, value) in named {
            if let Some(value) = value {
                sent.insert(name, HeaderValue::from_static(value));
            }
        }
        let method = method.parse().unwrap();
        let checked = access.check(&method, &sent);
        assert_eq!(checked.is_ok(), expected, "{method} {sent:?}");
    }
}

#[test]
fn a_token_is_needed_where_others_can_connect() {
    let request = |uri: &str, name: &'static str, value: &str| {
        let request = Request::get(uri).header(name, value);
        request.body(axum::body::Body::empty()).unwrap()
    };
    let plain = request("/", "accept", "*/*");
    assert!(access("127.0.0.1:8000").admit(&plain).is_ok());
    assert!(access("[::1]:8000").admit(&plain).is_ok());

    let open = access("0.0.0.0:8000");
    let url = open.url("192.168.1.5".parse().unwrap());
    let secret = url.strip_prefix("http://192.168.1.5:8000/?token=").unwrap();
    assert_eq!(secret.len(), 32);
    assert_ne!(
        url,
        access("0.0.0.0:8000").url("192.168.1.5".parse().unwrap())
    );
    for (name, value, expected) in [
        ("accept", "*/*".to_owned(), false),
        ("authorization", format!("Bearer {secret}"), true),
        ("authorization", secret.to_owned(), false),
        ("authorization", format!("Bearer {}", &secret[1..]), false),
        ("authorization", "Bearer ".to_owned(), false),
        ("cookie", format!("graft-8000={secret}"), true),
        ("cookie", format!("a=b; graft-8000={secret}"), true),
        ("cookie", format!("graft-8001={secret}"), false),
        ("cookie", "graft-8000=0".to_owned(), false),
    ] {
        let admitted = open.admit(&request("/model", name, &value));
        assert_eq!(admitted.is_ok(), expected, "{name}: {value}");
        if let Err(refused) = admitted {
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        }
    }
    // The address that is printed signs in.
    let asked = request(&format!("/?token={secret}"), "accept", "*/*");
    let cookie = open.admit(&asked).unwrap().unwrap();
    let cookie = cookie.to_str().unwrap();
    assert!(
        cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"),
        "{cookie}"
    );
    assert!(open.admit(&request("/?token=0", "accept", "*/*")).is_err());
}
