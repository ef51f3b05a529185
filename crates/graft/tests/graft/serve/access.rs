//! Who may ask, on every address that there is.

use super::client::Server;
use super::{picture, trained};

/// Every address, with its method.
fn addresses(server: &Server) -> Vec<String> {
    let api = server.get("/openapi.json").json();
    let mut all = Vec::new();
    for (address, methods) in api["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            all.push(format!("{} {address}", method.to_uppercase()));
        }
    }
    let page = server.get("/");
    let linked = page.text().split(['"', '\'']).filter(|part| {
        let ending = part.rsplit_once('.').map(|(_, ending)| ending);
        ending.is_some_and(|ending| ["js", "css", "svg"].contains(&ending))
    });
    all.extend(linked.map(|name| format!("GET /{name}")));
    all.extend(["GET /", "GET /nothing", "OPTIONS /predict"].map(str::to_owned));
    assert!(all.len() >= 13, "{all:?}");
    all
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn other_names_and_other_sites_get_nothing_on_any_address() {
    let home = trained();
    let server = Server::start(&home, &[]);
    for line in addresses(&server) {
        let rebound = format!("Host: rebound.example:{}", server.port);
        let answer = server.ask_host(&line, &[&rebound], &[]);
        answer.refuses(421, "host", "rebound.example");
        let answer = server.ask_host(&line, &["Host: 127.0.0.1"], &[]);
        assert_eq!(answer.status, 421, "{line}");
        let answer = server.ask_host(&line, &[], &[]);
        assert_eq!(answer.status, 421, "{line} without a host");
        for foreign in [
            "Origin: http://evil.example",
            "Origin: null",
            "Sec-Fetch-Site: cross-site",
        ] {
            let answer = server.ask(&line, &[foreign], &[]);
            answer.refuses(
                403,
                "origin",
                "expected a request of this server's own page",
            );
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
        // What every answer says, whatever it is.
        let answer = server.ask(&line, &[], &[]);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{line}");
        }
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    // Its own page may, and a link from elsewhere opens it.
    let origin = format!("Origin: http://127.0.0.1:{}", server.port);
    let own = [
        &*origin,
        "Sec-Fetch-Site: same-origin",
        "Content-Type: image/png",
    ];
    let three = picture("cases/three.png");
    assert_eq!(server.ask("POST /predict", &own, &three).status, 200);
    let link = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"];
    assert_eq!(server.ask("GET /", &link, &[]).status, 200);
}

#[test]
#[ignore = "needs the fetched assets; run by cargo xtask test"]
fn beyond_this_machine_every_address_needs_the_token() {
    let home = trained();
    let server = Server::start(&home, &["--host", "0.0.0.0"]);
    let (_, token) = server.url.split_once("/?token=").unwrap();
    let bearer = format!("Authorization: Bearer {token}");
    let known = server.ask("GET /openapi.json", &[&bearer], &[]).json();
    for (address, methods) in known["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let line = format!("{} {address}", method.to_uppercase());
            let refused = server.ask(&line, &[], &[]);
            refused.refuses(401, "token", "expected the token");
            let wrong = server.ask(&line, &["Authorization: Bearer 0"], &[]);
            assert_eq!(wrong.status, 401);
            let right = server.ask(&line, &[&bearer], &[]);
            assert_ne!(right.status, 401, "{line}");
        }
    }
    for line in ["GET /", "GET /app.js", "GET /nothing"] {
        assert_eq!(server.ask(line, &[], &[]).status, 401, "{line}");
    }
    let signed_in = server.get(&format!("/?token={token}"));
    assert_eq!(signed_in.status, 200);
    let cookie = signed_in.header("set-cookie").unwrap();
    assert!(
        cookie.ends_with("; path=/; httponly; samesite=strict"),
        "{cookie}"
    );
    let cookie = format!("Cookie: {}", cookie.split(';').next().unwrap());
    assert_eq!(server.ask("GET /", &[&cookie], &[]).status, 200);
    // A name is no address of this machine, token or not.
    let rebound = format!("Host: rebound.example:{}", server.port);
    let answer = server.ask_host("GET /", &[&rebound, &bearer], &[]);
    assert_eq!(answer.status, 421);
}
