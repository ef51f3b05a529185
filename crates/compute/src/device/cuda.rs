//! NVIDIA's GPUs, through their driver.

use std::path::Path;
use std::{fs, iter};

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

/// Opens the GPU of that number. The runtime panics where the driver refuses; that is caught.
pub(super) fn open(adapter: &Adapter, number: usize, folder: &Path) -> Result<Opened, Error> {
    kernels::keep_in(folder, adapter);
    super::opened(cubecl::Device::Cuda(CudaDevice::new(number)), adapter)
}
