//! Every numeric field of every route, as the served OpenAPI has them, and every workload's
//! params at the edges of what is allowed and beyond.

use super::{assert_in_time, refused};
use crate::comparisons::{ALL, exported};
use filature_tests::server::Server;
use filature_tests::wire::{Reply, Wire};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// What a number may be.
#[derive(Clone, Debug)]
struct Range {
    whole: bool,
    min: Option<u64>,
    max: Option<u64>,
}

impl Range {
    /// As a schema tells it. A whole number without a maximum reaches as far as its type.
    fn of(schema: &Value) -> Option<Self> {
        let kinds = match &schema["type"] {
            Value::Array(kinds) => kinds.clone(),
            kind => vec![kind.clone()],
        };
        let whole = kinds.contains(&json!("integer"));
        let format = schema["format"].as_str().unwrap_or_default();
        let largest = if format == "int32" { u64::from(u32::MAX) } else { u64::MAX };
        let max = schema["maximum"].as_u64().or(whole.then_some(largest));
        let is_number = whole || kinds.contains(&json!("number"));
        is_number.then(|| Self { whole, min: schema["minimum"].as_u64(), max })
    }

    /// The values to try as JSON, each with what has to become of it: `None` where other
    /// fields decide.
    fn tries(&self) -> Vec<(String, Option<bool>)> {
        let fits = |number: u64| {
            let within = self.min.is_none_or(|min| min <= number)
                && self.max.is_none_or(|max| number <= max);
            if !within { Some(false) } else { self.whole.then_some(true) }
        };
        let float = if self.whole || self.max.is_some() { Some(false) } else { None };
        let negative = if self.whole || self.min.is_some() { Some(false) } else { None };
        let mut tries = vec![
            ("0".to_owned(), fits(0)),
            ((1_u64 << 63).to_string(), fits(1 << 63)),
            ("-1".to_owned(), negative),
            ("1e308".to_owned(), float),
            ("0.5".to_owned(), if self.whole { Some(false) } else { None }),
            ("1e999".to_owned(), Some(false)),
            ("NaN".to_owned(), Some(false)),
            ("-Infinity".to_owned(), Some(false)),
            ("\"1\"".to_owned(), Some(false)),
            ("[1]".to_owned(), Some(false)),
            ("{}".to_owned(), Some(false)),
        ];
        if let Some(max) = self.max {
            tries.push((max.to_string(), fits(max)));
            tries.push(((u128::from(max) + 1).to_string(), Some(false)));
        }
        tries
    }
}

/// Where numbers are in what a schema describes, with `*` for any entry of a list.
fn numbers(api: &Value, schema: &Value, at: &str, found: &mut Vec<(String, Range)>) {
    if let Some(name) = schema["$ref"].as_str() {
        let pointed = api.pointer(name.trim_start_matches('#')).expect("the schema is there");
        return numbers(api, pointed, at, found);
    }
    found.extend(Range::of(schema).map(|range| (at.to_owned(), range)));
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        numbers(api, field, &format!("{at}/{name}"), found);
    }
    if schema["items"].is_object() {
        numbers(api, &schema["items"], &format!("{at}/*"), found);
    }
    for kind in ["oneOf", "anyOf", "allOf"] {
        for variant in schema[kind].as_array().into_iter().flatten() {
            numbers(api, variant, at, found);
        }
    }
}

/// A request that is fine as it is, into which numbers are put.
struct Whole {
    operation: &'static str,
    path: String,
    body: Value,
    /// What is answered where the number is one that fits.
    accepted: &'static [u16],
}

/// The pointer of the first entry of each list on the way.
fn first(pattern: &str) -> String {
    pattern.replace('*', "0")
}

fn whole(operation: &'static str, path: &str, body: Value, accepted: &'static [u16]) -> Whole {
    Whole { operation, path: path.to_owned(), body, accepted }
}

