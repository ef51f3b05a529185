//! Everything that cached features depend on, and nothing else.

use std::io::Write;
use std::path::{Path, PathBuf};

use graft_dataset::{Augmentation, ImageSet, PREPARED, Preprocessing, Split};
use graft_durable::Hashing;
use graft_network::Boundary;
use serde::{Deserialize, Serialize};

use graft_compute::Backend;
use graft_recipe::Dtype;

/// The version of an entry's layout; a new one is a new key.
const FORMAT: u32 = 2;

/// The version of what makes views of images; another is another key.
const VIEWS: u32 = 1;

/// How the name of an entry's folder begins; boundary and hash follow.
const NAME: &str = "features-";

/// What decides the features of a set of images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    format: u32,
    /// SHA-256 over the images' dimensions and pixels or versions, see [`hash_images`].
    pub images: String,
    /// How many images.
    pub count: usize,
    /// SHA-256 of each weights file, block 1 up to the boundary.
    pub weights: Vec<String>,
    /// How an image became the backbone's input.
    pub preprocessing: Preprocessing,
    /// The last block.
    pub boundary: Boundary,
    /// How a value is stored.
    pub dtype: Dtype,
    /// What computed the features.
    pub backend: Backend,
    /// The code that computed them, with its version.
    pub engine: String,
    /// Which view of the images they are of, where it is not the images themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<View>,
}

/// Which view of images, and what decides it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// The version of the code that makes views.
    version: u32,
    /// Its number, from 1.
    pub number: usize,
    /// How it differs from the images; how many views there are is left out, for it changes none of them.
    pub augmentation: Augmentation,
    /// Whether it is one of test images, which are changed by what they are and not by where they stand.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    test: bool,
}

impl View {
    /// View `number` of those of a split that `augmentation` describes.
    #[must_use]
    pub fn new(augmentation: Augmentation, number: usize, split: Split) -> Self {
        Self {
            version: VIEWS,
            number,
            test: split == Split::Test,
            augmentation: Augmentation {
                views: 0,
                ..augmentation
            },
        }
    }
}

impl Key {
    /// The key of the features of `set`.
    #[must_use]
    pub fn new(
        set: &ImageSet,
        weights: &[String],
        preprocessing: Preprocessing,
        boundary: Boundary,
        dtype: Dtype,
        backend: Backend,
        engine: String,
    ) -> Self {
        Self {
            format: FORMAT,
            images: hash_images(set),
            count: set.len(),
            weights: weights.to_vec(),
            preprocessing,
            boundary,
            dtype,
            backend,
            engine,
            view: None,
        }
    }

    /// The key of the features of `view` of some of the same images: of `count` whose hash is `images`.
    #[must_use]
    pub fn of_view(&self, view: View, images: &str, count: usize) -> Self {
        Self {
            images: images.to_owned(),
            count,
            view: Some(view),
            ..self.clone()
        }
    }

    /// The key as it stands in a run's record.
    #[must_use]
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The folder of this key's entry: the same for the same images, whatever file they came in.
    #[must_use]
    pub fn path(&self, cache: &Path) -> PathBuf {
        let hash = graft_durable::sha256(&json(self));
        cache.join(format!("{NAME}{}-{}", self.boundary, &hash[..16]))
    }
}

/// What has strings and numbers only.
#[expect(clippy::expect_used, reason = "strings and numbers always fit JSON")]
pub(crate) fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("strings and numbers")
}

/// The lock of whoever computes the entry at `path`.
pub(crate) fn lock(path: &Path) -> PathBuf {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.lock"))
}

/// Whether a name is that of an entry, whatever is in it; earlier versions had files and folders with
/// extensions.
pub(crate) fn is_entry(path: &Path) -> bool {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let after = name.strip_prefix(NAME);
    let is_features = after
        .and_then(|after| after.rsplit_once('-'))
        .is_some_and(|(_, hash)| hash.len() == 16);
    is_features || is_pictures(path)
}

/// Whether a name is that of a prepared set of pictures.
pub(crate) fn is_pictures(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.strip_prefix(PREPARED)
        .is_some_and(|hash| hash.len() == 16)
}

/// SHA-256 over count, rows, columns and, of images in colour, channels (each as a little-endian u64) and
/// then all pixels: equal images have equal hashes, whatever file they came in. Of the pictures of a manifest it is
/// their versions instead of pixels.
#[must_use]
pub fn hash_images(set: &ImageSet) -> String {
    hash(set, 0..set.len())
}

/// The same of the images of `set` at some indices.
pub(crate) fn hash(set: &ImageSet, indices: impl ExactSizeIterator<Item = usize>) -> String {
    hashing(set, indices).finish()
}

