//! Files in object stores, by URL: S3 (`s3://`), Google Cloud Storage (`gs://`), Azure (`az://`). Credentials
//! come from the environment alone, by the names that these stores' own tools use, and are in no message.

mod error;
mod read;

use std::env;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path as FilePath;

use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, WriteMultipart};
use tokio::runtime::{Builder, Runtime};
use url::{Position, Url};

pub use error::Error;
pub use read::Span;

/// Files up to this size are written at once, larger ones in parts of it.
const PART: usize = 8 << 20;
/// What URLs of stores begin with.
const SCHEMES: [&str; 7] = ["s3", "s3a", "gs", "az", "azure", "abfs", "abfss"];
/// What the names of variables begin with that stores are told of.
const PREFIXES: [&str; 3] = ["AWS_", "GOOGLE_", "AZURE_"];
/// For one request, a download of a whole shard included.
const TIMEOUT: &str = "10m";
/// How many parts are under way at once.
const PARTS: usize = 4;

/// A folder in an object store.
pub struct Store {
    runtime: Runtime,
    objects: Box<dyn ObjectStore>,
    root: Path,
    /// The URL, and what of it stands before the folder.
    shown: String,
    host: String,
}

/// A file that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its name, without that of its folder.
    pub name: String,
    /// Its size.
    pub bytes: u64,
}

/// A file of a store, with what tells its version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Object {
    /// Its name in the folder.
    pub name: String,
    /// Its whole URL.
    pub url: String,
    /// Its size.
    pub bytes: u64,
    /// Its entity tag.
    pub version: String,
}

