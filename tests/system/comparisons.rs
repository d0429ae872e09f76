//! Threads against tasks over the REST API: measured through the queue, kept, taken
//! along, and never left half done.

use filature_core::api::{CellState, Comparison, State};
use filature_tests::events::{EventStream, Received};
use filature_tests::server::{Server, is_alive};
use serde_json::{Value, json};

pub(super) const ALL: &str = "/api/v1/comparisons";

pub(super) fn path(id: &str) -> String {
    format!("{ALL}/{id}")
}

/// Asks for a quick comparison that must be accepted.
fn ask(server: &Server) -> String {
    let response = server.post(ALL, &json!({"depth": "quick"}));
    assert_eq!(response.status(), 202);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let accepted: Comparison = response.json().unwrap();
    assert_eq!(location, path(&accepted.id));
    assert!(accepted.parts.len() > 1 && !accepted.rows.is_empty());
    accepted.id
}

fn compared(server: &Server, id: &str) -> Comparison {
    serde_json::from_value(server.json(&path(id))).unwrap()
}

fn is_final(event: &Received) -> bool {
    event.name == "comparison"
        && !matches!(event.data["state"].as_str(), Some("queued" | "running"))
}

/// Reads on until samples of any experiment were stored: something is in the middle then.
fn in_the_middle(stream: &mut EventStream) {
    stream.until(|event| event.name == "samples");
}

#[test]
fn a_quick_comparison_fills_the_table_while_others_get_their_turn() {
    let server = Server::start();
    assert_eq!(server.get("/api/v1/comparison").status(), 404);
    let mut all = EventStream::open(&server, "", None);
    let id = ask(&server);
    let mut stream = EventStream::open(&server, &format!("?comparison={id}"), None);
    in_the_middle(&mut all);
    let visitor = server.submit(&json!({"workload": "fan-out", "params": {"units": 20},
        "samples": 3}));
    let events = stream.until(is_final);
    assert!(events.iter().all(|event| event.data["comparison"] == json!(id)), "{events:#?}");

    let done = compared(&server, &id);
    assert_eq!(done.state, State::Done, "{:?}", done.reason);
    let visitor = server.experiment(&visitor);
    assert_eq!(visitor["state"], "done");
    let ended = visitor["finished_at"].as_str().unwrap();
    assert!(Some(ended) < done.finished_at.as_deref(), "it had its turn");
    for part in &done.parts {
        assert!(part.state.is_final() && part.experiment.is_some(), "{part:#?}");
    }
    for row in &done.rows {
        let mut cells = row.measures.iter().flat_map(|measure| &measure.cells);
        assert!(cells.any(|cell| cell.state == CellState::Done), "{row:#?}");
    }
    assert!(!done.answers.is_empty() && done.disturbance.is_some());

    is_found_again(&server, &done);
    is_exported_and_imported(&server, &done);
    gives_advice(&server, &id);
    is_deleted_with_its_experiments(&server, &done);
}

fn is_found_again(server: &Server, done: &Comparison) {
    let history = server.json("/api/v1/experiments")["experiments"].clone();
    assert_eq!(history.as_array().unwrap().len(), 1, "only the visitor's: {history:#}");
    let members = server.json(&format!("/api/v1/experiments?limit=1&comparison={}", done.id));
    assert_eq!(members["experiments"].as_array().unwrap().len(), 1);
    assert!(members["next_cursor"].is_string(), "there are more of them");

    let last = server.get("/api/v1/comparison");
    let etag = last.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(last.json::<Comparison>().unwrap(), *done);
    let path = path(&done.id);
    let again = server.request("GET", &path).header("If-None-Match", etag).send().unwrap();
    assert_eq!(again.status(), 304);
    let listed = server.json(ALL)["comparisons"][0].clone();
    assert_eq!((&listed["id"], &listed["depth"]), (&json!(done.id), &json!("quick")));
    assert_eq!(listed["answer"], json!(done.answers[0]));
}

