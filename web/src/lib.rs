//! The page of Filature: pick a workload, run it on threads, on Tokio and in this
//! browser, and read one chart.
//!
//! # Layout
//! Read the modules in this order:
//! - [`state`]: what the page knows, in signals that its parts share; [`route`] says which
//!   view an address names.
//! - [`draft`]: the form as typed, its checks, its address; [`commands`]: the same for a terminal.
//! - [`api`], [`live`]: requests, and the experiment that is followed while it runs.
//! - [`browser`], [`engine`]: this browser as a machine.
//! - [`gallery`], [`form`], [`fields`], [`run`]: the setup column.
//! - [`result`], [`charts`], [`figure`], [`figures`], [`facts`], [`machine`], [`suggest`],
//!   [`pin`]: the result column; [`outline`] keeps it calm while samples arrive.
//! - [`mod@compare`]: threads against tasks, measured: [`compare::known`], [`compare::table`],
//!   [`compare::adviser`], [`compare::shelf`].
//! - [`source`]: the code column. [`mod@history`]: all experiments. [`mod@versus`]: native
//!   against WebAssembly.
//! - [`shell`], [`keyboard`], [`explain`], [`share`], [`download`], [`time`]: what surrounds them.
//! - [`signal`], [`dom`], [`from_js`], [`list`]: values that are followed, elements that
//!   follow them, JSON, lists: each in the way that makes the page small.
//!
//! # Hooks for tests
//! These ids are stable: `run-button`, `run-note`, `cancel-button`, `progress`, `verdict`,
//! `chart`, `sweep-chart`, `data-table` and `sweep-chart-data` (the tables behind the
//! charts), `figures-table`, `facts-table`, `pinned`, `source` with `source-threads`,
//! `source-tasks`, `source-both`, `source-file`, `machine-card`, `browser-card`,
//! `disturbed`, `debug-build`, `banner`, `theme-toggle`, `help-button`, `copy-link`,
//! `copy-setup`, `copy-curl`, `copy-command`, `download-json`, `download-csv`,
//! `change-workload`, `gallery`, `workload-<id>` (in the gallery), `executor-<id>`,
//! `param-<name>` (`param-<name>-<value>` for each value of a choice), `error-<name>`,
//! `param-samples`, `param-warmups`, `param-tokio_workers`, `param-cores`,
//! `param-time_limit_s`, `param-label`, `sweep-switch`, `sweep-param`,
//! `sweep-values`, `error-sweep-values`, `history-list`, `history-more`,
//! `history-workload`, `history-state`,
//! `compare-link-card`, `compare-quick`, `compare-full`, `compare-browser`,
//! `compare-progress`, `compare-cancel`, `compare-error`, `comparison-table` (in it
//! `row-<row>`, `how-<row>-<measure>`, `cell-<row>-<measure>-<executor>`), `compare-link`,
//! `compare-copy`, `compare-markdown`, `compare-json`, `compare-csv`, `compare-report`,
//! `compare-look`, `compare-list`, `beside-<id>`, `compare-import`, `compare-imported`, `advice-units`,
//! `advice-lifetime`, `advice-work`, `advice-ask`, `advice`,
//! `count-workers`, `versus-run`, `versus-cancel`, `versus-progress`, `versus-table`.

pub mod route;
pub mod state;

pub mod commands;
pub mod draft;

pub mod api;
pub mod from_js;
pub mod live;

pub mod browser;
pub mod engine;

pub mod fields;
pub mod form;
pub mod gallery;
pub mod run;

pub mod charts;
pub mod facts;
pub mod figure;
pub mod figures;
pub mod machine;
pub mod outline;
pub mod pin;
pub mod result;
pub mod suggest;

#[cfg(feature = "compare")]
pub mod compare;
pub mod history;
pub mod source;
pub mod versus;

