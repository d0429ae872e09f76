//! The result column: what was asked, the verdict, the charts, the figures behind
//! them and the machine they hold for.

use crate::charts::charts;
use crate::commands::plain;
use crate::dom::{El, classed, el, slot, with_code};
use crate::explain::{self, term};
use crate::facts::facts;
use crate::figures::figures;
use crate::form::mark;
use crate::gallery;
use crate::list::Listed;
use crate::machine::{machines, titled};
use crate::outline::Outline;
use crate::pin;
use crate::run::progress_line;
use crate::share::result_links;
use crate::signal::{Live, memo};
use crate::state::App;
use crate::suggest::suggestion_links;
use filature_core::api::{Experiment, State, WorkloadInfo};
use filature_core::{Executor, format};

/// The centre of the page.
pub fn result_column(app: App) -> El {
    let outline = Outline(app);
    let shown = memo(move || outline.with(|e| e.as_ref().map(|e| e.id.clone())));
    classed("section", "result").attr("aria-label", "Result").live(move || {
        if let Some(why) = app.experiment_failure.get() {
            return lost(&why);
        }
        match (shown.get(), app.route.get()) {
            (Some(_), _) => experiment_view(app, outline),
            (None, crate::route::Route::Experiment(_)) => {
                vec![classed("p", "help").child("Loading the experiment…")]
            }
            (None, _) => vec![opening(app)],
        }
    })
}

fn lost(why: &str) -> Vec<El> {
    let all = el("a").attr("href", "/history").child("all experiments");
    let new = el("a").attr("href", "/").child("a new one");
    vec![
        el("h1").child("This experiment cannot be shown"),
        classed("p", "error").child(why),
        el("p").child("Go on to ").child(all).child(" or ").child(new).child("."),
    ]
}

/// What a newcomer may want to know before anything else.
fn first() -> El {
    let link = el("a").attr("href", "/compare").id("compare-link-card").child("Threads or tasks?");
    let words = "What each really costs on this machine, beside what the articles claim; measured \
                 in about a minute.";
    classed("p", "first").child(link).child(" ").child(words)
}

/// Before anything ran: what the workload is about and what one could learn.
fn opening(app: App) -> El {
    let about = move || {
        let Some(info) = app.workload() else { return Vec::new() };
        vec![
            el("h1").child(info.title.as_str()),
            classed("p", "lead").child(info.summary.as_str()),
            el("p").child(with_code(&info.look_at)),
        ]
    };
    let plan = move || {
        let draft = app.draft.get();
        let on = app.able().into_iter().filter(|e| draft.executors.contains(e)).count();
        let cells = on * draft.sweep.as_ref().map_or(1, |_| draft.sweep_values().len());
        let noun = if cells == 1 { "cell" } else { "cells" };
        let samples = draft.samples;
        format!(
            "Run measures {cells} {noun}, {samples} samples each. Native executors take turns; the browser follows on its own. Every outcome is checked."
        )
    };
    let who = Executor::ALL.into_iter().fold(classed("ul", "who"), |who, executor| {
        let name = el("strong").child(executor.title());
        let about = el("span").child(executor.summary());
        who.child(el("li").child(mark(executor)).child(name).child(about))
    });
    let about = classed("div", "about").live(about);
    let plan = classed("p", "plan").live_text(plan);
    classed("div", "opening")
        .child(first())
        .child(about)
        .child(plan)
        .child(gallery::below(app))
        .child(who)
}

/// An experiment, from queued to finished.
fn experiment_view(app: App, outline: Outline) -> Vec<El> {
    let value = Live::new(None::<u64>);
    let part = |view: fn(App, &Experiment) -> Option<El>| {
        slot(move || outline.with(|experiment| view(app, experiment.as_ref()?)))
    };
    vec![
        part(|app, experiment| Some(heading(app, experiment))),
        progress_line(app),
        verdict(outline, value),
        pin::line(app, outline, value),
        part(|_, experiment| Some(notices(experiment))),
        charts(app, outline, value),
        suggestion_links(app, outline),
        facts(outline, value),
        part(look_at),
        figures(app, outline, value),
        machines(outline),
    ]
}

fn heading(app: App, experiment: &Experiment) -> El {
    let spec = &experiment.spec;
    let info = app.workload_by_id(&spec.workload);
    let title = info.as_ref().map_or(spec.workload.as_str(), |info| info.title.as_str());
    let note = spec.label.as_deref().map(|label| classed("p", "note-text").child(label));
    let state = experiment.state.id();
    let at = &experiment.created_at;
    let when = classed("p", "when")
        .child(classed("span", &format!("state {state}")).child(state))
        .child(", ")
        .child(el("time").attr("datetime", at).child(crate::time::local(at)));
    let words = el("div")
        .child(el("h1").child(title))
        .child(classed("p", "asked").child(asked(experiment, info.as_deref())))
        .child(note)
        .child(when);
    let pin = experiment.state.is_final().then(|| pin::button(app, &experiment.id));
    let links = result_links(&experiment.id).child(pin);
    classed("header", "result-head").child(words).child(links)
}

