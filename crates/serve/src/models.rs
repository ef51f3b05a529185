//! The thread that owns the models.
//!
//! Pictures wait in one bounded queue. The thread takes what waits, up to [`limits::BATCH`] pictures at a time,
//! and classifies each of them alone: an answer is the same, bit for bit, whatever else was asked meanwhile.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use graft_dataset::{Picture, PictureForm};
use graft_runs::Run;
use graft_trainer::{Error as LoadError, Input, Model, Prediction};
use tokio::sync::{mpsc, oneshot};

use crate::metrics::Metrics;
use crate::refusal::Refusal;
use crate::{Error, limits};

/// A run that is, or was, loaded.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) run: Run,
    pub(crate) classes: Vec<String>,
    pub(crate) input: Input,
}

impl Loaded {
    /// What the run is called.
    pub(crate) fn name(&self) -> String {
        name(&self.run)
    }

    /// Whether pictures are of one digit each.
    pub(crate) fn digits(&self) -> bool {
        self.input.pictures == PictureForm::Digit
    }
}

/// What a run is called: its folder's name.
pub(crate) fn name(run: &Run) -> String {
    let name = run.folder().file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Something for the thread to do.
enum Job {
    Load(Box<Run>, Reply<Arc<Loaded>>),
    Classify(Arc<Loaded>, Picture, Reply<Prediction>),
    Features(Arc<Loaded>, Picture, Reply<Vec<f32>>),
}

/// Where the answer goes. Who asked may have gone away.
type Reply<T> = oneshot::Sender<Result<T, LoadError>>;

/// The way to the thread.
pub(crate) struct Models {
    jobs: mpsc::Sender<Job>,
    known: Mutex<HashMap<String, Arc<Loaded>>>,
    metrics: Arc<Metrics>,
}

impl Models {
    /// Starts the thread and loads `run` by `load`, which later loads others.
    ///
    /// # Errors
    /// When `run` cannot be loaded.
    pub(crate) fn start(
        run: Run,
        load: impl Fn(&Run) -> Result<Model, LoadError> + Send + 'static,
        metrics: &Arc<Metrics>,
    ) -> Result<(Self, Arc<Loaded>), Error> {
        let (jobs, queue) = mpsc::channel(limits::QUEUE);
        let (reply, first) = oneshot::channel();
        // There is room in a new queue.
        drop(jobs.try_send(Job::Load(Box::new(run), reply)));
        let counted = Arc::clone(metrics);
        let work = move || work(queue, load, &counted);
        let thread = thread::Builder::new().name("models".into()).spawn(work);
        thread.map_err(|error| Error::System(error.to_string()))?;
        let first = first.blocking_recv().map_err(|_| Error::ModelGone)??;
        let known = HashMap::from([(first.name(), Arc::clone(&first))]);
        let models = Self {
            jobs,
            known: Mutex::new(known),
            metrics: Arc::clone(metrics),
        };
        Ok((models, first))
    }

    /// The run of that name, where it was loaded before.
    pub(crate) fn known(&self, name: &str) -> Option<Arc<Loaded>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(name).cloned()
    }

    /// Loads a run.
    ///
    /// # Errors
    /// 500 when it cannot be loaded, 503 when too much waits.
    pub(crate) async fn load(&self, run: Run) -> Result<Arc<Loaded>, Refusal> {
        let loaded = self.ask(|reply| Job::Load(Box::new(run), reply)).await?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(loaded.name(), Arc::clone(&loaded));
        Ok(loaded)
    }

    /// What the model of a run makes of a picture in the form of its images.
    ///
    /// # Errors
    /// 500 when the model fails, 503 when too many pictures wait.
    pub(crate) async fn classify(
        &self,
        loaded: &Arc<Loaded>,
        picture: Picture,
    ) -> Result<Prediction, Refusal> {
        let waiting = &self.metrics.waiting;
        waiting.inc();
        let loaded = Arc::clone(loaded);
        let job = |reply| Job::Classify(loaded, picture, reply);
        let answer = self.ask(job).await;
        waiting.dec();
        answer
    }

    /// The features of a picture in the form of the run's images.
    ///
    /// # Errors
    /// As [`Models::classify`].
    pub(crate) async fn features(
        &self,
        loaded: &Arc<Loaded>,
        picture: Picture,
    ) -> Result<Vec<f32>, Refusal> {
        let loaded = Arc::clone(loaded);
        self.ask(|reply| Job::Features(loaded, picture, reply))
            .await
    }

    async fn ask<T>(&self, job: impl FnOnce(Reply<T>) -> Job) -> Result<T, Refusal> {
        let (reply, answer) = oneshot::channel();
        if let Err(mpsc::error::TrySendError::Full(_)) = self.jobs.try_send(job(reply)) {
            return Err(Refusal::busy(
                "too many pictures are waiting for the model; ask again in a second",
            ));
        }
        match answer.await {
            Ok(answer) => answer.map_err(Refusal::failed),
            Err(_) => Err(Refusal::failed(Error::ModelGone)),
        }
    }
}

