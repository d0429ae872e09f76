//! Everybody may look; only who asked for something, or the teacher, may change it.

use filature_tests::server::Server;
use filature_tests::visitor::Visitor;
use reqwest::blocking::Response;
use serde_json::{Value, json};

const TOKEN: &str = "the-token-of-this-class";

fn short() -> Value {
    json!({"workload": "fan-out", "executors": ["tokio-current"], "samples": 1, "warmups": 0,
        "params": {"units": 1}})
}

fn endless() -> Value {
    json!({"workload": "fan-out", "executors": ["tokio-current"], "samples": 1000,
        "params": {"units": 1, "work": "sleep", "duration_ms": 100}})
}

fn class(data: &tempfile::TempDir) -> Server {
    Server::start_in(data.path(), &["--admin-token", TOKEN])
}

/// The path of an experiment that this visitor has asked for.
fn asked(visitor: &Visitor, request: &Value) -> String {
    format!("/api/v1/experiments/{}", visitor.submit(request)["id"].as_str().unwrap())
}

fn delete(visitor: &Visitor, path: &str) -> u16 {
    visitor.ask("DELETE", path, None).status().as_u16()
}

fn as_teacher(server: &Server, method: &str, path: &str, token: &str) -> Response {
    let request = server.request(method, path).header("Authorization", format!("Bearer {token}"));
    request.send().unwrap()
}

#[test]
fn an_experiment_can_be_read_by_all_and_ended_by_its_own_client_only() {
    let server = Server::start();
    let [ann, bob] = [(); 2].map(|()| Visitor::new(&server));
    let (running, waiting) = (asked(&ann, &endless()), asked(&ann, &endless()));
    for path in [&running, &waiting] {
        assert_eq!(bob.ask("GET", path, None).status(), 200);
        for query in ["", "?if_finished=keep"] {
            let refused = bob.ask("DELETE", &format!("{path}{query}"), None);
            assert_eq!(refused.status(), 403);
            let problem: Value = refused.json().unwrap();
            assert!(problem["detail"].as_str().unwrap().contains("somebody else's"), "{problem}");
        }
        let state = server.json(path)["state"].clone();
        assert!(state == "queued" || state == "running", "{state}");
        assert_eq!(delete(&ann, path), 200, "cancelled");
        assert_eq!(delete(&bob, path), 403, "it has ended, and is still hers");
        assert_eq!(delete(&ann, path), 204, "deleted");
        assert_eq!(delete(&bob, path), 404);
    }
}

#[test]
fn a_comparison_and_its_experiments_belong_to_who_asked_for_it() {
    let server = Server::start();
    let [ann, bob] = [(); 2].map(|()| Visitor::new(&server));
    let quick = json!({"depth": "quick"});
    let asked: Value = ann.ask("POST", "/api/v1/comparisons", Some(&quick)).json().unwrap();
    let id = asked["id"].as_str().unwrap();
    let path = format!("/api/v1/comparisons/{id}");
    let mut stream = bob.listen(&format!("?comparison={id}"));
    let first_part = loop {
        let comparison = server.json(&path);
        if let Some(first) = comparison["parts"][0]["experiment"].as_str() {
            break first.to_owned();
        }
        stream.next_event().unwrap();
    };
    assert_eq!(delete(&bob, &path), 403);
    assert_eq!(delete(&bob, &format!("/api/v1/experiments/{first_part}")), 403);
    assert_eq!(delete(&ann, &path), 200);
    assert_eq!(server.json(&path)["state"], "cancelled");
    assert_eq!(delete(&bob, &path), 403);
    assert_eq!(delete(&ann, &path), 204);
}

#[test]
fn nobody_measures_the_browser_cells_of_somebody_else() {
    let server = Server::start();
    let [ann, bob] = [(); 2].map(|()| Visitor::new(&server));
    let mut stream = ann.listen("");
    let path = asked(&ann, &json!({"workload": "fan-out", "executors": ["browser-loop"]}));
    stream.until(|event| event.data["state"] == "running");
    let claim = json!({"browser": {"browser": "Test 1", "cores": 2, "clock_resolution_ns": 5000,
        "cross_origin_isolated": true}});
    let claimed = |visitor: &Visitor| {
        visitor.ask("POST", &format!("{path}/cells/0/claim"), Some(&claim)).status()
    };
    assert_eq!(claimed(&bob), 403);
    assert_eq!(claimed(&ann), 200);
}