/// What was asked for, in one line: params that matter, samples, sweep.
pub fn asked(experiment: &Experiment, info: Option<&WorkloadInfo>) -> String {
    let spec = &experiment.spec;
    let mut parts = params_in_words(spec, info);
    if let Some(sweep) = &spec.sweep {
        let values: Vec<String> = sweep.values.iter().map(|v| format::count(*v)).listed();
        parts.push(format!("{} over {}", sweep.param.replace('_', " "), values.join(", ")));
    }
    parts.push(format!("{} samples", spec.samples));
    parts.extend(spec.cores.map(|cores| format!("pinned to cores: {cores}")));
    parts.join(" · ")
}

/// The params of a spec that matter, such as `1 000 units`, `work none`.
pub fn params_in_words(
    spec: &filature_core::api::Spec,
    info: Option<&WorkloadInfo>,
) -> Vec<String> {
    let Some(info) = info else { return Vec::new() };
    let swept = spec.sweep.as_ref().map(|sweep| sweep.param.as_str());
    let matters = |param: &&filature_core::ParamSpec| {
        let met = param.when.as_ref().is_none_or(|when| {
            spec.params.get(&when.param).and_then(|v| v.as_str()) == Some(&when.value)
        });
        met && swept != Some(param.name.as_str())
    };
    let words = |param: &filature_core::ParamSpec| {
        let value = plain(spec.params.get(&param.name)?);
        let name = crate::fields::label_of(param).to_ascii_lowercase();
        Some(match &param.kind {
            filature_core::params::ParamKind::Integer { unit, .. } if *unit == param.name => {
                format!("{value} {}", if value == "1" { unit.trim_end_matches('s') } else { unit })
            }
            filature_core::params::ParamKind::Integer { unit, .. }
                if param.name.ends_with(unit.as_str()) =>
            {
                format!("{name} {value} {unit}")
            }
            _ => format!("{name} {value}"),
        })
    };
    info.params.iter().filter(matters).filter_map(words).listed()
}

fn verdict(outline: Outline, value: Live<Option<u64>>) -> El {
    let only = |text: &str| vec![el("span").child(text)];
    let parts = move || {
        outline.with(|experiment| {
            let Some(experiment) = experiment.as_ref() else { return Vec::new() };
            let verdicts = &experiment.verdicts;
            let chosen = verdicts.iter().find(|v| v.sweep_value == value.get());
            match chosen.or(verdicts.last()) {
                // The fastest stands out; what the others took, which may be much, is smaller.
                Some(verdict) => match verdict.sentence.split_once("; ") {
                    Some((first, others)) => {
                        let first = el("span").child(format!("{first}; "));
                        vec![first, classed("span", "others").child(others)]
                    }
                    None => only(&verdict.sentence),
                },
                None if experiment.state.is_final() => only(&ended_without(experiment)),
                None => Vec::new(),
            }
        })
    };
    classed("p", "verdict").id("verdict").attr("role", "status").live(parts)
}

fn ended_without(experiment: &Experiment) -> String {
    let what = match experiment.state {
        State::Cancelled => "Cancelled before there was anything to compare.",
        State::Interrupted => "Interrupted before there was anything to compare.",
        _ => "Nothing could be measured.",
    };
    match &experiment.reason {
        Some(reason) => format!("{what} {}", crate::charts::sentence(reason)),
        None => what.to_owned(),
    }
}

/// What speaks against trusting the figures.
fn notices(experiment: &Experiment) -> El {
    let notice = |id: &str| classed("p", "notice").id(id);
    let mut notices = classed("div", "notices");
    let until_then = match experiment.state {
        State::Cancelled => Some("Cancelled: what was measured until then is shown."),
        State::Interrupted => Some("Interrupted: what was measured until then is shown."),
        _ => None,
    };
    if let Some(words) = until_then.filter(|_| !experiment.verdicts.is_empty()) {
        notices = notices.child(notice("stopped").child(words));
    }
    if let Some(disturbance) = experiment.disturbance.filter(|d| d.disturbed) {
        let share = disturbance.outside_share * 100.0;
        let words = notice("disturbed")
            .child("This experiment was ")
            .child(term(explain::DISTURBED))
            .child(format!(": other programs used {share:.0} % of the machine meanwhile."));
        notices = notices.child(words);
    }
    if experiment.machine.build == "debug" {
        let words = notice("debug-build")
            .child("Measured by a debug build: these figures say little about real programs. Start the server with ")
            .child(el("code").child("cargo xtask serve"))
            .child(".");
        notices = notices.child(words);
    }
    notices
}

fn look_at(app: App, experiment: &Experiment) -> Option<El> {
    let info = app.workload_by_id(&experiment.spec.workload)?;
    let section = titled("look-at", "look-at-title", "What to look at");
    Some(section.child(el("p").child(with_code(&info.look_at))))
}
