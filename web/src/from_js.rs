//! From what the browser's own JSON parser gives to the types of core.
//!
//! serde could do it, but its code for these types alone weighs as much as all the rest
//! of the page. Here a type is a line that names its fields; the compiler sees to it
//! that none is forgotten.

use filature_core::api::{
    Advice, AgainstFastest, AxisLabel, BodyLines, BrowserCard, BrowserLease, BrowserSpawnCosts,
    Citation, ComparisonLine, ComparisonPage, ComparisonRequest, Curve, Disturbance, Event,
    ExecutorInfo, Experiment, ExperimentLine, ExperimentPage, Fact, Health, Lane, Limit,
    MachineCard, Mark, Memory, Observed, Part, Percentiles, Picture, PresetInfo, Problem, Reason,
    Refusal, Sample, Source, Span, Spec, Summary, Sweep, Token, Verdict, WorkloadInfo,
};
use filature_core::params::{ChoiceSpec, Only, ParamKind, When};
use filature_core::stats::Distribution;
use filature_core::{Executor, FieldError, ParamSpec, ParamValues};
use serde_json::Value;
use std::cell::Cell;
use std::collections::BTreeMap;
use wasm_bindgen::{JsCast, JsValue};

mod names;

thread_local! {
    /// The field that was not as expected, while a value is read. Kept apart from the
    /// values, so that reading a field is one call and no decision.
    static WRONG: Cell<Option<Wrong>> = const { Cell::new(None) };
}

/// The name of the field that is not what was expected.
pub type Wrong = &'static str;

/// A type that can be read from a JavaScript value. Fields that it does not know are ignored.
pub trait FromJs: Sized {
    /// Reads it; what is not as expected is noted, and something stands in for it.
    fn from_js(value: &JsValue) -> Self;
}

/// Notes that something is not as expected.
fn wrong(what: Wrong) {
    WRONG.set(WRONG.get().or(Some(what)));
}

/// Reads a value.
///
/// # Errors
/// If it is of another form.
pub fn read<T: FromJs>(value: &JsValue) -> Result<T, Wrong> {
    let value = T::from_js(value);
    WRONG.take().map_or(Ok(value), Err)
}

/// Reads a JSON text.
///
/// # Errors
/// If the text is no JSON, or of another form.
pub fn parse<T: FromJs>(text: &str) -> Result<T, Wrong> {
    read(&js_sys::JSON::parse(text).map_err(|_| "JSON")?)
}

/// Reads a field of an object; a field that is not as expected is noted by its name.
pub fn field<T: FromJs>(object: &JsValue, name: Wrong) -> T {
    let (value, before) = enter(object, name);
    let value = T::from_js(&value);
    leave(name, before);
    value
}

fn enter(object: &JsValue, name: Wrong) -> (JsValue, Option<Wrong>) {
    let value = js_sys::Reflect::get(object, &JsValue::from_str(name));
    (value.unwrap_or(JsValue::UNDEFINED), WRONG.take())
}

fn leave(name: Wrong, before: Option<Wrong>) {
    WRONG.set(before.or(WRONG.take().map(|_| name)));
}

/// The items of an array; an empty one is left out of the JSON.
fn items(value: &JsValue) -> js_sys::Array {
    value.dyn_ref::<js_sys::Array>().cloned().unwrap_or_else(|| {
        if !value.is_undefined() {
            wrong("list");
        }
        js_sys::Array::new()
    })
}

impl<T: FromJs> FromJs for Option<T> {
    fn from_js(value: &JsValue) -> Self {
        (!value.is_null() && !value.is_undefined()).then(|| T::from_js(value))
    }
}

impl<T: FromJs> FromJs for Vec<T> {
    fn from_js(value: &JsValue) -> Self {
        let list = items(value);
        let mut read = Self::new();
        for place in 0..list.length() {
            read.push(T::from_js(&list.get(place)));
        }
        read
    }
}

/// Values that JavaScript has too.
macro_rules! plain {
    ($($type:ty: $read:expr;)+) => { $(
        impl FromJs for $type {
            fn from_js(value: &JsValue) -> Self {
                let read: Option<Self> = $read(value);
                if read.is_none() {
                    wrong(stringify!($type));
                }
                read.unwrap_or_default()
            }
        }
    )+ };
}