fn is_exported_and_imported(server: &Server, done: &Comparison) {
    let file = |name: &str| {
        let answer = server.get(&format!("{}/{name}", path(&done.id)));
        assert!(answer.status().is_success(), "{name}");
        let kind = answer.headers()["content-disposition"].to_str().unwrap().to_owned();
        assert!(kind.contains("attachment") && kind.contains(&done.id), "{kind}");
        answer.text().unwrap()
    };
    let markdown = file("export.md");
    for row in &done.rows {
        assert!(markdown.contains(&row.title), "{} is not in\n{markdown}", row.title);
    }
    let measures = done.rows.iter().flat_map(|row| &row.measures);
    let cells: usize = measures.map(|measure| measure.cells.len()).sum();
    assert_eq!(file("export.csv").lines().skip(1).count(), cells);

    let exported: Value = serde_json::from_str(&file("export.json")).unwrap();
    let answer = server.post(&format!("{ALL}/import"), &exported);
    assert_eq!(answer.status(), 201);
    let imported: Comparison = answer.json().unwrap();
    assert_ne!(imported.id, done.id);
    assert!(imported.imported_at.is_some());
    assert_eq!((&imported.rows, &imported.parts), (&done.rows, &done.parts));
    assert_eq!(compared(server, &imported.id), imported);
    let last: Comparison = server.get("/api/v1/comparison").json().unwrap();
    assert_eq!(last.id, done.id, "the imported one is of another machine");

    let report = file(&format!("report.html?with={}", imported.id));
    assert!(!report.contains("<script"), "a report runs nothing");
    let table = server.get(&format!("{}/table.html?with={}", path(&done.id), imported.id));
    assert!(table.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(table.text().unwrap().contains(&done.machine.cpu));
    assert_eq!(server.delete(&path(&imported.id)).status(), 204);
    assert_eq!(server.get(&path(&imported.id)).status(), 404);
}

fn gives_advice(server: &Server, id: &str) {
    let advice = |query: &str| server.get(&format!("{}/advice?{query}", path(id)));
    let given: Value = advice("units=50&lifetime_ms=1000&work=blocking").json().unwrap();
    assert!(!given["answer"].as_str().unwrap().is_empty(), "{given:#}");
    for (wrong, named) in [
        ("units=0&lifetime_ms=1&work=waiting", "from 1 to 10000000"),
        ("units=1&lifetime_ms=0&work=waiting", "from 1 to 86400000"),
        ("units=1&lifetime_ms=86400001&work=waiting", "from 1 to 86400000"),
        ("units=1&lifetime_ms=1&work=dancing", "dancing"),
        ("units=1&lifetime_ms=1", "work"),
        ("units=1&lifetime_ms=1&work=waiting&colour=red", "colour"),
    ] {
        let answer = advice(wrong);
        assert_eq!(answer.status(), 400, "{wrong}");
        let problem: Value = answer.json().unwrap();
        assert!(problem["detail"].as_str().unwrap().contains(named), "{wrong}: {problem}");
    }
}

fn is_deleted_with_its_experiments(server: &Server, done: &Comparison) {
    let kept = server.delete(&format!("{}?if_finished=keep", path(&done.id)));
    assert_eq!(kept.json::<Comparison>().unwrap(), *done, "it had finished and is kept");
    assert_eq!(server.delete(&path(&done.id)).status(), 204);
    assert_eq!(server.get(&path(&done.id)).status(), 404);
    for experiment in done.parts.iter().filter_map(|part| part.experiment.as_ref()) {
        assert_eq!(server.get(&format!("/api/v1/experiments/{experiment}")).status(), 404);
    }
    assert_eq!(server.json("/api/v1/experiments")["experiments"].as_array().unwrap().len(), 1);
}

#[test]
fn one_that_is_cancelled_in_the_middle_leaves_nothing_running() {
    let server = Server::start();
    let mut stream = EventStream::open(&server, "", None);
    let id = ask(&server);
    in_the_middle(&mut stream);
    let children = server.children();
    assert!(!children.is_empty());
    let cancelled: Comparison = server.delete(&path(&id)).json().unwrap();
    assert_eq!(cancelled.state, State::Cancelled);
    assert!(!children.into_iter().any(is_alive));
    assert_eq!(server.children(), [0_u32; 0]);
    let health = server.json("/healthz");
    assert_eq!((&health["running"], &health["queued"]), (&json!(false), &json!(0)));

    let (begun, rest) = cancelled.parts.split_first().unwrap();
    let experiment = server.experiment(begun.experiment.as_ref().unwrap());
    assert_eq!(experiment["state"], "cancelled");
    assert!(rest.iter().all(|part| part.experiment.is_none()), "{rest:#?}");
    assert!(cancelled.parts.iter().all(|part| part.state == State::Cancelled));
    let again = server.delete(&format!("{}?if_finished=keep", path(&id)));
    assert_eq!(again.json::<Comparison>().unwrap(), cancelled);
    let metrics = server.get("/metrics").text().unwrap();
    assert!(metrics.contains("filature_comparisons_total{outcome=\"cancelled\"} 1"), "{metrics}");
}

#[test]
fn one_is_measured_at_a_time_and_few_may_wait() {
    let server = Server::start();
    let mut stream = EventStream::open(&server, "", None);
    let first = ask(&server);
    in_the_middle(&mut stream);
    let waiting: Vec<String> = (0..4).map(|_| ask(&server)).collect();
    let refused = server.post(ALL, &json!({}));
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
    let problem: Value = refused.json().unwrap();
    assert!(problem["detail"].as_str().unwrap().contains("4 comparisons"), "{problem}");
    assert_eq!(server.json(ALL)["comparisons"].as_array().unwrap().len(), 5);

    let withdrawn: Comparison = server.delete(&path(&waiting[0])).json().unwrap();
    assert_eq!(withdrawn.state, State::Cancelled);
    assert!(withdrawn.parts.iter().all(|part| part.experiment.is_none()));
    assert_eq!(compared(&server, &first).state, State::Running);
    assert_eq!(compared(&server, &waiting[1]).state, State::Queued);
    server.delete(&path(&first));
    stream.until(|event| {
        event.data["comparison"] == json!(waiting[1]) && event.data["state"] == "running"
    });
}

#[test]
fn whoever_fills_the_queue_does_not_keep_it_from_going_on() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start_in(data.path(), &["--queue-max", "1"]);
    let mut stream = EventStream::open(&server, "", None);
    let long = json!({"workload": "fan-out", "executors": ["tokio-current"], "samples": 1000,
        "params": {"units": 1, "work": "sleep", "duration_ms": 50}});
    let running = server.submit(&long);
    in_the_middle(&mut stream);
    let queued = server.submit(&long);
    let asked = ask(&server);
    let state = |event: &Received| {
        let parts = compared(&server, &asked).parts;
        let own = parts[0].experiment.as_deref();
        let is_own = own.is_some() && event.data["experiment"].as_str() == own;
        is_own.then(|| event.data["state"].as_str().unwrap_or_default().to_owned())
    };
    stream.until(|event| state(event).as_deref() == Some("queued"));
    assert_eq!(server.post("/api/v1/experiments", &long).status(), 429, "it is full for others");
    server.delete(&format!("/api/v1/experiments/{running}"));
    // Its part waited before all else that its client has asked for.
    stream.until(|event| state(event).as_deref() == Some("running"));
    assert_eq!(server.experiment(&queued)["state"], "queued");
    assert_eq!(server.delete(&path(&asked)).status(), 200);
}

