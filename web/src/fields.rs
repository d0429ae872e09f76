//! The fields of a workload's parameters, made from their specs: a slider with a
//! number field for whole numbers, segments for choices.

use crate::commands::plain;
use crate::dom::{El, classed, el};
use crate::draft::error_at;
use crate::state::App;
use filature_core::params::{ChoiceSpec, ParamKind};
use filature_core::{ParamSpec, format};
use serde_json::json;

/// The positions of a slider; enough that a step is below what a hand can tell.
const SLIDER_STEPS: u32 = 400;

/// The field of one parameter. It hides while the parameter does not matter.
pub fn param_field(app: App, spec: &ParamSpec, all: &[ParamSpec]) -> El {
    let field = classed("div", "field");
    let field = match spec.kind.clone() {
        ParamKind::Integer { unit, min, max, .. } => {
            integer_field(app, field, spec, unit, (min, max))
        }
        ParamKind::Choice { options, .. } => choice_field(app, field, spec, options),
    };
    let (name, spec, all) = (spec.name.clone(), spec.clone(), all.to_vec());
    field
        .child(field_error(app, &name, format!("/params/{name}")))
        .live_flag("hidden", move || !app.draft.with(|draft| draft.matters(&spec, &all)))
}

/// A parameter's name as a label: `hold_spins` is "Hold spins", `duration_ms` is "Duration".
pub fn label_of(spec: &ParamSpec) -> String {
    let unit = match &spec.kind {
        ParamKind::Integer { unit, .. } => unit.as_str(),
        ParamKind::Choice { .. } => "",
    };
    let name = spec.name.strip_suffix(unit).unwrap_or(&spec.name).trim_end_matches('_');
    let name = if name.is_empty() { &spec.name } else { name };
    let mut words = name.replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

/// What is wrong with a field, where it stands. `name` is in the id `error-<name>`.
pub fn field_error(app: App, name: &str, pointer: String) -> El {
    let wrong = move || {
        let own = app.request().and_then(Result::err);
        own.and_then(|errors| error_at(&errors, &pointer))
            .or_else(|| app.refused.with(|errors| error_at(errors, &pointer)))
            .unwrap_or_default()
    };
    classed("p", "error").id(&format!("error-{name}")).attr("role", "alert").live_text(wrong)
}

/// A text field for a number, with what is counted after it.
pub fn number_input(id: &str, described_by: &str) -> El {
    el("input")
        .id(id)
        .attr("type", "text")
        .attr("inputmode", "numeric")
        .attr("autocomplete", "off")
        .attr("maxlength", "20")
        .attr("aria-describedby", described_by)
}

fn integer_field(
    app: App,
    field: El,
    spec: &ParamSpec,
    unit: String,
    (min, max): (u64, u64),
) -> El {
    let name = spec.name.clone();
    let id = format!("param-{name}");
    let label = label_of(spec);
    let text = {
        let spec = spec.clone();
        move || app.draft.with(|draft| draft.param(&spec))
    };
    let set = {
        let spec = spec.clone();
        move |text: String| app.draft.update(|draft| draft.set_param(&spec, text))
    };
    let swept = move || {
        app.draft.with(|draft| {
            draft.sweep.as_ref().filter(|sweep| sweep.param == name).map(|s| s.values.clone())
        })
    };
    let is_swept = {
        let swept = swept.clone();
        move || swept().is_some()
    };
    let invalid = {
        let spec = spec.clone();
        move || {
            let values = app.draft.with(|draft| draft.values(std::slice::from_ref(&spec)));
            values.get(&spec.name).is_some_and(|value| spec.check(value).is_err()).then_some("true")
        }
    };
    let number = number_input(&id, &format!("help-{0} error-{0}", spec.name))
        .live_flag("disabled", is_swept.clone())
        .live_attr("aria-invalid", invalid)
        .live_value(text.clone())
        .on_value("input", set.clone());
    let spoken = {
        let (text, unit) = (text.clone(), unit.clone());
        move || Some(format!("{} {unit}", plain(&json!(number_of(&text())))))
    };
    let slider = classed("input", "slider")
        .attr("type", "range")
        .attr("min", "0")
        .attr("max", &SLIDER_STEPS.to_string())
        .attr("aria-label", &format!("{label}, slider"))
        .live_flag("disabled", is_swept)
        .live_attr("aria-valuetext", spoken)
        .live_value(move || position_of(number_of(&text()).unwrap_or(min), min, max).to_string())
        .on_value("input", move |position| set(value_at(&position, min, max).to_string()));
    let limit = |value| el("span").child(format::count(value));
    let doc = spec.doc.clone();
    let help = move || match swept() {
        Some(values) => format!("Swept over {values}. {doc}"),
        None => doc.clone(),
    };
    let number = classed("span", "number").child(number).child(classed("span", "unit").child(unit));
    let label = el("label").attr("for", &id).child(label);
    field
        .child(classed("div", "field-head").child(label).child(number))
        .child(slider)
        .child(
            classed("div", "limits")
                .attr("aria-hidden", "true")
                .child(limit(min))
                .child(limit(max)),
        )
        .child(classed("p", "help").id(&format!("help-{}", spec.name)).live_text(help))
}

fn choice_field(app: App, field: El, spec: &ParamSpec, options: Vec<ChoiceSpec>) -> El {
    let name = format!("param-{}", spec.name);
    let chosen = {
        let spec = spec.clone();
        move || app.draft.with(|draft| draft.param(&spec))
    };
    let mut segments = classed("div", "segments");
    for option in &options {
        let (value, is_chosen, spec) = (option.value.clone(), chosen.clone(), spec.clone());
        let (set, id) = (option.value.clone(), format!("{name}-{}", option.value));
        let choose = move |_| app.draft.update(|draft| draft.set_param(&spec, set.clone()));
        segments = segments
            .child(radio(&name, &id, move || is_chosen() == value, choose))
            .child(el("label").attr("for", &id).child(option.value.as_str()));
    }
    let doc = spec.doc.clone();
    let about = move || {
        let chosen = chosen();
        let option = options.iter().find(|option| option.value == chosen);
        let option = option.map_or_else(String::new, |option| match &option.only {
            Some(only) => {
                format!("{} It is {}: {}.", unticked(&option.doc), only.in_words(), only.why)
            }
            None => unticked(&option.doc),
        });
        format!("{doc} {option}")
    };
    let help = format!("help-{}", spec.name);
    let group = classed("fieldset", "choice").id(&name).attr("aria-describedby", &help);
    field
        .child(group.child(el("legend").child(label_of(spec))).child(segments))
        .child(classed("p", "help").id(&help).live_text(about))
}

/// A radio button.
pub fn radio(
    group: &str,
    id: &str,
    checked: impl FnMut() -> bool + 'static,
    choose: impl FnMut(web_sys::Event) + 'static,
) -> El {
    let input = el("input").attr("type", "radio").attr("name", group).id(id);
    input.live_checked(checked).on("change", choose)
}

/// Doc text without its backquotes.
pub fn unticked(text: &str) -> String {
    text.replace('`', "")
}

fn number_of(text: &str) -> Option<u64> {
    text.replace(['\u{202f}', '_', ' '], "").parse().ok()
}

/// Where on a slider a value stands: even steps are even ratios. A range that begins at
/// zero is shifted by one, since zero has no logarithm.
pub fn position_of(value: u64, min: u64, max: u64) -> u32 {
    let (low, high) = log_range(min, max);
    let value = value.clamp(min, max);
    let place = ((value + shift(min)) as f64).ln();
    ((place - low) / (high - low).max(f64::MIN_POSITIVE) * f64::from(SLIDER_STEPS)).round() as u32
}

/// The value at a slider's position, rounded to two digits, as a person would choose it.
pub fn value_at(position: &str, min: u64, max: u64) -> u64 {
    let place = f64::from(position.parse::<u32>().unwrap_or(0)) / f64::from(SLIDER_STEPS);
    let (low, high) = log_range(min, max);
    let exact = (low + place * (high - low)).exp() - shift(min) as f64;
    let mut digit = 1.0;
    while exact >= digit * 100.0 {
        digit *= 10.0;
    }
    ((exact / digit).round() * digit).clamp(min as f64, max as f64) as u64
}

fn shift(min: u64) -> u64 {
    u64::from(min == 0)
}

fn log_range(min: u64, max: u64) -> (f64, f64) {
    (((min + shift(min)) as f64).ln(), ((max + shift(min)) as f64).ln())
}
