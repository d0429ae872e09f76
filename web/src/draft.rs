//! What the form holds, as typed: how it becomes a request, and how it travels in
//! the page's address, as curl and as a command line.

use crate::list::Listed;
use crate::route::{escaped, unescaped};
use filature_core::api::{ExperimentRequest, Spec, Sweep, WorkloadInfo, limits};
use filature_core::params::ParamKind;
use filature_core::{Executor, FieldError, ParamSpec, ParamValues};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The workload that the page opens with.
const FIRST_WORKLOAD: &str = "fan-out";

/// The form as typed. Fields are text, so that what is wrong can be said where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The id of the workload.
    pub workload: String,
    /// The parameters that were touched; the others have their defaults.
    pub params: BTreeMap<String, String>,
    /// The executors that are switched on, in the order in which they are shown.
    pub executors: Vec<Executor>,
    /// The swept parameter and its values, where one is swept.
    pub sweep: Option<SweepDraft>,
    /// How many samples each cell takes.
    pub samples: String,
    /// How many executions come before them.
    pub warmups: String,
    /// Worker threads of `tokio-multi`; empty for one per core.
    pub tokio_workers: String,
    /// Cores that a native cell may use; empty for all.
    pub cores: String,
    /// How many seconds one execution may take.
    pub time_limit_s: String,
    /// Whether native cells end with an observed execution.
    pub observe: bool,
    /// A note for the history; may be empty.
    pub label: String,
}

/// A sweep as typed.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepDraft {
    /// The name of the swept parameter.
    pub param: String,
    /// Its values, separated by commas or spaces.
    pub values: String,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            workload: FIRST_WORKLOAD.to_owned(),
            params: BTreeMap::new(),
            // The browser's are one tick away: until then nobody loads the engine.
            executors: Executor::ALL.into_iter().filter(|one| one.is_native()).listed(),
            sweep: None,
            samples: limits::SAMPLES_DEFAULT.to_string(),
            warmups: limits::WARMUPS_DEFAULT.to_string(),
            tokio_workers: String::new(),
            cores: String::new(),
            time_limit_s: limits::TIME_LIMIT_S_MAX.to_string(),
            observe: false,
            label: String::new(),
        }
    }
}

impl Draft {
    /// The form that asks for `spec` again. `specs` tell which values are defaults.
    pub fn of_spec(spec: &Spec, specs: &[ParamSpec], cores: u32) -> Self {
        let mut params = BTreeMap::new();
        for param in specs {
            if let Some(value) = spec.params.get(&param.name)
                && *value != param.default_value()
            {
                params.insert(param.name.clone(), text_of(value));
            }
        }
        let sweep = spec
            .sweep
            .as_ref()
            .map(|sweep| SweepDraft { param: sweep.param.clone(), values: joined(&sweep.values) });
        let usual = spec.cores.unwrap_or(cores);
        let workers = (spec.tokio_workers != usual).then(|| spec.tokio_workers.to_string());
        Self {
            workload: spec.workload.clone(),
            params,
            executors: spec.executors.clone(),
            sweep,
            samples: spec.samples.to_string(),
            warmups: spec.warmups.to_string(),
            tokio_workers: workers.unwrap_or_default(),
            cores: spec.cores.map(|cores| cores.to_string()).unwrap_or_default(),
            time_limit_s: spec.time_limit_s.to_string(),
            observe: spec.observe,
            label: spec.label.clone().unwrap_or_default(),
        }
    }

    /// The text of a parameter's field.
    pub fn param(&self, spec: &ParamSpec) -> String {
        let typed = self.params.get(&spec.name).cloned();
        typed.unwrap_or_else(|| text_of(&spec.default_value()))
    }

    /// Sets a parameter's field; its default is not remembered as typed.
    pub fn set_param(&mut self, spec: &ParamSpec, text: String) {
        if text == text_of(&spec.default_value()) {
            self.params.remove(&spec.name);
        } else {
            self.params.insert(spec.name.clone(), text);
        }
    }

    /// Switches an executor on or off; they keep the order in which they are shown.
    pub fn toggle(&mut self, executor: Executor) {
        if self.executors.contains(&executor) {
            self.executors.retain(|other| *other != executor);
        } else {
            let after = self.executors.iter().position(|other| *other > executor);
            self.executors.insert(after.unwrap_or(self.executors.len()), executor);
        }
    }

    /// Takes these parameters and the defaults of all others; nothing is swept then.
    pub fn take(&mut self, params: &ParamValues) {
        self.sweep = None;
        self.params.clear();
        for (name, value) in params {
            self.params.insert(name.clone(), text_of(value));
        }
    }

