//! Threads or tasks? The comparison of both: start it, follow it, read its table, take it
//! along. The table itself is HTML that the server makes, so that a report and the page
//! show the same, and the page need not know how.

pub mod adviser;
pub mod buttons;
pub mod known;
pub mod shelf;
pub mod table;

use self::known::Known;
use crate::api::{self, Failure, start};
use crate::dom::{El, classed, document};
use crate::live::Stream;
use crate::route::{self, Route};
use crate::signal::{Live, Owner, follow, untrack};
use crate::state::{App, Connection};
use crate::{browser, live};
use filature_core::api::{Cell, CellState, ComparisonLine, ComparisonPage, Experiment, State};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// How many comparisons the list shows: as many as the API gives at once, so that imported
/// ones hide none of this machine.
const LISTED: usize = 100;
/// Where this tab remembers which comparison it started.
const MINE: &str = "filature-comparison";

thread_local! {
    /// The events of the comparison that is shown.
    static STREAM: RefCell<Option<Stream>> = const { RefCell::new(None) };
}

/// What the view knows, besides the comparison.
#[derive(Clone, Copy, Debug)]
pub struct View {
    app: App,
    /// What the address named when it was last looked at.
    named: Live<Option<Route>>,
    /// The id of the comparison to show, once that is known.
    id: Live<Option<String>>,
    /// The ids of those beside it.
    with: Live<Vec<String>>,
    /// The table as HTML.
    table: Live<String>,
    /// All comparisons, newest first.
    lines: Live<Vec<ComparisonLine>>,
    /// Whether they were loaded.
    is_listed: Live<bool>,
    /// How many experiments are before the part that waits.
    position: Live<Option<usize>>,
    /// Whether the comparison is being loaded, and has to be once more after that.
    loading: Live<(bool, bool)>,
    /// Whether Cancel gets the focus once it is there: the button that was pressed has gone.
    is_new: Live<bool>,
    /// The part that this tab takes part in.
    part: Live<Option<String>>,
}

/// The whole view.
pub fn compare(app: App) -> El {
    let view = View {
        app,
        named: Live::new(None),
        id: Live::new(None),
        with: Live::new(Vec::new()),
        table: Live::new(String::new()),
        lines: Live::new(Vec::new()),
        is_listed: Live::new(false),
        position: Live::new(None),
        loading: Live::new((false, false)),
        is_new: Live::new(false),
        part: Live::new(None),
    };
    follow(move || {
        let route = app.route.get();
        if matches!(route, Route::Compare(_)) {
            untrack(|| view.arrive(route));
        }
    });
    let mut was_up = true;
    follow(move || {
        let is_up = app.connection.get() == Connection::Up;
        if is_up && !was_up {
            untrack(|| view.refresh());
        }
        was_up = is_up;
    });
    let section = classed("section", "history compare")
        .attr("aria-labelledby", "compare-title")
        .live_attr("data-state", move || Some(state(view)))
        .on("click", move |event| buttons::clicked(view, &event))
        .on("change", move |event| shelf::changed(view, &event));
    let (node, owner) = (section.node().clone(), Owner::current());
    start(async move {
        let url = asset().unwrap_or_default();
        match api::text(&url).await {
            _ if !view.table.is_there() => {}
            Ok(html) => {
                node.set_inner_html(&html);
                if let Some(owner) = owner {
                    owner.with(|| wire(view, &node));
                }
            }
            Err(failure) => {
                app.note(&failure);
                node.set_text_content(Some(&failure.text()));
            }
        }
    });
    section
}

/// The parts of the view that are the same for every comparison, with their style: a file
/// that is loaded when the view is opened.
fn asset() -> Option<String> {
    let meta = document().query_selector("meta[name='filature-compare']").ok().flatten()?;
    meta.get_attribute("content")
}

/// Keeps the parts of the view in step.
fn wire(view: View, node: &HtmlElement) {
    let app = view.app;
    if let Some(obstacle) = app.browser_obstacle.get_untracked() {
        part(node, "#compare-browser").attr("disabled", "");
        part(node, "#compare-browser-note").node().set_text_content(Some(&obstacle));
    }
    part(node, "#compare-progress p").live_text(move || words(view));
    part(node, ".bar").live_attr("aria-valuenow", move || Some(percent(app)));
    part(node, ".bar span")
        .live_style("transform", move || ["scaleX(.", &percent(app), ")"].concat());
    part(node, "#compare-error").live_text(move || app.run_failure.get().unwrap_or_default());
    table::table(part(node, "#comparison-table"), view.table);
    adviser::adviser(view, node);
    shelf::shelf(view, node);
    let files = table::all(node, "a[data-file]");
    follow(move || {
        let (id, with) = (view.id.get().unwrap_or_default(), shelf::query(&view.with.get()));
        for link in &files {
            let file = link.get_attribute("data-file").unwrap_or_default();
            let with = if file.ends_with("html") { &with } else { "" };
            let path = path(&id, &["/", &file, with].concat());
            // The name is valid, so it is never refused.
            let _ = link.set_attribute("href", &path);
        }
    });
}

/// An element of the view.
fn part(node: &HtmlElement, which: &str) -> El {
    El::found(node, which).expect("the view has all its parts")
}

/// Which parts of the view are shown: the style sheet has a class for each state.
fn state(view: View) -> &'static str {
    match view.app.comparison.with(|known| known.as_ref().map(Known::is_under_way)) {
        Some(true) => "open",
        Some(false) => "over",
        None if view.is_listed.get() => "none",
        None => "loading",
    }
}

