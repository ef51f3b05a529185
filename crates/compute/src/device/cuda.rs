//! NVIDIA's cards, through their driver.

use std::path::Path;
use std::{fs, iter};

use burn::tensor::{Device, DeviceType};
use burn_cuda::CudaDevice;

use super::{Adapter, DeviceError, Failure, Kind, Opened, guarded, kernels};

/// Where NVIDIA's driver says which one it is, on Linux.
const DRIVER: &str = "/proc/driver/nvidia/version";

/// All cards. Their names are known once they are opened only.
pub(super) fn find() -> Vec<Adapter> {
    let count = guarded(|| Device::enumerate(DeviceType::Cuda).into_vec().len()).unwrap_or(0);
    let card = || Adapter {
        name: "NVIDIA card".into(),
        driver: driver(),
        kind: Kind::Discrete,
    };
    iter::repeat_with(card).take(count).collect()
}

/// The driver's version: the first word with a dot in its first line, such as 550.54.15.
fn driver() -> Option<String> {
    let text = fs::read_to_string(DRIVER).ok()?;
    let mut words = text.lines().next()?.split_whitespace();
    let version =
        |word: &&str| word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit());
    words
        .find(version)
        .map(|version| format!("NVIDIA {version}"))
}

/// Opens the card of that number. The runtime panics where the driver refuses; that is caught.
pub(super) fn open(adapter: &Adapter, number: usize, folder: &Path) -> Result<Opened, DeviceError> {
    kernels::keep_in(folder, adapter);
    let device = cubecl::Device::Cuda(CudaDevice::new(number));
    guarded(|| super::opened(device, adapter.clone())).map_err(|message| DeviceError::Open {
        adapter: format!("{adapter} number {number}"),
        message: Failure::of(&message).line(),
    })
}
