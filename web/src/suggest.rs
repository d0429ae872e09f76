//! "Change one thing": the next experiment, one step away from the one that is shown.

use crate::dom::{El, classed, document, el, slot};
use crate::draft::{Draft, SweepDraft, joined};
use crate::fields::label_of;
use crate::form::presets_of;
use crate::list::Listed;
use crate::outline::Outline;
use crate::route::is_plain_click;
use crate::state::App;
use filature_core::api::{Experiment, WorkloadInfo};
use filature_core::params::ParamKind;
use filature_core::{Executor, format};
use wasm_bindgen::JsCast;

/// How many suggestions are shown.
const MOST: usize = 4;
/// How many samples are suggested where a difference drowned in noise.
const MORE_SAMPLES: u32 = 40;

/// Links that change one thing in the form.
pub fn suggestion_links(app: App, outline: Outline) -> El {
    slot(move || {
        outline.with(|experiment| {
            let experiment = experiment.as_ref().filter(|e| e.state.is_final())?;
            let info = app.workload_by_id(&experiment.spec.workload)?;
            let draft = Draft::of_spec(&experiment.spec, &info.params, app.cores());
            let links: Vec<El> = suggestions(experiment, &info, &draft)
                .into_iter()
                .map(|(text, next)| el("li").child(link(app, text, next)))
                .listed();
            let title = el("h2").id("next-title").child("Change one thing");
            let nav = classed("nav", "next").attr("aria-labelledby", "next-title");
            Some(nav.child(title).child(el("ul").child(links)))
        })
    })
}

fn link(app: App, text: String, next: Draft) -> El {
    let href = format!("/?{}", next.to_query());
    el("a").attr("href", &href).child(text).on("click", move |event| {
        if !is_plain_click(&event) {
            return;
        }
        // The result stays in view while the form changes: one more press runs it.
        event.prevent_default();
        app.draft.set(next.clone());
        let run = document().get_element_by_id("run-button");
        if let Some(button) = run.and_then(|b| b.dyn_into::<web_sys::HtmlElement>().ok()) {
            // An element that cannot take the focus leaves it where it is.
            let _ = button.focus();
        }
    })
}

/// What to try next, each with the form for it.
pub fn suggestions(
    experiment: &Experiment,
    info: &WorkloadInfo,
    draft: &Draft,
) -> Vec<(String, Draft)> {
    let mut found = Vec::new();
    let noisy = experiment.verdicts.iter().flat_map(|v| &v.comparisons).any(|c| !c.beyond_noise);
    if noisy && experiment.spec.samples < MORE_SAMPLES {
        let next = Draft { samples: MORE_SAMPLES.to_string(), ..draft.clone() };
        found.push((format!("{MORE_SAMPLES} samples, to see through the noise"), next));
    }
    let all_native = experiment.spec.executors.iter().all(|executor| executor.is_native());
    if all_native && info.executors.iter().any(|executor| !executor.is_native()) {
        let next = Draft { executors: Executor::ALL.to_vec(), ..draft.clone() };
        found.push(("The same in this browser too".to_owned(), next));
    }
    for spec in &info.params {
        if !draft.matters(spec, &info.params) {
            continue;
        }
        let name = label_of(spec).to_ascii_lowercase();
        match &spec.kind {
            ParamKind::Integer { max, .. } => {
                if draft.sweep.is_none()
                    && let Some(values) = presets_of(spec).into_iter().next()
                {
                    let sweep = SweepDraft { param: spec.name.clone(), values: joined(&values) };
                    let texts: Vec<String> = values.iter().map(|v| format::count(*v)).listed();
                    let next = Draft { sweep: Some(sweep), ..draft.clone() };
                    found.push((format!("Sweep {name} over {}", texts.join(", ")), next));
                }
                let now = draft.param(spec).parse::<u64>().unwrap_or(0);
                let more = now.saturating_mul(10).min(*max);
                let is_swept = draft.sweep.as_ref().is_some_and(|sweep| sweep.param == spec.name);
                if now > 0 && more > now && !is_swept {
                    let mut next = draft.clone();
                    next.set_param(spec, more.to_string());
                    found.push((
                        format!("{} {name} instead of {}", format::count(more), format::count(now)),
                        next,
                    ));
                }
            }
            ParamKind::Choice { options, .. } => {
                let now = draft.param(spec);
                for option in options.iter().filter(|option| option.value != now).take(2) {
                    let mut next = draft.clone();
                    next.set_param(spec, option.value.clone());
                    found.push((format!("{} {}", label_of(spec), option.value), next));
                }
            }
        }
    }
    found.truncate(MOST);
    found
}