    /// Whether it has these parameters and the defaults of all others, and sweeps nothing.
    pub fn holds(&self, params: &ParamValues, specs: &[ParamSpec]) -> bool {
        let mut values = self.values(specs);
        for spec in specs {
            let wanted = params.get(&spec.name).cloned().unwrap_or_else(|| spec.default_value());
            if values.remove(&spec.name) != Some(wanted) {
                return false;
            }
        }
        self.sweep.is_none()
    }

    /// Whether `spec` matters with the other values as they are.
    pub fn matters(&self, spec: &ParamSpec, specs: &[ParamSpec]) -> bool {
        let Some(when) = &spec.when else { return true };
        let other = specs.iter().find(|other| other.name == when.param);
        other.is_some_and(|other| self.param(other) == when.value)
    }

    /// Every parameter as JSON: numbers where the text is one, else the text itself.
    pub fn values(&self, specs: &[ParamSpec]) -> ParamValues {
        let value = |spec: &ParamSpec| match spec.kind {
            ParamKind::Integer { .. } => number(&self.param(spec)),
            ParamKind::Choice { .. } => json!(self.param(spec)),
        };
        let mut values = ParamValues::new();
        for spec in specs {
            values.insert(spec.name.clone(), value(spec));
        }
        values
    }

    /// The values of the sweep: numbers, or texts where they are none.
    pub fn sweep_values(&self) -> Vec<Value> {
        let text = self.sweep.as_ref().map_or("", |sweep| &sweep.values);
        text.split([',', ' ', ';']).filter(|part| !part.is_empty()).map(number).listed()
    }

