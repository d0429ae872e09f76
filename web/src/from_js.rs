//! From what the browser's own JSON parser gives to the types of core.
//!
//! serde could do it, but its code for these types alone weighs as much as all the rest
//! of the page. Here a type is a line that names its fields; the compiler sees to it
//! that none is forgotten.

use filature_core::api::{
    BodyLines, BrowserCard, BrowserLease, Cell, CellState, Comparison, Disturbance, Event,
    ExecutorInfo, Experiment, ExperimentLine, ExperimentPage, Health, Limit, MachineCard, Memory,
    Problem, Refusal, Sample, Source, Spec, State, Summary, Sweep, Token, TokenKind, Verdict,
    WorkloadInfo,
};
use filature_core::params::{ChoiceSpec, ParamKind, When};
use filature_core::stats::Distribution;
use filature_core::{Body, Executor, FieldError, ParamSpec, ParamValues};
use serde_json::Value;
use std::collections::BTreeMap;
use wasm_bindgen::{JsCast, JsValue};

/// The name of the field that is not what was expected.
pub type Wrong = &'static str;

/// A type that can be read from a JavaScript value. Fields that it does not know are ignored.
pub trait FromJs: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// If the value is of another form.
    fn from_js(value: &JsValue) -> Result<Self, Wrong>;
}

/// Reads a JSON text.
///
/// # Errors
/// If the text is no JSON, or of another form.
pub fn parse<T: FromJs>(text: &str) -> Result<T, Wrong> {
    T::from_js(&js_sys::JSON::parse(text).map_err(|_| "JSON")?)
}

