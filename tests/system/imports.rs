//! Tables of other machines: taken where they can be what they say they are.

use crate::comparisons::{ALL, exported, path};
use filature_core::api::Comparison;
use filature_tests::server::Server;
use filature_tests::visitor::Visitor;
use serde_json::{Value, json};

/// Puts each value at its place in an otherwise whole table, which is then refused with a
/// pointer to the mistake.
fn assert_refused<'a>(
    server: &Server,
    whole: &Value,
    wrong: impl IntoIterator<Item = (&'a str, Value, &'a str)>,
) {
    for (place, value, pointer) in wrong {
        let mut broken = whole.clone();
        let (parent, name) = place.rsplit_once('/').unwrap();
        match broken.pointer_mut(parent).unwrap() {
            Value::Array(list) => list[name.parse::<usize>().unwrap()] = value,
            fields => fields[name] = value,
        }
        let answer = server.post(&format!("{ALL}/import"), &broken);
        assert_eq!(answer.status(), 422, "{place}");
        let problem: Value = answer.json().unwrap();
        let errors = problem["errors"].as_array().unwrap();
        assert!(errors.iter().any(|error| error["pointer"] == pointer), "{place}: {problem:#}");
    }
}

#[test]
fn what_is_no_table_is_refused_and_says_where() {
    let server = Server::start();
    let whole = exported(&server);
    let import = |body: &Value| server.post(&format!("{ALL}/import"), body);
    let cell = "/rows/0/measures/0/cells/0";
    let published = json!({"value": 1.0, "text": "1", "machine": "m", "source": "s",
        "url": "javascript:alert(1)"});
    let backwards = json!({"value": 1.0, "low": 3.0, "high": 2.0, "n": 3});
    let wrong = [
        ("/state", json!("running"), "/state"),
        ("/state", json!("asleep"), "/state"),
        ("/created_at", json!("yesterday"), "/created_at"),
        ("/machine/cpu", json!("x".repeat(5_000)), "/machine/cpu"),
        ("/machine/cpu", json!("\u{1b}[2J"), "/machine/cpu"),
        ("/machine/cpu", json!("\u{202e}upc"), "/machine/cpu"),
        ("/machine/kernel", json!("\u{2069}"), "/machine/kernel"),
        ("/rows", json!([]), "/rows"),
        ("/rows/0/measures", json!([]), "/rows/0/measures"),
        ("/answers", json!(vec!["so"; 201]), "/answers"),
        (&format!("{cell}/executor"), json!("fibers"), &format!("{cell}/executor")),
        (&format!("{cell}/published"), published, &format!("{cell}/published/url")),
        (&format!("{cell}/estimate"), backwards, &format!("{cell}/estimate")),
        ("/parts/0/experiment", json!("../../etc"), "/parts/0/experiment"),
        (
            "/disturbance",
            json!({"outside_share": 7.0, "disturbed": true}),
            "/disturbance/outside_share",
        ),
    ];
    assert_refused(&server, &whole, wrong);
    let mut headless = whole.clone();
    headless.as_object_mut().unwrap().remove("machine");
    let problem: Value = import(&headless).json().unwrap();
    assert_eq!(problem["errors"][0]["pointer"], "/machine");
    let foreign: Value = import(&json!({"name": "another program"})).json().unwrap();
    assert_eq!(foreign["status"], 422);
    let endless = server.request("POST", &format!("{ALL}/import"));
    let endless = endless.header("content-type", "application/json");
    let infinite =
        whole.to_string().replacen("\"memory_bytes\":", "\"memory_bytes\":1e999,\"m\":", 1);
    assert_eq!(endless.body(infinite).send().unwrap().status(), 400);
    assert_eq!(server.json(ALL)["comparisons"].as_array().unwrap().len(), 1, "none is stored");
    assert_eq!(import(&whole).status(), 201, "the whole one is taken");
}

