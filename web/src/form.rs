//! The form: which workload, on what, swept or not, and how it is measured.

use crate::dom::{Content, El, classed, el, slot};
use crate::draft::{SweepDraft, joined};
use crate::explain::{self, term};
use crate::fields::{field_error, label_of, number_input, param_field, unticked};
use crate::gallery::chosen;
use crate::list::Listed;
use crate::run::{run, run_bar};
use crate::share::form_links;
use crate::signal::{memo, untrack};
use crate::state::{App, Workers};
use filature_core::api::{Budget, limits};
use filature_core::params::ParamKind;
use filature_core::{Executor, ParamSpec, format};

/// The setup column.
pub fn setup(app: App) -> El {
    let form = el("form").on("submit", move |event| {
        event.prevent_default();
        run(app);
    });
    let form = form.child(chosen(app)).child(params(app)).child(executors(app)).child(sweep(app));
    let form = form.child(measuring(app)).child(run_bar(app)).child(form_links(app));
    classed("section", "setup").attr("aria-label", "Setup").child(form)
}

fn fieldset(class: &str, legend: impl Into<Content>) -> El {
    classed("fieldset", class).child(el("legend").child(legend))
}

/// The specs of the chosen workload's parameters.
fn specs(app: App) -> Vec<ParamSpec> {
    app.workload().map_or_else(Vec::new, |info| info.params.clone())
}

fn params(app: App) -> El {
    // The fields are made anew for another workload only, not with every letter typed.
    let workload = memo(move || app.workload().map(|info| info.id.clone()));
    let fields = move || {
        workload.track();
        let all = untrack(|| specs(app));
        all.iter().map(|spec| param_field(app, spec, &all)).listed()
    };
    fieldset("params", "Parameters").child(el("div").live(fields))
}

fn executors(app: App) -> El {
    let toggles: Vec<El> = Executor::ALL.into_iter().map(|executor| toggle(app, executor)).listed();
    fieldset("executors", "Executors").child(toggles).child(field_error(
        app,
        "executors",
        "/executors".to_owned(),
    ))
}

/// The executor's shape and colour, as in the charts.
pub fn mark(executor: Executor) -> El {
    classed("span", &format!("mark s-{executor}")).attr("aria-hidden", "true")
}

fn toggle(app: App, executor: Executor) -> El {
    let id = format!("executor-{executor}");
    let able = move || app.obstacle(executor).is_none();
    let on = move || able() && app.draft.with(|draft| draft.executors.contains(&executor));
    let limit = move || {
        app.executors.with(|all| {
            let info = all.iter().find(|info| info.id == executor)?;
            let most = format::count(info.max_units?);
            let binds = info.limit.as_ref().map(|limit| format!(", {} binds", limit.name));
            Some(format!("at most {most} here{}", binds.unwrap_or_default()))
        })
    };
    let counted = move || (executor == Executor::BrowserWorkers).then(|| workers_limit(app));
    let about = move || {
        let obstacle = app.obstacle(executor).map(|reason| unticked(&reason));
        obstacle.or_else(counted).or_else(limit).unwrap_or_default()
    };
    let count = move || {
        let wanted = executor == Executor::BrowserWorkers
            && able()
            && app.workers.with(|known| matches!(known, Workers::Unknown | Workers::Failed(_)));
        wanted.then(|| {
            let button = classed("button", "quiet").attr("type", "button").id("count-workers");
            button.child("How many here?").on("click", move |_| app.count_workers())
        })
    };
    let about_id = format!("{id}-about");
    let input = checkbox(&id, on, move |_| app.draft.update(|draft| draft.toggle(executor)))
        .attr("aria-describedby", &about_id)
        .live_flag("disabled", move || !able());
    classed("div", "toggle")
        .live_class("off", move || !able())
        .child(input)
        .child(el("label").attr("for", &id).child(mark(executor)).child(executor.title()))
        .child(explain::explained("what?", executor.summary()))
        .child(classed("p", "help").id(&about_id).live_text(about))
        .child(slot(count))
}

/// How many units the Web Workers of this browser can run, as far as that is known.
fn workers_limit(app: App) -> String {
    app.workers.with(|known| match known {
        // One worker runs the body itself.
        Workers::Counted(most) => {
            format!("at most {} here, counted by starting them", most.saturating_sub(1))
        }
        Workers::Counting => "Counting…".to_owned(),
        Workers::Failed(reason) => crate::charts::sentence(reason),
        Workers::Unknown => String::new(),
    })
}

