//! Figures for Prometheus, in its text format: requests per route, jobs per state, connections.
//! Labels come from the program's own route table, so their number is bounded.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Extension;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use platform::{Platform, events, jobs};

const BUCKETS_S: [f64; 10] = [0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// What requests have been answered. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Metrics(Arc<Mutex<BTreeMap<Key, Histogram>>>);

/// Method, route, status.
type Key = (&'static str, String, u16);

#[derive(Default)]
struct Histogram {
    counts: [u64; BUCKETS_S.len()],
    count: u64,
    sum_s: f64,
}

impl Metrics {
    fn answered(&self, key: Key, took: Duration) {
        let took_s = took.as_secs_f64();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let histogram = all.entry(key).or_default();
        for (count, bound) in histogram.counts.iter_mut().zip(BUCKETS_S) {
            *count += u64::from(took_s <= bound);
        }
        histogram.count += 1;
        histogram.sum_s += took_s;
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(
            text,
            "# HELP patron_http_request_seconds Time to the head of the answer."
        )?;
        writeln!(text, "# TYPE patron_http_request_seconds histogram")?;
        for ((method, route, status), histogram) in all.iter() {
            let labels = format!("method=\"{method}\",route=\"{route}\",status=\"{status}\"");
            for (bound, count) in BUCKETS_S.iter().zip(histogram.counts) {
                writeln!(
                    text,
                    "patron_http_request_seconds_bucket{{{labels},le=\"{bound}\"}} {count}"
                )?;
            }
            let (count, sum_s) = (histogram.count, histogram.sum_s);
            writeln!(
                text,
                "patron_http_request_seconds_bucket{{{labels},le=\"+Inf\"}} {count}"
            )?;
            writeln!(text, "patron_http_request_seconds_sum{{{labels}}} {sum_s}")?;
            writeln!(text, "patron_http_request_seconds_count{{{labels}}} {count}")?;
        }
        Ok(())
    }
}

/// Counts every request by the route that answered it.
pub(crate) async fn count(Extension(metrics): Extension<Metrics>, request: Request, next: Next) -> Response {
    let route = match request.extensions().get::<MatchedPath>() {
        Some(path) => path.as_str().to_owned(),
        None => "other".to_owned(),
    };
    let method = match request.method().as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        _ => "other",
    };
    let begun = Instant::now();
    let response = next.run(request).await;
    metrics.answered((method, route, response.status().as_u16()), begun.elapsed());
    response
}

/// `GET /metrics`.
pub(crate) async fn metrics(
    State(platform): State<Platform>,
    Extension(metrics): Extension<Metrics>,
) -> Response {
    let counts = async {
        let mut tx = platform.db.read().await?;
        let jobs = jobs::counts(&mut tx).await?;
        Ok::<_, base::Error>((jobs, Some(events::count_waiting(&mut tx).await?)))
    };
    let (jobs, unsealed) = match tokio::time::timeout(Duration::from_secs(2), counts).await {
        Ok(Ok(counted)) => counted,
        _ => (Vec::new(), None),
    };
    let mut text = String::with_capacity(8 << 10);
    let written = metrics.write(&mut text).and_then(|()| {
        writeln!(
            text,
            "# HELP patron_jobs Jobs by state.\n# TYPE patron_jobs gauge"
        )?;
        for (state, count) in jobs {
            writeln!(text, "patron_jobs{{state=\"{state}\"}} {count}")?;
        }
        if let Some(unsealed) = unsealed {
            writeln!(
                text,
                "# HELP patron_events_unsealed Events that wait to be sealed.\n# TYPE patron_events_unsealed gauge"
            )?;
            writeln!(text, "patron_events_unsealed {unsealed}")?;
        }
        writeln!(
            text,
            "# HELP patron_db_connections Connections.\n# TYPE patron_db_connections gauge"
        )?;
        for pool in platform.db.pools() {
            let (name, busy) = (pool.pool, pool.open.saturating_sub(pool.idle));
            writeln!(
                text,
                "patron_db_connections{{pool=\"{name}\",state=\"idle\"}} {}",
                pool.idle
            )?;
            writeln!(
                text,
                "patron_db_connections{{pool=\"{name}\",state=\"busy\"}} {busy}"
            )?;
        }
        let asked = platform.db.asked();
        for (what, help, count) in [
            ("transactions", "Transactions begun.", asked.transactions),
            ("statements", "Statements run.", asked.statements),
        ] {
            writeln!(
                text,
                "# HELP patron_db_{what}_total {help}\n# TYPE patron_db_{what}_total counter"
            )?;
            writeln!(text, "patron_db_{what}_total {count}")?;
        }
        writeln!(
            text,
            "# HELP patron_build_info The version.\n# TYPE patron_build_info gauge"
        )?;
        writeln!(
            text,
            "patron_build_info{{version=\"{}\"}} 1",
            env!("CARGO_PKG_VERSION")
        )
    });
    debug_assert!(written.is_ok(), "writing to a String cannot fail");
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
