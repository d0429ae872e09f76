//! Native against WebAssembly: the computing settings of every workload on the server's
//! machine and in this browser, as ratios. Each pair is an experiment like any other, so
//! it is stored, and found again when the view is opened.

use crate::api::{self, Failure, start};
use crate::dom::{El, classed, el, slot, window};
use crate::explain::{self, explained};
use crate::figure::{Drawing, figure, scrolling};
use crate::form::mark;
use crate::list::Listed;
use crate::signal::{Live, follow, memo, untrack};
use crate::state::App;
use crate::{browser, live, run};
use filature_charts::{Axis, Chart, Frame, StripSeries};
use filature_core::api::{
    Experiment, ExperimentLine, ExperimentPage, ExperimentRequest, State, WorkloadInfo,
};
use filature_core::{Body, Executor, format};
use std::rc::Rc;
use std::time::Duration;

/// Which executors are held against each other: they run the same body.
const PAIRS: [(Executor, Executor); 2] = [
    (Executor::Threads, Executor::BrowserWorkers),
    (Executor::TokioCurrent, Executor::BrowserLoop),
];
/// The note of these experiments in the history.
const LABEL: &str = "Native against WebAssembly";
/// How many experiments are searched for earlier results.
const SEARCHED: usize = 100;
/// How often a running experiment is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// One workload on one pair of executors.
#[derive(Clone)]
struct Contest {
    workload: Rc<WorkloadInfo>,
    native: Executor,
    browser: Executor,
}

/// What came out of a contest.
#[derive(Clone, Debug, PartialEq)]
pub struct Ratio {
    /// The experiment's id.
    pub id: String,
    /// The native median, in nanoseconds.
    pub native_ns: f64,
    /// The browser's median, in nanoseconds.
    pub browser_ns: f64,
    /// The browser's median over the native one.
    pub ratio: f64,
    /// The lower end of its 95 % interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The browser's samples, each over the native median.
    pub samples: Vec<f64>,
}

/// What the view knows.
#[derive(Clone, Copy)]
struct View {
    app: App,
    /// What came out, with a place for each contest.
    ratios: Live<Vec<Option<Ratio>>>,
    /// What is being measured, in words.
    now: Live<Option<String>>,
    /// Why it ended early.
    failure: Live<Option<String>>,
    /// Whether Cancel was pressed.
    cancelled: Live<bool>,
}

/// The whole view.
pub fn versus(app: App) -> El {
    let (now, failure, cancelled) = (Live::new(None), Live::new(None), Live::new(false));
    let view = View { app, ratios: Live::new(Vec::new()), now, failure, cancelled };
    let is_known = memo(move || app.catalogue.with(|all| !all.is_empty()));
    follow(move || {
        if is_known.get() {
            start(look_up(view));
        }
    });
    let has_any = memo(move || view.ratios.with(|all| all.iter().any(Option::is_some)));
    let chart = move || {
        has_any.get().then(|| figure("chart", caption(), Rc::new(move |with| chart(view, with))))
    };
    let lead = "The same bodies, compiled twice: how long do they compute in this browser, and \
                how long on the server's machine? At 1× it is equal.";
    let pairs = "Web Workers that share one memory are held against OS threads, and the browser's \
                 event loop against Tokio on one thread, with parameters for which nearly all of \
                 the time is computation.";
    classed("section", "history versus")
        .attr("aria-label", LABEL)
        .child(el("h1").child(LABEL))
        .child(classed("p", "lead").child(lead))
        .child(el("p").child(pairs))
        .child(elsewhere())
        .child(bar(view))
        .child(slot(chart))
        .child(slot(move || table(view)))
}

fn caption() -> El {
    el("figcaption")
        .child("Every")
        .child(explained("sample", explain::SAMPLES.meaning))
        .child("of the browser over the native median a dot, the ratio of both")
        .child(explained("medians", explain::MEDIAN.meaning))
        .child("marked, with its")
        .child(explained("95 % interval", explain::INTERVAL.meaning))
}

/// Where the browser is on another machine than the server, the ratio says little.
fn elsewhere() -> Option<El> {
    let host = window().location().hostname().unwrap_or_default();
    let is_here = host == "localhost" || host.starts_with("127.") || host == "[::1]";
    let words = "The server may be another machine than this one: then the ratios compare two \
                 machines as well as two compilers.";
    (!is_here).then(|| classed("p", "notice").child(words))
}

/// Run or Cancel, and what is going on.
fn bar(view: View) -> El {
    let button = move || {
        let button = |class: &str, id: &str, label: &str| {
            classed("button", class).attr("type", "button").id(id).child(label)
        };
        if view.now.with(Option::is_some) {
            button("secondary", "versus-cancel", "Cancel")
                .on("click", move |_| view.cancelled.set(true))
        } else {
            button("primary", "versus-run", "Run all pairs")
                .live_flag("disabled", move || view.app.catalogue.with(Vec::is_empty))
                .on("click", move |_| start(measure(view)))
        }
    };
    let words = move || {
        let failure = view.failure.get();
        failure.or_else(|| view.now.get()).unwrap_or_default()
    };
    let words = el("p")
        .id("versus-progress")
        .attr("role", "status")
        .live_class("error", move || view.failure.with(Option::is_some))
        .live_text(words);
    classed("div", "versus-bar").child(slot(button)).child(words)
}

