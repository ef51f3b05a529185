//! Addresses to what answers them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};

use crate::access::{Access, guard};
use crate::body::Memory;
use crate::metrics::Metrics;
use crate::models::{Loaded, Models};
use crate::neighbours::Neighbours;
use crate::refusal::Refusal;
use crate::{api, limits, page};

/// What every request may use.
pub(crate) struct Server {
    pub(crate) access: Access,
    pub(crate) models: Models,
    pub(crate) neighbours: Neighbours,
    /// The run that the server was started with.
    pub(crate) first: Arc<Loaded>,
    /// The folder of runs.
    pub(crate) runs: PathBuf,
    /// The folder of corrections.
    pub(crate) corrections: PathBuf,
    pub(crate) memory: Memory,
    pub(crate) metrics: Arc<Metrics>,
}

pub(crate) type Shared = Arc<Server>;

/// Everything that is answered; nothing of it without the checks of [`guard`].
pub(crate) fn router(server: &Shared) -> Router {
    let metrics = |State(server): State<Shared>| async move { api::metrics(&server) };
    let mut router = Router::new()
        .route("/predict", post(api::predict))
        .route("/neighbours", post(api::neighbours))
        .route("/corrections", post(api::correct))
        .route("/model", get(api::model))
        .route("/runs", get(api::runs))
        .route("/health", get(api::health()))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(api::openapi()))
        .route("/", get(page::answer(page::FILES[0])));
    for file in page::FILES {
        router = router.route(&format!("/{}", file.0), get(page::answer(file)));
    }
    router
        .fallback(Refusal::new(
            StatusCode::NOT_FOUND,
            "address",
            "there is nothing at this address; GET /openapi.json lists what there is",
        ))
        .method_not_allowed_fallback(Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method",
            "expected another method at this address; GET /openapi.json lists them",
        ))
        .layer(DefaultBodyLimit::max(limits::BODY))
        .layer(middleware::from_fn_with_state(Arc::clone(server), guard))
        .layer(middleware::from_fn_with_state(Arc::clone(server), counted))
        .with_state(Arc::clone(server))
}

/// Counts a request, and what it was told.
async fn counted(State(server): State<Shared>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("other", MatchedPath::as_str);
    let status = response.status().as_u16();
    server.metrics.answered(route, status, started.elapsed());
    response
}
