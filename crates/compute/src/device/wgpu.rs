//! Devices that are reached through Vulkan, DirectX 12, Metal or OpenGL.

use std::path::Path;

use burn_wgpu::graphics::AutoGraphicsApi;
use burn_wgpu::wgpu::{self, Backend as Api, DeviceType};
use burn_wgpu::{RuntimeOptions, WgpuBackend, WgpuDevice, WgpuInitError, try_init_setup};
use cubecl::device::WgpuDeviceKind;

use super::{Adapter, Kind, Opened, kernels, refused};
use crate::Error;

/// A device that could be opened.
pub(super) struct Found {
    /// What it says of itself.
    pub(super) adapter: Adapter,
    /// The runtime's way to name it.
    selector: WgpuDevice,
}

/// The devices of the first graphics interface that has a GPU, else of the first that has
/// anything: where Vulkan has only software, OpenGL may still have the GPU.
pub(super) fn find() -> Vec<Found> {
    let mut software = Vec::new();
    for api in AutoGraphicsApi::chain() {
        let found = on(api);
        if found
            .iter()
            .any(|found| found.adapter.kind != Kind::Software)
        {
            return found;
        }
        if software.is_empty() {
            software = found;
        }
    }
    software
}

/// The devices of one graphics interface, each pinned to it. The runtime tells devices of a kind
/// apart by their order, and knows one software renderer only.
fn on(api: Api) -> Vec<Found> {
    let backend = match api {
        Api::Vulkan => WgpuBackend::Vulkan,
        Api::Metal => WgpuBackend::Metal,
        Api::Dx12 => WgpuBackend::Dx12,
        Api::Gl => WgpuBackend::Gl,
        Api::BrowserWebGpu | Api::Noop => return Vec::new(),
    };
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: api.into(),
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let adapters = cubecl::future::block_on(instance.enumerate_adapters(api.into()));
    let mut found: Vec<Found> = Vec::new();
    for information in adapters.iter().map(wgpu::Adapter::get_info) {
        let (kind, device): (_, fn(usize) -> _) = match information.device_type {
            DeviceType::DiscreteGpu => (Kind::Discrete, WgpuDeviceKind::DiscreteGpu),
            DeviceType::IntegratedGpu => (Kind::Integrated, WgpuDeviceKind::IntegratedGpu),
            DeviceType::VirtualGpu => (Kind::Virtual, WgpuDeviceKind::VirtualGpu),
            DeviceType::Cpu => (Kind::Software, |_| WgpuDeviceKind::Cpu),
            DeviceType::Other => (Kind::Other, WgpuDeviceKind::Other),
        };
        let earlier = found.iter().filter(|other| other.adapter.kind == kind);
        let number = earlier.count();
        if kind == Kind::Software && number > 0 {
            continue;
        }
        let wgpu::AdapterInfo {
            driver,
            driver_info,
            backend: interface,
            ..
        } = &information;
        let driver = format!("{driver} {driver_info} on {interface}");
        let words: Vec<_> = driver.split_whitespace().collect();
        found.push(Found {
            adapter: Adapter {
                driver: Some(words.join(" ")),
                name: information.name,
                kind,
            },
            selector: WgpuDevice::new(device(number)).on(backend),
        });
    }
    found
}

/// Opens the device of that number in the order of [`find`].
pub(super) fn open(adapter: &Adapter, number: usize, folder: &Path) -> Result<Opened, Error> {
    let refused = |message: String| refused(adapter, &message);
    let found = find().into_iter().nth(number);
    let Found { selector, .. } = found.ok_or_else(|| refused("it is no longer there".into()))?;
    kernels::keep_in(folder, adapter);
    let options =
        RuntimeOptions::with_tasks_max(None).map_err(|error| refused(error.to_string()))?;
    match try_init_setup::<AutoGraphicsApi>(&selector, options) {
        // Opened before in this process: the same device serves again.
        Ok(_) | Err(WgpuInitError::Registration { .. }) => {}
        Err(error) => return Err(refused(error.to_string())),
    }
    super::opened(cubecl::Device::Wgpu(selector), adapter)
}