// Numbers that JavaScript does not hold exactly are none that the server sends.
plain! {
    String: JsValue::as_string;
    bool: JsValue::as_bool;
    f64: JsValue::as_f64;
    u64: |value: &JsValue| value.as_f64().map(|number| number as Self);
    u32: |value: &JsValue| value.as_f64().map(|number| number as Self);
    u16: |value: &JsValue| value.as_f64().map(|number| number as Self);
    usize: |value: &JsValue| value.as_f64().map(|number| number as Self);
}

impl FromJs for Value {
    fn from_js(value: &JsValue) -> Self {
        if let Some(text) = value.as_string() {
            return Self::String(text);
        }
        if let Some(truth) = value.as_bool() {
            return Self::Bool(truth);
        }
        if let Some(number) = value.as_f64() {
            let whole = number.fract() == 0.0 && number >= 0.0;
            return if whole { Self::from(number as u64) } else { Self::from(number) };
        }
        if js_sys::Array::is_array(value) {
            return Self::Array(Vec::from_js(value));
        }
        if value.is_object() { Self::Object(ParamValues::from_js(value)) } else { Self::Null }
    }
}

/// Calls `take` with every field of an object.
fn each_field(value: &JsValue, mut take: impl FnMut(String, JsValue)) {
    let Some(object) = value.dyn_ref::<js_sys::Object>() else { return wrong("object") };
    let pairs = js_sys::Object::entries(object);
    for place in 0..pairs.length() {
        let pair = items(&pairs.get(place));
        take(pair.get(0).as_string().unwrap_or_default(), pair.get(1));
    }
}

impl FromJs for ParamValues {
    fn from_js(value: &JsValue) -> Self {
        let mut values = Self::new();
        each_field(value, |name, value| drop(values.insert(name, Value::from_js(&value))));
        values
    }
}

impl FromJs for BTreeMap<Executor, String> {
    fn from_js(value: &JsValue) -> Self {
        let mut reasons = Self::new();
        each_field(value, |name, reason| match name.parse() {
            Ok(executor) => drop(reasons.insert(executor, String::from_js(&reason))),
            Err(_) => wrong("executor"),
        });
        reasons
    }
}

/// Declares types whose JSON has a field for each of theirs.
macro_rules! fields {
    ($( $type:path { $($field:ident),+ $(,)? } )+) => { $(
        impl FromJs for $type {
            fn from_js(value: &JsValue) -> Self {
                Self { $( $field: field(value, stringify!($field)) ),+ }
            }
        }
    )+ };
}

#[cfg(feature = "compare")]
fields! {
    crate::compare::known::Known { id, state, request, created_at, parts }
}

fields! {
    Experiment {
        id, state, position, wait_s, expected_s, reason, spec, machine, created_at, started_at,
        finished_at, disturbance, cells, verdicts,
    }
    ExperimentLine { id, state, spec, created_at, finished_at, verdict }
    ExperimentPage { experiments, next_cursor }
    Spec {
        workload, params, executors, sweep, samples, warmups, tokio_workers, cores, time_limit_s,
        observe, label,
    }
    Sweep { param, values }
    filature_core::api::Cell {
        index, executor, params, state, reason, refusal, samples, summary, memory, outcome, facts,
        observed, browser, spawn_costs,
    }
    Distribution { n, median, mad, min, max, p10, p90, median_low, median_high }
    Memory {
        baseline_bytes, peak_bytes, units, bytes_per_unit, kernel_stack_bytes, page_table_bytes,
        slab_bytes, reserved_bytes, threads_peak,
    }
    Refusal { needed_units, available_units, limit }
    Limit { name, value, threads, how_to_raise }
    Disturbance { outside_share, disturbed }
    Verdict { sweep_value, sentence, comparisons }
    AgainstFastest { fastest, other, ratio, ratio_low, ratio_high, p_value, beyond_noise, enough_samples }
    crate::state::Here { cores, budgets }
    filature_core::api::Budget { name, value, unit, flag, about }
    MachineCard { cpu, cores, kernel, memory_bytes, rustc, tokio, filature, build }
    BrowserCard { browser, cores, clock_resolution_ns, cross_origin_isolated, workers_max }
    BrowserLease { lease, lease_ms }
    BrowserSpawnCosts { new_worker_ns, warm_worker_ns }
    WorkloadInfo {
        id, title, group, summary, look_at, contract, operation, params, params_schema, presets,
        picture, cpu_bound, executors, unavailable, source,
    }
    PresetInfo { name, params }
    Source { path, text, tokens, bodies }
    Token { start, end, kind }
    BodyLines { body, first_line, last_line }
    ExecutorInfo { id, title, summary, body, native, max_units, limit }
    ChoiceSpec { value, doc, only }
    Only { executors, why }
    Observed { wall_ns, units, spawn_to_begin_ns, begin_to_end_ns, spans }
    Percentiles { p50, p90, p99, max }
    Span { spawned_ns, began_ns, ended_ns }
    Fact { label, value, picture }
    Lane { name, marks }
    Mark { at, text }
    AxisLabel { title, unit, scale }
    Curve { name, points }
    When { param, value }
    FieldError { pointer, detail }
    ComparisonRequest { depth, browser }
    ComparisonPage { comparisons, next_cursor }
    ComparisonLine { id, state, depth, cpu, created_at, finished_at, imported_at, answer }
    Part { key, title, state, experiment, estimate_s }
    Advice { answer, reasons }
    Reason { sentence, cites }
    Citation { row, measure, executor }
    Health { status, queued, running, version }
}

