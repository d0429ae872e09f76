//! The parameters of a workload: declared once, with doc, default and limits, and
//! from that one declaration turned into a Rust struct, a form, a JSON schema and
//! checked values.

use crate::executor::{self, Executor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Parameter values by name, as they travel in JSON.
pub type ParamValues = Map<String, Value>;

/// Everything that a form, a schema or an error message says about one parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ParamSpec {
    /// The name in JSON and on the command line, snake_case.
    pub name: String,
    /// What the parameter means, in plain words.
    pub doc: String,
    /// What values it takes.
    #[serde(flatten)]
    pub kind: ParamKind,
    /// The parameter matters only while another one has a given value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
}

/// The values that a parameter takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ParamKind {
    /// A whole number. Only these can be swept.
    Integer {
        /// What is counted, such as `units` or `ms`.
        unit: String,
        /// The value taken where none is given.
        default: u64,
        /// The smallest value allowed.
        min: u64,
        /// The largest value allowed.
        max: u64,
    },
    /// One of several named choices.
    Choice {
        /// The value taken where none is given.
        default: String,
        /// The choices, in reading order.
        options: Vec<ChoiceSpec>,
    },
}

/// One choice of a [`ParamKind::Choice`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChoiceSpec {
    /// The value in JSON and on the command line, kebab-case.
    pub value: String,
    /// What it means, in plain words.
    pub doc: String,
    /// Set where not every executor can take this choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Only>,
}

/// The executors that can take a choice, and why the others cannot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Only {
    /// Those that can.
    pub executors: Vec<Executor>,
    /// Why the others cannot, as the end of a sentence.
    pub why: String,
}

impl Only {
    /// Who can, in words: "for tasks only".
    pub fn in_words(&self) -> String {
        let known = [
            (executor::TASKS, "for tasks only"),
            (executor::THREADS, "for threads only"),
            (executor::NATIVE, "for native executors only"),
            (executor::TOKIO, "for Tokio only"),
        ];
        let words = known.iter().find(|(executors, _)| *executors == self.executors);
        let names = || self.executors.iter().map(|e| e.title()).collect::<Vec<_>>().join(", ");
        words.map_or_else(|| format!("for {} only", names()), |(_, words)| (*words).to_owned())
    }
}

/// "This parameter matters only while `param` is `value`."
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct When {
    /// The name of the other parameter.
    pub param: String,
    /// The value it must have.
    pub value: String,
}

/// Something wrong with one field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// A JSON pointer to the field, such as `/params/units`.
    pub pointer: String,
    /// What is wrong, naming the field, the value and what is allowed.
    pub detail: String,
}

impl FieldError {
    /// An error at `pointer`.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}

/// A Rust type that a parameter may have.
pub trait ParamType: Sized {
    /// The value of a JSON value that [`check`] has accepted; `None` for any other.
    fn from_value(value: &Value) -> Option<Self>;
}

impl ParamType for u64 {
    fn from_value(value: &Value) -> Option<Self> {
        value.as_u64()
    }
}

/// A parameter type whose values are named choices; made by [`choices!`](crate::choices).
pub trait Choice: Copy {
    /// The name of this value in JSON.
    fn name(self) -> &'static str;
    /// All choices, in reading order.
    fn options() -> Vec<ChoiceSpec>;
}

/// Starts the declaration of a whole-number parameter with its default.
pub fn integer(default: u64) -> Declaration {
    Declaration {
        kind: ParamKind::Integer { unit: String::new(), default, min: 0, max: u64::MAX },
        when: None,
    }
}

/// Starts the declaration of a named choice with its default.
pub fn choice<C: Choice>(default: C) -> Declaration {
    Declaration {
        kind: ParamKind::Choice { default: default.name().to_owned(), options: C::options() },
        when: None,
    }
}

/// A parameter's declaration under way, without its name and doc.
#[derive(Clone, Debug)]
pub struct Declaration {
    kind: ParamKind,
    when: Option<When>,
}

impl Declaration {
    /// Limits a whole number to `low..=high`.
    pub fn range(mut self, low: u64, high: u64) -> Self {
        if let ParamKind::Integer { min, max, .. } = &mut self.kind {
            (*min, *max) = (low, high);
        }
        self
    }

    /// Says what a whole number counts.
    pub fn unit(mut self, name: &str) -> Self {
        if let ParamKind::Integer { unit, .. } = &mut self.kind {
            name.clone_into(unit);
        }
        self
    }

    /// Says that the parameter matters only while `param` is `value`.
    pub fn when(mut self, param: &str, value: impl Choice) -> Self {
        self.when = Some(When { param: param.to_owned(), value: value.name().to_owned() });
        self
    }

    /// Completes the declaration.
    pub fn named(self, name: &str, doc_lines: &[&str]) -> ParamSpec {
        ParamSpec {
            name: name.to_owned(),
            doc: joined(doc_lines),
            kind: self.kind,
            when: self.when,
        }
    }
}

/// Doc comment lines as one paragraph.
pub fn joined(doc_lines: &[&str]) -> String {
    let lines: Vec<&str> = doc_lines.iter().map(|line| line.trim()).collect();
    lines.join(" ").trim().to_owned()
}

impl ParamSpec {
    /// The value taken where none is given.
    pub fn default_value(&self) -> Value {
        match &self.kind {
            ParamKind::Integer { default, .. } => json!(default),
            ParamKind::Choice { default, .. } => json!(default),
        }
    }

