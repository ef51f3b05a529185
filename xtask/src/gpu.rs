//! Whether the machine has a GPU, told by its device files: no library is loaded.

use std::fs;
use std::path::Path;

/// What NVIDIA's driver makes: on a computer, in a container, on Windows' Linux, on a Jetson.
const NVIDIA: [&str; 5] = [
    "proc/driver/nvidia/version",
    "dev/nvidia0",
    "dev/nvidiactl",
    "usr/lib/wsl/lib/libcuda.so.1",
    "dev/nvhost-gpu",
];

/// The backend for the GPU that is there, if one is; known on Linux only.
pub(crate) fn backend() -> Option<&'static str> {
    of(Path::new("/"))
}

/// Whether NVIDIA's driver is there, as far as can be told: elsewhere than on Linux it may be.
pub(crate) fn nvidia() -> bool {
    !cfg!(target_os = "linux") || of(Path::new("/")) == Some("cuda")
}

fn of(root: &Path) -> Option<&'static str> {
    if NVIDIA.iter().any(|file| root.join(file).exists()) {
        return Some("cuda");
    }
    let nodes = fs::read_dir(root.join("dev/dri")).ok()?;
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
            ("usr/lib/wsl/lib/libcuda.so.1", Some("cuda")),
        ] {
            let name = format!(
                "graft-gpu-{}-{}",
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