pub(crate) fn hashing(set: &ImageSet, indices: impl ExactSizeIterator<Item = usize>) -> Hashing {
    let mut hashing = Hashing::default();
    let mut dimensions = vec![indices.len(), set.rows(), set.columns()];
    if set.channels() > 1 {
        dimensions.push(set.channels());
    }
    for bytes in dimensions.iter().map(|n| (*n as u64).to_le_bytes()) {
        // Hashing never fails.
        let _ = hashing.write_all(&bytes);
    }
    for index in indices {
        let _ = hashing.write_all(&set.content(index));
    }
    hashing
}

#[cfg(test)]
mod tests {
    use super::*;
    use graft_dataset::{ResizeMode, Scaling};

    fn set(pixels: &[u8]) -> ImageSet {
        ImageSet::new(1, 2, pixels.to_vec(), vec![0; pixels.len() / 2], 10).unwrap()
    }

    fn key() -> Key {
        let weights = ["a".into(), "b".into()];
        Key::new(
            &set(&[1, 2]),
            &weights,
            Preprocessing::default(),
            Boundary::after(2),
            Dtype::F32,
            Backend::Cpu,
            "test".into(),
        )
    }

    #[test]
    fn every_field_tells_entries_apart() {
        let path = |change: &dyn Fn(&mut Key)| {
            let mut key = key();
            change(&mut key);
            key.path(Path::new("cache"))
        };
        let same = path(&|_| ());
        assert_eq!(same, path(&|_| ()));
        let view = |number, rotate, split| {
            let none = Augmentation::default();
            Some(View::new(Augmentation { rotate, ..none }, number, split))
        };
        let changes: [&dyn Fn(&mut Key); 15] = [
            &|key| key.format += 1,
            &|key| key.images = hash_images(&set(&[1, 3])),
            &|key| key.count += 1,
            &|key| key.weights[1] = "c".into(),
            &|key| key.preprocessing.fit = ResizeMode::Resize,
            &|key| key.preprocessing.size = 48,
            &|key| key.preprocessing.scaling = Scaling::Caffe,
            &|key| key.boundary = Boundary::after(1),
            &|key| key.dtype = Dtype::F16,
            &|key| key.backend = Backend::Cuda,
            &|key| key.engine = "another".into(),
            &|key| key.view = view(1, 1.0, Split::Train),
            &|key| key.view = view(2, 1.0, Split::Train),
            &|key| key.view = view(1, 2.0, Split::Train),
            &|key| key.view = view(1, 1.0, Split::Test),
        ];
        let mut paths = vec![same];
        for (index, change) in changes.iter().enumerate() {
            assert!(!paths.contains(&path(change)), "change {index}");
            paths.push(path(change));
        }
    }

    #[test]
    fn more_views_are_the_same_views_and_some() {
        let view = |views| {
            let none = Augmentation::default();
            View::new(Augmentation { views, ..none }, 1, Split::Train)
        };
        assert_eq!(view(3), view(9));
    }

    #[test]
    fn entries_keep_their_names() {
        // As they were before there were views, and before there were views of test images.
        let view = View::new(Augmentation::default(), 1, Split::Train);
        for (view, hash) in [(None, "e786a46fe4c105f4"), (Some(view), "abf0aef224f97f34")] {
            let path = Key { view, ..key() }.path(Path::new("cache"));
            assert!(
                path.ends_with(format!("features-block2-{hash}")),
                "{path:?}"
            );
        }
    }

    #[test]
    fn a_part_of_the_images_has_the_hash_of_these_alone() {
        assert_eq!(hash(&set(&[1, 2, 3, 4]), 1..2), hash_images(&set(&[3, 4])));
    }

    #[test]
    fn the_same_pixels_in_another_shape_are_other_images() {
        let flat = ImageSet::new(1, 4, vec![1, 2, 3, 4], vec![0], 10).unwrap();
        let square = ImageSet::new(2, 2, vec![1, 2, 3, 4], vec![0], 10).unwrap();
        assert_ne!(hash_images(&flat), hash_images(&square));
    }

    #[test]
    fn entries_are_known_by_their_names() {
        let path = key().path(Path::new("cache"));
        assert!(is_entry(&path), "{}", path.display());
        for earlier in ["safetensors", "shards"] {
            assert!(is_entry(&path.with_extension(earlier)), "{earlier}");
        }
        let pictures = Path::new("cache/pictures-0123456789abcdef");
        assert!(is_entry(pictures) && is_pictures(pictures) && !is_pictures(&path));
        for other in [
            "cache/pictures-012",
            "cache/notes.safetensors",
            "cache/features-block5-12",
            "cache/.graft-aB3.tmp",
        ] {
            assert!(!is_entry(Path::new(other)), "{other}");
        }
    }
}
