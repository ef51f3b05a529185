//! The page's files, which are part of the program.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;

/// A file's name, type and content.
pub(crate) type File = (&'static str, &'static str, &'static str);

macro_rules! file {
    ($name:literal, $kind:literal) => {
        ($name, $kind, include_str!(concat!("../page/", $name)))
    };
}

/// The first is the page itself.
pub(crate) const FILES: [File; 7] = [
    file!("index.html", "text/html; charset=utf-8"),
    file!("style.css", "text/css; charset=utf-8"),
    file!("app.js", "text/javascript; charset=utf-8"),
    file!("draw.js", "text/javascript; charset=utf-8"),
    file!("texts.js", "text/javascript; charset=utf-8"),
    file!("model.js", "text/javascript; charset=utf-8"),
    file!("icon.svg", "image/svg+xml"),
];

/// A file as an answer; browsers ask again for a newer one each time.
pub(crate) fn answer((_, kind, content): File) -> impl IntoResponse + Clone {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-cache")], content)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The policy of the page allows neither.
    #[test]
    fn no_script_and_no_style_is_inline() {
        let (_, _, page) = FILES[0];
        for (tag, rest) in page.split('<').filter_map(|tag| tag.split_once('>')) {
            assert!(!tag.contains("style="), "{tag}");
            assert!(!tag.contains(" on"), "{tag}");
            let is_code = tag.starts_with("script") || tag.starts_with("style");
            assert!(!is_code || rest.trim().is_empty(), "{tag}: {rest}");
        }
    }

    /// So that the page also works below a path.
    #[test]
    fn addresses_are_relative_and_of_files_that_are_there() {
        let (_, _, page) = FILES[0];
        let mut linked = Vec::new();
        for attribute in ["src=\"", "href=\""] {
            let parts = page.split(attribute).skip(1);
            linked.extend(parts.filter_map(|part| part.split('"').next()));
        }
        for (_, _, script) in FILES {
            let parts = script.split("from \"./").skip(1);
            linked.extend(parts.filter_map(|part| part.split('"').next()));
        }
        assert_eq!(linked.len(), 6, "{linked:?}");
        for name in linked {
            assert!(FILES.iter().any(|(file, ..)| *file == name), "{name}");
        }
    }

    /// Every text of the page is there in both languages.
    #[test]
    fn both_languages_have_every_text() {
        let texts = FILES
            .iter()
            .find(|(name, ..)| *name == "texts.js")
            .unwrap()
            .2;
        let (_, texts) = texts.split_once("  en: {").unwrap();
        let (english, chinese) = texts.split_once("  zh: {").unwrap();
        let (_, _, page) = FILES[0];
        let mut asked: Vec<_> = ["data-text=\"", "data-label=\"", "data-alt=\""]
            .iter()
            .flat_map(|name| page.split(name).skip(1))
            .filter_map(|part| part.split('"').next())
            .collect();
        let app = FILES.iter().find(|(name, ..)| *name == "app.js").unwrap().2;
        let used = app.split("texts.").skip(1);
        asked.extend(used.filter_map(|part| part.split(|c: char| !c.is_alphanumeric()).next()));
        asked.retain(|name| *name != "js");
        assert!(asked.len() > 25, "{asked:?}");
        for name in asked {
            for language in [english, chinese] {
                assert!(language.contains(&format!("\n    {name}: ")), "{name}");
            }
        }
    }
}
