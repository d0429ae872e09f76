//! The catalogue: workloads with their source, and executors.

use super::Limit;
use crate::about::Group;
use crate::executor::{Body, Executor};
use crate::params::{ParamSpec, ParamValues};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A workload in the catalogue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkloadInfo {
    /// The id in URLs, JSON and on the command line.
    pub id: String,
    /// The name in headings.
    pub title: String,
    /// The heading under which it is found.
    pub group: Group,
    /// What it is and what one learns from it.
    pub summary: String,
    /// What to look at in the result.
    pub look_at: String,
    /// The contract: what the bodies do, from the head of the file.
    pub contract: String,
    /// What throughput counts.
    pub operation: String,
    /// The parameters in reading order, for a form.
    pub params: Vec<ParamSpec>,
    /// The same as JSON Schema 2020-12, for a machine. Only in the answer for one workload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub params_schema: Option<Value>,
    /// Settings worth a click beside the defaults.
    pub presets: Vec<PresetInfo>,
    /// What its units do over time, one line for each: ` ` is not there, `#` runs, `-` waits,
    /// `o` holds a lock, `v` and `^` hand over to the line below or above, `x` ends.
    pub picture: Vec<String>,
    /// Parameters with which nearly all of its time is computation: for comparing two
    /// compilers or two processors. Empty where no setting makes it so.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub cpu_bound: ParamValues,
    /// The executors that it runs on.
    pub executors: Vec<Executor>,
    /// The executors that it does not run on, each with the reason.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub unavailable: BTreeMap<Executor, String>,
    /// The source: the very file that was compiled. Only in the answer for one workload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// Settings under a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PresetInfo {
    /// What it is called, such as "as in the article".
    pub name: String,
    /// The parameters that differ from their defaults.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub params: ParamValues,
}

/// A source file, ready to be shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Source {
    /// The path in the repository.
    pub path: String,
    /// The whole text.
    pub text: String,
    /// What to colour: ascending and apart, by byte offsets into `text`.
    pub tokens: Vec<Token>,
    /// The lines of the two bodies.
    pub bodies: Vec<BodyLines>,
}

/// A stretch of source text that is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Token {
    /// The offset of the first byte.
    pub start: usize,
    /// The offset after the last byte.
    pub end: usize,
    /// What it is.
    pub kind: TokenKind,
}

/// What a coloured stretch of source text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum TokenKind {
    /// A comment or doc comment.
    Comment,
    /// A word of the language.
    Keyword,
    /// A string, character or number.
    Literal,
    /// A name that begins with a capital: a type, trait or variant.
    Type,
    /// A function or method that is called or defined.
    Function,
    /// A macro that is called.
    Macro,
    /// A lifetime or label.
    Lifetime,
}

/// Where a body stands in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BodyLines {
    /// Which body.
    pub body: Body,
    /// Its first line, from 1.
    pub first_line: usize,
    /// Its last line, from 1.
    pub last_line: usize,
}

/// An executor in the catalogue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExecutorInfo {
    /// The id in URLs, JSON and on the command line.
    pub id: Executor,
    /// The name beside a chart.
    pub title: String,
    /// What it is.
    pub summary: String,
    /// The body that it runs.
    pub body: Body,
    /// Whether it runs on the server's machine.
    pub native: bool,
    /// How many units it can hold here right now, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_units: Option<u64>,
    /// The limit behind `max_units`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
}