/// Requests that between them have every numeric field of an experiment and of a comparison.
fn asked_for(export: &Value) -> Vec<Whole> {
    let mut table = export.clone();
    table["disturbance"] = json!({"outside_share": 0.5, "disturbed": true});
    let verdict = json!({"word": "overstated", "factor": 2.0});
    table["rows"][0]["claims"][0] = json!({"body": "threads", "text": "1", "low": 1.0, "high": 2.0,
        "tolerance": 1.0, "unit": "ns", "reading": "as it is"});
    table["rows"][0]["verdicts"][0]["word"] = verdict.clone();
    table["rows"][0]["measures"][0]["cells"][0] = json!({
        "executor": "threads", "state": "done", "text": "1", "verdict": verdict,
        "estimate": {"value": 1.0, "low": 1.0, "high": 1.0, "n": 3}, "samples": [1.0],
        "evidence": [{"experiment": "abc", "cell": 1}],
        "published": {"value": 1.0, "text": "1", "ratio": 1.0, "machine": "m", "source": "s",
            "url": "https://example.org"},
    });
    let experiment = json!({"workload": "fan-out", "params": {"units": 1},
        "executors": ["tokio-current"], "sweep": {"param": "units", "values": [1]}, "samples": 1,
        "warmups": 0, "tokio_workers": 1, "cores": 1, "time_limit_s": 1});
    vec![
        whole("create_experiment", "/api/v1/experiments", experiment, &[202]),
        whole("import_comparison", &format!("{ALL}/import"), table, &[201]),
    ]
}

/// Requests that between them have every numeric field that a page posts about a cell at this
/// path, which it has claimed already.
fn posted_by_a_page(cell: &str, lease: &str) -> Vec<Whole> {
    let browser = json!({"browser": {"browser": "Test 1", "cores": 2, "clock_resolution_ns": 5000,
        "cross_origin_isolated": true, "workers_max": 8}});
    let sample = json!({"lease": lease, "samples": [{"wall_ns": 1, "batch": 1}]});
    let mut native = sample.clone();
    for field in ["cpu_user_ns", "cpu_system_ns", "switches_voluntary", "switches_involuntary"] {
        native["samples"][0][field] = json!(1);
    }
    let refusal = json!({"lease": lease, "end": {"state": "refused", "reason": "no",
        "refusal": {"needed_units": 2, "available_units": 1,
            "limit": {"name": "n", "value": 1, "threads": 1, "how_to_raise": "h"}}}});
    let end = json!({"lease": lease, "end": {"state": "done", "outcome": {},
        "spawn_costs": {"new_worker_ns": 1, "warm_worker_ns": 1}}});
    let samples = format!("{cell}/samples");
    // The first end of a cell is its last; then the lease is over.
    const OVER: &[u16] = &[204, 409];
    vec![
        whole("report_samples", &samples, sample, &[204]),
        // No browser can know these.
        whole("report_samples", &samples, native, &[422]),
        whole("claim_cell", &format!("{cell}/claim"), browser, &[409]),
        whole("report_samples", &samples, refusal, OVER),
        whole("report_samples", &samples, end, OVER),
    ]
}

/// Sends a request with `value`, which is JSON or tries to be, in place of the number.
fn with_value(wire: &mut Wire, whole: &Whole, pointer: &str, value: &str) -> Reply {
    let mut body = whole.body.clone();
    *body.pointer_mut(pointer).expect("the field is there") = json!("\u{1}");
    let body = body.to_string().replace("\"\\u0001\"", value);
    let request = wire.request("POST", &whole.path, body.as_bytes());
    wire.send(&request).expect("an answer")
}

/// Cancels or deletes what was just made.
fn undo(wire: &mut Wire, path: &str, reply: &Reply) {
    let id = reply.json()["id"].as_str().expect("what is made has an id").to_owned();
    let request = wire.request("DELETE", &format!("{path}/{id}"), b"");
    let reply = wire.send(&request).expect("an answer");
    assert!(matches!(reply.status, 200 | 204), "{}", reply.status);
}

/// Keeps the one slot busy, so that what is accepted only waits.
fn occupied() -> Server {
    let server = Server::start();
    let slow = json!({"workload": "fan-out", "executors": ["tokio-current"], "samples": 1000,
        "params": {"units": 1, "work": "sleep", "duration_ms": 1000}});
    let id = server.submit(&slow);
    server.wait(&id, |experiment| experiment["state"] == "running");
    server
}

/// The numeric fields of all bodies that are described, each with its operation.
fn described(server: &Server) -> Vec<(String, String, Range)> {
    let api = server.json("/api/openapi.json");
    let mut all = Vec::new();
    for methods in api["paths"].as_object().unwrap().values() {
        for operation in methods.as_object().unwrap().values() {
            let name = operation["operationId"].as_str().unwrap_or_default();
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let mut found = Vec::new();
            numbers(&api, schema, "", &mut found);
            // The params of every workload have a test of their own.
            found.retain(|(at, _)| !at.starts_with("/params/"));
            all.extend(found.into_iter().map(|(at, range)| (name.to_owned(), at, range)));
        }
    }
    all
}