#[test]
fn what_one_asked_for_is_ones_own_after_a_restart_too() {
    let data = tempfile::tempdir().unwrap();
    let server = class(&data);
    let [ann, bob] = [(); 2].map(|()| Visitor::new(&server));
    let path = asked(&ann, &short());
    server.finished(path.rsplit('/').next().unwrap());
    let [anns, bobs] = [&ann, &bob].map(|visitor| visitor.cookie().to_owned());
    // Nothing in the files lets their reader pretend to be her.
    let secret = anns.split('=').nth(1).unwrap().as_bytes();
    for file in std::fs::read_dir(data.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret));
    }
    server.kill();
    let again = class(&data);
    let delete = |cookie: &str| {
        again.request("DELETE", &path).header("Cookie", cookie).send().unwrap().status().as_u16()
    };
    assert_eq!(delete(&bobs), 403);
    assert_eq!(delete(&anns), 204);
    assert_eq!(again.get(&path).status(), 404);
}

#[test]
fn the_teacher_may_do_all() {
    let data = tempfile::tempdir().unwrap();
    let server = class(&data);
    let ann = Visitor::new(&server);
    let path = asked(&ann, &endless());
    assert_eq!(as_teacher(&server, "DELETE", &path, "not-the-token-of-this").status(), 403);
    assert_eq!(as_teacher(&server, "DELETE", &path, TOKEN).status(), 200);
    assert_eq!(as_teacher(&server, "DELETE", &path, TOKEN).status(), 204);
}

#[test]
fn the_teacher_ends_all_that_waits_and_nobody_else_does() {
    let data = tempfile::tempdir().unwrap();
    let server = class(&data);
    let [ann, bob] = [(); 2].map(|()| Visitor::new(&server));
    let running = asked(&ann, &endless());
    server.wait(running.rsplit('/').next().unwrap(), |e| e["state"] == "running");
    let waiting = [asked(&ann, &endless()), asked(&bob, &short()), asked(&bob, &short())];
    let queue = "/api/v1/experiments?state=queued";
    assert_eq!(delete(&bob, queue), 403);
    for wrong in ["", "?state=running", "?state=queued&workload=fan-out"] {
        let path = format!("/api/v1/experiments{wrong}");
        assert_eq!(as_teacher(&server, "DELETE", &path, TOKEN).status(), 400, "{path}");
    }
    for cancelled in [3, 0] {
        let answer = as_teacher(&server, "DELETE", queue, TOKEN);
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.json::<Value>().unwrap(), json!({ "cancelled": cancelled }));
    }
    assert!(waiting.iter().all(|path| server.json(path)["state"] == "cancelled"));
    assert_eq!(server.json(&running)["state"], "running");
    assert_eq!(delete(&ann, &running), 200);
    let next = asked(&bob, &short());
    assert_eq!(server.finished(next.rsplit('/').next().unwrap())["state"], "done");
}

#[test]
fn comparisons_that_wait_end_with_all_that_waits() {
    let data = tempfile::tempdir().unwrap();
    let server = class(&data);
    let ann = Visitor::new(&server);
    let running = asked(&ann, &endless());
    let ask = || -> String {
        let quick = json!({"depth": "quick"});
        let asked: Value = ann.ask("POST", "/api/v1/comparisons", Some(&quick)).json().unwrap();
        format!("/api/v1/comparisons/{}", asked["id"].as_str().unwrap())
    };
    let (begun, waiting) = (ask(), ask());
    let queue = "/api/v1/experiments?state=queued";
    assert_eq!(as_teacher(&server, "DELETE", queue, TOKEN).status(), 200);
    assert_eq!(server.json(&waiting)["state"], "cancelled");
    for path in [running, begun] {
        assert!(matches!(delete(&ann, &path), 200 | 204));
    }
}

