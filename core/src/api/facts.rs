//! What an outcome says, in words and pictures.

use serde::{Deserialize, Serialize};

/// One thing that an outcome says, such as "still running after the timeout: 5 of 5".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Fact {
    /// What was looked at, as the head of a line.
    pub label: String,
    /// What was found, with its unit; empty where the picture says it all.
    pub value: String,
    /// The same to look at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Picture>,
}

impl Fact {
    /// A fact in words.
    pub fn new(label: &str, value: impl Into<String>) -> Self {
        Self { label: label.to_owned(), value: value.into(), picture: None }
    }

    /// The same with a picture.
    pub fn with(self, picture: Picture) -> Self {
        Self { picture: Some(picture), ..self }
    }
}

/// A picture of what was seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Picture {
    /// What several units did over time, one lane each.
    Lanes {
        /// What the times are counted in, such as `ms`.
        unit: String,
        /// The lanes, from top to bottom.
        lanes: Vec<Lane>,
    },
    /// One or more quantities over another.
    Curves {
        /// What is on the horizontal axis.
        x: AxisLabel,
        /// What is on the vertical axis.
        y: AxisLabel,
        /// The curves.
        curves: Vec<Curve>,
    },
}

/// One unit over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Lane {
    /// The unit's name.
    pub name: String,
    /// When something happened, and what.
    pub marks: Vec<Mark>,
}

/// Something that happened at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Mark {
    /// When, from the beginning.
    pub at: f64,
    /// What, in a few letters.
    pub text: String,
}

/// An axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AxisLabel {
    /// What it shows.
    pub title: String,
    /// What that is counted in, such as `ms`.
    pub unit: String,
    /// How it is scaled.
    #[serde(default)]
    pub scale: Scale,
}

/// How an axis is scaled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Scale {
    /// Evenly.
    #[default]
    Linear,
    /// By powers of ten.
    Log,
    /// Percentiles from 0 to below 100, each nine as far from the last: 90, 99, 99.9, ….
    Percentile,
}

/// A row of points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Curve {
    /// What it shows.
    pub name: String,
    /// Its points, as horizontal and vertical values, with ascending horizontal ones.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Vec<f64>>))]
    pub points: Vec<[f64; 2]>,
}