/// Puts every number that there is to try into every field of these requests.
fn assert_held(server: &Server, wholes: &[Whole]) {
    let mut wire = Wire::new(server.address());
    let mut times = Vec::new();
    let mut missed = Vec::new();
    let described = described(server);
    let mut tried = BTreeSet::new();
    for whole in wholes {
        for (operation, pattern, range) in &described {
            let is_there = whole.body.pointer(&first(pattern)).is_some();
            if operation == whole.operation && is_there && tried.insert((operation, pattern)) {
                try_all(&mut wire, whole, pattern, range, &mut times);
            }
        }
    }
    for (operation, pattern, _) in &described {
        let is_asked = wholes.iter().any(|whole| whole.operation == operation);
        if is_asked && !tried.contains(&(operation, pattern)) {
            missed.push(format!("{operation}: {pattern}"));
        }
    }
    assert!(missed.is_empty(), "described and not tried: {missed:?}");
    assert_in_time("numbers in bodies", times);
    assert!(filature_tests::server::is_alive(server.pid()));
}

#[test]
fn every_number_in_a_body_is_held_to_what_the_description_says() {
    let server = Server::start();
    let wholes = asked_for(&exported(&server));
    assert_held(&server, &wholes);
    let with_numbers: BTreeSet<String> =
        described(&server).into_iter().map(|(operation, _, _)| operation).collect();
    let known = ["claim_cell", "create_experiment", "import_comparison", "report_samples"];
    assert_eq!(with_numbers.iter().collect::<Vec<_>>(), known, "the two tests know them all");
}

#[test]
fn every_number_that_a_page_posts_is_held_to_what_the_description_says() {
    let server = Server::start();
    let id = server.submit(&json!({"workload": "fan-out", "params": {"units": 2},
        "samples": 1000, "executors": ["browser-loop"]}));
    server.wait(&id, |experiment| experiment["state"] == "running");
    let cell = format!("/api/v1/experiments/{id}/cells/0");
    let claim = json!({"browser": {"browser": "Test 1", "cores": 2, "clock_resolution_ns": 5000,
        "cross_origin_isolated": true}});
    let lease: Value = server.post(&format!("{cell}/claim"), &claim).json().unwrap();
    assert_held(&server, &posted_by_a_page(&cell, lease["lease"].as_str().unwrap()));
}

fn try_all(
    wire: &mut Wire,
    whole: &Whole,
    pattern: &str,
    range: &Range,
    times: &mut Vec<Duration>,
) {
    // What may be swept is up to the param that is.
    let range = match pattern {
        "/sweep/values/*" => &Range { min: Some(1), max: Some(1_000_000), ..range.clone() },
        _ => range,
    };
    for (value, fits) in range.tries() {
        let reply = with_value(wire, whole, &first(pattern), &value);
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        let told = format!("{}: {pattern} = {value}: {} {text}", whole.operation, reply.status);
        if reply.status == 202 || reply.status == 201 {
            undo(wire, whole.path.trim_end_matches("/import"), &reply);
        }
        match fits {
            Some(true) => assert!(whole.accepted.contains(&reply.status), "{told}"),
            Some(false) => assert!(reply.is_client_problem() && reply.status != 409, "{told}"),
            None => assert!(reply.status < 300 || reply.is_client_problem(), "{told}"),
        }
        if fits == Some(false) {
            times.push(reply.took);
        }
    }
}