#[test]
fn a_browser_becomes_the_teachers_with_the_token_and_not_without() {
    let data = tempfile::tempdir().unwrap();
    let server = class(&data);
    let ann = Visitor::new(&server);
    let mut teacher = Visitor::new(&server);
    let path = asked(&ann, &endless());
    let wrong = json!({"token": "not-the-token-of-this-class"});
    let refused = teacher.ask("POST", "/api/v1/teacher", Some(&wrong));
    assert!(refused.headers().get("set-cookie").is_none());
    assert_eq!((refused.status().as_u16(), delete(&teacher, &path)), (403, 403));

    let taken = teacher.ask("POST", "/api/v1/teacher", Some(&json!({"token": TOKEN})));
    assert_eq!(taken.status(), 204);
    let cookie = taken.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    assert!(!cookie.contains(TOKEN), "other servers on this host are shown it, too");
    teacher.add_cookie(&cookie);
    assert_eq!(delete(&teacher, &path), 200);

    let left = teacher.ask("DELETE", "/api/v1/teacher", None);
    assert!(left.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
}

#[test]
fn a_cookie_is_kept_and_cannot_be_read_by_a_page() {
    let server = Server::start();
    let first = server.get("/api/v1/machine");
    let cookie = first.headers()["set-cookie"].to_str().unwrap().to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let visitor = Visitor::new(&server);
    let second = visitor.ask("GET", "/api/v1/machine", None);
    let again = second.headers()["set-cookie"].to_str().unwrap();
    assert!(again.starts_with(visitor.cookie()), "it is kept for another while");
    assert_ne!(Visitor::new(&server).cookie(), visitor.cookie());
}

#[test]
fn a_program_without_a_cookie_is_known_by_its_address() {
    let server = Server::start();
    let ann = Visitor::new(&server);
    let id = server.submit(&endless());
    let path = format!("/api/v1/experiments/{id}");
    assert_eq!(delete(&ann, &path), 403);
    assert_eq!(server.delete(&path).status(), 200);
}

#[test]
fn a_token_that_can_be_guessed_or_mistaken_is_refused_at_the_start() {
    let data = tempfile::tempdir().unwrap();
    for token in ["short", "with a space in the middle", ""] {
        let folder = data.path().to_str().unwrap();
        let ended = filature_tests::filature(&[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data",
            folder,
            "--admin-token",
            token,
        ]);
        assert_ne!(ended.status.code(), Some(0));
        let said = filature_tests::text(&ended.stderr);
        assert!(said.contains("--admin-token"), "{said}");
    }
}

/// The ids that the history shows to somebody.
fn listed(visitor: &Visitor) -> Vec<String> {
    let page: Value = visitor.ask("GET", "/api/v1/experiments", None).json().unwrap();
    let lines = page["experiments"].as_array().unwrap().clone();
    lines.iter().map(|line| line["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn in_a_class_each_sees_its_own_in_the_history_and_among_the_events() {
    let data = tempfile::tempdir().unwrap();
    let server = class(&data);
    let [ann, bob] = [(); 2].map(|()| Visitor::new(&server));
    let mut bobs_stream = bob.listen("");
    let anns = asked(&ann, &short());
    server.finished(anns.rsplit('/').next().unwrap());
    let bobs = asked(&bob, &short());
    let bobs_id = bobs.rsplit('/').next().unwrap();
    let heard = bobs_stream.until(|event| event.data["state"] == "done" && event.name != "cell");
    assert!(heard.iter().all(|event| event.data["experiment"] == json!(bobs_id)), "{heard:#?}");

    assert_eq!(listed(&bob), [bobs_id]);
    assert_eq!(bob.ask("GET", &anns, None).status(), 200, "whoever has the link can read it");
    let all: Value = as_teacher(&server, "GET", "/api/v1/experiments", TOKEN).json().unwrap();
    assert_eq!(all["experiments"].as_array().unwrap().len(), 2);
    assert!(!server.get("/healthz").text().unwrap().contains(bobs_id));
}

#[test]
fn who_has_a_server_for_itself_sees_all_that_was_measured_on_it() {
    let server = Server::start();
    let ann = Visitor::new(&server);
    let id = server.submit(&short());
    assert_eq!(listed(&ann), [id]);
}

#[test]
fn what_was_asked_for_before_clients_were_told_apart_is_the_teachers_in_a_class() {
    let data = tempfile::tempdir().unwrap();
    let path = {
        let server = class(&data);
        let path = asked(&Visitor::new(&server), &short());
        server.finished(path.rsplit('/').next().unwrap());
        server.kill();
        path
    };
    let database = data.path().join("filature.sqlite");
    let connection = rusqlite::Connection::open(database).unwrap();
    assert_eq!(connection.execute("UPDATE experiments SET owner = NULL", []).unwrap(), 1);
    drop(connection);
    let server = class(&data);
    assert_eq!(delete(&Visitor::new(&server), &path), 403);
    server.kill();
    // Whoever has the server for itself has that, too.
    let alone = Server::start_in(data.path(), &[]);
    assert_eq!(delete(&Visitor::new(&alone), &path), 204);
}
