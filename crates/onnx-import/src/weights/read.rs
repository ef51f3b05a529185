//! Reading a weights folder, and noticing when it is not what was written.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::manifest::{FORMAT, MANIFEST, Manifest, block_file};
use crate::Error;

/// The most bytes that are read of a manifest; one takes about 1 KB.
pub const MAX_MANIFEST_BYTES: u64 = 1 << 16;

/// The most bytes that are read of a block's file. The largest, VGG19's last two, have 9.4 million
/// weights in 37.8 MB.
pub const MAX_BLOCK_BYTES: u64 = 64 << 20;

/// What the folder's manifest says.
///
/// # Errors
/// When it is missing, is no manifest, or that of another format.
pub fn read_manifest(folder: &Path) -> Result<Manifest, Error> {
    let path = folder.join(MANIFEST);
    let json = read_at_most(MAX_MANIFEST_BYTES, folder, &path)?;
    let refuse = |expected: String, found: String| changed(folder, &path, expected, found);
    let manifest = Manifest::from_json(&json)
        .map_err(|found| refuse("the manifest of a weights folder".into(), found))?;
    if manifest.format != FORMAT {
        return Err(refuse(
            format!("format {FORMAT}"),
            format!("format {}", manifest.format),
        ));
    }
    // Names that are not taken from the manifest lead nowhere else.
    let expected: Vec<String> = (1..=manifest.blocks.len()).map(block_file).collect();
    if !manifest
        .blocks
        .iter()
        .map(|block| &block.file)
        .eq(&expected)
    {
        return Err(refuse(
            format!("the files {}", expected.join(", ")),
            format!("{} files, not all of these names", manifest.blocks.len()),
        ));
    }
    Ok(manifest)
}

/// The whole safetensors file of a block, 1 to 5, after its hash has been checked.
///
/// # Errors
/// When the file cannot be read, is not the one that the manifest means, or there is no such block.
pub fn read_block(folder: &Path, manifest: &Manifest, block: usize) -> Result<Vec<u8>, Error> {
    let path = folder.join(block_file(block));
    let expected = block.checked_sub(1).and_then(|at| manifest.blocks.get(at));
    let Some(expected) = expected else {
        let known = format!("a block from 1 to {}", manifest.blocks.len());
        return Err(changed(folder, &path, known, format!("block {block}")));
    };
    let bytes = read_at_most(MAX_BLOCK_BYTES, folder, &path)?;
    let found = graft_durable::sha256(&bytes);
    if found != expected.sha256 {
        return Err(changed(
            folder,
            &path,
            format!("sha256 {}", expected.sha256),
            format!("{found} ({} bytes)", bytes.len()),
        ));
    }
    Ok(bytes)
}

fn read_at_most(limit: u64, folder: &Path, path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |source: io::Error| Error::Read {
        folder: folder.to_owned(),
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    File::open(path)
        .map_err(failed)?
        .take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > limit {
        let expected = format!("at most {limit} bytes");
        return Err(changed(folder, path, expected, "more".into()));
    }
    Ok(bytes)
}

fn changed(folder: &Path, path: &Path, expected: String, found: String) -> Error {
    Error::Changed {
        folder: folder.to_owned(),
        path: PathBuf::from(path),
        expected,
        found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::{BlockFile, Source};
    use std::fs;

    /// A folder of five tiny files that stand for weights, and its manifest.
    fn folder() -> (tempfile::TempDir, Manifest) {
        let folder = tempfile::tempdir().unwrap();
        let manifest = Manifest {
            format: FORMAT,
            source: Source::default(),
            blocks: (1..=5)
                .map(|block| {
                    let file = block_file(block);
                    fs::write(folder.path().join(&file), [0; 8]).unwrap();
                    BlockFile {
                        sha256: graft_durable::sha256(&[0; 8]),
                        file,
                    }
                })
                .collect(),
        };
        let json = manifest.to_json().unwrap();
        fs::write(folder.path().join(MANIFEST), json).unwrap();
        (folder, manifest)
    }

    #[test]
    fn a_sound_folder_is_read() {
        let (folder, manifest) = folder();
        assert_eq!(read_manifest(folder.path()).unwrap(), manifest);
        assert_eq!(read_block(folder.path(), &manifest, 5).unwrap(), [0; 8]);
    }

    #[test]
    fn a_bad_manifest_is_refused() {
        let (folder, good) = folder();
        let path = folder.path().join(MANIFEST);
        let text = fs::read_to_string(&path).unwrap();
        let other = |change: fn(&mut Manifest)| {
            let mut manifest = good.clone();
            change(&mut manifest);
            String::from_utf8(manifest.to_json().unwrap()).unwrap()
        };
        let cases = [
            (String::new(), "EOF"),
            (
                other(|manifest| manifest.format = 1),
                "expected format 2, found format 1",
            ),
            (text.replace("format", "farmat"), "unknown field `farmat`"),
            (
                text.replace("\"producer\": \"\"", "\"producer\": \"me\""),
                "found one that was changed after it was written",
            ),
            (
                other(|manifest| manifest.blocks[1].file.insert_str(0, "../")),
                "found 5 files, not all of these names",
            ),
            (
                other(|manifest| manifest.blocks.swap(1, 2)),
                "expected the files block1.safetensors, ",
            ),
            (
                " ".repeat(1 << 17),
                "expected at most 65536 bytes, found more",
            ),
        ];
        for (json, expected) in cases {
            fs::write(&path, json).unwrap();
            let error = read_manifest(folder.path()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}: {expected}");
            assert!(error.contains(path.to_str().unwrap()), "{error}");
            assert!(error.contains("and run again"), "{error}");
        }
        fs::remove_file(&path).unwrap();
        let error = read_manifest(folder.path()).unwrap_err().to_string();
        assert!(error.contains("cannot read"), "{error}");
    }

    #[test]
    fn a_changed_block_is_refused() {
        let (folder, manifest) = folder();
        let path = folder.path().join("block3.safetensors");
        let cases: [&[u8]; 3] = [&[0; 7], &[0, 0, 0, 0, 0, 0, 0, 1], &[]];
        for bytes in cases {
            fs::write(&path, bytes).unwrap();
            let error = read_block(folder.path(), &manifest, 3)
                .unwrap_err()
                .to_string();
            let found = graft_durable::sha256(bytes);
            let expected = &manifest.blocks[2].sha256;
            for part in [
                path.to_str().unwrap(),
                expected,
                &found,
                "delete the folder",
            ] {
                assert!(error.contains(part), "{error}: {part}");
            }
        }
        for block in [0, 6] {
            let error = read_block(folder.path(), &manifest, block)
                .unwrap_err()
                .to_string();
            assert!(error.contains("expected a block from 1 to 5"), "{error}");
        }
    }
}
