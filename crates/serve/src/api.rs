//! What each address of the API does.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use graft_dataset::Picture;
use graft_runs::Run;
use serde::Deserialize;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::{JoinSet, spawn_blocking};

use crate::answers::{
    Corrected, Described, Listed, Nearest, OfFile, Outcome, Predicted, Predictions, Runs,
};
use crate::body::{Pictures, pictures};
use crate::corrections;
use crate::models::{Loaded, name};
use crate::refusal::Refusal;
use crate::routes::{Server, Shared};

/// `?run=` of every address that uses a model.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    run: Option<String>,
}

/// `?run=&class=`
#[derive(Debug, Deserialize)]
pub(crate) struct Correction {
    run: Option<String>,
    class: Option<String>,
}

/// A query, or why it cannot be understood.
type Parsed<T> = Result<Query<T>, axum::extract::rejection::QueryRejection>;

/// `GET /model`
pub(crate) async fn model(
    State(server): State<Shared>,
    asked: Parsed<Asked>,
) -> Result<Json<Described>, Refusal> {
    let Query(asked) = asked.map_err(Refusal::bad)?;
    let loaded = loaded(&server, asked.run).await?;
    Ok(Json(Described::of(&loaded)))
}

/// `GET /runs`
pub(crate) async fn runs(State(server): State<Shared>) -> Result<Json<Runs>, Refusal> {
    let runs = complete(&server).await?;
    let runs = runs.iter().map(Listed::of).collect();
    Ok(Json(Runs { runs }))
}

/// `POST /predict`
pub(crate) async fn predict(
    State(server): State<Shared>,
    asked: Parsed<Asked>,
    request: Request,
) -> Result<Response, Refusal> {
    let Query(asked) = asked.map_err(Refusal::bad)?;
    let (given, _memory) = pictures(&server.memory, request).await?;
    let loaded = loaded(&server, asked.run).await?;
    match given {
        Pictures::One(bytes) => Ok(Json(predicted(&server, &loaded, bytes).await?).into_response()),
        Pictures::Form(files) => {
            let mut under_way = JoinSet::new();
            for (place, file) in files.into_iter().enumerate() {
                let (server, loaded) = (Arc::clone(&server), Arc::clone(&loaded));
                under_way.spawn(async move {
                    let outcome = predicted(&server, &loaded, file.bytes).await;
                    (place, of_file(file.name.unwrap_or_default(), outcome))
                });
            }
            let mut predictions = under_way.join_all().await;
            predictions.sort_by_key(|(place, _)| *place);
            let predictions = predictions.into_iter().map(|(_, file)| file).collect();
            Ok(all(Predictions { predictions }))
        }
    }
}

fn of_file(file: String, outcome: Result<Predicted, Refusal>) -> OfFile {
    let (status, outcome) = match outcome {
        Ok(predicted) => (StatusCode::OK, Outcome::Predicted(predicted)),
        Err(refusal) => (refusal.status, Outcome::Refused(refusal)),
    };
    OfFile {
        file,
        status: status.as_u16(),
        outcome,
    }
}

/// 200 where any of them could be used, otherwise the first refusal's status.
fn all(answer: Predictions) -> Response {
    let any = answer.predictions.iter().any(|one| one.status == 200);
    let first = answer.predictions.first().map_or(200, |one| one.status);
    let status = StatusCode::from_u16(if any { 200 } else { first });
    (status.unwrap_or_default(), Json(answer)).into_response()
}

/// `POST /neighbours`
pub(crate) async fn neighbours(
    State(server): State<Shared>,
    asked: Parsed<Asked>,
    request: Request,
) -> Result<Json<Nearest>, Refusal> {
    let Query(Asked { run }) = asked.map_err(Refusal::bad)?;
    let (bytes, _memory) = one(&server, request).await?;
    let loaded = loaded(&server, run).await?;
    let picture = decoded(&server, &loaded, bytes).await?;
    let features = server.models.features(&loaded, picture).await?;
    let neighbours = server.neighbours.nearest(&loaded, features).await?;
    Ok(Json(Nearest { neighbours }))
}

