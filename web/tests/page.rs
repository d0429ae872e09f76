//! The page's parts in a real browser: what they put into the document, and what
//! they make of what is typed.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod sample;

use filature_core::about::Group;
use filature_core::api::{CellState, Event, Experiment, Fact, State, WorkloadInfo};
use filature_core::{Executor, FieldError};
use filature_web::dom::{self, El, document};
use filature_web::draft::{Draft, SweepDraft, error_at};
use filature_web::outline::Outline;
use filature_web::signal::Live;
use filature_web::state::App;
use filature_web::{
    browser, commands, explain, facts, figure, figures, form, from_js, gallery, live, run, source,
    versus,
};
use sample::{catalogue, experiment, samples, workload};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Event as DomEvent, HtmlElement, HtmlInputElement};

wasm_bindgen_test_configure!(run_in_browser);

/// A part of the page in an element of its own. It stands until the test program ends.
fn shown(view: impl FnOnce(App) -> El) -> (HtmlElement, App) {
    let place: HtmlElement = document().create_element("div").unwrap().dyn_into().unwrap();
    document().body().unwrap().append_child(&place).unwrap();
    let mut app = None;
    let owner = dom::mount(&place, || {
        let new = App::new();
        new.catalogue.set(catalogue().into_iter().map(Rc::new).collect());
        app = Some(new);
        view(new).into()
    });
    std::mem::forget(owner);
    (place, app.unwrap())
}

/// Lets effects run.
async fn settled() {
    for _ in 0..3 {
        any_spawner::Executor::tick().await;
    }
}

fn input(place: &HtmlElement, id: &str) -> HtmlInputElement {
    place.query_selector(&format!("[id='{id}']")).unwrap().unwrap().dyn_into().unwrap()
}

fn text(place: &HtmlElement, selector: &str) -> String {
    let found = place.query_selector(selector).unwrap();
    found.and_then(|element| element.text_content()).unwrap_or_default()
}

fn is_hidden(place: &HtmlElement, selector: &str) -> bool {
    place.query_selector(selector).unwrap().unwrap().closest("[hidden]").unwrap().is_some()
}

fn type_into(field: &HtmlInputElement, text: &str) {
    field.set_value(text);
    field.dispatch_event(&DomEvent::new("input").unwrap()).unwrap();
}

#[wasm_bindgen_test]
async fn the_form_has_a_field_for_every_param_with_its_default_and_hides_what_does_not_matter() {
    let (place, app) = shown(form::setup);
    settled().await;
    assert_eq!(input(&place, "param-units").value(), "1000");
    assert!(is_hidden(&place, "#param-duration_ms"));
    app.draft.update(|draft| drop(draft.params.insert("work".into(), "sleep".into())));
    settled().await;
    assert!(!is_hidden(&place, "#param-duration_ms"));
    assert!(input(&place, "param-work-sleep").checked());
}

#[wasm_bindgen_test]
async fn every_control_of_the_form_has_a_name() {
    let (place, _) = shown(form::setup);
    settled().await;
    let controls = place.query_selector_all("input, select, button").unwrap();
    assert!(controls.length() > 15);
    for place_in_list in 0..controls.length() {
        let control: HtmlElement = controls.get(place_in_list).unwrap().dyn_into().unwrap();
        let label = place.query_selector(&format!("label[for='{}']", control.id())).unwrap();
        let named = control.has_attribute("aria-label")
            || label.is_some_and(|label| !label.text_content().unwrap_or_default().is_empty())
            || !control.text_content().unwrap_or_default().is_empty();
        assert!(named, "{}", control.outer_html());
    }
}

#[wasm_bindgen_test]
async fn what_is_wrong_is_said_at_the_field_and_speaks_against_run() {
    let (place, app) = shown(form::setup);
    settled().await;
    type_into(&input(&place, "param-units"), "0");
    settled().await;
    assert_eq!(text(&place, "#error-units"), "`units` is 0; it must be from 1 to 1000000 units");
    assert_eq!(text(&place, "#run-note"), "One field needs another value.");
    type_into(&input(&place, "param-units"), "10 000");
    settled().await;
    assert_eq!(text(&place, "#error-units"), "");
    let request = app.request().unwrap().unwrap();
    assert_eq!(request.params["units"], 10_000);
}

#[wasm_bindgen_test]
async fn what_the_server_found_wrong_is_said_at_the_field_too() {
    let (place, app) = shown(form::setup);
    app.refused.set(vec![FieldError::new("/samples", "no more samples today")]);
    settled().await;
    assert_eq!(text(&place, "#error-samples"), "no more samples today");
}

