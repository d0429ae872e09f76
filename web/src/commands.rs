//! The same experiment for a terminal: as curl and as a command line of `filature`.

use crate::list::Listed;
use filature_core::Executor;
use filature_core::api::ExperimentRequest;
use serde_json::Value;

/// The request as a curl command against the server at `origin`.
pub fn curl(request: &ExperimentRequest, origin: &str) -> String {
    let body = serde_json::to_string(request).unwrap_or_default();
    format!(
        "curl -sS -X POST {origin}/api/v1/experiments \\\n  -H 'content-type: application/json' \\\n  -d {}",
        quoted(&body)
    )
}

/// The request as `filature run …`. A terminal has no browser: browser executors are left out.
pub fn command_line(request: &ExperimentRequest) -> String {
    let mut words = vec!["filature run".to_owned(), quoted(&request.workload)];
    for (name, value) in &request.params {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        words.push(format!("--set {}", quoted(&format!("{name}={value}"))));
    }
    let native: Vec<&str> = request
        .executors
        .iter()
        .flatten()
        .map(String::as_str)
        .filter(|id| id.parse::<Executor>().is_ok_and(Executor::is_native))
        .listed();
    if !native.is_empty() {
        words.push(format!("--executor {}", native.join(",")));
    }
    if let Some(sweep) = &request.sweep {
        let values: Vec<String> = sweep.values.iter().map(u64::to_string).listed();
        words.push(format!("--sweep {}", quoted(&format!("{}={}", sweep.param, values.join(",")))));
    }
    for (flag, value) in [
        ("--samples", request.samples),
        ("--warmups", request.warmups),
        ("--tokio-workers", request.tokio_workers),
        ("--cores", request.cores),
        ("--time-limit-s", request.time_limit_s),
    ] {
        if let Some(value) = value {
            words.push(format!("{flag} {value}"));
        }
    }
    if request.observe {
        words.push("--observe".to_owned());
    }
    if let Some(label) = &request.label {
        words.push(format!("--label {}", quoted(label)));
    }
    words.join(" ")
}

/// A word for a POSIX shell: bare where that is safe, else in single quotes.
fn quoted(word: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "-_=,.:/".contains(c);
    if !word.is_empty() && word.chars().all(safe) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// A param's value as people read it.
pub fn plain(value: &Value) -> String {
    match value.as_u64() {
        Some(number) => filature_core::format::count(number),
        None => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
    }
}
