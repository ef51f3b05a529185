//! Devices that are reached through Vulkan, DirectX 12, Metal or OpenGL.

use std::path::Path;

use burn_wgpu::graphics::AutoGraphicsApi;
use burn_wgpu::wgpu::{self, Backend as Api, DeviceType};
use burn_wgpu::{RuntimeOptions, WgpuBackend, WgpuDevice, WgpuInitError, try_init_setup};
use cubecl::device::WgpuDeviceKind;

use super::{Adapter, DeviceError, Failure, Kind, Opened, guarded, kernels};

/// A device that could be opened.
pub(super) struct Found {
    /// What it says of itself.
    pub(super) adapter: Adapter,
    /// The runtime's way to name it.
    selector: WgpuDevice,
}

/// The devices of the first graphics interface that has a card, else of the first that has
/// anything: where Vulkan has only software, OpenGL may still have the card.
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
/// apart by their order, and knows one software device only.
fn on(api: Api) -> Vec<Found> {
    let Some(backend) = pinned(api) else {
        return Vec::new();
    };
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: api.into(),
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let adapters = cubecl::future::block_on(instance.enumerate_adapters(api.into()));
    let mut found: Vec<Found> = Vec::new();
    for information in adapters.iter().map(wgpu::Adapter::get_info) {
        let adapter = adapter(&information);
        let earlier = found
            .iter()
            .filter(|other| other.adapter.kind == adapter.kind);
        let number = earlier.count();
        let kind = match adapter.kind {
            Kind::Discrete => WgpuDeviceKind::DiscreteGpu(number),
            Kind::Integrated => WgpuDeviceKind::IntegratedGpu(number),
            Kind::Virtual => WgpuDeviceKind::VirtualGpu(number),
            Kind::Software if number == 0 => WgpuDeviceKind::Cpu,
            Kind::Software => continue,
            Kind::Other | Kind::Processor => WgpuDeviceKind::Other(number),
        };
        found.push(Found {
            adapter,
            selector: WgpuDevice::new(kind).on(backend),
        });
    }
    found
}

fn pinned(api: Api) -> Option<WgpuBackend> {
    match api {
        Api::Vulkan => Some(WgpuBackend::Vulkan),
        Api::Metal => Some(WgpuBackend::Metal),
        Api::Dx12 => Some(WgpuBackend::Dx12),
        Api::Gl => Some(WgpuBackend::Gl),
        Api::BrowserWebGpu | Api::Noop => None,
    }
}

fn adapter(information: &wgpu::AdapterInfo) -> Adapter {
    let wgpu::AdapterInfo {
        name,
        driver,
        driver_info,
        backend,
        ..
    } = information;
    let driver = format!("{driver} {driver_info} on {backend}");
    Adapter {
        name: name.clone(),
        driver: Some(driver.split_whitespace().collect::<Vec<_>>().join(" ")),
        kind: match information.device_type {
            DeviceType::DiscreteGpu => Kind::Discrete,
            DeviceType::IntegratedGpu => Kind::Integrated,
            DeviceType::VirtualGpu => Kind::Virtual,
            DeviceType::Cpu => Kind::Software,
            DeviceType::Other => Kind::Other,
        },
    }
}

/// Opens the device of that number in the order of [`find`].
pub(super) fn open(adapter: &Adapter, number: usize, folder: &Path) -> Result<Opened, DeviceError> {
    let refused = |message: String| DeviceError::Open {
        adapter: adapter.to_string(),
        message: Failure::of(&message).line(),
    };
    let Found { selector, .. } = find()
        .into_iter()
        .nth(number)
        .ok_or_else(|| refused("it is no longer there".into()))?;
    kernels::keep_in(folder, adapter);
    let options =
        RuntimeOptions::with_tasks_max(None).map_err(|error| refused(error.to_string()))?;
    match try_init_setup::<AutoGraphicsApi>(&selector, options) {
        // Opened before in this process: the same device serves again.
        Ok(_) | Err(WgpuInitError::Registration { .. }) => {}
        Err(error) => return Err(refused(error.to_string())),
    }
    guarded(|| super::opened(cubecl::Device::Wgpu(selector), adapter.clone())).map_err(refused)
}