#[test]
fn every_param_of_every_workload_is_taken_at_its_edges_and_refused_beyond() {
    let server = occupied();
    let mut wire = Wire::new(server.address());
    let mut times = Vec::new();
    let mut edges = 0;
    for workload in server.json("/api/v1/workloads").as_array().unwrap() {
        let (id, params) = (&workload["id"], workload["params"].as_array().unwrap());
        for param in params {
            let name = param["name"].as_str().unwrap();
            let range =
                Range { whole: true, min: param["min"].as_u64(), max: param["max"].as_u64() };
            let mut tries = range.tries();
            if param["type"] != "integer" {
                tries.retain(|(_, fits)| *fits == Some(false));
                tries.push(("\"no such choice\"".to_owned(), Some(false)));
            } else {
                tries.push((param["min"].to_string(), Some(true)));
            }
            for (value, fits) in tries {
                let body = json!({"workload": id, "params": {name: "VALUE"}, "samples": 1});
                let body = body.to_string().replace("\"VALUE\"", &value);
                let request = wire.request("POST", "/api/v1/experiments", body.as_bytes());
                if fits == Some(false) {
                    times.push(refused(&mut wire, &body, &request).took);
                    continue;
                }
                let reply = wire.send(&request).unwrap();
                assert_eq!(reply.status, 202, "{body}: {}", reply.json());
                undo(&mut wire, "/api/v1/experiments", &reply);
                edges += 1;
            }
        }
    }
    assert!(edges > 100 && times.len() > 500, "{edges} edges, {} refused", times.len());
    assert_in_time("numbers of workloads", times);
    let history = server.json("/api/v1/experiments?limit=100");
    let rest: Vec<&Value> = history["experiments"].as_array().unwrap().iter().collect();
    assert!(rest.iter().all(|line| line["state"] != "queued"), "nothing waits any more");
}

#[test]
fn every_number_in_a_query_or_a_path_is_held_to_what_the_description_says() {
    let server = Server::start();
    let comparison = exported(&server)["id"].as_str().unwrap().to_owned();
    let id = server.submit(&json!({"workload": "fan-out", "params": {"units": 2}, "samples": 1,
        "executors": ["browser-loop"]}));
    let api = server.json("/api/openapi.json");
    let mut wire = Wire::new(server.address());
    let mut times = Vec::new();
    let mut tried = Vec::new();
    for (route, methods) in api["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let Some(range) = Range::of(&parameter["schema"]) else { continue };
                let name = parameter["name"].as_str().unwrap();
                tried.push(format!("{method} {route} {name}"));
                let about = if route.contains("comparisons") { &comparison } else { &id };
                let path = route.replace("{id}", about);
                let others = if route.ends_with("/advice") {
                    ["units=5", "lifetime_ms=5", "work=waiting"].as_slice()
                } else {
                    &[]
                };
                let others: Vec<&str> =
                    others.iter().copied().filter(|other| !other.starts_with(name)).collect();
                for (value, fits) in range.tries() {
                    let value: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
                    let path = if parameter["in"] == "path" {
                        path.replace(&format!("{{{name}}}"), &value)
                    } else {
                        format!("{path}?{}&{name}={value}", others.join("&")).replace("?&", "?")
                    };
                    let request = wire.request(&method.to_uppercase(), &path, b"{}");
                    // There is no such cell, or its body is wrong.
                    if fits == Some(false) || parameter["in"] == "path" {
                        times.push(refused(&mut wire, &path, &request).took);
                    } else {
                        assert_eq!(wire.send(&request).unwrap().status, 200, "{path}");
                    }
                }
            }
        }
    }
    assert_eq!(tried.len(), 6, "{tried:?}");
    assert_in_time("numbers in queries and paths", times);
}

#[test]
fn a_key_that_is_there_twice_is_refused_wherever_it_is() {
    let server = Server::start();
    let mut wire = Wire::new(server.address());
    for (body, pointer) in [
        (r#"{"workload":"fan-out","workload":"fan-out"}"#, "/workload"),
        (r#"{"workload":"fan-out","params":{"units":1,"units":2}}"#, "/params/units"),
        (r#"{"workload":"fan-out","params":{"units":{"a":1,"a":1}}}"#, "/params/units/a"),
        (
            r#"{"workload":"fan-out","sweep":{"param":"units","param":"work","values":[1]}}"#,
            "/sweep/param",
        ),
        (r#"{"workload":"fan-out","params":{"units":1,"\u0075nits":2}}"#, "/params/units"),
        (r#"{"workload":"fan-out","x":[{"a":1,"a":2}]}"#, "/x/0/a"),
    ] {
        let request = wire.request("POST", "/api/v1/experiments", body.as_bytes());
        let reply = refused(&mut wire, body, &request);
        assert_eq!(reply.status, 422, "{body}");
        assert_eq!(reply.json()["errors"][0]["pointer"], pointer, "{body}");
    }
    let twice = wire.request("GET", "/api/v1/experiments?limit=1&limit=2", b"");
    refused(&mut wire, "a query", &twice);
    assert_eq!(server.json("/api/v1/experiments")["experiments"], json!([]));
}
