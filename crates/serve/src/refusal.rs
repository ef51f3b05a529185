//! An answer that is a refusal: a status, and a JSON object that says why.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// What a client is told instead of what it asked for.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Refusal {
    #[serde(skip)]
    pub(crate) status: StatusCode,
    /// What was expected, what was found, and what to do.
    pub(crate) error: String,
    /// The same in one word, for programs.
    pub(crate) reason: &'static str,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, reason: &'static str, error: impl Into<String>) -> Self {
        Self {
            status,
            error: error.into(),
            reason,
        }
    }

    /// A request that cannot be understood.
    #[expect(clippy::needless_pass_by_value, reason = "given to map_err")]
    pub(crate) fn bad(error: impl ToString) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", error.to_string())
    }

    /// More is asked than can be done now.
    pub(crate) fn busy(error: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", error)
    }

    /// Something failed that the client can do nothing about; the log says what.
    #[expect(clippy::needless_pass_by_value, reason = "given to map_err")]
    pub(crate) fn failed(error: impl ToString) -> Self {
        let error = error.to_string();
        let refusal = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", error);
        tracing::error!("{}", refusal.error);
        refusal
    }
}

impl From<graft_dataset::PictureFault> for Refusal {
    fn from(fault: graft_dataset::PictureFault) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            fault.reason(),
            fault.to_string(),
        )
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(&self)).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            let second = axum::http::HeaderValue::from_static("1");
            response.headers_mut().insert("retry-after", second);
        }
        response
    }
}