/// Does what is asked for, until nobody can ask any more.
fn work(
    mut queue: mpsc::Receiver<Job>,
    load: impl Fn(&Run) -> Result<Model, LoadError>,
    metrics: &Metrics,
) {
    let mut models = Kept {
        load,
        last: Vec::new(),
    };
    let mut jobs = Vec::with_capacity(limits::BATCH);
    while queue.blocking_recv_many(&mut jobs, limits::BATCH) > 0 {
        let is_picture = |job: &&Job| matches!(job, Job::Classify(..));
        metrics.batch(jobs.iter().filter(is_picture).count());
        for job in jobs.drain(..) {
            match job {
                Job::Load(run, reply) => drop(reply.send(models.loaded(*run))),
                Job::Classify(_, _, reply) if reply.is_closed() => {}
                Job::Classify(loaded, picture, reply) => {
                    let model = models.of(&loaded);
                    drop(reply.send(model.and_then(|model| model.classify(&picture))));
                }
                Job::Features(loaded, picture, reply) => {
                    let model = models.of(&loaded);
                    drop(reply.send(model.and_then(|model| model.features(&picture))));
                }
            }
        }
    }
}

/// The models that were used last, of at most [`limits::MODELS`] runs; the newest is the last.
struct Kept<L> {
    load: L,
    last: Vec<(Arc<Loaded>, Model)>,
}

impl<L: Fn(&Run) -> Result<Model, LoadError>> Kept<L> {
    /// Loads a run.
    fn loaded(&mut self, run: Run) -> Result<Arc<Loaded>, LoadError> {
        let model = (self.load)(&run)?;
        // The first picture prepares the weights; it should be nobody's.
        model.classify(&Picture {
            pixels: vec![0; model.input().images.bytes()],
            inverted: false,
        })?;
        let loaded = Arc::new(Loaded {
            classes: model.classes(),
            input: model.input(),
            run,
        });
        self.keep(Arc::clone(&loaded), model);
        Ok(loaded)
    }

    /// The model of a run, loaded again where others took its place.
    fn of(&mut self, loaded: &Arc<Loaded>) -> Result<&Model, LoadError> {
        let is_it = |(kept, _): &(Arc<Loaded>, Model)| Arc::ptr_eq(kept, loaded);
        match self.last.iter().position(is_it) {
            Some(place) => self.last[place..].rotate_left(1),
            None => self.keep(Arc::clone(loaded), (self.load)(&loaded.run)?),
        }
        // It was just put there.
        Ok(&self.last[self.last.len() - 1].1)
    }

    fn keep(&mut self, loaded: Arc<Loaded>, model: Model) {
        self.last.push((loaded, model));
        let surplus = self.last.len().saturating_sub(limits::MODELS);
        self.last.drain(..surplus);
    }
}
