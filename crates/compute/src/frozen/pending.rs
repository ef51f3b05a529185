//! Features that a device computes while other work goes on.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use burn::tensor::{ExecutionError, Tensor, TensorData};

use crate::Error;
use crate::device::guarded;

/// Features that are being computed. Nothing waits for them before they are asked for.
pub enum Pending {
    /// There already.
    Done(Vec<f32>),
    /// Computed by our own kernels on an NVIDIA GPU.
    #[cfg(feature = "cuda")]
    Running(graft_cuda::Running),
    /// On their way back from the device.
    UnderWay(Reading),
}

type Reading = Pin<Box<dyn Future<Output = Result<TensorData, ExecutionError>> + Send>>;

impl Pending {
    /// Queues the copy back behind what computes `maps`, so that work which is queued later does
    /// not delay it.
    pub(super) fn read(maps: Tensor<4>) -> Result<Self, Error> {
        let mut reading: Reading = Box::pin(maps.into_data_async());
        let mut context = Context::from_waker(Waker::noop());
        match reading.as_mut().poll(&mut context) {
            Poll::Ready(data) => Ok(Self::Done(values(data)?)),
            Poll::Pending => Ok(Self::UnderWay(reading)),
        }
    }

    /// Waits for the features. Only a GPU's are waited for, so that its runtime's panics are errors.
    ///
    /// # Errors
    /// When the device fails.
    pub fn features(self) -> Result<Vec<f32>, Error> {
        match self {
            Self::Done(features) => Ok(features),
            #[cfg(feature = "cuda")]
            Self::Running(running) => Ok(running.features()?),
            Self::UnderWay(reading) => {
                values(guarded(|| pollster::block_on(reading)).map_err(Error::device)?)
            }
        }
    }
}

pub(super) fn values(data: Result<TensorData, ExecutionError>) -> Result<Vec<f32>, Error> {
    let data = data.map_err(Error::device)?;
    data.try_into_vec_as::<f32>().map_err(Error::device)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn under_way(result: Result<TensorData, ExecutionError>) -> Pending {
        Pending::UnderWay(Box::pin(async { result }))
    }

    #[test]
    fn what_fails_on_the_device_is_told_when_it_is_waited_for() {
        let values = under_way(Ok(TensorData::new(vec![1.0_f32, 2.0], [1, 2]))).features();
        assert_eq!(values.unwrap(), [1.0, 2.0]);
        for (error, expected) in [
            (
                // `ServerError::Io(IoError::OutOfMemory)` of cubecl-runtime 0.11.3.
                ExecutionError::with_context(
                    "An IO error happened\nCaused by:\n  out of device memory allocating 8 bytes\nNo backtrace available",
                ),
                "DeviceMemory(\"out of device memory allocating 8 bytes\")",
            ),
            (
                ExecutionError::device_poisoned("an illegal address"),
                "DeviceLost(\"The device is poisoned: an illegal address\")",
            ),
        ] {
            let found = under_way(Err(error)).features().unwrap_err();
            assert_eq!(format!("{found:?}"), expected);
        }
        let panics = Pending::UnderWay(Box::pin(async { panic!("wgpu error: Out of Memory\n") }));
        let found = panics.features().unwrap_err();
        assert!(matches!(found, Error::DeviceMemory(_)), "{found:?}");
    }
}
