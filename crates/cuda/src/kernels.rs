//! The kernels, loaded on a GPU for one precision.

use std::io::Read;
use std::sync::Arc;

use cudarc::driver::sys::CUfunction_attribute::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
use cudarc::driver::{
    CudaContext, CudaFunction, CudaSlice, CudaStream, DeviceRepr, LaunchConfig, PushKernelArg,
};
use cudarc::nvrtc::Ptx;
use flate2::read::GzDecoder;
use graft_recipe::Precision;

use crate::Error;

/// PTX of `kernels/convolve.cu`.
const PTX: &[u8] = include_bytes!("../kernels/convolve.ptx.gz");
/// Of a block of threads; `convolve.cu` has the same.
const ROWS: usize = 128;
const THREADS: u32 = 256;
const STAGES: usize = 3;
/// Bytes of a row in one step: what a pixel's channels are a multiple of.
pub(crate) const STEP: usize = 128;
/// Bytes that a thread gathers.
const PIECE: usize = 16;

/// Whether the kernels run on the GPU of that number: tf32, bf16 and `cp.async` came with compute capability
/// 8.0.
///
/// # Errors
/// When the driver does not tell.
pub fn supports(device: usize) -> Result<bool, Error> {
    let (major, _) = CudaContext::new(device)?.compute_capability()?;
    Ok(major >= 8)
}

/// What a convolution is of: `Shape` of `convolve.cu`.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Shape {
    pub(crate) batch: i32,
    /// Of the maps that come in.
    pub(crate) height: i32,
    pub(crate) width: i32,
    /// Bytes of a pixel's channels.
    pub(crate) pixel: i32,
    /// Channels that go out.
    pub(crate) outputs: i32,
    /// 9; or 1 where a pixel has its neighbours with it.
    pub(crate) taps: i32,
    pub(crate) pool: i32,
    /// Whether what goes out are features.
    pub(crate) last: i32,
}

// SAFETY: eight integers of 32 bits, laid out as in C.
#[expect(unsafe_code, reason = "what a kernel is given")]
unsafe impl DeviceRepr for Shape {}

impl Shape {
    fn pixels(self) -> u64 {
        let sides = [self.batch, self.height, self.width];
        sides
            .iter()
            .map(|side| u64::from(side.unsigned_abs()))
            .product()
    }
}

/// The kernels of one precision.
pub(crate) struct Kernels {
    pub(crate) context: Arc<CudaContext>,
    gather: CudaFunction,
    /// For 64 channels at a time, and for 128.
    convolve: [CudaFunction; 2],
}

impl Kernels {
    /// Has the driver compile them.
    pub(crate) fn load(device: usize, precision: Precision) -> Result<Self, Error> {
        let context = CudaContext::new(device)?;
        let module = context.load_module(Ptx::from_src(source(precision)?))?;
        let function = |name: String| module.load_function(&name);
        let convolve = [64, 128].map(|columns| {
            let function = function(format!("convolve_{precision}_{columns}"))?;
            let bytes = i32::try_from(shared(columns)).unwrap_or(i32::MAX);
            function.set_attribute(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, bytes)?;
            Ok::<_, Error>(function)
        });
        let [narrow, wide] = convolve;
        Ok(Self {
            gather: function(format!("gather_{precision}"))?,
            convolve: [narrow?, wide?],
            context,
        })
    }

    /// Queues the way from images `[batch, 3, height, width]` to each pixel with its neighbours.
    pub(crate) fn gather(
        &self,
        stream: &CudaStream,
        images: &CudaSlice<f32>,
        maps: &mut CudaSlice<u8>,
        shape: Shape,
    ) -> Result<(), Error> {
        let pieces = shape.pixels() * (STEP / PIECE) as u64;
        let mut launch = stream.launch_builder(&self.gather);
        launch.arg(images).arg(maps).arg(&shape);
        let config = config(pieces.div_ceil(u64::from(THREADS)), 0);
        // SAFETY: the arguments are those of the kernel, which writes `STEP` bytes a pixel.
        #[expect(unsafe_code, reason = "a kernel is started")]
        unsafe { launch.launch(config) }?;
        Ok(())
    }

    /// Queues a convolution.
    pub(crate) fn convolve(
        &self,
        stream: &CudaStream,
        (weight, bias): (&CudaSlice<u8>, &CudaSlice<f32>),
        maps: &CudaSlice<u8>,
        out: &mut CudaSlice<u8>,
        shape: Shape,
    ) -> Result<(), Error> {
        let even = |side: i32| if shape.pool == 1 { side / 2 * 2 } else { side };
        let computed = Shape {
            height: even(shape.height),
            width: even(shape.width),
            ..shape
        };
        let wide = usize::from(shape.outputs % 128 == 0);
        let columns = 64 << wide;
        let sides = u64::from(shape.outputs.unsigned_abs()) / columns as u64;
        let config = config(
            computed.pixels().div_ceil(ROWS as u64) * sides,
            shared(columns),
        );
        let mut launch = stream.launch_builder(&self.convolve[wide]);
        launch.arg(maps).arg(weight).arg(bias).arg(out).arg(&shape);
        // SAFETY: the arguments are those of the kernel; maps and weights have the sizes that the shape
        // says, for `Layer` and `Lane` are made by the same ones.
        #[expect(unsafe_code, reason = "a kernel is started")]
        unsafe { launch.launch(config) }?;
        Ok(())
    }
}

/// Bytes of shared memory of a block.
fn shared(columns: usize) -> usize {
    (ROWS + columns) * STEP * STAGES
}

fn config(blocks: u64, shared: usize) -> LaunchConfig {
    LaunchConfig {
        grid_dim: (u32::try_from(blocks).unwrap_or(u32::MAX), 1, 1),
        block_dim: (THREADS, 1, 1),
        shared_mem_bytes: u32::try_from(shared).unwrap_or(u32::MAX),
    }
}

/// The PTX of the kernels of a precision alone: the driver takes a second to compile all of them.
fn source(precision: Precision) -> Result<String, Error> {
    let mut all = String::new();
    GzDecoder::new(PTX).read_to_string(&mut all)?;
    let entry = ".visible .entry ";
    let mut parts = all.split(entry);
    let mut source = parts.next().unwrap_or_default().to_owned();
    let wanted = format!("_{precision}");
    for part in parts {
        if part
            .split('(')
            .next()
            .is_some_and(|name| name.contains(&wanted))
        {
            source += entry;
            source += part;
        }
    }
    Ok(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_made_of_the_source_that_is_there() {
        let source = include_bytes!("../kernels/convolve.cu");
        let expected = format!("// {}\n", graft_durable::sha256(source));
        let mut found = String::new();
        GzDecoder::new(PTX).read_to_string(&mut found).unwrap();
        assert!(found.starts_with(&expected), "run kernels/compile.sh");
    }

    #[test]
    fn a_precision_has_its_three_kernels() {
        for precision in Precision::ALL {
            let source = source(precision).unwrap();
            let entries: Vec<_> = source.split(".visible .entry ").skip(1).collect();
            let names = entries.iter().map(|entry| entry.split('(').next().unwrap());
            let expected = ["convolve_{}_64", "convolve_{}_128", "gather_{}"];
            let expected = expected.map(|name| name.replace("{}", &precision.to_string()));
            assert_eq!(names.collect::<Vec<_>>(), expected);
            assert!(source.contains(".version 7.4\n.target sm_80\n"));
        }
    }
}