#[wasm_bindgen_test]
async fn a_choice_for_tasks_only_switches_threads_off_and_says_why() {
    let (place, app) = shown(form::setup);
    app.draft.set(Draft::from_query("workload=counter&p.lock=async-mutex"));
    settled().await;
    assert!(input(&place, "executor-threads").disabled());
    assert!(text(&place, "#executor-threads-about").contains("for tasks only"));
    let request = app.request().unwrap().unwrap();
    assert!(!request.executors.unwrap().contains(&"threads".to_owned()));
}

#[wasm_bindgen_test]
async fn a_slider_moves_in_even_ratios_and_its_number_follows() {
    let (place, _) = shown(form::setup);
    settled().await;
    let slider: HtmlInputElement =
        place.query_selector("input[type='range']").unwrap().unwrap().dyn_into().unwrap();
    assert_eq!(slider.value(), "200", "a thousand is half way from one to a million");
    type_into(&slider, "400");
    settled().await;
    assert_eq!(input(&place, "param-units").value(), "1000000");
}

#[wasm_bindgen_test]
async fn the_gallery_has_every_workload_with_its_sketch_under_its_group() {
    let (place, app) = shown(gallery::overlay);
    settled().await;
    let count = |selector: &str| place.query_selector_all(selector).unwrap().length() as usize;
    let all = catalogue();
    assert_eq!((count(".entry"), count(".entry .sketch")), (all.len(), all.len()));
    let filled = Group::ALL.into_iter().filter(|group| all.iter().any(|i| i.group == *group));
    assert_eq!(count("h3"), filled.count());
    assert_eq!(text(&place, "[aria-current] strong"), workload("fan-out").title);
    app.draft.update(|draft| draft.workload = "counter".into());
    settled().await;
    assert_eq!(text(&place, "[aria-current] strong"), workload("counter").title);
}

#[wasm_bindgen_test]
fn the_form_holds_a_preset_only_while_all_its_values_are_those_of_the_preset() {
    let info = workload("counter");
    for preset in &info.presets {
        let mut draft = Draft::from_query("workload=counter&p.workers=9&sweep=workers:1,2");
        draft.take(&preset.params);
        assert!(draft.holds(&preset.params, &info.params), "{}", preset.name);
        assert!(!draft.holds(&Default::default(), &info.params), "{} is no default", preset.name);
        assert!(draft.request(&info, &Executor::ALL).is_ok(), "{}", preset.name);
        draft.params.insert("workers".into(), "7".into());
        assert!(!draft.holds(&preset.params, &info.params), "{}", preset.name);
    }
    let typed = Draft::from_query("workload=counter&p.increments=100 000");
    assert!(typed.holds(&Default::default(), &info.params), "the same number in other letters");
}

#[wasm_bindgen_test]
async fn facts_are_told_once_where_they_are_alike_and_beside_one_another_where_they_differ() {
    let told = |values: [&str; 2]| {
        let mut experiment = sample::native_and_browser();
        for (cell, value) in experiment.cells.iter_mut().zip(values) {
            cell.outcome = Some(serde_json::json!({}));
            cell.facts = vec![Fact::new("joined", "10 of 10"), Fact::new("running", value)];
        }
        experiment
    };
    let (place, app) = shown(|app| facts::facts(Outline(app), Live::new(None)));
    app.show(Some(told(["5", "5"])));
    settled().await;
    assert_eq!(text(&place, "dl"), "joined10 of 10running5");
    assert!(text(&place, ".help").contains("on 2 executors alike."));
    app.show(Some(told(["5", "0"])));
    settled().await;
    assert_eq!(text(&place, "dl"), "");
    assert_eq!(text(&place, "tbody tr:first-child"), "joined10 of 10");
    assert_eq!(text(&place, "tbody tr:last-child"), "running50");
}

#[wasm_bindgen_test]
fn the_address_holds_the_whole_form() {
    let draft = Draft {
        workload: "pipeline".into(),
        params: [("items".to_owned(), "500".to_owned())].into(),
        executors: vec![Executor::Threads, Executor::BrowserLoop],
        sweep: Some(SweepDraft { param: "stages".into(), values: "1, 2,4".into() }),
        samples: "25".into(),
        warmups: "0".into(),
        observe: true,
        tokio_workers: "3".into(),
        cores: "1".into(),
        time_limit_s: "60".into(),
        label: "100 % noise & µ?".into(),
    };
    assert_eq!(Draft::from_query(&draft.to_query()), draft);
    assert_eq!(Draft::default().to_query(), "");
    assert_eq!(Draft::from_query(""), Draft::default());
}