/// What can be held: of every workload that has settings for it, on what can run it.
fn contests(app: App) -> Vec<Contest> {
    let of = |workload: &Rc<WorkloadInfo>| {
        let contest =
            |(native, browser)| Contest { workload: Rc::clone(workload), native, browser };
        PAIRS.map(contest)
    };
    let computes = |info: &&Rc<WorkloadInfo>| !info.cpu_bound.is_empty();
    let runs = |contest: &Contest| {
        [contest.native, contest.browser].iter().all(|one| contest.workload.executors.contains(one))
    };
    app.catalogue.with(|all| all.iter().filter(computes).flat_map(of).filter(runs).listed())
}

impl Contest {
    /// Why it cannot be held here, if it cannot.
    fn hindrance(&self, app: App) -> Option<String> {
        let workers = (self.browser == Executor::BrowserWorkers).then(browser::workers_obstacle);
        app.browser_obstacle.get().or(workers.flatten())
    }

    fn request(&self) -> ExperimentRequest {
        let executors = [self.native, self.browser].map(|one| one.id().to_owned());
        ExperimentRequest {
            workload: self.workload.id.clone(),
            params: self.workload.cpu_bound.clone(),
            executors: Some(executors.to_vec()),
            label: Some(LABEL.to_owned()),
            ..ExperimentRequest::default()
        }
    }

    fn is_held_by(&self, line: &ExperimentLine) -> bool {
        let spec = &line.spec;
        let same = |(name, value): (&String, &serde_json::Value)| {
            spec.params.get(name).is_some_and(|other| other == value)
        };
        spec.workload == self.workload.id
            && spec.executors == [self.native, self.browser]
            && spec.sweep.is_none()
            && self.workload.cpu_bound.iter().all(same)
    }
}

/// The ratio of an experiment with one native cell and one of a browser; `None` where one
/// of them has no figures.
pub fn ratio_of(experiment: &Experiment) -> Option<Ratio> {
    let [native, browser] = &experiment.cells[..] else { return None };
    let comparison = experiment.verdicts.first()?.comparisons.first()?;
    let (ratio, low, high) = (comparison.ratio, comparison.ratio_low, comparison.ratio_high);
    let (ratio, low, high) = if comparison.other == browser.executor {
        (ratio, low, high)
    } else {
        (1.0 / ratio, 1.0 / high, 1.0 / low)
    };
    let native_ns = native.summary.as_ref()?.wall_ns.median;
    Some(Ratio {
        id: experiment.id.clone(),
        native_ns,
        browser_ns: browser.summary.as_ref()?.wall_ns.median,
        ratio,
        low,
        high,
        samples: browser.samples.iter().map(|one| one.wall_ns as f64 / native_ns).listed(),
    })
}

/// Finds the newest result of each contest.
async fn look_up(view: View) {
    let contests = untrack(|| contests(view.app));
    view.ratios.set(vec![None; contests.len()]);
    let path = format!("/api/v1/experiments?state=done&limit={SEARCHED}");
    let lines = match api::get::<ExperimentPage>(&path).await {
        Ok(page) => page.experiments,
        Err(failure) => return view.app.note(&failure),
    };
    for (place, contest) in contests.iter().enumerate() {
        let Some(line) = lines.iter().find(|line| contest.is_held_by(line)) else { continue };
        match api::get::<Experiment>(&format!("/api/v1/experiments/{}", line.id)).await {
            Ok(experiment) => note(view, place, &experiment),
            Err(failure) => return view.app.note(&failure),
        }
    }
}

fn note(view: View, place: usize, experiment: &Experiment) {
    if let Some(ratio) = ratio_of(experiment) {
        view.ratios.update(|all| {
            if let Some(known) = all.get_mut(place) {
                *known = Some(ratio);
            }
        });
    }
}

/// Holds all contests that can be held here, one after another.
async fn measure(view: View) {
    let contests = untrack(|| contests(view.app));
    view.failure.set(None);
    view.cancelled.set(false);
    for (place, contest) in contests.iter().enumerate() {
        if untrack(|| contest.hindrance(view.app)).is_some() {
            continue;
        }
        let title = &contest.workload.title;
        let (native, browser) = (contest.native.title(), contest.browser.title());
        let words = format!("{} of {}: {title}, {native} and {browser}", place + 1, contests.len());
        view.now.set(Some(words));
        match hold(view, contest).await {
            Ok(Some(experiment)) => note(view, place, &experiment),
            // The view was left.
            Ok(None) => return,
            Err(reason) => {
                view.failure.set(Some(reason));
                break;
            }
        }
    }
    view.now.set(None);
}