pub mod dom;
pub mod download;
pub mod explain;
pub mod keyboard;
pub mod list;
pub mod share;
pub mod shell;
pub mod signal;
pub mod time;

use crate::api::start;
use crate::dom::{Content, El, classed, document, el};
use crate::history::{history, newest};
use crate::result::result_column;
use crate::route::Route;
use crate::signal::{Live, memo};
use crate::source::{Part, source_column};
use crate::state::App;

use wasm_bindgen::prelude::wasm_bindgen;

/// Puts the page into the document. boot.js calls it once the module is loaded.
#[wasm_bindgen]
pub fn mount() {
    let body = document().body().expect("boot.js runs once the body is there");
    // The page stays as long as its document.
    std::mem::forget(dom::mount(&body, page));
}

/// The whole page.
pub fn page() -> Content {
    let app = App::new();
    let source_open = Live::new(true);
    route::listen(app);
    keyboard::listen(app, source_open);
    route::arrive(app);
    follow(app);
    start(app.load());
    pin::load(app);
    let is_bench = memo(move || matches!(app.route.get(), Route::Explore | Route::Experiment(_)));
    // Another table is another content of the same view, and no other view.
    #[cfg(feature = "compare")]
    let is_compare = memo(move || matches!(app.route.get(), Route::Compare(_)));
    let view = move || {
        if is_bench.get() {
            return explore(app, source_open);
        }
        #[cfg(feature = "compare")]
        if is_compare.get() {
            return compare::compare(app);
        }
        match app.route.get() {
            Route::History => history(app),
            Route::Versus => versus::versus(app),
            _ => nothing_here(),
        }
    };
    let parts = vec![
        shell::header(app),
        shell::banner(app),
        el("main").live(view),
        shell::help(),
        gallery::overlay(app),
        explain::note(),
    ];
    parts.into()
}

fn nothing_here() -> El {
    let start = el("a").attr("href", "/").child("Start with an experiment");
    let words = el("p").child("This address names nothing. ").child(start).child(".");
    classed("section", "history").child(el("h1").child("Nothing here")).child(words)
}

/// Keeps form, address and title in step.
fn follow(app: App) {
    // A permanent link fills the form with what was asked, once both are known.
    let filled = Live::new(None::<String>);
    signal::follow(move || {
        let Route::Experiment(id) = app.route.get() else {
            filled.set(None);
            return;
        };
        let known = app.experiment.with(|e| e.as_ref().is_some_and(|e| e.id == id));
        if known
            && app.cores() > 0
            && filled.with_untracked(|filled| filled.as_ref() != Some(&id))
            && let Some(draft) = app.draft_of_shown()
        {
            filled.set(Some(id));
            if !route::holds_form(&route::address().1) {
                app.draft.set(draft);
            }
        }
    });
    signal::follow(move || app.write_address());
    let mut before = app.draft.get_untracked();
    signal::follow(move || {
        let now = app.draft.get();
        if before != now {
            app.refused.set(Vec::new());
            app.run_failure.set(None);
            before = now;
        }
    });
    signal::follow(move || {
        let name = match app.route.get() {
            Route::History => Some("History".to_owned()),
            Route::Compare(_) => Some("Threads or tasks?".to_owned()),
            Route::Versus => Some("Native against WebAssembly".to_owned()),
            _ => app.workload().map(|info| info.title.clone()),
        };
        document()
            .set_title(&name.map_or("Filature".to_owned(), |name| format!("{name} · Filature")));
    });
}

/// Form, result and source.
fn explore(app: App, open: Live<bool>) -> El {
    let part = Live::new(Part::Threads);
    classed("div", "bench")
        .live_class("wide-source", move || part.get() == Part::Both && open.get())
        .live_class("no-source", move || !open.get())
        .live_class("has-result", move || matches!(app.route.get(), Route::Experiment(_)))
        .child(form::setup(app))
        .child(result_column(app))
        .child(source_column(app, part, open))
        .child(newest(app))
}
