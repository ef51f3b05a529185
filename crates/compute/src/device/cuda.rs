//! NVIDIA's GPUs, through their driver.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{env, fs, iter};

use burn::tensor::{Device, DeviceType};
use burn_cuda::CudaDevice;

use super::{Adapter, Kind, NVIDIA, Opened, guarded, kernels};
use crate::Error;

/// All GPUs. Their names are known only once they are opened.
pub(super) fn find() -> Vec<Adapter> {
    let count = guarded(|| Device::enumerate(DeviceType::Cuda).into_vec().len()).unwrap_or(0);
    let gpu = || Adapter {
        name: "NVIDIA GPU".into(),
        driver: driver(),
        kind: Kind::Discrete,
    };
    iter::repeat_with(gpu).take(count).collect()
}

/// The driver's version: the first word with a dot in its first line, such as 550.54.15.
fn driver() -> Option<String> {
    let text = fs::read_to_string(NVIDIA).ok()?;
    let mut words = text.lines().next()?.split_whitespace();
    let version =
        |word: &&str| word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit());
    words
        .find(version)
        .map(|version| format!("NVIDIA {version}"))
}

/// Where `cubecl-llvm` 0.11.3 looks for `libdevice` if `CUDA_PATH` is not set.
const TOOLKITS: [&str; 4] = ["/usr/local/cuda", "/opt/cuda", "/usr/lib/cuda", "/usr"];

/// Makes sure that `libdevice` is where the runtime will look for it, as late as when it first
/// compiles a kernel that needs it: in the first of the toolkits that has its folder, or in `CUDA_PATH`
/// and nowhere else.
fn libdevice(set: Option<OsString>, toolkits: &[&str]) -> Result<(), Error> {
    let below = |toolkit: &Path| toolkit.join("nvvm/libdevice");
    let folders: Vec<PathBuf> = match set {
        Some(toolkit) => vec![below(toolkit.as_ref())],
        None => toolkits.iter().map(|path| below(path.as_ref())).collect(),
    };
    let there = folders.iter().find(|folder| folder.is_dir());
    if there.is_some_and(|folder| folder.join("libdevice.10.bc").is_file()) {
        return Ok(());
    }
    let folders: Vec<_> = folders
        .iter()
        .map(|folder| folder.display().to_string())
        .collect();
    Err(Error::Libdevice(folders.join(" or ")))
}

/// Makes sure that Burn's kernels can be compiled.
///
/// # Errors
/// When `libdevice` is not where the runtime will look for it.
pub(super) fn check_libraries() -> Result<(), Error> {
    libdevice(env::var_os("CUDA_PATH"), &TOOLKITS)
}

/// Opens the GPU of that number. The runtime panics where the driver refuses; that is caught.
pub(super) fn open(adapter: &Adapter, number: usize, folder: &Path) -> Result<Opened, Error> {
    kernels::keep_in(folder, adapter);
    super::opened(cubecl::Device::Cuda(CudaDevice::new(number)), adapter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libdevice_is_looked_for_where_the_runtime_does() {
        let folder = tempfile::tempdir().unwrap();
        let toolkit = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let [whole, empty, none] = ["whole", "empty", "none"].map(toolkit);
        for toolkit in [&whole, &empty] {
            fs::create_dir_all(Path::new(toolkit).join("nvvm/libdevice")).unwrap();
        }
        fs::write(Path::new(&whole).join("nvvm/libdevice/libdevice.10.bc"), "").unwrap();
        for (set, toolkits, found) in [
            (None, [&none, &whole], true),
            (None, [&whole, &empty], true),
            (None, [&empty, &whole], false),
            (None, [&none, &none], false),
            (Some(&whole), [&none, &none], true),
            (Some(&none), [&whole, &whole], false),
        ] {
            let said = libdevice(set.map(OsString::from), &toolkits.map(String::as_str));
            assert_eq!(said.is_ok(), found, "{set:?} {toolkits:?}");
            let looked = set.unwrap_or(toolkits[0]);
            assert!(
                said.is_ok() || said.is_err_and(|error| error.to_string().contains(looked)),
                "{set:?} {toolkits:?}"
            );
        }
    }
}