#[test]
fn a_text_of_another_machine_stays_a_text() {
    let server = Server::start();
    let mut table = exported(&server);
    table["machine"]["cpu"] = json!("<script>alert(1)</script>");
    let imported: Comparison = server.post(&format!("{ALL}/import"), &table).json().unwrap();
    for file in ["report.html", "table.html"] {
        let html = server.get(&format!("{}/{file}", path(&imported.id))).text().unwrap();
        assert!(!html.contains("<script>alert") && html.contains("&lt;script&gt;"), "{html}");
    }
}

#[test]
fn a_table_that_contradicts_itself_is_refused_and_says_where() {
    let server = Server::start();
    let whole = exported(&server);
    let cell = |rest: &str| format!("/rows/0/measures/0/cells/{rest}");
    let same = |pointer: &str| whole.pointer(pointer).unwrap().clone();
    let outside = |value: f64| json!({"value": value, "low": 2.0, "high": 3.0, "n": 3});
    let word = |word: &str, factor: f64| json!({"word": word, "factor": factor});
    let (estimate, verdict) = (cell("0/estimate"), cell("0/verdict"));
    assert_refused(
        &server,
        &whole,
        [
            ("/rows/1/id", same("/rows/0/id"), "/rows/1/id"),
            ("/rows/0/measures/1/id", same("/rows/0/measures/0/id"), "/rows/0/measures/1/id"),
            (&cell("1/executor"), same(&cell("0/executor")), &cell("1/executor")),
            (&estimate, outside(1.9), &estimate),
            (&estimate, outside(3.1), &estimate),
            (&cell("0/samples"), json!(vec![1.5; 1_001]), &cell("0/samples")),
            ("/rows/0/claims/0/tolerance", json!(0.5), "/rows/0/claims/0/tolerance"),
            (&verdict, word("overstated", 0.0), &format!("{verdict}/factor")),
            (
                "/rows/0/verdicts/0/word",
                word("understated", -2.0),
                "/rows/0/verdicts/0/word/factor",
            ),
        ],
    );
    let mut consistent = whole;
    *consistent.pointer_mut(&cell("0")).unwrap() = json!({
        "executor": "threads", "state": "done", "text": "2.5", "evidence": [],
        "estimate": outside(2.5), "samples": vec![2.5; 1_000], "verdict": word("overstated", 2.0),
    });
    assert_eq!(server.post(&format!("{ALL}/import"), &consistent).status(), 201);
}

#[test]
fn one_of_a_class_cannot_fill_the_room_for_tables_of_other_machines() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start_in(data.path(), &["--admin-token", "the-token-of-this-class"]);
    let whole = exported(&server);
    let [ann, bob] = [(); 2].map(|()| Visitor::new(&server));
    let import = |visitor: &Visitor| {
        visitor.ask("POST", &format!("{ALL}/import"), Some(&whole)).status().as_u16()
    };
    let most = filature_core::api::limits::IMPORTS_CLIENT_MAX;
    // All at once, so that none is counted before the others.
    std::thread::scope(|scope| {
        let asked: Vec<_> = (0..most + 3).map(|_| scope.spawn(|| import(&ann))).collect();
        let taken = asked.into_iter().map(|asked| asked.join().unwrap());
        assert_eq!(taken.filter(|status| *status == 201).count(), most);
    });
    assert_eq!((import(&ann), import(&bob)), (409, 201));
}

#[test]
fn so_many_tables_of_other_machines_are_kept_and_no_more() {
    let server = Server::start();
    let whole = exported(&server);
    let import = || server.post(&format!("{ALL}/import"), &whole);
    let most = filature_core::api::limits::IMPORTS_MAX;
    let first: Value = import().json().unwrap();
    assert!((1..most).all(|_| import().status() == 201));
    let refused = import();
    assert_eq!(refused.status(), 409);
    let problem: Value = refused.json().unwrap();
    assert!(problem["detail"].as_str().unwrap().contains(&most.to_string()), "{problem}");
    assert_eq!(server.delete(&path(first["id"].as_str().unwrap())).status(), 204);
    assert_eq!(import().status(), 201);
}
