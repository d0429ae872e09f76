//! Threads or tasks, in a real browser: how far a comparison is, what an address names, and
//! a table that comes anew without disturbing its reader.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use filature_core::api::{ComparisonLine, ComparisonRequest, Depth, Part, State};
use filature_web::compare::known::{Known, newest};
use filature_web::compare::{shelf, table};
use filature_web::dom::{self, Content, classed, document};
use filature_web::from_js;
use filature_web::route::Route;
use filature_web::signal::Live;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::HtmlElement;

wasm_bindgen_test_configure!(run_in_browser);

fn part(title: &str, state: State, estimate_s: u32) -> Part {
    let (key, title) = (title.to_lowercase(), title.to_owned());
    Part { key, title, state, experiment: None, estimate_s }
}

fn known(state: State, parts: Vec<Part>) -> Known {
    let request = ComparisonRequest { depth: Depth::Quick, browser: false };
    let created_at = "2026-11-26T13:00:00Z".to_owned();
    Known { id: "own".to_owned(), state, request, created_at, parts }
}

fn line(id: &str, state: State, created_at: &str, imported: bool) -> ComparisonLine {
    ComparisonLine {
        id: id.to_owned(),
        state,
        depth: Depth::Full,
        cpu: "A processor".to_owned(),
        created_at: created_at.to_owned(),
        finished_at: None,
        imported_at: imported.then(|| created_at.to_owned()),
        answer: None,
    }
}

#[wasm_bindgen_test]
fn progress_counts_parts_and_says_what_is_measured_and_how_long_it_takes() {
    let parts = vec![
        part("Creating tasks", State::Done, 10),
        part("Memory", State::Running, 20),
        part("Serving", State::Queued, 10),
    ];
    let running = known(State::Running, parts);
    let progress = running.progress();
    assert_eq!((progress.done, progress.of, progress.left_s), (1, 3, 30));
    assert!((progress.share - 0.25).abs() < 1e-9, "{progress:?}");
    assert_eq!(running.words(0, None), "Part 2 of 3: Memory, about 30 s left.");
}

#[wasm_bindgen_test]
fn what_waits_says_for_what() {
    let queued = known(State::Queued, vec![part("Memory", State::Queued, 200)]);
    let lines = [
        line("later", State::Queued, "2026-11-26T13:30:00Z", false),
        line("own", State::Queued, "2026-11-26T13:00:00Z", false),
        line("earlier", State::Running, "2026-11-26T12:30:00Z", false),
        line("over", State::Done, "2026-11-26T12:00:00Z", false),
    ];
    assert_eq!(queued.before(&lines), 1);
    assert_eq!(queued.words(1, None), "Waiting: one comparison before this one.");
    let started = known(State::Running, queued.parts);
    assert_eq!(started.words(0, Some(2)), "Part 1 of 1 waits: 2 other experiments before it.");
    assert_eq!(started.words(0, Some(0)), "Part 1 of 1: Memory, about 4 min left.");
}

#[wasm_bindgen_test]
fn without_a_name_the_one_that_runs_here_is_shown_and_never_an_imported_one() {
    let at = "2026-11-26T13:00:00Z";
    let imported = line("imported", State::Done, at, true);
    let (cancelled, done) =
        (line("c", State::Cancelled, at, false), line("d", State::Done, at, false));
    let running = line("r", State::Running, at, false);
    assert_eq!(newest(std::slice::from_ref(&imported)), None);
    assert_eq!(newest(&[imported.clone(), cancelled.clone()]).as_deref(), Some("c"));
    assert_eq!(newest(&[cancelled.clone(), done.clone()]).as_deref(), Some("d"));
    assert_eq!(newest(&[imported, cancelled, done, running]).as_deref(), Some("r"));
}

#[wasm_bindgen_test]
fn an_address_names_a_table_and_those_beside_it() {
    assert_eq!(Route::of_path("/compare"), Route::Compare(None));
    let route = Route::of_path("/compare/abc");
    assert_eq!(
        (route.path().as_str(), route),
        ("/compare/abc", Route::Compare(Some("abc".into())))
    );
    assert_eq!(Route::of_path("/compare/abc/def"), Route::Unknown);
    let with = shelf::named_by("?with=one&other=x&with=two");
    assert_eq!(with, ["one", "two"]);
    assert_eq!(shelf::query(&with), "?with=one&with=two");
    assert_eq!(shelf::query(&[]), "");
}

#[wasm_bindgen_test]
fn only_what_the_page_needs_is_read_of_a_comparison() {
    let json = r#"{"id":"x","state":"running","request":{"depth":"full","browser":true},
        "created_at":"2026-11-26T13:00:00Z","rows":[{"nobody":"knows"}],
        "parts":[{"key":"k","title":"K","state":"queued","estimate_s":4}]}"#;
    let known: Known = from_js::parse(json).unwrap();
    assert!(known.request.browser && known.parts[0].estimate_s == 4);
    assert_eq!(known.current().map(|(number, part)| (number, part.title.as_str())), Some((1, "K")));
}

#[wasm_bindgen_test]
async fn a_new_table_keeps_what_is_open_and_the_focus() {
    let place: HtmlElement = document().create_element("div").unwrap().dyn_into().unwrap();
    document().body().unwrap().append_child(&place).unwrap();
    let html = |figure: &str| {
        format!(
            "<section id='row-a'><details id='how-a'><summary>How</summary>{figure}</details>\
             <details id='how-b'><summary>How</summary></details></section>"
        )
    };
    let mut shown = None;
    let owner = dom::mount(&place, || {
        let live = Live::new(html("first"));
        shown = Some(live);
        let place = classed("div", "table");
        table::table(place.clone(), live);
        Content::from(place)
    });
    let panel = || place.query_selector("#how-a").unwrap().unwrap();
    let summary = || panel().query_selector("summary").unwrap().unwrap();
    panel().set_attribute("open", "").unwrap();
    summary().unchecked_into::<HtmlElement>().focus().unwrap();
    shown.unwrap().set(html("second"));
    for _ in 0..3 {
        any_spawner::Executor::tick().await;
    }
    assert!(panel().text_content().unwrap().contains("second"));
    assert!(panel().has_attribute("open"));
    assert!(!place.query_selector("#how-b").unwrap().unwrap().has_attribute("open"));
    assert_eq!(document().active_element().unwrap(), summary());
    drop(owner);
}