/// How much of the expected time is over, in percent with two digits.
fn percent(app: App) -> String {
    let share = app.comparison.with(|known| known.as_ref().map_or(0.0, |own| own.progress().share));
    // The last part ends with the comparison.
    format!("{:02}", ((share * 100.0) as u32).min(99))
}

fn words(view: View) -> String {
    let position = view.position.get();
    view.lines.with(|lines| {
        view.app.comparison.with(|known| {
            known.as_ref().map_or_else(String::new, |own| own.words(own.before(lines), position))
        })
    })
}

/// Stops following a comparison: its view is left.
pub fn close() {
    STREAM.with_borrow_mut(|stream| drop(stream.take()));
}

impl View {
    /// Shows what the address names: without an id the newest comparison of this machine.
    fn arrive(self, route: Route) {
        let with = shelf::named_by(&route::address().1);
        let is_same = self.named.with_untracked(|named| named.as_ref() == Some(&route));
        if self.with.with_untracked(|before| *before != with) {
            self.with.set(with);
            if is_same {
                self.refresh();
            }
        }
        if is_same {
            // A link within the table.
            return;
        }
        let id = if let Route::Compare(id) = &route { id.clone() } else { None };
        self.named.set(Some(route));
        close();
        self.id.set(id.clone());
        self.table.set(String::new());
        self.app.comparison.set(None);
        start(async move {
            self.list().await;
            if id.is_none() && self.id.is_there() && self.id.with_untracked(Option::is_none) {
                self.id.set(self.lines.with_untracked(|lines| known::newest(lines)));
            }
            self.refresh();
        });
    }

    async fn list(self) {
        match api::get::<ComparisonPage>(&format!("/api/v1/comparisons?limit={LISTED}")).await {
            Ok(page) => self.lines.set(page.comparisons),
            Err(failure) => self.tell(&failure),
        }
        self.is_listed.set(true);
    }

    fn tell(self, failure: &Failure) {
        self.app.note(failure);
        self.app.run_failure.set(Some(failure.text()));
    }

    /// Loads the comparison and its table again; what changes meanwhile is loaded after that.
    fn refresh(self) {
        if !self.loading.is_there() || self.id.with_untracked(Option::is_none) {
            return;
        }
        if self.loading.get_untracked().0 {
            return self.loading.set((true, true));
        }
        self.loading.set((true, false));
        start(async move {
            loop {
                if let Err(failure) = self.load().await {
                    self.tell(&failure);
                }
                if !self.loading.is_there() {
                    return;
                }
                let (_, again) = self.loading.get_untracked();
                self.loading.set((again, false));
                if !again {
                    return;
                }
            }
        });
    }

    async fn load(self) -> Result<(), Failure> {
        let Some(id) = self.id.get_untracked() else { return Ok(()) };
        let known: Known = api::get(&path(&id, "")).await?;
        if !self.wants(&id) {
            return Ok(());
        }
        let is_over = !known.is_under_way();
        self.app.run_failure.set(None);
        self.look_at_part(&known).await?;
        if !self.wants(&id) {
            return Ok(());
        }
        let was_over = self
            .app
            .comparison
            .with_untracked(|shown| shown.as_ref().is_none_or(|shown| !shown.is_under_way()));
        self.app.comparison.set(Some(known));
        if self.is_new.get_untracked() {
            self.is_new.set(false);
            // Only after the effects it is shown.
            api::sleep(Duration::ZERO).await;
            focus("compare-cancel");
        }
        let table = self.with.with_untracked(|with| shelf::query(with));
        let table = api::text(&path(&id, &format!("/table.html{table}"))).await?;
        if !self.wants(&id) {
            return Ok(());
        }
        self.table.set(table);
        if is_over {
            close();
            live::close();
            if !was_over {
                self.list().await;
            }
        } else if STREAM.with_borrow(Option::is_none) {
            self.listen(&id);
        }
        Ok(())
    }

    fn wants(self, id: &str) -> bool {
        self.id.is_there() && self.id.with_untracked(|wanted| wanted.as_deref() == Some(id))
    }

    fn listen(self, id: &str) {
        let url = format!("/api/v1/events?comparison={id}");
        // What happened before the stream was open was missed, so it is read once more.
        let told = Rc::new(move |_: Option<String>| self.refresh());
        STREAM.set(Stream::open(self.app, &url, &["comparison", "gap"], told));
    }

    /// How long the current part has to wait, and whether it is this page that measures
    /// some of it.
    async fn look_at_part(self, known: &Known) -> Result<(), Failure> {
        let Some((_, part)) = known.current() else { return Ok(()) };
        let Some(id) = &part.experiment else { return Ok(()) };
        let is_mine =
            known.request.browser && browser::remembered(MINE).as_ref() == Some(&known.id);
        let is_new = is_mine && self.part.with_untracked(|part| part.as_ref() != Some(id));
        if part.state != State::Queued && !is_new {
            self.position.set(None);
            return Ok(());
        }
        let experiment: Experiment = api::get(&format!("/api/v1/experiments/{id}")).await?;
        if !self.wants(&known.id) {
            return Ok(());
        }
        self.position.set(experiment.position);
        let is_open = |cell: &Cell| !cell.executor.is_native() && cell.state == CellState::Pending;
        if is_new && experiment.cells.iter().any(is_open) {
            self.part.set(Some(id.clone()));
            browser::started_here(&experiment);
            live::show_accepted(self.app, experiment);
        }
        Ok(())
    }
}

/// The path of a comparison in the API.
fn path(id: &str, rest: &str) -> String {
    format!("/api/v1/comparisons/{id}{rest}")
}

fn focus(id: &str) {
    if let Some(element) = document().get_element_by_id(id) {
        // An element that takes no focus leaves it where it is.
        let _ = element.unchecked_ref::<HtmlElement>().focus();
    }
}