impl Store {
    /// The folder that `url` names. Nothing is asked of the store yet.
    ///
    /// # Errors
    /// When it is no URL of an object store, has credentials in it, or the environment lacks what its store needs.
    pub fn open(url: &str) -> Result<Self, Error> {
        let parsed = Url::parse(url);
        // Never shown with what stands before the host, which may be a password.
        let no_url = |reason: String| Error::Url {
            url: parsed.as_ref().map_or("the URL", Url::scheme).to_owned(),
            reason,
        };
        let known = parsed.as_ref().map_err(|error| no_url(error.to_string()))?;
        if !known.username().is_empty() || known.password().is_some() || known.query().is_some() {
            let reason = "expected no credentials in the URL; set them in the environment";
            return Err(no_url(reason.to_owned()));
        }
        // Another part of the program may have installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        if !SCHEMES.contains(&known.scheme()) {
            return Err(no_url("an unknown kind of store".to_owned()));
        }
        // The names without a prefix that the library knows too are anybody's.
        let options = env::vars_os().filter_map(|(name, value)| {
            let name = name.to_str()?;
            let is_theirs = PREFIXES.iter().any(|prefix| name.starts_with(prefix));
            is_theirs.then_some((name.to_ascii_lowercase(), value.into_string().ok()?))
        });
        let options = options.chain([("timeout".to_owned(), TIMEOUT.to_owned())]);
        let opened = object_store::parse_url_opts(known, options);
        let (objects, root) = opened.map_err(|error| no_url(error.to_string()))?;
        let runtime = Builder::new_current_thread().enable_all().build();
        Ok(Self {
            runtime: runtime.map_err(|error| no_url(error.to_string()))?,
            objects,
            root,
            shown: url.trim_end_matches('/').to_owned(),
            host: known[..Position::BeforePath].to_owned(),
        })
    }

    /// The files in `folder`, by name; those of its own folders are left out.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn list(&self, folder: &str) -> Result<Vec<Found>, Error> {
        let prefix = self.path("list", folder)?;
        let listed = self.objects.list_with_delimiter(Some(&prefix));
        let listed = self.runtime.block_on(listed);
        let listed = listed.map_err(|source| self.failed("list", folder, source))?;
        let found = |object: ObjectMeta| {
            let name = object.location.filename()?.to_owned();
            let bytes = object.size;
            Some(Found { name, bytes })
        };
        let mut files: Vec<Found> = listed.objects.into_iter().filter_map(found).collect();
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(files)
    }

    /// All files in the folder and its own folders, in no order; `take` gets them one after another, and says whether to
    /// go on.
    ///
    /// # Errors
    /// When the store refuses or gives no entity tags.
    pub fn walk(&self, mut take: impl FnMut(Object) -> bool) -> Result<(), Error> {
        let root = (!self.root.as_ref().is_empty()).then_some(&self.root);
        let failed = |source| self.failed("list", "", source);
        let mut files = self.objects.list(root);
        self.runtime.block_on(async {
            while let Some(meta) = files.try_next().await.map_err(failed)? {
                let Some(parts) = meta.location.prefix_match(&self.root) else {
                    continue;
                };
                let parts: Vec<_> = parts.map(|part| part.as_ref().to_owned()).collect();
                let url = format!("{}/{}", self.host, meta.location);
                let object = Object {
                    name: parts.join("/"),
                    bytes: meta.size,
                    version: version(&meta, &url)?,
                    url,
                };
                if !take(object) {
                    break;
                }
            }
            Ok(())
        })
    }

    /// Writes `file` as `name`, which appears when it is whole, and replaces what was there: names tell contents, so
    /// that it is the same unless it was damaged.
    ///
    /// # Errors
    /// When the file cannot be read, or the store refuses.
    pub fn put(&self, name: &str, file: &FilePath) -> Result<(), Error> {
        let read = |source| Error::File(graft_durable::Error::on("read", file)(source));
        let path = self.path("write", name)?;
        let failed = |source| self.failed("write", name, source);
        if fs::metadata(file).map_err(read)?.len() <= PART as u64 {
            let bytes = fs::read(file).map_err(read)?;
            let put = self.objects.put(&path, bytes.into());
            return self.runtime.block_on(put).map(drop).map_err(failed);
        }
        let mut file = File::open(file).map_err(read)?;
        self.runtime.block_on(async {
            let upload = self.objects.put_multipart(&path).await.map_err(failed)?;
            let mut upload = WriteMultipart::new_with_chunk_size(upload, PART);
            let mut buffer = vec![0; PART];
            loop {
                let count = match file.read(&mut buffer) {
                    Ok(count) => count,
                    Err(error) => {
                        // Best effort: what is left unfinished is no file of the store.
                        let _ = upload.abort().await;
                        return Err(read(error));
                    }
                };
                if count == 0 {
                    break;
                }
                if let Err(error) = upload.wait_for_capacity(PARTS).await {
                    let _ = upload.abort().await;
                    return Err(failed(error));
                }
                upload.write(&buffer[..count]);
            }
            upload.finish().await.map(drop).map_err(failed)
        })
    }

    /// The whole URL of a file.
    #[must_use]
    pub fn url(&self, name: &str) -> String {
        format!("{}/{name}", self.shown)
    }

    /// A file or a folder by its name, whatever is in that.
    fn path(&self, action: &'static str, name: &str) -> Result<Path, Error> {
        let path = match self.root.as_ref() {
            "" => Path::parse(name),
            root => Path::parse(format!("{root}/{name}")),
        };
        path.map_err(|error| self.failed(action, name, error.into()))
    }

    fn failed(&self, action: &'static str, name: &str, source: object_store::Error) -> Error {
        Error::Store {
            action,
            url: self.url(name),
            source,
        }
    }
}

/// What tells the version of a file: its entity tag.
fn version(meta: &ObjectMeta, url: &str) -> Result<String, Error> {
    let tag = meta.e_tag.as_deref().map(|tag| tag.trim_matches('"'));
    let tag = tag.map(ToOwned::to_owned);
    tag.ok_or_else(|| Error::NoTag(url.to_owned()))
}

#[cfg(test)]
mod tests;
