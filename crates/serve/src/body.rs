//! Reading bodies of requests: bounded in size, in time, and in memory over all requests.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use crate::limits::{BODY, BODY_TIME, LARGE_BODIES, PICTURES, PIECE_TIME, SMALL_BODY};
use crate::refusal::Refusal;

/// Memory for bodies is shared out in pieces of a KiB.
const PIECE: usize = 1 << 10;

/// Memory for large bodies.
#[derive(Debug, Clone)]
pub(crate) struct Memory(Arc<Semaphore>);

impl Default for Memory {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(LARGE_BODIES / PIECE)))
    }
}

/// A file of a request, with its name where it has one.
pub(crate) struct Given {
    pub(crate) name: Option<String>,
    pub(crate) bytes: Bytes,
}

/// What a request brings.
pub(crate) enum Pictures {
    /// The body is a picture.
    One(Bytes),
    /// The body is a form with files.
    Form(Vec<Given>),
}

/// The pictures of a request, and the memory that they take as long as it is held.
///
/// # Errors
/// 408, 413, 415 and 503, and 400 for a form that cannot be read.
pub(crate) async fn pictures(
    memory: &Memory,
    request: Request,
) -> Result<(Pictures, Option<OwnedSemaphorePermit>), Refusal> {
    let kind = request.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.to_ascii_lowercase();
    let is_form = kind.starts_with("multipart/form-data");
    if !is_form && !kind.starts_with("image/") && kind != "application/octet-stream" {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "content-type",
            format!(
                "expected image/png, another image/ or multipart/form-data as Content-Type, found `{kind}`"
            ),
        ));
    }
    let (parts, body) = request.into_parts();
    let permit = reserve(memory, &parts.headers)?;
    let bytes = read(body).await?;
    if !is_form {
        return Ok((Pictures::One(bytes), permit));
    }
    let request = Request::from_parts(parts, Body::from(bytes));
    let form = Multipart::from_request(request, &()).await;
    let files = files(form.map_err(Refusal::bad)?).await?;
    Ok((Pictures::Form(files), permit))
}

/// Memory for a body, as its length is declared; for the largest where it is not. A small one needs none of
/// the memory that is shared out, so that no number of large ones keeps it waiting.
fn reserve(memory: &Memory, headers: &HeaderMap) -> Result<Option<OwnedSemaphorePermit>, Refusal> {
    let length = headers.get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    let length = length.unwrap_or(BODY);
    if length > BODY {
        return Err(too_large());
    }
    if length <= SMALL_BODY {
        return Ok(None);
    }
    let pieces = u32::try_from(length.div_ceil(PIECE)).unwrap_or(u32::MAX);
    let permit = Arc::clone(&memory.0).try_acquire_many_owned(pieces);
    permit.map(Some).map_err(|_| {
        Refusal::busy("too many large pictures are being received; send it again in a second")
    })
}

async fn read(body: Body) -> Result<Bytes, Refusal> {
    let mut body = Limited::new(body, BODY);
    let pieces = async {
        let mut bytes = Vec::new();
        while let Some(piece) = timeout(PIECE_TIME, body.frame()).await? {
            match piece {
                Ok(piece) => bytes.extend_from_slice(&piece.into_data().unwrap_or_default()),
                Err(error) if error.is::<LengthLimitError>() => return Ok(Err(too_large())),
                Err(error) => {
                    let error = format!("expected the whole body, found its end early: {error}");
                    return Ok(Err(Refusal::bad(error)));
                }
            }
        }
        Ok::<_, Elapsed>(Ok(bytes.into()))
    };
    match timeout(BODY_TIME, pieces).await {
        Ok(Ok(read)) => read,
        Ok(Err(_)) | Err(_) => Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "slow",
            format!(
                "expected the body within {} s and its next piece within {} s; send the picture again",
                BODY_TIME.as_secs(),
                PIECE_TIME.as_secs()
            ),
        )),
    }
}

fn too_large() -> Refusal {
    Refusal::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "size",
        format!(
            "expected a body of at most {} MiB; crop or shrink the picture, or send fewer at a time",
            BODY >> 20
        ),
    )
}

/// The files of a form; its other fields are passed over.
async fn files(mut form: Multipart) -> Result<Vec<Given>, Refusal> {
    let mut files = Vec::new();
    while let Some(field) = form.next_field().await.map_err(Refusal::bad)? {
        let Some(name) = field.file_name().map(str::to_owned) else {
            continue;
        };
        let name = Some(name);
        let bytes = field.bytes().await.map_err(Refusal::bad)?;
        files.push(Given { name, bytes });
    }
    match files.len() {
        0 => Err(Refusal::bad(
            "expected a form with files, found none; send each picture as a file, as `curl -F picture=@FILE` does",
        )),
        1..=PICTURES => Ok(files),
        found => Err(Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "size",
            format!("expected at most {PICTURES} pictures at a time, found {found}"),
        )),
    }
}