fn get(object: &JsValue, name: &str) -> JsValue {
    js_sys::Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// Reads a field of an object.
///
/// # Errors
/// If it is missing or of another form.
pub fn field<T: FromJs>(object: &JsValue, name: Wrong) -> Result<T, Wrong> {
    T::from_js(&get(object, name)).map_err(|_| name)
}

/// The items of an array, or of what is none nothing.
fn items(value: &JsValue) -> js_sys::Array {
    value.dyn_ref::<js_sys::Array>().cloned().unwrap_or_default()
}

impl<T: FromJs> FromJs for Option<T> {
    fn from_js(value: &JsValue) -> Result<Self, Wrong> {
        if value.is_null() || value.is_undefined() {
            return Ok(None);
        }
        T::from_js(value).map(Some)
    }
}

impl<T: FromJs> FromJs for Vec<T> {
    fn from_js(value: &JsValue) -> Result<Self, Wrong> {
        let mut list = Self::new();
        for item in items(value) {
            list.push(T::from_js(&item)?);
        }
        Ok(list)
    }
}

impl FromJs for String {
    fn from_js(value: &JsValue) -> Result<Self, Wrong> {
        value.as_string().ok_or("text")
    }
}

impl FromJs for bool {
    fn from_js(value: &JsValue) -> Result<Self, Wrong> {
        value.as_bool().ok_or("truth")
    }
}

/// Numbers: what JavaScript holds exactly is all that the server sends.
macro_rules! numbers {
    ($($type:ty)+) => { $(
        impl FromJs for $type {
            fn from_js(value: &JsValue) -> Result<Self, Wrong> {
                value.as_f64().map(|number| number as Self).ok_or("number")
            }
        }
    )+ };
}
numbers!(f64 u64 u32 u16 usize);

impl FromJs for Value {
    fn from_js(value: &JsValue) -> Result<Self, Wrong> {
        if let Some(text) = value.as_string() {
            return Ok(Self::String(text));
        }
        if let Some(truth) = value.as_bool() {
            return Ok(Self::Bool(truth));
        }
        if let Some(number) = value.as_f64() {
            let whole = number.fract() == 0.0 && number >= 0.0;
            return Ok(if whole { Self::from(number as u64) } else { Self::from(number) });
        }
        if js_sys::Array::is_array(value) {
            return Vec::from_js(value).map(Self::Array);
        }
        if value.is_object() {
            ParamValues::from_js(value).map(Self::Object)
        } else {
            Ok(Self::Null)
        }
    }
}

/// The fields of an object, by name.
fn entries(value: &JsValue) -> Vec<(String, JsValue)> {
    let object: &js_sys::Object = value.unchecked_ref();
    let pairs = js_sys::Object::entries(object).into_iter().map(|pair| items(&pair));
    pairs.map(|pair| (pair.get(0).as_string().unwrap_or_default(), pair.get(1))).collect()
}

impl FromJs for ParamValues {
    fn from_js(value: &JsValue) -> Result<Self, Wrong> {
        let mut values = Self::new();
        for (name, value) in entries(value) {
            values.insert(name, Value::from_js(&value)?);
        }
        Ok(values)
    }
}

impl FromJs for BTreeMap<Executor, String> {
    fn from_js(value: &JsValue) -> Result<Self, Wrong> {
        let mut reasons = Self::new();
        for (name, reason) in entries(value) {
            reasons.insert(name.parse().map_err(|_| "executor")?, String::from_js(&reason)?);
        }
        Ok(reasons)
    }
}

/// Declares types whose JSON has a field for each of theirs.
macro_rules! fields {
    ($( $type:ident { $($field:ident),+ $(,)? } )+) => { $(
        impl FromJs for $type {
            fn from_js(value: &JsValue) -> Result<Self, Wrong> {
                Ok(Self { $( $field: field(value, stringify!($field))? ),+ })
            }
        }
    )+ };
}

fields! {
    Experiment {
        id, state, position, reason, spec, machine, created_at, started_at, finished_at,
        disturbance, cells, verdicts,
    }
    ExperimentLine { id, state, spec, created_at, finished_at, verdict }
    ExperimentPage { experiments, next_cursor }
    Spec { workload, params, executors, sweep, samples, warmups, tokio_workers, label }
    Sweep { param, values }
    Cell {
        index, executor, params, state, reason, refusal, samples, summary, memory, outcome, browser,
    }
    Summary {
        wall_ns, cpu_ns, switches_voluntary, switches_involuntary, throughput_per_s,
        wall_per_operation_ns,
    }
    Distribution { n, median, mad, min, max, p10, p90, median_low, median_high }
    Memory { baseline_bytes, peak_bytes, units, bytes_per_unit }
    Refusal { needed_units, available_units, limit }
    Limit { name, value, threads, how_to_raise }
    Disturbance { outside_share, disturbed }
    Verdict { sweep_value, sentence, comparisons }
    Comparison { fastest, other, ratio, ratio_low, ratio_high, p_value, beyond_noise, enough_samples }
    MachineCard { cpu, cores, kernel, memory_bytes, rustc, tokio, filature, build }
    BrowserCard { browser, cores, clock_resolution_ns, cross_origin_isolated }
    BrowserLease { lease, lease_ms }
    WorkloadInfo {
        id, title, summary, look_at, contract, operation, params, params_schema, executors,
        unavailable, source,
    }
    Source { path, text, tokens, bodies }
    Token { start, end, kind }
    BodyLines { body, first_line, last_line }
    ExecutorInfo { id, title, summary, body, native, max_units, limit }
    ChoiceSpec { value, doc, tasks_only }
    When { param, value }
    FieldError { pointer, detail }
    Health { status, queued, running, version }
}

impl FromJs for Sample {
    fn from_js(value: &JsValue) -> Result<Self, Wrong> {
        Ok(Self {
            wall_ns: field(value, "wall_ns")?,
            cpu_user_ns: field(value, "cpu_user_ns")?,
            cpu_system_ns: field(value, "cpu_system_ns")?,
            switches_voluntary: field(value, "switches_voluntary")?,
            switches_involuntary: field(value, "switches_involuntary")?,
            batch: field::<Option<u32>>(value, "batch")?.unwrap_or(1),
        })
    }
}

impl FromJs for Problem {
    fn from_js(value: &JsValue) -> Result<Self, Wrong> {
        Ok(Self {
            kind: field(value, "type")?,
            title: field(value, "title")?,
            status: field(value, "status")?,
            detail: field(value, "detail")?,
            errors: field(value, "errors")?,
        })
    }
}

impl FromJs for ParamSpec {
    fn from_js(value: &JsValue) -> Result<Self, Wrong> {
        let kind = match field::<String>(value, "type")?.as_str() {
            "integer" => ParamKind::Integer {
                unit: field(value, "unit")?,
                default: field(value, "default")?,
                min: field(value, "min")?,
                max: field(value, "max")?,
            },
            "choice" => ParamKind::Choice {
                default: field(value, "default")?,
                options: field(value, "options")?,
            },
            _ => return Err("type"),
        };
        let (name, doc) = (field(value, "name")?, field(value, "doc")?);
        Ok(Self { name, doc, kind, when: field(value, "when")? })
    }
}

impl FromJs for Event {
    fn from_js(value: &JsValue) -> Result<Self, Wrong> {
        let name = field::<String>(value, "event")?;
        if name == "gap" {
            return Ok(Self::Gap);
        }
        let experiment = field(value, "experiment")?;
        match name.as_str() {
            "experiment" => Ok(Self::Experiment {
                experiment,
                state: field(value, "state")?,
                position: field(value, "position")?,
            }),
            "cell" => Ok(Self::Cell {
                experiment,
                cell: field(value, "cell")?,
                state: field(value, "state")?,
                reason: field(value, "reason")?,
            }),
            "samples" => Ok(Self::Samples {
                experiment,
                cell: field(value, "cell")?,
                first: field(value, "first")?,
                samples: field(value, "samples")?,
            }),
            _ => Err("event"),
        }
    }
}

/// Declares enums whose values are names.
macro_rules! names {
    ($( $type:ident { $($name:literal = $value:ident),+ $(,)? } )+) => { $(
        impl FromJs for $type {
            fn from_js(value: &JsValue) -> Result<Self, Wrong> {
                match value.as_string().unwrap_or_default().as_str() {
                    $( $name => Ok(Self::$value), )+
                    _ => Err("name"),
                }
            }
        }
    )+ };
}

names! {
    State {
        "queued" = Queued, "running" = Running, "done" = Done, "cancelled" = Cancelled,
        "failed" = Failed, "interrupted" = Interrupted,
    }
    CellState {
        "pending" = Pending, "running" = Running, "done" = Done, "refused" = Refused,
        "failed" = Failed, "cancelled" = Cancelled, "interrupted" = Interrupted,
    }
    Body { "threads" = Threads, "tasks" = Tasks }
    TokenKind {
        "comment" = Comment, "keyword" = Keyword, "literal" = Literal, "type" = Type,
        "function" = Function, "macro" = Macro, "lifetime" = Lifetime,
    }
}

impl FromJs for Executor {
    fn from_js(value: &JsValue) -> Result<Self, Wrong> {
        let name = String::from_js(value)?;
        Self::ALL.into_iter().find(|executor| executor.id() == name).ok_or("executor")
    }
}