/// Holds one contest; `None` if the view was left meanwhile, which cancels it.
async fn hold(view: View, contest: &Contest) -> Result<Option<Experiment>, String> {
    let app = view.app;
    let told = |failure: Failure| {
        app.note(&failure);
        failure.text()
    };
    let accepted = api::post::<Experiment>("/api/v1/experiments", &contest.request()).await;
    let accepted = accepted.map_err(told)?;
    let path = format!("/api/v1/experiments/{}", accepted.id);
    let id = accepted.id.clone();
    if view.now.is_there() {
        browser::started_here(&accepted);
        live::show_accepted(app, accepted);
    }
    loop {
        if !view.now.is_there() {
            browser::give_up(&id);
            return api::delete(&format!("{path}?if_finished=keep"))
                .await
                .map_err(told)
                .map(|()| None);
        }
        // Not before it was accepted: only then is there something to cancel.
        if view.cancelled.get_untracked() {
            view.cancelled.set(false);
            run::cancel(app);
        }
        let ended = app.experiment.with_untracked(|shown| {
            shown.as_ref().filter(|shown| shown.id == id && shown.state.is_final()).cloned()
        });
        match ended {
            // The events tell of its end, but not of the figures that it comes to.
            Some(ended) if ended.state == State::Done => {
                return api::get(&path).await.map_err(told).map(Some);
            }
            Some(ended) => {
                let why = ended.reason.unwrap_or_default();
                return Err(format!("{} {why}", crate::charts::sentence(ended.state.id())));
            }
            None => api::sleep(LOOK_EVERY).await,
        }
    }
}

fn chart(view: View, drawing: Drawing) -> Chart {
    let contests = contests(view.app);
    view.ratios.with(|ratios| {
        let named: Vec<(String, &Contest, &Ratio)> = contests
            .iter()
            .zip(ratios)
            .filter_map(|(contest, ratio)| {
                let ratio = ratio.as_ref()?;
                let name = format!("{}, {}", contest.workload.title, body_of(contest.native));
                Some((name, contest, ratio))
            })
            .listed();
        let series: Vec<StripSeries> = named
            .iter()
            .map(|(name, contest, ratio)| StripSeries {
                id: contest.browser.id(),
                title: name,
                values: &ratio.samples,
                median: Some(ratio.ratio),
                interval: Some((ratio.low, ratio.high)),
                pinned: None,
            })
            .listed();
        let frame = Frame {
            width: drawing.width,
            title: LABEL,
            description: "The time of each workload in this browser over its native time.",
            standalone: drawing.standalone,
        };
        let axis = Axis { title: "Time in this browser / native time", format: format::ratio };
        filature_charts::ratios(&frame, &axis, &series)
    })
}

fn body_of(executor: Executor) -> &'static str {
    match executor.body() {
        Body::Threads => "threads",
        Body::Tasks => "tasks",
    }
}

fn table(view: View) -> Option<El> {
    let contests = contests(view.app);
    if contests.is_empty() {
        return None;
    }
    let mut head = el("tr");
    for name in ["Workload", "Native", "This browser", "Ratio", "95 % interval", "Experiment"] {
        head = head.child(el("th").attr("scope", "col").child(name));
    }
    let mut body = el("tbody");
    for (place, contest) in contests.iter().enumerate() {
        let ratio = view.ratios.with(|all| all.get(place).cloned().flatten());
        body = body.child(row(view, contest, ratio));
    }
    let table = el("table").id("versus-table").child(el("thead").child(head)).child(body);
    Some(scrolling("Table of ratios").child(table))
}

fn row(view: View, contest: &Contest, ratio: Option<Ratio>) -> El {
    let name = el("th").attr("scope", "row").child(contest.workload.title.as_str());
    let of = |executor: Executor, ns: Option<f64>| {
        let time = ns.map_or(String::new(), |ns| format!(" {}", format::duration_ns(ns)));
        el("td").child(mark(executor)).child(format!("{}{time}", executor.title()))
    };
    let row = el("tr")
        .child(name)
        .child(of(contest.native, ratio.as_ref().map(|ratio| ratio.native_ns)))
        .child(of(contest.browser, ratio.as_ref().map(|ratio| ratio.browser_ns)));
    let Some(Ratio { id, ratio, low, high, .. }) = ratio else {
        let why = contest.hindrance(view.app).unwrap_or_else(|| "Not measured yet.".to_owned());
        return row.child(classed("td", "why").attr("colspan", "3").child(why));
    };
    let interval = format!("{}–{}", format::ratio(low).trim_end_matches('×'), format::ratio(high));
    let link = el("a").attr("href", &format!("/e/{id}")).child("Open");
    row.child(el("td").child(el("strong").child(format::ratio(ratio))))
        .child(el("td").child(interval))
        .child(el("td").child(link))
}