    /// Says what is wrong with `value`, in a sentence that names field, value and limits.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        let name = &self.name;
        match &self.kind {
            ParamKind::Integer { min, max, unit, .. } => match value.as_u64() {
                Some(number) if (*min..=*max).contains(&number) => Ok(()),
                Some(number) => {
                    Err(format!("`{name}` is {number}; it must be from {min} to {max} {unit}"))
                }
                None => Err(format!(
                    "`{name}` is {}; it must be a whole number from {min} to {max} {unit}",
                    shown(value)
                )),
            },
            ParamKind::Choice { options, .. } => {
                let known = options.iter().any(|o| Some(o.value.as_str()) == value.as_str());
                if known {
                    return Ok(());
                }
                let names: Vec<&str> = options.iter().map(|o| o.value.as_str()).collect();
                Err(format!("`{name}` is {}; it must be one of {}", shown(value), names.join(", ")))
            }
        }
    }

    /// The JSON Schema (2020-12) of this parameter.
    pub fn schema(&self) -> Value {
        let mut schema = match &self.kind {
            ParamKind::Integer { unit, default, min, max } => json!({
                "type": "integer", "default": default, "minimum": min, "maximum": max, "x-unit": unit,
            }),
            ParamKind::Choice { default, options } => json!({
                "type": "string", "default": default,
                "enum": options.iter().map(|o| &o.value).collect::<Vec<_>>(),
                "x-options": options,
            }),
        };
        schema["description"] = json!(self.doc);
        if let Some(when) = &self.when {
            schema["x-when"] = json!(when);
        }
        schema
    }
}

/// A JSON value for an error message: short, whatever a client sent.
fn shown(value: &Value) -> String {
    const MOST: usize = 60;
    let text = value.to_string();
    if text.chars().count() <= MOST {
        return text;
    }
    let start: String = text.chars().take(MOST).collect();
    format!("{start}…")
}

/// The JSON Schema (2020-12) of an object with these parameters.
pub fn schema(specs: &[ParamSpec]) -> Value {
    let properties: Map<String, Value> =
        specs.iter().map(|spec| (spec.name.clone(), spec.schema())).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object", "properties": properties, "additionalProperties": false,
    })
}

/// Checks `given` against `specs` and fills in the defaults.
///
/// # Errors
/// One [`FieldError`] per unknown name, wrong type or value out of range.
pub fn check(specs: &[ParamSpec], given: &ParamValues) -> Result<ParamValues, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut complete = ParamValues::new();
    for spec in specs {
        let value = given.get(&spec.name).cloned().unwrap_or_else(|| spec.default_value());
        if let Err(detail) = spec.check(&value) {
            errors.push(FieldError::new(format!("/params/{}", spec.name), detail));
        }
        complete.insert(spec.name.clone(), value);
    }
    for name in given.keys() {
        if !specs.iter().any(|spec| spec.name == *name) {
            let known: Vec<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
            errors.push(FieldError::new(
                format!("/params/{}", pointer_token(name)),
                format!(
                    "there is no param {}; known are {}",
                    shown(&json!(name)),
                    known.join(", ")
                ),
            ));
        }
    }
    if errors.is_empty() { Ok(complete) } else { Err(errors) }
}

/// `name` as one token of a JSON pointer (RFC 6901), cut to a bounded length.
fn pointer_token(name: &str) -> String {
    let start: String = name.chars().take(60).collect();
    start.replace('~', "~0").replace('/', "~1")
}

/// Declares the `Params` of a workload: one line per parameter with its doc, type
/// and limits.
#[macro_export]
macro_rules! params {
    ($( $(#[doc = $doc:literal])+ $name:ident : $type:ty = $declaration:expr ),+ $(,)?) => {
        /// What one run of this workload is given.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Params {
            $( $(#[doc = $doc])+ pub $name: $type, )+
        }

        impl Params {
            /// Docs, defaults and limits of every parameter, in reading order.
            pub fn specs() -> Vec<$crate::params::ParamSpec> {
                vec![$( $declaration.named(stringify!($name), &[$($doc),+]) ),+]
            }

            /// The parameters from values that have been checked against [`Self::specs`].
            pub fn from_values(values: &$crate::params::ParamValues) -> Option<Self> {
                Some(Self {
                    $( $name: $crate::params::ParamType::from_value(values.get(stringify!($name))?)?, )+
                })
            }
        }
    };
}

/// Declares an enum whose values are the named choices of a parameter.
#[macro_export]
macro_rules! choices {
    (
        $(#[doc = $about:literal])+
        pub enum $type:ident {
            $( $(#[doc = $doc:literal])+ $variant:ident = $name:literal $(only $on:ident: $why:literal)? ),+ $(,)?
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $type { $( $(#[doc = $doc])+ $variant, )+ }

        impl $crate::params::Choice for $type {
            fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )+ }
            }

            fn options() -> Vec<$crate::params::ChoiceSpec> {
                vec![$( $crate::params::ChoiceSpec {
                    value: $name.to_owned(),
                    doc: $crate::params::joined(&[$($doc),+]),
                    only: [$($crate::params::Only {
                        executors: $crate::executor::$on.to_vec(),
                        why: $why.to_owned(),
                    })?].into_iter().next(),
                } ),+]
            }
        }

        impl $crate::params::ParamType for $type {
            fn from_value(value: &serde_json::Value) -> Option<Self> {
                match value.as_str()? { $( $name => Some(Self::$variant), )+ _ => None }
            }
        }
    };
}
