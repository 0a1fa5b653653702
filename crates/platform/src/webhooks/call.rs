//! Calling a receiver: one POST with a deadline. Follows no redirect, and of the answer only the status
//! counts.

use std::sync::Arc;
use std::time::Duration;

use base::{Error, Result};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::{Request, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};

/// So much of an answer is read, so that the connection can be used again.
const ANSWER_BYTES_MAX: usize = 16 << 10;
/// The largest head of an answer.
const HEAD_BYTES_MAX: usize = 16 << 10;
/// Connections to receivers that are kept open for the next call.
const IDLE_MAX: Duration = Duration::from_secs(30);

/// The client of this process. Cheap to clone.
#[derive(Clone)]
pub(super) struct Calls {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    deadline: Duration,
}

/// A message on its way.
pub(super) struct Message {
    pub(super) id: String,
    pub(super) at_s: i64,
    pub(super) signature: String,
    pub(super) body: String,
}

impl Calls {
    /// A client that trusts the certificates this machine trusts.
    pub(super) fn new(deadline: Duration) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "certificates of this machine cannot be read");
        }
        roots.add_parsable_certificates(found.certs);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(Error::internal)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE_MAX)
            .pool_timer(hyper_util::rt::TokioTimer::new())
            .http1_max_buf_size(HEAD_BYTES_MAX)
            .build(connector);
        Ok(Self { client, deadline })
    }

    /// The status of the answer, or what kept it from coming: `timeout`, `unreachable`.
    pub(super) async fn post(&self, url: &str, message: Message) -> Result<StatusCode, &'static str> {
        let uri: Uri = url.parse().map_err(|_| "unreachable")?;
        let request = Request::post(uri)
            .header("content-type", "application/json")
            .header("user-agent", concat!("patron/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", message.id)
            .header("webhook-timestamp", message.at_s)
            .header("webhook-signature", message.signature)
            .body(Full::new(Bytes::from(message.body)))
            .map_err(|_| "unreachable")?;
        let deadline = tokio::time::Instant::now() + self.deadline;
        let answer = match tokio::time::timeout_at(deadline, self.client.request(request)).await {
            Err(_) => return Err("timeout"),
            Ok(Err(error)) => {
                tracing::debug!(%error, "a receiver of webhooks cannot be reached");
                return Err("unreachable");
            }
            Ok(Ok(answer)) => answer,
        };
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect();
        let _what_it_says_does_not_matter = tokio::time::timeout_at(deadline, body).await;
        Ok(status)
    }
}
