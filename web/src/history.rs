//! All experiments: the page `/history` with filter, paging and delete, and the strip
//! of the newest below the form.

use crate::api::{self, Failure, start};
use crate::dom::{El, classed, el};
use crate::list::Listed;
use crate::pin;
use crate::result::params_in_words;
use crate::signal::follow;
use crate::signal::{Live, untrack};
use crate::state::App;
use crate::time;
use filature_core::api::{ExperimentLine, ExperimentPage};
use filature_core::format;

/// How many experiments one page holds.
const PAGE: usize = 20;
/// The states to filter by.
const STATES: [&str; 6] = ["queued", "running", "done", "cancelled", "failed", "interrupted"];

/// The strip of the newest experiments.
pub fn newest(app: App) -> El {
    let items = move || app.newest.with(|lines| lines.iter().map(|l| card(app, l)).listed());
    let title = el("h2").id("newest-title").child("Newest experiments");
    let all = el("a").attr("href", "/history").child("All of them");
    let none = classed("p", "help").child("None yet: the first one is a press of Run away.");
    classed("section", "newest")
        .attr("aria-labelledby", "newest-title")
        .child(el("header").child(title).child(all))
        .child(none.live_flag("hidden", move || !app.newest.with(Vec::is_empty)))
        .child(classed("ol", "strip").live(items))
}

fn card(app: App, line: &ExperimentLine) -> El {
    let said = line.verdict.clone().unwrap_or_else(|| state_in_words(line));
    let link = el("a")
        .attr("href", &format!("/e/{}", line.id))
        .child(el("strong").child(title_of(app, line)))
        .child(classed("span", "asked").child(asked_of(app, line)))
        .child(classed("span", "said").child(said))
        .child(when(line));
    el("li").child(link).child(line.state.is_final().then(|| pin::button(app, &line.id)))
}

fn when(line: &ExperimentLine) -> El {
    el("time").attr("datetime", &line.created_at).child(time::local(&line.created_at))
}

fn title_of(app: App, line: &ExperimentLine) -> String {
    let info = app.workload_by_id(&line.spec.workload);
    info.map_or_else(|| line.spec.workload.clone(), |info| info.title.clone())
}

fn asked_of(app: App, line: &ExperimentLine) -> String {
    let info = app.workload_by_id(&line.spec.workload);
    let mut parts = params_in_words(&line.spec, info.as_deref());
    if let Some(sweep) = &line.spec.sweep {
        let ends = sweep.values.first().zip(sweep.values.last());
        parts.push(ends.map_or_else(String::new, |(first, last)| {
            format!("{} {} to {}", sweep.param, format::count(*first), format::count(*last))
        }));
    }
    parts.join(" · ")
}

fn state_in_words(line: &ExperimentLine) -> String {
    match line.state.id() {
        "done" => "Done; nothing to compare.".to_owned(),
        state => crate::charts::sentence(state),
    }
}

/// What the page `/history` shows.
#[derive(Clone, Copy)]
struct View {
    app: App,
    lines: Live<Vec<ExperimentLine>>,
    next: Live<Option<String>>,
    failure: Live<Option<String>>,
    loaded: Live<bool>,
    workload: Live<String>,
    state: Live<String>,
}

impl View {
    /// Loads the page after a cursor, or the first one.
    fn load(self, cursor: Option<String>) {
        let (workload, state) = (self.workload.get_untracked(), self.state.get_untracked());
        let query = query(&workload, &state, cursor.as_deref());
        start(async move {
            let answer = api::get::<ExperimentPage>(&query).await;
            let still_asked = self.workload.is_there()
                && self.workload.get_untracked() == workload
                && self.state.get_untracked() == state;
            if !still_asked {
                // The reader has gone on to another filter or view.
                return;
            }
            match answer {
                Ok(page) => {
                    self.failure.set(None);
                    self.lines.update(|lines| {
                        if cursor.is_none() {
                            lines.clear();
                        }
                        lines.extend(page.experiments);
                    });
                    self.next.set(page.next_cursor);
                    self.loaded.set(true);
                }
                Err(wrong) => self.tell(&wrong),
            }
        });
    }

    fn tell(self, wrong: &Failure) {
        self.app.note(wrong);
        self.failure.set(Some(wrong.text()));
    }