fn checkbox(
    id: &str,
    checked: impl FnMut() -> bool + 'static,
    switch: impl FnMut(web_sys::Event) + 'static,
) -> El {
    el("input").attr("type", "checkbox").id(id).live_checked(checked).on("change", switch)
}

fn sweep(app: App) -> El {
    let switch = move |_| {
        let first = untrack(|| specs(app)).into_iter().find(|spec| range_of(spec).is_some());
        app.draft.update(|draft| {
            draft.sweep = first.filter(|_| draft.sweep.is_none()).map(|spec| sweep_of(&spec));
        });
    };
    let on = move || app.draft.with(|draft| draft.sweep.is_some());
    let param = move || app.draft.with(|d| d.sweep.as_ref().map(|sweep| sweep.param.clone()));
    let values =
        move || app.draft.with(|d| d.sweep.as_ref().map_or_else(String::new, |s| s.values.clone()));
    let spec = move || {
        let name = param()?;
        specs(app).into_iter().find(|spec| spec.name == name)
    };
    let choose = move |name: String| {
        let spec = untrack(|| specs(app)).into_iter().find(|spec| spec.name == name);
        app.draft.update(|draft| draft.sweep = spec.as_ref().map(sweep_of));
    };
    let options = move || {
        let (all, chosen) = (specs(app), param());
        let shown = |spec: &&ParamSpec| {
            range_of(spec).is_some() && app.draft.with(|draft| draft.matters(spec, &all))
        };
        let option = |spec: &ParamSpec| {
            let option = el("option").attr("value", &spec.name).child(label_of(spec));
            if chosen.as_ref() == Some(&spec.name) { option.attr("selected", "") } else { option }
        };
        all.iter().filter(shown).map(option).listed()
    };
    let presets = move || {
        let presets = spec().as_ref().map_or_else(Vec::new, presets_of);
        presets.into_iter().map(|preset| chip(app, joined(&preset))).listed()
    };
    let chips =
        classed("div", "chips").attr("role", "group").attr("aria-label", "Ready-made values");
    let fields = classed("div", "sweep-fields")
        .live_flag("hidden", move || !on())
        .child(el("label").attr("for", "sweep-param").child("Parameter"))
        .child(el("select").id("sweep-param").live(options).on_value("change", choose))
        .child(el("label").attr("for", "sweep-values").child("Values"))
        .child(
            number_input("sweep-values", "error-sweep-values")
                .attr("maxlength", "400")
                .live_value(values)
                .on_value("input", move |text| set_values(app, text)),
        )
        .child(chips.live(presets))
        .child(field_error(app, "sweep-param", "/sweep/param".to_owned()))
        .child(field_error(app, "sweep-values", "/sweep/values".to_owned()));
    let toggle = classed("div", "toggle")
        .child(checkbox("sweep-switch", on, switch))
        .child(el("label").attr("for", "sweep-switch").child("Take several values in turn"));
    fieldset("sweep", term(explain::SWEEP)).child(toggle).child(fields)
}

fn set_values(app: App, text: String) {
    app.draft.update(|draft| {
        if let Some(sweep) = &mut draft.sweep {
            sweep.values = text;
        }
    });
}

/// Ready-made values of a sweep, one press away.
fn chip(app: App, values: String) -> El {
    let set = values.clone();
    classed("button", "chip")
        .attr("type", "button")
        .child(values)
        .on("click", move |_| set_values(app, set.clone()))
}

fn range_of(spec: &ParamSpec) -> Option<(u64, u64, u64)> {
    match spec.kind {
        ParamKind::Integer { default, min, max, .. } => Some((default, min, max)),
        ParamKind::Choice { .. } => None,
    }
}

fn sweep_of(spec: &ParamSpec) -> SweepDraft {
    let values = presets_of(spec).into_iter().next().unwrap_or_default();
    SweepDraft { param: spec.name.clone(), values: joined(&values) }
}

