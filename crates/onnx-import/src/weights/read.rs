//! Reading a weights folder, and noticing when it is not what was written.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

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
    let json = read_at_most(MAX_MANIFEST_BYTES, &path)?;
    let manifest = Manifest::from_json(&json)
        .map_err(|found| changed(&path, "the manifest of a weights folder", found))?;
    if manifest.format != FORMAT {
        let (expected, found) = (FORMAT, manifest.format);
        return Err(changed(
            &path,
            format!("format {expected}"),
            format!("format {found}"),
        ));
    }
    // Names that are not taken from the manifest lead nowhere else.
    let expected: Vec<String> = (1..=manifest.blocks.len()).map(block_file).collect();
    let mut files = manifest.blocks.iter().map(|block| &block.file);
    if !files.by_ref().eq(&expected) {
        let found = format!("{} files, not all of these names", manifest.blocks.len());
        let expected = format!("the files {}", expected.join(", "));
        return Err(changed(&path, expected, found));
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
        return Err(changed(&path, known, format!("block {block}")));
    };
    let bytes = read_at_most(MAX_BLOCK_BYTES, &path)?;
    let found = graft_durable::sha256(&bytes);
    if found != expected.sha256 {
        let expected = format!("sha256 {}", expected.sha256);
        let found = format!("{found} ({} bytes)", bytes.len());
        return Err(changed(&path, expected, found));
    }
    Ok(bytes)
}

fn read_at_most(limit: u64, path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |source: io::Error| Error::Read {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    let mut file = File::open(path).map_err(failed)?.take(limit + 1);
    file.read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(changed(path, format!("at most {limit} bytes"), "more"));
    }
    Ok(bytes)
}

fn changed(path: &Path, expected: impl Into<String>, found: impl Into<String>) -> Error {
    Error::Changed {
        path: path.to_owned(),
        expected: expected.into(),
        found: found.into(),
    }
}

/// What to do about a file that cannot be used.
pub(crate) fn again(file: &Path) -> String {
    let folder = file.parent().unwrap_or(file).display();
    format!("delete the folder {folder} and run again, which writes it anew")
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
