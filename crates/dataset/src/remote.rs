//! Files in object stores, where the program was built for them.

use std::ops::Range;
use std::path::Path;

use crate::Error;

/// The store of a file that is named by its URL, such as `s3://bucket`, and the file's name there.
pub(crate) fn split(path: &Path) -> Option<(&str, &str)> {
    let url = path.to_str()?;
    let (scheme, rest) = url.split_once("://")?;
    let (host, name) = rest.split_once('/').unwrap_or((rest, ""));
    Some((&url[..scheme.len() + "://".len() + host.len()], name))
}

/// Whether a source of pictures is named by its URL in an object store.
#[must_use]
pub fn is_url(source: &Path) -> bool {
    split(source).is_some()
}

/// The content of files of one store, with what tells the version of each; of files with more than `most` bytes none.
#[cfg(feature = "stores")]
pub(crate) fn read(
    store: &str,
    names: &[&str],
    most: u64,
) -> Result<Vec<(Vec<u8>, String)>, Error> {
    Ok(opened(store)?.read(names, most)?)
}

/// The bytes of each span of a file in the folder that is named by its URL: the file's name, the entity tag that it must
/// still have, and which bytes.
///
/// # Errors
/// When the program was built without stores, the store refuses, or a file is another by now.
#[cfg(feature = "stores")]
pub fn read_spans(
    folder: &Path,
    spans: &[(&str, &str, Range<u64>)],
) -> Result<Vec<Vec<u8>>, Error> {
    let Some(url) = folder.to_str() else {
        return Err(Error::no_stores(folder));
    };
    let spans = spans
        .iter()
        .map(|(name, version, bytes)| graft_store::Span {
            name,
            version,
            bytes: bytes.clone(),
        });
    Ok(opened(url)?.spans(&spans.collect::<Vec<_>>())?)
}

/// A store that stays open, so that connections are kept.
#[cfg(feature = "stores")]
fn opened(store: &str) -> Result<std::sync::Arc<graft_store::Store>, Error> {
    use graft_store::Store;
    use std::collections::HashMap;
    use std::sync::{Arc, LazyLock, Mutex, PoisonError};

    static OPEN: LazyLock<Mutex<HashMap<String, Arc<Store>>>> = LazyLock::new(Mutex::default);
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(opened) = open.get(store) {
        return Ok(Arc::clone(opened));
    }
    let opened = Arc::new(Store::open(store)?);
    open.insert(store.to_owned(), Arc::clone(&opened));
    Ok(opened)
}

/// The same, where the program was built without.
#[cfg(not(feature = "stores"))]
pub(crate) fn read(store: &str, _: &[&str], _: u64) -> Result<Vec<(Vec<u8>, String)>, Error> {
    Err(Error::no_stores(Path::new(store)))
}

/// The bytes of each span of a file in an object store, where the program was built for them.
///
/// # Errors
/// Here always.
#[cfg(not(feature = "stores"))]
pub fn read_spans(folder: &Path, _: &[(&str, &str, Range<u64>)]) -> Result<Vec<Vec<u8>>, Error> {
    Err(Error::no_stores(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_store_and_a_name() {
        let of = |path| split(Path::new(path));
        assert_eq!(
            of("s3://bucket/some/a.png"),
            Some(("s3://bucket", "some/a.png"))
        );
        assert_eq!(of("s3://bucket"), Some(("s3://bucket", "")));
        assert_eq!(of("/some/a.png"), None);
        assert_eq!(of("s3:/bucket/a.png"), None);
    }
}