/// Ready-made values for a sweep, those that a small machine runs in seconds first.
pub fn presets_of(spec: &ParamSpec) -> Vec<Vec<u64>> {
    let Some((default, min, max)) = range_of(spec) else { return Vec::new() };
    let about_default = [default / 100, default / 10, default, default.saturating_mul(10)];
    let candidates: [&[u64]; 4] = match default {
        0..=64 => [&[1, 2, 4, 8, 16], &[1, 2, 3, 4], &[1, 10, 100], &[]],
        65..=5_000 => [&[10, 100, 1_000, 10_000], &[1, 2, 5, 10, 20, 50, 100], &about_default, &[]],
        _ => [&about_default, &[100, 1_000, 10_000, 100_000], &[1_000, 2_000, 5_000, 10_000], &[]],
    };
    let mut presets: Vec<Vec<u64>> = Vec::new();
    for candidate in candidates {
        let mut fits: Vec<u64> =
            candidate.iter().copied().filter(|value| (min..=max).contains(value)).listed();
        fits.dedup();
        if fits.len() > 1 && !presets.contains(&fits) {
            presets.push(fits);
        }
    }
    presets
}

fn measuring(app: App) -> El {
    let summary = move || {
        app.draft.with(|draft| {
            let plural = if draft.warmups == "1" { "" } else { "s" };
            format!("{} samples, {} warm-up{plural}", draft.samples, draft.warmups)
        })
    };
    let summary =
        el("summary").child("Measuring ").child(classed("span", "help").live_text(summary));
    let label = row(app, "label", |draft| &mut draft.label)
        .attr("class", "wide")
        .attr("inputmode", "text")
        .attr("maxlength", "400");
    let details = classed("details", "measuring").child(summary);
    let observe = {
        let on = move || app.draft.with(|draft| draft.observe);
        let switch = move |_| app.draft.update(|draft| draft.observe = !draft.observe);
        let label = el("label").attr("for", "observe").child("Observe the units");
        classed("div", "toggle").child(checkbox("observe", on, switch)).child(label)
    };
    numbers(app, details)
        .child(observe)
        .child(
            classed("div", "field-head")
                .child(el("label").attr("for", "param-label").child("Note for the history")),
        )
        .child(label)
        .child(field_error(app, "label", "/label".to_owned()))
        .child(classed("p", "help").id("budgets").live_text(move || budgets(app)))
}

/// What the server lets its clients ask for.
fn budgets(app: App) -> String {
    let budget = |budget: &Budget| {
        let Budget { value, unit, about, .. } = budget;
        format!("{} {unit} {about}", format::count(*value))
    };
    app.machine.with(|here| {
        let budgets = here.as_ref().map(|here| here.budgets.iter().map(budget).listed());
        budgets.map_or_else(String::new, |all| format!("This server allows\n{}", all.join("\n")))
    })
}

fn numbers(app: App, mut details: El) -> El {
    let rows: [(&str, explain::Term, u32, Field); 5] = [
        ("samples", explain::SAMPLES, limits::SAMPLES_MAX, |draft| &mut draft.samples),
        ("warmups", explain::WARM_UPS, limits::WARMUPS_MAX, |draft| &mut draft.warmups),
        ("tokio_workers", explain::TOKIO_WORKERS, limits::TOKIO_WORKERS_MAX, |draft| {
            &mut draft.tokio_workers
        }),
        ("cores", explain::CORES, limits::CORES_MAX, |draft| &mut draft.cores),
        ("time_limit_s", explain::TIME_LIMIT, limits::TIME_LIMIT_S_MAX, |draft| {
            &mut draft.time_limit_s
        }),
    ];
    for (name, word, most, field) in rows {
        let mut input = row(app, name, field);
        if matches!(name, "tokio_workers" | "cores") {
            let cores = move || Some(app.cores().to_string()).filter(|cores| cores != "0");
            input = input.live_attr("placeholder", cores);
        }
        let unit = classed("span", "unit").child(format!("≤ {}", format::count(most.into())));
        let label = classed("label", "visually-hidden").attr("for", &format!("param-{name}"));
        details = details
            .child(
                classed("div", "field-head")
                    .child(el("span").child(label.child(word.word)).child(term(word)))
                    .child(classed("span", "number").child(input).child(unit)),
            )
            .child(field_error(app, name, format!("/{name}")));
    }
    details
}

/// The input of one text of the form.
fn row(app: App, name: &str, field: Field) -> El {
    number_input(&format!("param-{name}"), &format!("error-{name}"))
        .live_value(move || app.draft.with(|draft| field(&mut draft.clone()).clone()))
        .on_value("input", move |text| app.draft.update(|draft| *field(draft) = text))
}

/// Leads to one text of the form.
type Field = fn(&mut crate::draft::Draft) -> &mut String;