    /// Checks every field with the rules of the server; `able` are the executors that
    /// can run it here.
    ///
    /// # Errors
    /// One [`FieldError`] per field that is wrong, with the pointers that the server uses.
    pub fn request(
        &self,
        info: &WorkloadInfo,
        able: &[Executor],
    ) -> Result<ExperimentRequest, Vec<FieldError>> {
        let mut errors = Vec::new();
        let values = self.values(&info.params);
        let mut params = ParamValues::new();
        for spec in info.params.iter().filter(|spec| self.matters(spec, &info.params)) {
            let Some(value) = values.get(&spec.name) else { continue };
            match spec.check(value) {
                Ok(()) if *value == spec.default_value() => {}
                Ok(()) => drop(params.insert(spec.name.clone(), value.clone())),
                Err(detail) => {
                    errors.push(FieldError::new(format!("/params/{}", spec.name), detail));
                }
            }
        }
        let on: Vec<Executor> =
            self.executors.iter().copied().filter(|executor| able.contains(executor)).listed();
        if on.is_empty() {
            errors.push(FieldError::new("/executors", "Switch on at least one executor."));
        }
        let sweep = self.checked_sweep(info, on.len(), &mut errors);
        let samples = in_range("samples", &self.samples, 1, limits::SAMPLES_MAX, &mut errors);
        let warmups = in_range("warmups", &self.warmups, 0, limits::WARMUPS_MAX, &mut errors);
        let mut given = |name: &str, text: &str, most: u32| {
            (!text.trim().is_empty()).then(|| in_range(name, text, 1, most, &mut errors))
        };
        let tokio_workers = given("tokio_workers", &self.tokio_workers, limits::TOKIO_WORKERS_MAX);
        let cores = given("cores", &self.cores, limits::CORES_MAX);
        let most_s = limits::TIME_LIMIT_S_MAX;
        let time_limit_s = given("time_limit_s", &self.time_limit_s, most_s);
        let label = self.label.trim();
        if label.chars().count() > limits::LABEL_MAX {
            let (length, most) = (label.chars().count(), limits::LABEL_MAX);
            let detail = format!("`label` has {length} characters; at most {most} are allowed");
            errors.push(FieldError::new("/label", detail));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(ExperimentRequest {
            workload: self.workload.clone(),
            params,
            executors: Some(on.iter().map(|executor| executor.id().to_owned()).listed()),
            sweep,
            samples: Some(samples),
            warmups: Some(warmups),
            tokio_workers,
            cores,
            time_limit_s: time_limit_s.filter(|seconds| *seconds != most_s),
            observe: self.observe,
            label: (!label.is_empty()).then(|| label.to_owned()),
        })
    }

    fn checked_sweep(
        &self,
        info: &WorkloadInfo,
        executors: usize,
        errors: &mut Vec<FieldError>,
    ) -> Option<Sweep> {
        let sweep = self.sweep.as_ref()?;
        let mut wrong = |pointer: &str, detail: String| {
            errors.push(FieldError::new(format!("/sweep/{pointer}"), detail));
        };
        let Some(spec) = info.params.iter().find(|spec| spec.name == sweep.param) else {
            wrong("param", format!("there is no param `{}` to sweep", sweep.param));
            return None;
        };
        let values = self.sweep_values();
        let (count, most) = (values.len(), limits::SWEEP_MAX);
        if !(1..=most).contains(&count) {
            wrong("values", format!("the sweep has {count} values; it must have from 1 to {most}"));
        } else if count * executors > limits::CELLS_MAX {
            let (cells, most) = (count * executors, limits::CELLS_MAX);
            let detail = format!(
                "{executors} executors times {count} values make {cells} cells; at most {most} are allowed"
            );
            wrong("values", detail);
        }
        for (place, value) in values.iter().enumerate() {
            if let Err(detail) = spec.check(value) {
                wrong("values", detail);
            } else if values[..place].contains(value) {
                wrong("values", format!("{value} is named twice"));
            }
        }
        let values = values.iter().filter_map(Value::as_u64).listed();
        Some(Sweep { param: sweep.param.clone(), values })
    }

    /// The query of the page's address; empty for the form that the page opens with.
    pub fn to_query(&self) -> String {
        let opening = Self::default();
        let mut pairs: Vec<(String, String)> = Vec::new();
        let mut put = |name: &str, value: String| pairs.push((name.to_owned(), value));
        if *self != opening {
            put("workload", self.workload.clone());
        }
        for (name, text) in &self.params {
            put(&format!("p.{name}"), text.clone());
        }
        if self.executors != opening.executors {
            let ids: Vec<&str> = self.executors.iter().map(|executor| executor.id()).listed();
            put("executors", ids.join(","));
        }
        if let Some(sweep) = &self.sweep {
            put("sweep", format!("{}:{}", sweep.param, sweep.values));
        }
        if self.observe {
            put("observe", "on".to_owned());
        }
        for (name, text, usual) in [
            ("samples", &self.samples, &opening.samples),
            ("warmups", &self.warmups, &opening.warmups),
            ("tokio_workers", &self.tokio_workers, &opening.tokio_workers),
            ("cores", &self.cores, &opening.cores),
            ("time_limit_s", &self.time_limit_s, &opening.time_limit_s),
            ("label", &self.label, &opening.label),
        ] {
            if text != usual {
                put(name, text.clone());
            }
        }
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
            .listed();
        pairs.join("&")
    }

    /// The form of a query, with or without `?`; what it does not name is as the page opens.
    pub fn from_query(query: &str) -> Self {
        let mut draft = Self::default();
        for pair in query.trim_start_matches('?').split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = unescaped(value);
            match name {
                "workload" => draft.workload = value,
                "executors" => {
                    draft.executors = value.split(',').filter_map(|id| id.parse().ok()).listed();
                }
                "sweep" => {
                    draft.sweep = value.split_once(':').map(|(param, values)| SweepDraft {
                        param: param.to_owned(),
                        values: values.to_owned(),
                    });
                }
                "samples" => draft.samples = value,
                "warmups" => draft.warmups = value,
                "tokio_workers" => draft.tokio_workers = value,
                "cores" => draft.cores = value,
                "time_limit_s" => draft.time_limit_s = value,
                "observe" => draft.observe = value == "on",
                "label" => draft.label = value,
                _ => {
                    if let Some(param) = unescaped(name).strip_prefix("p.") {
                        draft.params.insert(param.to_owned(), value);
                    }
                }
            }
        }
        draft
    }
}

/// The text of the first error at `pointer` or below it.
pub fn error_at(errors: &[FieldError], pointer: &str) -> Option<String> {
    let at = |error: &&FieldError| {
        let rest = error.pointer.strip_prefix(pointer);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    errors.iter().find(at).map(|error| error.detail.clone())
}

/// Values of a sweep as they stand in the field.
pub fn joined(values: &[u64]) -> String {
    let texts: Vec<String> = values.iter().map(u64::to_string).listed();
    texts.join(", ")
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The number that a text is, however its thousands are set apart; else the text itself.
fn number(text: &str) -> Value {
    let digits: String =
        text.chars().filter(|c| !matches!(c, ' ' | '_' | '\u{202f}' | '\u{a0}')).collect();
    digits.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number))
}

fn in_range(name: &str, text: &str, min: u32, max: u32, errors: &mut Vec<FieldError>) -> u32 {
    let value = number(text);
    let known = value.as_u64().and_then(|number| u32::try_from(number).ok());
    known.filter(|number| (min..=max).contains(number)).unwrap_or_else(|| {
        let detail = format!("`{name}` is {value}; it must be a whole number from {min} to {max}");
        errors.push(FieldError::new(format!("/{name}"), detail));
        min
    })
}