/// The body of a request that takes one picture, and the memory that it takes.
async fn one(
    server: &Server,
    request: Request,
) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Refusal> {
    match pictures(&server.memory, request).await? {
        (Pictures::One(bytes), memory) => Ok((bytes, memory)),
        (Pictures::Form(_), _) => Err(Refusal::bad(
            "expected one picture as the body, found a form",
        )),
    }
}

/// `POST /corrections`
pub(crate) async fn correct(
    State(server): State<Shared>,
    asked: Parsed<Correction>,
    request: Request,
) -> Result<(StatusCode, Json<Corrected>), Refusal> {
    let Query(Correction { run, class }) = asked.map_err(Refusal::bad)?;
    let (bytes, _memory) = one(&server, request).await?;
    let loaded = loaded(&server, run).await?;
    let number = class.as_deref().and_then(|class| class.parse().ok());
    let found = number.and_then(|class| Some((class, loaded.classes.get::<usize>(class)?.clone())));
    let Some((class, class_name)) = found else {
        let error = format!(
            "expected the number of a class, from 0 to {}, as in ?class=0, found {}",
            loaded.classes.len() - 1,
            class.as_deref().unwrap_or("none")
        );
        return Err(Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "class",
            error,
        ));
    };
    let picture = decoded(&server, &loaded, bytes).await?;
    let (all, keep_in) = (
        server.corrections.clone(),
        corrections::folder(&server.corrections, &loaded),
    );
    let kept = blocking(move || corrections::keep(&keep_in, &loaded, class, &picture));
    let kept = kept.await?.map_err(Refusal::failed)?;
    let file = kept.strip_prefix(all).unwrap_or(&kept);
    let answer = Corrected {
        class,
        name: class_name,
        file: file.display().to_string(),
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// `GET /health`
pub(crate) fn health() -> Json<serde_json::Value> {
    Json(serde_json::json!({ "status": "ok" }))
}

/// `GET /metrics`
pub(crate) fn metrics(server: &Server) -> impl IntoResponse + use<> {
    const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(CONTENT_TYPE, TEXT)], server.metrics.text())
}

/// `GET /openapi.json`
pub(crate) fn openapi() -> impl IntoResponse + Clone {
    const API: &str = include_str!("openapi.json");
    ([(CONTENT_TYPE, "application/json")], API)
}

async fn predicted(
    server: &Server,
    loaded: &Arc<Loaded>,
    bytes: Bytes,
) -> Result<Predicted, Refusal> {
    let started = Instant::now();
    let picture = decoded(server, loaded, bytes).await?;
    let prediction = server.models.classify(loaded, picture).await?;
    Ok(Predicted {
        prediction,
        milliseconds: started.elapsed().as_secs_f64() * 1e3,
    })
}

async fn decoded(server: &Server, loaded: &Loaded, bytes: Bytes) -> Result<Picture, Refusal> {
    let input = loaded.input;
    let decoded = blocking(move || input.decode(&bytes)).await?;
    decoded.map_err(|fault| {
        server.metrics.refused(fault.reason());
        Refusal::from(fault)
    })
}

/// The run that is asked for, loaded; the one that the server was started with where none is.
async fn loaded(server: &Server, asked: Option<String>) -> Result<Arc<Loaded>, Refusal> {
    let Some(asked) = asked else {
        return Ok(Arc::clone(&server.first));
    };
    if let Some(loaded) = server.models.known(&asked) {
        return Ok(loaded);
    }
    let mut runs = complete(server).await?.into_iter();
    match runs.find(|run| name(run) == asked) {
        Some(run) => server.models.load(run).await,
        None => Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "run",
            format!("there is no complete run {asked}; GET /runs lists them"),
        )),
    }
}

/// The complete runs, and the one that the server was started with, wherever it is.
async fn complete(server: &Server) -> Result<Vec<Run>, Refusal> {
    let (folder, first) = (server.runs.clone(), Arc::clone(&server.first));
    blocking(move || {
        let mut runs = Run::complete(&folder);
        if !runs.iter().any(|run| name(run) == first.name()) {
            runs.push(first.run.clone());
        }
        runs
    })
    .await
}

/// Work that takes a while, on one of as many threads as there are cores.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Refusal> {
    spawn_blocking(work).await.map_err(Refusal::failed)
}