    fn remove(self, id: String) {
        start(async move {
            match api::delete(&format!("/api/v1/experiments/{id}")).await {
                Ok(()) => {
                    self.app.newest.update(|lines| lines.retain(|line| line.id != id));
                    if self.lines.is_there() {
                        self.load(None);
                    }
                }
                Err(wrong) => self.tell(&wrong),
            }
        });
    }
}

/// The page `/history`.
pub fn history(app: App) -> El {
    let view = View {
        app,
        lines: Live::new(Vec::new()),
        next: Live::new(None),
        failure: Live::new(None),
        loaded: Live::new(false),
        workload: Live::new(String::new()),
        state: Live::new(String::new()),
    };
    follow(move || {
        view.workload.track();
        view.state.track();
        untrack(|| view.load(None));
    });
    let items = move || view.lines.with(|lines| lines.iter().map(|l| row(view, l)).listed());
    let none = move || view.loaded.get() && view.lines.with(Vec::is_empty);
    let more = classed("button", "secondary")
        .attr("type", "button")
        .id("history-more")
        .child("Older experiments")
        .live_flag("hidden", move || view.next.with(Option::is_none))
        .on("click", move |_| view.load(view.next.get_untracked()));
    classed("section", "history")
        .attr("aria-labelledby", "history-title")
        .child(el("h1").id("history-title").child("History"))
        .child(filters(view))
        .child(
            classed("p", "error")
                .attr("role", "alert")
                .live_text(move || view.failure.get().unwrap_or_default()),
        )
        .child(
            classed("p", "help")
                .child("There is no such experiment.")
                .live_flag("hidden", move || !none()),
        )
        .child(classed("ol", "history-list").id("history-list").live(items))
        .child(more)
}

fn query(workload: &str, state: &str, cursor: Option<&str>) -> String {
    let mut query = format!("/api/v1/experiments?limit={PAGE}");
    for (name, value) in
        [("workload", workload), ("state", state), ("cursor", cursor.unwrap_or(""))]
    {
        if !value.is_empty() {
            let value = String::from(js_sys::encode_uri_component(value));
            query.push_str(&format!("&{name}={value}"));
        }
    }
    query
}

fn filters(view: View) -> El {
    let option = |value: &str, title: &str| el("option").attr("value", value).child(title);
    let workloads = move || {
        let mut options = vec![option("", "all")];
        view.app.catalogue.with(|all| {
            options.extend(all.iter().map(|info| option(&info.id, &info.title)));
        });
        options
    };
    let states = STATES.iter().fold(el("select").child(option("", "all")), |select, state| {
        select.child(option(state, state))
    });
    classed("div", "filters")
        .child(el("label").attr("for", "history-workload").child("Workload"))
        .child(
            el("select")
                .id("history-workload")
                .live(workloads)
                .on_value("change", move |value| view.workload.set(value)),
        )
        .child(el("label").attr("for", "history-state").child("State"))
        .child(states.id("history-state").on_value("change", move |value| view.state.set(value)))
}

fn row(view: View, line: &ExperimentLine) -> El {
    let asking = Live::new(false);
    let id = line.id.clone();
    let verb = if line.state.is_final() { "Delete" } else { "Cancel" };
    let button =
        |class: &str, label: &str| classed("button", class).attr("type", "button").child(label);
    let buttons = move || {
        if asking.get() {
            let (sure, id) = (format!("{verb} for good"), id.clone());
            vec![
                button("quiet danger", &sure).on("click", move |_| view.remove(id.clone())),
                button("quiet", "Keep").on("click", move |_| asking.set(false)),
            ]
        } else {
            let ask = button("quiet", verb).attr("aria-label", &format!("{verb} this experiment"));
            vec![ask.on("click", move |_| asking.set(true))]
        }
    };
    let link = el("a")
        .attr("href", &format!("/e/{}", line.id))
        .child(el("strong").child(title_of(view.app, line)))
        .child(classed("span", "asked").child(asked_of(view.app, line)));
    let note = line.spec.label.as_deref().map(|label| classed("p", "note-text").child(label));
    let state = line.state.id();
    let state = classed("span", &format!("state {state}")).child(state);
    el("li")
        .child(link)
        .child(classed("p", "said").child(line.verdict.as_deref().unwrap_or_default()))
        .child(note)
        .child(classed("p", "when").child(state).child(", ").child(when(line)))
        .child(classed("div", "row-buttons").live(buttons))
}
