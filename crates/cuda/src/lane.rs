//! A batch on its way: a stream of its own with the memory that a batch takes, so that one batch is copied while
//! another is computed.

use std::sync::{Arc, Mutex, PoisonError};

use cudarc::driver::{CudaContext, CudaSlice, CudaStream, PinnedHostSlice};

use crate::Error;

/// How much memory a batch takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sizes {
    /// Values of all images.
    pub(crate) images: usize,
    /// Bytes of the largest maps between two kernels.
    pub(crate) maps: usize,
    /// Values of all features.
    pub(crate) features: usize,
}

/// A stream with the memory of a batch.
pub(crate) struct Lane {
    pub(crate) stream: Arc<CudaStream>,
    /// The host's, which the GPU reads and writes by itself.
    pub(crate) images: PinnedHostSlice<f32>,
    pub(crate) features: PinnedHostSlice<f32>,
    pub(crate) given: CudaSlice<f32>,
    /// A kernel reads one and writes the other.
    pub(crate) maps: [CudaSlice<u8>; 2],
    sizes: Sizes,
}

/// Those that no batch is on.
#[derive(Clone, Default)]
pub(crate) struct Lanes(Arc<Mutex<Vec<Lane>>>);

/// Features that a GPU is computing.
pub struct Running(Way);

enum Way {
    /// There is nothing to compute.
    Done(Vec<f32>),
    /// Where nobody waits for it, the lane's memory waits for the GPU before it is freed.
    On(Box<Lane>, Lanes),
}

impl Lane {
    fn new(context: &Arc<CudaContext>, sizes: Sizes) -> Result<Self, Error> {
        let stream = context.new_stream()?;
        // SAFETY: every value is written before it is read: the images by `submit`, the others by kernels and
        // copies behind them on the stream.
        #[expect(unsafe_code, reason = "memory that is not set")]
        unsafe {
            Ok(Self {
                images: context.alloc_pinned_with_flags(sizes.images, 0)?,
                features: context.alloc_pinned_with_flags(sizes.features, 0)?,
                given: stream.alloc(sizes.images)?,
                maps: [stream.alloc(sizes.maps)?, stream.alloc(sizes.maps)?],
                stream,
                sizes,
            })
        }
    }
}

impl Lanes {
    /// One that no batch is on, of these sizes. Where there is too little memory for a new one, those that wait are
    /// given up for it.
    pub(crate) fn take(&self, context: &Arc<CudaContext>, sizes: Sizes) -> Result<Lane, Error> {
        let waiting = self.lock().pop();
        if let Some(lane) = waiting.filter(|lane| lane.sizes == sizes) {
            return Ok(lane);
        }
        Lane::new(context, sizes).or_else(|_| {
            self.clear(context)?;
            Lane::new(context, sizes)
        })
    }

    /// Gives back the memory of those that no batch is on.
    pub(crate) fn clear(&self, context: &CudaContext) -> Result<(), Error> {
        self.lock().clear();
        // Memory is free for others once the streams that it was on have come to its end.
        Ok(context.synchronize()?)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Lane>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    /// On its way on a lane, which `lanes` gets back.
    pub(crate) fn new(lane: Lane, lanes: Lanes) -> Self {
        Self(Way::On(Box::new(lane), lanes))
    }

    /// Features that are the images themselves.
    pub(crate) fn done(features: Vec<f32>) -> Self {
        Self(Way::Done(features))
    }

    /// Waits for them.
    ///
    /// # Errors
    /// When the GPU fails.
    pub fn features(self) -> Result<Vec<f32>, Error> {
        match self.0 {
            Way::Done(features) => Ok(features),
            Way::On(lane, lanes) => {
                lane.stream.synchronize()?;
                let features = lane.features.as_slice()?.to_vec();
                lanes.lock().push(*lane);
                Ok(features)
            }
        }
    }
}
