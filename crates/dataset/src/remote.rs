//! Files in object stores, where the program was built for them.

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
    use graft_store::Store;
    use std::collections::HashMap;
    use std::sync::{Arc, LazyLock, Mutex, PoisonError};

    // So that connections are kept.
    static OPEN: LazyLock<Mutex<HashMap<String, Arc<Store>>>> = LazyLock::new(Mutex::default);
    let opened = {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(opened) = open.get(store) {
            Arc::clone(opened)
        } else {
            let opened = Arc::new(Store::open(store)?);
            Arc::clone(open.entry(store.to_owned()).or_insert(opened))
        }
    };
    Ok(opened.read(names, most)?)
}

/// The same, where the program was built without.
#[cfg(not(feature = "stores"))]
pub(crate) fn read(store: &str, _: &[&str], _: u64) -> Result<Vec<(Vec<u8>, String)>, Error> {
    Err(Error::no_stores(Path::new(store)))
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