#[test]
fn a_killed_server_leaves_it_interrupted_with_what_was_measured() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start_in(data.path(), &[]);
    let mut stream = EventStream::open(&server, "", None);
    let id = ask(&server);
    let waiting = ask(&server);
    in_the_middle(&mut stream);
    server.kill();

    let server = Server::start_in(data.path(), &[]);
    let found = compared(&server, &id);
    assert_eq!(found.state, State::Interrupted);
    assert!(found.reason.is_some() && found.finished_at.is_some());
    assert!(found.parts.iter().all(|part| part.state == State::Interrupted));
    let experiment = server.experiment(found.parts[0].experiment.as_ref().unwrap());
    assert_eq!(experiment["state"], "interrupted");
    assert!(!found.rows.is_empty(), "all rows are always there");
    assert_eq!(compared(&server, &waiting).state, State::Interrupted);
    let last: Comparison = server.get("/api/v1/comparison").json().unwrap();
    assert_eq!(last.id, id, "the one that waited has nothing to show");
}

#[test]
fn an_orderly_stop_interrupts_it_and_leaves_no_child() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::start_in(data.path(), &[]);
    let mut stream = EventStream::open(&server, "", None);
    let id = ask(&server);
    in_the_middle(&mut stream);
    let children = server.children();
    assert!(!children.is_empty());
    server.signal(nix::sys::signal::Signal::SIGTERM);
    assert_eq!(server.ended().code(), Some(0));
    assert!(!children.into_iter().any(is_alive));
    let server = Server::start_in(data.path(), &[]);
    let found = compared(&server, &id);
    assert_eq!(found.state, State::Interrupted);
    assert!(found.parts.iter().all(|part| part.state == State::Interrupted));
    assert!(found.reason.unwrap().contains("stopped"));
}

/// A finished comparison as a file, had without waiting for its figures.
pub(super) fn exported(server: &Server) -> Value {
    let id = ask(server);
    assert!(server.delete(&path(&id)).status().is_success());
    server.json(&format!("{}/export.json", path(&id)))
}

#[test]
fn wrong_questions_are_problems() {
    let server = Server::start();
    let mistaken = server.post(ALL, &json!({"depth": "deep"}));
    assert_eq!(mistaken.status(), 422);
    let problem: Value = mistaken.json().unwrap();
    assert_eq!(problem["errors"][0]["pointer"], "/depth");
    assert_eq!(server.post(ALL, &json!({"colour": "red"})).status(), 422);
    assert_eq!(server.json(ALL)["comparisons"], json!([]), "nothing half-made is stored");
    for gone in ["none", "..%2f..%2fetc", "%00"] {
        for rest in ["", "/export.json", "/report.html", "/table.html"] {
            assert_eq!(server.get(&format!("{}{rest}", path(gone))).status(), 404, "{gone}{rest}");
        }
        assert_eq!(server.delete(&path(gone)).status(), 404);
    }
    assert_eq!(server.get("/api/v1/events?comparison=none").status(), 404);
    assert_eq!(server.get("/api/v1/events?comparison=a&experiment=b").status(), 400);
    for query in ["limit=0", "limit=101", "limit=many", "cursor=7", "colour=red"] {
        assert_eq!(server.get(&format!("{ALL}?{query}")).status(), 400, "{query}");
    }
    assert_eq!(server.get("/api/v1/experiments?comparison=none").status(), 400);
    let id = exported(&server)["id"].as_str().unwrap().to_owned();
    for (query, status) in [("with=none", 404), ("wiht=none", 400), (&"with=a&".repeat(9), 400)] {
        let asked = format!("{}/report.html?{query}", path(&id));
        assert_eq!(server.get(&asked).status(), status, "{query}");
    }
}
