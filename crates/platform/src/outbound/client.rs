//! The client of this process.

use std::error::Error as StdError;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use base::{Error, Result};
use futures::future::BoxFuture;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Uri, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::{Instant, timeout_at};
use tower::Service;

use super::Reach;

/// The largest head of an answer.
const HEAD_BYTES_MAX: usize = 16 << 10;
/// Connections that are kept open for the next call.
const IDLE_MAX: Duration = Duration::from_secs(30);

type Connections = hyper_util::client::legacy::Client<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>;

/// Calls other systems, and keeps connections open for a while. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    // Apart, so that a call that may only reach the public never goes over another's connection.
    public: Connections,
    private: Connections,
}

/// What is said with a call.
#[derive(Clone)]
pub enum Said {
    /// Nothing: the call is a `GET`.
    Nothing,
    /// JSON: the call is a `POST`.
    Json(String),
    /// `a=b&c=d`: the call is a `POST`.
    Form(String),
}

/// A call on its way.
#[derive(Clone)]
pub struct Call<'a> {
    /// Where.
    pub url: &'a str,
    /// How far it may go.
    pub reach: Reach,
    /// Besides those that every call has.
    pub headers: Vec<(&'a str, String)>,
    /// What is said.
    pub said: Said,
    /// How long until the answer has come whole.
    pub deadline: Duration,
}

/// Why there is no answer, or none that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Not within the deadline.
    Timeout,
    /// No connection, or one that broke.
    Unreachable,
    /// The address is beyond the reach.
    NotPermitted,
    /// Larger than it may be.
    TooLarge,
}

/// The head of an answer; its body is yet to be read.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// What the body is said to be.
    pub content_type: Option<String>,
    body: Incoming,
    until: Instant,
}

impl Client {
    /// A client that trusts the certificates this machine trusts.
    pub fn new() -> Result<Self> {
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
        Ok(Self {
            public: connections(tls.clone(), Reach::Public),
            private: connections(tls, Reach::Private),
        })
    }

    /// The head of the answer.
    pub async fn send(&self, call: Call<'_>) -> Result<Answer, Fault> {
        let until = Instant::now() + call.deadline;
        let uri: Uri = call.url.parse().map_err(|_| Fault::Unreachable)?;
        // A number in place of a name is never looked up.
        if !uri.host().is_some_and(|host| call.reach.permits_host(host)) {
            return Err(Fault::NotPermitted);
        }
        let mut request = Request::builder()
            .uri(uri)
            .header(header::USER_AGENT, concat!("patron/", env!("CARGO_PKG_VERSION")));
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        let (method, content_type, body) = match call.said {
            Said::Nothing => (Method::GET, None, String::new()),
            Said::Json(json) => (Method::POST, Some("application/json"), json),
            Said::Form(form) => (Method::POST, Some("application/x-www-form-urlencoded"), form),
        };
        request = request.method(method).header(header::ACCEPT, "application/json");
        if let Some(content_type) = content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        let body = Full::new(Bytes::from(body));
        let request = request.body(body).map_err(|_| Fault::Unreachable)?;
        let connections = match call.reach {
            Reach::Public => &self.public,
            Reach::Private => &self.private,
        };
        let answer = match timeout_at(until, connections.request(request)).await {
            Err(_) => return Err(Fault::Timeout),
            Ok(Err(error)) if is_not_permitted(&error) => return Err(Fault::NotPermitted),
            Ok(Err(error)) => {
                tracing::debug!(%error, "another system cannot be reached");
                return Err(Fault::Unreachable);
            }
            Ok(Ok(answer)) => answer,
        };
        let (head, body) = answer.into_parts();
        let content_type = head.headers.get(header::CONTENT_TYPE);
        Ok(Answer {
            status: head.status.as_u16(),
            content_type: content_type
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned),
            body,
            until,
        })
    }
}

impl Answer {
    /// The body, if it has come whole within the deadline and is no larger than this.
    pub async fn read(self, bytes_max: usize) -> Result<Bytes, Fault> {
        let body = Limited::new(self.body, bytes_max).collect();
        match timeout_at(self.until, body).await {
            Err(_) => Err(Fault::Timeout),
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Fault::TooLarge),
            Ok(Err(_)) => Err(Fault::Unreachable),
        }
    }
}

fn connections(tls: ClientConfig, reach: Reach) -> Connections {
    let mut http = HttpConnector::new_with_resolver(Resolver(reach));
    http.enforce_http(false);
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .wrap_connector(http);
    hyper_util::client::legacy::Client::builder(TokioExecutor::new())
        .pool_idle_timeout(IDLE_MAX)
        .pool_timer(TokioTimer::new())
        .http1_max_buf_size(HEAD_BYTES_MAX)
        .build(connector)
}

/// Looks names up, and leaves out what may not be called.
#[derive(Clone, Copy)]
struct Resolver(Reach);

/// A name stands only for addresses that may not be called.
#[derive(Debug, thiserror::Error)]
#[error("this name stands for an address that may not be called")]
struct NotPermitted;

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Box<dyn StdError + Send + Sync>;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let reach = self.0;
        Box::pin(async move {
            let mut found: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            found.retain(|address| reach.permits(address.ip()));
            if found.is_empty() {
                return Err(NotPermitted.into());
            }
            Ok::<_, Box<dyn StdError + Send + Sync>>(found.into_iter())
        })
    }
}

fn is_not_permitted(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<NotPermitted>() {
            return true;
        }
        next = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_may_not_be_reached_is_not_called() {
        let client = Client::new().unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        for host in ["127.0.0.1", "localhost", "2130706433", "0x7f.1"] {
            let url = format!("http://{host}:{port}/");
            let call = Call {
                url: &url,
                reach: Reach::Public,
                headers: Vec::new(),
                said: Said::Nothing,
                deadline: Duration::from_secs(2),
            };
            // A name that stands for nothing here is not reached either.
            let fault = client.send(call).await.err();
            let refused = fault == Some(Fault::NotPermitted)
                || (host.contains('x') && fault == Some(Fault::Unreachable));
            assert!(refused, "{host}: {fault:?}");
        }
        let called = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
        assert!(called.is_err(), "somebody called");
    }
}
