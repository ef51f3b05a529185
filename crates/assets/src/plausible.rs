//! Plain mistakes in a manifest, found before anything is fetched on its word.

use std::path::{Component, Path};

use crate::{Asset, Member, Source, Url};

/// What no right asset has, if `asset` has it.
pub(crate) fn implausible(asset: &Asset) -> Option<&'static str> {
    let inside = Path::new(&asset.file)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if asset.file.is_empty() || !inside || asset.file.contains('\\') {
        Some("its file does not lie under the models folder")
    } else if asset.bytes == 0 {
        Some("it has no bytes")
    } else if asset.sha256.len() != 64 || !asset.sha256.bytes().all(hex) {
        Some("its sha256 is not 64 lower-case hexadecimal digits")
    } else if asset.sources.is_empty() {
        Some("it has no source")
    } else {
        asset.sources.iter().find_map(implausible_source)
    }
}

fn implausible_source(source: &Source) -> Option<&'static str> {
    match source {
        Source::Url(Url { url, .. }) => {
            let known = url.starts_with("https://") || url.starts_with("http://");
            (!known).then_some("a url is neither https:// nor http://")
        }
        Source::Npm(member) | Source::Pip(member) => implausible_member(member),
    }
}

/// Names go to a package client as arguments, so they must not look like anything else.
fn implausible_member(of: &Member) -> Option<&'static str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@/._+!-".contains(&byte);
    let word = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '@')
            && text.bytes().all(plain)
    };
    if !word(&of.package) || !word(&of.version) {
        Some("a package or its version is not a plain word")
    } else if of.member.is_empty() {
        Some("a member has no name")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use crate::Manifest;
    use crate::manifest::tests::GOOD;

    #[test]
    fn mistakes_are_named() {
        let cases = [
            ("mnist/a", "../a", "under the models folder"),
            ("mnist/a", "/etc/a", "under the models folder"),
            ("mnist/a", "mnist/./../../a", "under the models folder"),
            ("mnist/a", "mnist\\\\a", "under the models folder"),
            ("bytes = 3", "bytes = 0", "no bytes"),
            ("ba7816", "BA7816", "hexadecimal"),
            ("ba7816", "", "hexadecimal"),
            ("mnist-test", "mnist-tests", "unknown variant"),
            ("licence", "license", "license"),
            ("https://", "ftp://", "neither https"),
            ("unpack", "unpacked", "unpacked"),
            ("\"gzip\"", "\"xz\"", "unknown variant"),
            ("@scope/p", "--registry=x", "plain word"),
            ("1.0.0", "1.0.0 && x", "plain word"),
            ("package/a", "", "no name"),
            ("member =", "members = 1, member =", "members"),
            ("kind = \"npm\"", "kind = \"cargo\"", "unknown variant"),
        ];
        for (right, wrong, told) in cases {
            let text = GOOD.replace(right, wrong);
            assert_ne!(text, GOOD);
            let error = Manifest::parse(&text).unwrap_err().to_string();
            assert!(error.contains(told), "{wrong}: {error}");
        }
        let twice = Manifest::parse(&GOOD.repeat(2)).unwrap_err().to_string();
        assert!(twice.contains("named twice"), "{twice}");
    }
}
