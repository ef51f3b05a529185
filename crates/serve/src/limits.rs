//! What a client may ask of the server: each limit bounds time or memory, and is met by a refusal.

use std::time::Duration;

/// The largest body of a request, in bytes; 413 beyond it.
pub(crate) const BODY: usize = 20 << 20;
/// The bytes that all bodies above [`SMALL_BODY`] together may hold in memory; 503 beyond it.
pub(crate) const LARGE_BODIES: usize = 128 << 20;
/// A body of so many bytes is always received: there are at most as many as [`CONNECTIONS`].
pub(crate) const SMALL_BODY: usize = 256 << 10;
/// The most pictures of one request; 413 beyond it.
pub(crate) const PICTURES: usize = 64;
/// How many connections are open at once; 503 beyond it.
pub(crate) const CONNECTIONS: usize = 256;
/// How many pictures wait for the model; 503 beyond it.
pub(crate) const QUEUE: usize = 256;
/// How many pictures the model takes at a time from those that wait.
pub(crate) const BATCH: usize = 32;
/// How many runs are kept loaded: the last that were asked for.
pub(crate) const MODELS: usize = 2;

/// From the start of a connection, or the end of a request, to the whole head of the next one; the
/// connection is closed then.
pub(crate) const HEAD_TIME: Duration = Duration::from_secs(10);
/// Between two pieces of a body; 408 beyond it.
pub(crate) const PIECE_TIME: Duration = Duration::from_secs(5);
/// For a whole body; 408 beyond it.
pub(crate) const BODY_TIME: Duration = Duration::from_secs(30);
/// From a signal to the end of the process, for requests that are being answered.
pub(crate) const STOP_TIME: Duration = Duration::from_millis(1500);
