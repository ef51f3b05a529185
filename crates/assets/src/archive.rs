//! One member of an archive, by its exact path: a gzipped tar file or a zip file.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use flate2::read::GzDecoder;

use crate::Failure;
use crate::client::Client;

/// Of an unpacked tar file, how many bytes are looked at in search of the member.
const LIMIT: u64 = 1 << 30;

/// Hands the member of a package that `client` has brought to `receive`, as a stream.
pub(crate) fn read_member(
    client: Client,
    archive: &Path,
    member: &str,
    receive: impl FnOnce(&mut dyn Read) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let file = File::open(archive).map_err(|error| bad(archive, error))?;
    match client {
        Client::Npm => {
            let unpacked = GzDecoder::new(BufReader::new(file)).take(LIMIT);
            let mut tar = tar::Archive::new(unpacked);
            // Raw entries: long names, which would be read into memory whole, are not followed.
            let entries = tar.entries().map_err(|error| bad(archive, error))?;
            for entry in entries.raw(true) {
                let mut entry = entry.map_err(|error| bad(archive, error))?;
                let is_file = entry.header().entry_type().is_file();
                if is_file && *entry.path_bytes() == *member.as_bytes() {
                    return receive(&mut entry);
                }
            }
            Err(bad(archive, format!("it has no member {member}")))
        }
        Client::Pip => {
            let mut zip =
                zip::ZipArchive::new(BufReader::new(file)).map_err(|error| bad(archive, error))?;
            let mut entry = zip
                .by_name(member)
                .map_err(|error| bad(archive, format!("member {member}: {error}")))?;
            receive(&mut entry)
        }
    }
}

fn bad(archive: &Path, reason: impl std::fmt::Display) -> Failure {
    let name = archive.file_name().unwrap_or_default().to_string_lossy();
    Failure::Package(format!("{name}: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write;

    const CONTENT: &[u8] = b"what the member holds";

    fn tgz(path: &Path) {
        let packed = flate2::write::GzEncoder::new(
            File::create(path).unwrap(),
            flate2::Compression::default(),
        );
        let mut tar = tar::Builder::new(packed);
        for name in ["package/data/other", "package/data/a"] {
            let mut header = tar::Header::new_gnu();
            header.set_size(CONTENT.len() as u64);
            header.set_mode(0o644);
            tar.append_data(&mut header, name, CONTENT).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap();
    }

    fn whl(path: &Path) {
        let mut zip = zip::ZipWriter::new(File::create(path).unwrap());
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file("package/data/a", options).unwrap();
        zip.write_all(CONTENT).unwrap();
        zip.finish().unwrap();
    }

    fn read(client: Client, archive: &Path, member: &str) -> Result<Vec<u8>, Failure> {
        let mut content = Vec::new();
        read_member(client, archive, member, |reader| {
            reader.read_to_end(&mut content).unwrap();
            Ok(())
        })
        .map(|()| content)
    }

    #[test]
    fn members_are_found_by_their_exact_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("archive");
        for (client, make) in [(Client::Npm, tgz as fn(&Path)), (Client::Pip, whl)] {
            make(&path);
            assert_eq!(read(client, &path, "package/data/a").unwrap(), CONTENT);
            for absent in [
                "data/a",
                "package/data",
                "package/data/A",
                "./package/data/a",
            ] {
                let told = format!("{:?}", read(client, &path, absent).unwrap_err());
                assert!(told.contains(absent), "{told}");
            }
        }
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("archive");
        whl(&path);
        let whole = fs::read(&path).unwrap();
        let half = whole[..whole.len() / 2].to_vec();
        for bytes in [b"<!DOCTYPE html>".to_vec(), Vec::new(), half] {
            fs::write(&path, bytes).unwrap();
            for client in [Client::Npm, Client::Pip] {
                assert!(read(client, &path, "package/data/a").is_err());
            }
        }
    }
}
