//! Whether the machine has a graphics card, told by its device files: no library is loaded.

use std::fs;
use std::path::Path;

/// NVIDIA's driver makes it; its version is in it.
pub(crate) const NVIDIA: &str = "/proc/driver/nvidia/version";

/// The backend for the card that is there, if one is; known on Linux only.
pub(crate) fn backend() -> Option<&'static str> {
    of(Path::new("/"))
}

fn of(root: &Path) -> Option<&'static str> {
    let below = |path: &str| root.join(path.trim_start_matches('/'));
    if below(NVIDIA).exists() || below("/dev/nvidia0").exists() {
        return Some("cuda");
    }
    let nodes = fs::read_dir(below("/dev/dri")).ok()?;
    let renders = |name: &str| name.starts_with("renderD");
    nodes
        .flatten()
        .any(|node| node.file_name().to_str().is_some_and(renders))
        .then_some("wgpu")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::env;

    #[test]
    fn device_files_tell_what_is_there() {
        for (file, expected) in [
            ("dev/null", None),
            ("dev/dri/card0", None),
            ("dev/dri/renderD128", Some("wgpu")),
            ("dev/nvidia0", Some("cuda")),
            ("proc/driver/nvidia/version", Some("cuda")),
        ] {
            let name = format!(
                "graft-cards-{}-{}",
                std::process::id(),
                file.replace('/', "-")
            );
            let root = env::temp_dir().join(name);
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "").unwrap();
            assert_eq!(of(&root), expected, "{file}");
            fs::remove_dir_all(&root).unwrap();
        }
    }
}
