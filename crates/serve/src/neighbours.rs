//! The training images that are most like a picture: looked for in what a run learned from, one request after
//! another. The set that was asked about last stays loaded.

use std::sync::Arc;

use axum::http::StatusCode;
use graft_runs::Run;
use graft_trainer::{Error, Neighbour, TrainingSet};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use crate::models::Loaded;
use crate::refusal::Refusal;

/// How many are told.
const COUNT: usize = 5;

/// What a run learned from, where it is still there.
pub(crate) type Open = dyn Fn(&Run) -> Result<Option<TrainingSet>, Error> + Send + Sync;

/// The training set that was asked about last.
pub(crate) struct Neighbours {
    open: Arc<Open>,
    last: Mutex<Option<(Arc<Loaded>, Arc<TrainingSet>)>>,
}

impl Neighbours {
    pub(crate) fn new(open: Arc<Open>) -> Self {
        Self {
            open,
            last: Mutex::new(None),
        }
    }

    /// The training images of `loaded` that are most like a picture with these features.
    ///
    /// # Errors
    /// 404 where the run's training images or their features are gone.
    pub(crate) async fn nearest(
        &self,
        loaded: &Arc<Loaded>,
        features: Vec<f32>,
    ) -> Result<Vec<Neighbour>, Refusal> {
        // Held to the end: one is looked for at a time, so that threads are left for pictures.
        let mut last = self.last.lock().await;
        let set = match &*last {
            Some((of, set)) if Arc::ptr_eq(of, loaded) => Arc::clone(set),
            _ => {
                *last = None;
                let set = Arc::new(self.opened(loaded).await?);
                *last = Some((Arc::clone(loaded), Arc::clone(&set)));
                set
            }
        };
        let nearest = spawn_blocking(move || set.nearest(&features, COUNT)).await;
        nearest.map_err(Refusal::failed)?.map_err(Refusal::failed)
    }

    async fn opened(&self, loaded: &Arc<Loaded>) -> Result<TrainingSet, Refusal> {
        let (open, of) = (Arc::clone(&self.open), Arc::clone(loaded));
        let opened = spawn_blocking(move || open(&of.run)).await;
        let gone = |why: &str| Refusal::new(StatusCode::NOT_FOUND, "training-set", why);
        match opened.map_err(Refusal::failed)? {
            Ok(Some(set)) => Ok(set),
            Ok(None) => Err(gone(
                "expected the training images of this run and their features in the cache, found them cleared or \
                 changed, or in an object store; compute them again: graft extract, with the run's recipe; or copy \
                 them: graft gather",
            )),
            Err(error) => Err(gone(&error.to_string())),
        }
    }
}