impl FromJs for Sample {
    fn from_js(value: &JsValue) -> Self {
        Self {
            wall_ns: field(value, "wall_ns"),
            cpu_user_ns: field(value, "cpu_user_ns"),
            cpu_system_ns: field(value, "cpu_system_ns"),
            switches_voluntary: field(value, "switches_voluntary"),
            switches_involuntary: field(value, "switches_involuntary"),
            batch: field::<Option<_>>(value, "batch").unwrap_or(1),
            // What they say is shown in the facts; decoding them would only weigh.
            readings: BTreeMap::new(),
        }
    }
}

impl FromJs for Summary {
    fn from_js(value: &JsValue) -> Self {
        Self {
            wall_ns: field(value, "wall_ns"),
            cpu_ns: field(value, "cpu_ns"),
            switches_voluntary: field(value, "switches_voluntary"),
            switches_involuntary: field(value, "switches_involuntary"),
            throughput_per_s: field(value, "throughput_per_s"),
            wall_per_operation_ns: field(value, "wall_per_operation_ns"),
            readings: BTreeMap::new(),
        }
    }
}

impl FromJs for Problem {
    fn from_js(value: &JsValue) -> Self {
        Self {
            kind: field(value, "type"),
            title: field(value, "title"),
            status: field(value, "status"),
            detail: field(value, "detail"),
            errors: field(value, "errors"),
        }
    }
}

impl FromJs for ParamSpec {
    fn from_js(value: &JsValue) -> Self {
        let kind = if field::<String>(value, "type") == "integer" {
            ParamKind::Integer {
                unit: field(value, "unit"),
                default: field(value, "default"),
                min: field(value, "min"),
                max: field(value, "max"),
            }
        } else {
            ParamKind::Choice { default: field(value, "default"), options: field(value, "options") }
        };
        let (name, doc) = (field(value, "name"), field(value, "doc"));
        Self { name, doc, kind, when: field(value, "when") }
    }
}

impl FromJs for Picture {
    fn from_js(value: &JsValue) -> Self {
        if field::<String>(value, "kind") == "lanes" {
            Self::Lanes { unit: field(value, "unit"), lanes: field(value, "lanes") }
        } else {
            let (x, y) = (field(value, "x"), field(value, "y"));
            Self::Curves { x, y, curves: field(value, "curves") }
        }
    }
}

impl FromJs for [f64; 2] {
    fn from_js(value: &JsValue) -> Self {
        let list = items(value);
        [f64::from_js(&list.get(0)), f64::from_js(&list.get(1))]
    }
}

impl FromJs for Event {
    fn from_js(value: &JsValue) -> Self {
        let experiment = || field(value, "experiment");
        match field::<String>(value, "event").as_str() {
            "experiment" => Self::Experiment {
                experiment: experiment(),
                state: field(value, "state"),
                position: field(value, "position"),
                wait_s: field(value, "wait_s"),
            },
            "cell" => Self::Cell {
                experiment: experiment(),
                cell: field(value, "cell"),
                state: field(value, "state"),
                reason: field(value, "reason"),
            },
            "samples" => Self::Samples {
                experiment: experiment(),
                cell: field(value, "cell"),
                first: field(value, "first"),
                samples: field(value, "samples"),
            },
            // Of an event that it does not know the page learns what it does of a gap:
            // to ask for the whole experiment.
            _ => Self::Gap,
        }
    }
}
