//! Reading: files whole, into a file of this machine, checked, or in spans.

use std::io::Write;
use std::ops::Range;
use std::path::Path as FilePath;

use futures_util::{StreamExt, TryStreamExt, stream};
use graft_durable::{Hashing, Pending};
use object_store::{GetOptions, ObjectStore, ObjectStoreExt};

use crate::{Error, Store, version};

/// How many files or spans are read at once.
pub(crate) const AT_ONCE: usize = 16;

/// Some bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span<'a> {
    /// The file's name.
    pub name: &'a str,
    /// The entity tag that the file must still have.
    pub version: &'a str,
    /// Which bytes.
    pub bytes: Range<u64>,
}

impl Store {
    /// The content of each of these files, of which several are read at once, with what tells its version; of those with
    /// more than `most` bytes none.
    ///
    /// # Errors
    /// When the store refuses one.
    pub fn read(&self, names: &[&str], most: u64) -> Result<Vec<(Vec<u8>, String)>, Error> {
        let read = |name: &str| {
            let name = name.to_owned();
            async move {
                let failed = |source| self.failed("read", &name, source);
                let path = self.path("read", &name)?;
                let object = self.objects.get(&path).await.map_err(failed)?;
                let version = version(&object.meta, &self.url(&name))?;
                let bytes = if object.meta.size > most {
                    Vec::new()
                } else {
                    object.bytes().await.map_err(failed)?.to_vec()
                };
                Ok((bytes, version))
            }
        };
        let reads = stream::iter(names.iter().map(|name| read(name)));
        self.runtime.block_on(reads.buffered(AT_ONCE).try_collect())
    }

    /// Reads `name` into the file `to`, whose content must have this SHA-256.
    ///
    /// # Errors
    /// When the store refuses, the content is another, or the file cannot be written.
    pub fn get(&self, name: &str, to: &FilePath, sha256: &str) -> Result<(), Error> {
        let write = |source| Error::File(graft_durable::Error::on("write", to)(source));
        let mut pending = Pending::create(to)?;
        self.stream(name, sha256, |bytes| {
            pending.write_all(bytes).map_err(write)
        })?;
        Ok(pending.commit()?)
    }

    /// Reads `name`, keeping nothing of it; its content must have this SHA-256. Gives what tells its version.
    ///
    /// # Errors
    /// When the store refuses, or the content is another.
    pub fn check(&self, name: &str, sha256: &str) -> Result<String, Error> {
        self.stream(name, sha256, |_| Ok(()))
    }

    fn stream(
        &self,
        name: &str,
        sha256: &str,
        mut take: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<String, Error> {
        let path = self.path("read", name)?;
        let failed = |source| self.failed("read", name, source);
        let mut hashing = Hashing::default();
        let version = self.runtime.block_on(async {
            let object = self.objects.get(&path).await.map_err(failed)?;
            let version = version(&object.meta, &self.url(name))?;
            let mut stream = object.into_stream();
            while let Some(bytes) = stream.try_next().await.map_err(failed)? {
                // Memory alone, which does not fail.
                let _ = hashing.write_all(&bytes);
                take(&bytes)?;
            }
            Ok::<_, Error>(version)
        })?;
        let found = hashing.finish();
        if found != sha256 {
            return Err(Error::Content {
                url: self.url(name),
                expected: sha256.to_owned(),
                found,
            });
        }
        Ok(version)
    }

    /// The bytes of each span, of which several are read at once.
    ///
    /// # Errors
    /// When the store refuses one, or a file is another by now.
    pub fn spans(&self, spans: &[Span]) -> Result<Vec<Vec<u8>>, Error> {
        let reads = stream::iter(spans.iter().map(|span| self.span(span.clone())));
        self.runtime.block_on(reads.buffered(AT_ONCE).try_collect())
    }

    async fn span(&self, span: Span<'_>) -> Result<Vec<u8>, Error> {
        let failed = |source| self.failed("read", span.name, source);
        let path = self.path("read", span.name)?;
        let options = GetOptions::new().with_range(Some(span.bytes));
        let object = self.objects.get_opts(&path, options).await;
        let object = object.map_err(failed)?;
        let found = version(&object.meta, &self.url(span.name))?;
        if found != span.version {
            return Err(Error::Changed {
                url: self.url(span.name),
                expected: span.version.to_owned(),
                found,
            });
        }
        Ok(object.bytes().await.map_err(failed)?.to_vec())
    }
}