#[wasm_bindgen_test]
fn a_sweep_is_checked_value_by_value() {
    let wrong = |values: &str| {
        let sweep = Some(SweepDraft { param: "units".into(), values: values.into() });
        let draft = Draft { sweep, ..Draft::default() };
        let errors = draft.request(&workload("fan-out"), &Executor::ALL).unwrap_err();
        error_at(&errors, "/sweep/values").unwrap()
    };
    assert_eq!(wrong(""), "the sweep has 0 values; it must have from 1 to 32");
    assert_eq!(wrong("1, 2, 1"), "1 is named twice");
    assert!(wrong("1, many").starts_with("`units` is \"many\""));
    let many: Vec<String> = (1..=22).map(|value| value.to_string()).collect();
    assert!(wrong(&many.join(" ")).contains("make 66 cells; at most 64"));
}

#[wasm_bindgen_test]
fn the_same_experiment_can_be_run_in_a_terminal() {
    let draft = Draft::from_query(
        "sweep=units:10,100&p.work=sleep&cores=1&time_limit_s=9&observe=on&label=it's+late",
    );
    let request = draft.request(&workload("fan-out"), &Executor::ALL).unwrap();
    assert_eq!(
        commands::command_line(&request),
        "filature run fan-out --set work=sleep --executor threads,tokio-multi,tokio-current \
         --sweep units=10,100 --samples 10 --warmups 1 --cores 1 --time-limit-s 9 --observe --label 'it'\\''s late'"
    );
    let curl = commands::curl(&request, "http://127.0.0.1:8080");
    assert!(curl.contains("http://127.0.0.1:8080/api/v1/experiments"));
    assert!(curl.contains(r#""sweep":{"param":"units","values":[10,100]}"#));
}

#[wasm_bindgen_test]
fn source_is_coloured_by_its_tokens_and_escaped() {
    let html = source::highlighted(&sample::source(), 2, 2);
    assert_eq!(
        html,
        "<span class=\"t-keyword\">fn</span> <span class=\"t-function\">less</span>(a: &amp;T) -&gt; bool { a &lt; 1 }"
    );
    assert!(source::highlighted(&sample::source(), 1, 2).starts_with("<span class=\"t-comment\">"));
}

#[wasm_bindgen_test]
async fn the_figures_table_has_a_column_for_each_executor_and_explains_its_rows() {
    let (place, _) = shown(|_| figures::figures_table(&experiment(), None, "units"));
    settled().await;
    let columns = place.query_selector_all("thead th[scope='col']").unwrap().length();
    assert_eq!(columns, 1 + 2);
    assert_eq!(text(&place, "tbody tr:first-child td"), "3.00 ms");
    let median = place.query_selector("tbody th .term").unwrap().unwrap();
    assert!(median.get_attribute("data-note").unwrap().contains("middle one"));
    assert!(text(&place, "tbody").contains("refused"), "a cell without figures says why");
}

#[wasm_bindgen_test]
fn a_ratio_is_the_browsers_time_over_the_native_one_whoever_was_faster() {
    let mut experiment = sample::native_and_browser();
    let ratio = |experiment: &Experiment| {
        let found = versus::ratio_of(experiment).unwrap();
        (found.ratio, found.low, found.high, found.samples)
    };
    assert_eq!(ratio(&experiment), (2.0, 1.6, 2.5, vec![2.0, 2.0]));
    let comparison = &mut experiment.verdicts[0].comparisons[0];
    std::mem::swap(&mut comparison.fastest, &mut comparison.other);
    let (ratio, low, high, _) = ratio(&experiment);
    assert_eq!((ratio, low, high), (0.5, 0.4, 0.625));
    experiment.verdicts.clear();
    assert_eq!(versus::ratio_of(&experiment), None);
}

#[wasm_bindgen_test]
fn events_change_the_experiment_once_however_often_they_come() {
    let mut now = experiment();
    now.state = State::Running;
    now.cells[0].samples.clear();
    let id = now.id.clone();
    let event = |first: usize, walls: &[u64]| Event::Samples {
        experiment: id.clone(),
        cell: 0,
        first,
        samples: samples(walls),
    };
    assert_eq!(live::apply(&mut now, event(0, &[1, 2])), live::Next::Nothing);
    assert_eq!(live::apply(&mut now, event(0, &[1, 2])), live::Next::Nothing);
    assert_eq!(live::apply(&mut now, event(1, &[2, 3])), live::Next::Nothing);
    let walls: Vec<u64> = now.cells[0].samples.iter().map(|sample| sample.wall_ns).collect();
    assert_eq!(walls, [1, 2, 3]);
    assert_eq!(live::apply(&mut now, event(9, &[4])), live::Next::Fetch, "some were missed");
    assert_eq!(live::apply(&mut now, Event::Gap), live::Next::Fetch);
}

#[wasm_bindgen_test]
fn an_answer_that_was_overtaken_by_events_undoes_none_of_them() {
    let mut stale = sample::with_browser_cell();
    let mut now = stale.clone();
    now.cells[0].state = CellState::Done;
    now.cells[0].samples = samples(&[1, 2]);
    assert!(live::catch_up(&mut stale, &now));
    assert_eq!(stale.cells[0].state, CellState::Done);
    assert_eq!(stale.cells[0].samples.len(), 2);
    assert_eq!(browser::claimable(&stale).map(|cell| cell.index), Some(1));

    // What the answer knows better stays.
    let mut newer = now.clone();
    newer.cells[0].samples = samples(&[1, 2, 3]);
    newer.cells[1].state = CellState::Running;
    assert!(live::catch_up(&mut newer, &now));
    assert_eq!(newer.cells[0].samples.len(), 3);
    assert_eq!(newer.cells[1].state, CellState::Running);

    now.state = State::Done;
    assert!(!live::catch_up(&mut stale, &now), "the end is not taken back");
    let mut finished = now.clone();
    assert!(live::catch_up(&mut finished, &stale));
}

#[wasm_bindgen_test]
fn a_browser_cell_is_measured_only_when_the_native_ones_are_over() {
    let mut now = sample::with_browser_cell();
    assert_eq!(browser::claimable(&now).map(|cell| cell.index), None);
    now.cells[0].state = CellState::Done;
    assert_eq!(browser::claimable(&now).map(|cell| cell.index), Some(1));
    now.state = State::Queued;
    assert_eq!(browser::claimable(&now).map(|cell| cell.index), None);
}

#[wasm_bindgen_test]
fn progress_says_the_place_in_the_queue_and_then_the_samples() {
    let mut now = sample::with_browser_cell();
    now.state = State::Queued;
    now.position = Some(2);
    assert_eq!(run::progress(&now).unwrap().words, "In the queue: 2 experiments before this one.");
    let waiting = |wait_s| {
        let now = Experiment { wait_s: Some(wait_s), ..now.clone() };
        run::progress(&now).unwrap().words
    };
    assert_eq!(waiting(7), "In the queue: 2 experiments before this one, about 7 s.");
    assert_eq!(waiting(150), "In the queue: 2 experiments before this one, about 3 min.");
    now.state = State::Running;
    now.cells[0].samples = samples(&[5, 6]);
    assert_eq!(run::progress(&now).unwrap().words, "2 of 20 samples.");
    now.state = State::Done;
    assert_eq!(run::progress(&now), None);
}

#[wasm_bindgen_test]
fn arrow_keys_go_along_a_series_and_between_them() {
    let mark =
        |x: f64, series: usize| filature_charts::Mark { x, y: 0.0, series, text: String::new() };
    let marks = [mark(20.0, 0), mark(10.0, 0), mark(18.0, 1)];
    assert_eq!(figure::neighbour(&marks, None, "ArrowRight"), Some(0));
    assert_eq!(figure::neighbour(&marks, Some(1), "ArrowRight"), Some(0));
    assert_eq!(figure::neighbour(&marks, Some(0), "ArrowRight"), None);
    assert_eq!(figure::neighbour(&marks, Some(0), "ArrowDown"), Some(2));
    assert_eq!(figure::neighbour(&marks, Some(0), "x"), None);
}

#[wasm_bindgen_test]
fn every_term_is_explained_in_whole_sentences() {
    for term in explain::ALL {
        assert!(term.meaning.ends_with('.') && term.meaning.len() > 40, "{}", term.word);
    }
}

/// What JavaScript makes of the JSON that serde writes.
fn in_js<T: serde::Serialize>(value: &T) -> wasm_bindgen::JsValue {
    js_sys::JSON::parse(&serde_json::to_string(value).unwrap()).unwrap()
}

#[wasm_bindgen_test]
fn what_the_server_writes_the_page_reads() {
    for info in catalogue() {
        let read = from_js::read::<WorkloadInfo>(&in_js(&info)).unwrap();
        assert_eq!(read, info);
    }
    let all = [experiment(), sample::with_browser_cell()];
    for one in all {
        assert_eq!(from_js::read::<Experiment>(&in_js(&one)).unwrap(), one);
    }
    let event =
        Event::Samples { experiment: "x".into(), cell: 1, first: 2, samples: samples(&[3, 4]) };
    assert_eq!(from_js::read::<Event>(&in_js(&event)).unwrap(), event);
    assert_eq!(from_js::read::<Event>(&in_js(&Event::Gap)).unwrap(), Event::Gap);
    let incomplete = in_js(&serde_json::json!({ "event": "cell", "experiment": "x", "cell": 1 }));
    assert_eq!(from_js::read::<Event>(&incomplete), Err("state"));
}
