//! Comparisons that come from elsewhere: whether one can be what it says it is. Its texts
//! are shown to people, so they may be neither endless nor links that run something.

use filature_core::FieldError;
use filature_core::api::{Comparison, Estimate, Measure, MeasureCell, Row, Word, limits};
use filature_core::experiment::is_control;
use serde_json::Value;
use std::collections::HashSet;
use std::hash::Hash;

/// The most characters of any of its texts.
const TEXT_MAX: usize = 4_000;

/// The most entries of any of its lists.
const LIST_MAX: usize = 200;

/// By how much of itself a figure may lie outside its interval: text does not always give
/// back the last bit of a number.
const ROUNDING: f64 = 1e-9;

/// The most mistakes that are told at once.
const ERRORS_MAX: usize = 10;

/// Reads an exported comparison.
///
/// # Errors
/// What is wrong, in one sentence that says where.
pub fn read(json: &[u8]) -> Result<Comparison, String> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let comparison: Comparison = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| format!("at `{}`: {}", error.path(), error.inner()))?;
    deserializer.end().map_err(|error| error.to_string())?;
    let errors = check(&comparison);
    if errors.is_empty() {
        return Ok(comparison);
    }
    let told: Vec<String> =
        errors.into_iter().map(|error| format!("at {}: {}", error.pointer, error.detail)).collect();
    Err(told.join("; "))
}

/// What is wrong with a comparison of another machine: of all mistakes the first few.
pub fn check(comparison: &Comparison) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let state = comparison.state;
    if !state.is_final() {
        let detail = format!("`state` is {}; only a finished comparison is taken", state.id());
        errors.push(FieldError::new("/state", detail));
    }
    times(comparison, &mut errors);
    if let Some(share) = comparison.disturbance.map(|seen| seen.outside_share)
        && !(0.0..=1.0).contains(&share)
    {
        let detail = format!("`outside_share` is {share}; it must be from 0 to 1");
        errors.push(FieldError::new("/disturbance/outside_share", detail));
    }
    if comparison.rows.is_empty() {
        errors.push(FieldError::new("/rows", "`rows` is empty: there is nothing to show"));
    }
    let json = serde_json::to_value(comparison).expect("wire types are plain data");
    sizes(&json, "", &mut errors);
    for (place, part) in comparison.parts.iter().enumerate() {
        if let Some(id) = &part.experiment {
            check_id(id, format!("/parts/{place}/experiment"), &mut errors);
        }
    }
    unique(comparison.rows.iter().map(|row| &row.id), "/rows", "id", &mut errors);
    for (place, row) in comparison.rows.iter().enumerate() {
        check_row(row, &format!("/rows/{place}"), &mut errors);
    }
    errors.truncate(ERRORS_MAX);
    errors
}

fn times(comparison: &Comparison, errors: &mut Vec<FieldError>) {
    let given = [
        ("created_at", Some(&comparison.created_at)),
        ("finished_at", comparison.finished_at.as_ref()),
        ("imported_at", comparison.imported_at.as_ref()),
    ];
    for (name, time) in given {
        if let Some(time) = time
            && time.parse::<jiff::Timestamp>().is_err()
        {
            let detail = format!("`{name}` is \"{}\"; it must be a time of RFC 3339", cut(time));
            errors.push(FieldError::new(format!("/{name}"), detail));
        }
    }
}

/// Texts that are too long and lists that have too many entries, at any depth.
fn sizes(value: &Value, pointer: &str, errors: &mut Vec<FieldError>) {
    let name = pointer.trim_start_matches('/');
    match value {
        Value::String(text) => {
            let length = text.chars().count();
            if length > TEXT_MAX {
                let detail = format!("`{name}` has {length} characters; {TEXT_MAX} are allowed");
                errors.push(FieldError::new(pointer, detail));
            }
            if let Some(found) = text.chars().find(|c| *c != '\n' && is_control(*c)) {
                let found = found.escape_default();
                let detail =
                    format!("`{name}` has the control character {found}, which no text needs");
                errors.push(FieldError::new(pointer, detail));
            }
        }
        Value::Array(list) => {
            let (length, most) = (list.len(), most_entries(pointer));
            if length > most {
                let detail = format!("`{name}` has {length} entries; {most} are allowed");
                errors.push(FieldError::new(pointer, detail));
            }
            for (place, entry) in list.iter().enumerate() {
                sizes(entry, &format!("{pointer}/{place}"), errors);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                sizes(field, &format!("{pointer}/{name}"), errors);
            }
        }
        _ => {}
    }
}

/// How many entries the list at this pointer may have. Of samples there are as many as an
/// experiment takes.
fn most_entries(pointer: &str) -> usize {
    if pointer.ends_with("/samples") { limits::SAMPLES_MAX as usize } else { LIST_MAX }
}

/// That no two entries of a list are called the same: links lead to them by name.
fn unique<T: Hash + Eq + ToString>(
    names: impl Iterator<Item = T>,
    list: &str,
    field: &str,
    errors: &mut Vec<FieldError>,
) {
    let mut known = HashSet::new();
    for (place, name) in names.enumerate() {
        let text = name.to_string();
        if !known.insert(name) {
            let detail = format!("`{field}` is \"{}\" a second time", cut(&text));
            errors.push(FieldError::new(format!("{list}/{place}/{field}"), detail));
        }
    }
}

fn check_row(row: &Row, pointer: &str, errors: &mut Vec<FieldError>) {
    if row.measures.is_empty() {
        let pointer = format!("{pointer}/measures");
        errors.push(FieldError::new(pointer, "`measures` is empty: there is nothing to show"));
    }
    for (place, claim) in row.claims.iter().enumerate() {
        let tolerance = claim.tolerance;
        if !tolerance.is_finite() || tolerance < 1.0 {
            let detail = format!("`tolerance` is {tolerance}; it must be a number from 1");
            errors.push(FieldError::new(format!("{pointer}/claims/{place}/tolerance"), detail));
        }
    }
    for (place, verdict) in row.verdicts.iter().enumerate() {
        check_word(verdict.word, format!("{pointer}/verdicts/{place}/word"), errors);
    }
    let list = format!("{pointer}/measures");
    unique(row.measures.iter().map(|measure| &measure.id), &list, "id", errors);
    for (place, measure) in row.measures.iter().enumerate() {
        check_measure(measure, &format!("{list}/{place}"), errors);
    }
}

fn check_measure(measure: &Measure, pointer: &str, errors: &mut Vec<FieldError>) {
    let list = format!("{pointer}/cells");
    unique(measure.cells.iter().map(|cell| cell.executor), &list, "executor", errors);
    for (place, cell) in measure.cells.iter().enumerate() {
        check_cell(cell, &format!("{list}/{place}"), errors);
    }
}

fn check_cell(cell: &MeasureCell, pointer: &str, errors: &mut Vec<FieldError>) {
    if let Some(estimate) = cell.estimate {
        check_estimate(estimate, format!("{pointer}/estimate"), errors);
    }
    for (place, sample) in cell.samples.iter().enumerate() {
        if !sample.is_finite() {
            let detail = format!("`samples` has {sample}; that is no number");
            errors.push(FieldError::new(format!("{pointer}/samples/{place}"), detail));
        }
    }
    for (place, evidence) in cell.evidence.iter().enumerate() {
        let pointer = format!("{pointer}/evidence/{place}/experiment");
        check_id(&evidence.experiment, pointer, errors);
    }
    if let Some(word) = cell.verdict {
        check_word(word, format!("{pointer}/verdict"), errors);
    }
    if let Some(published) = &cell.published
        && !published.url.starts_with("https://")
        && !published.url.starts_with("http://")
    {
        let url = cut(&published.url);
        let detail = format!("`url` is \"{url}\"; it must begin with https:// or http://");
        errors.push(FieldError::new(format!("{pointer}/published/url"), detail));
    }
}

fn check_estimate(estimate: Estimate, pointer: String, errors: &mut Vec<FieldError>) {
    let Estimate { value, low, high, .. } = estimate;
    let slack = value.abs() * ROUNDING;
    let is_within = low - slack <= value && value <= high + slack;
    if ![low, value, high].iter().all(|figure| figure.is_finite()) || low > high || !is_within {
        let detail = format!(
            "`estimate` is {value}, from {low} to {high}; that is no interval with a figure in it"
        );
        errors.push(FieldError::new(pointer, detail));
    }
}

fn check_word(word: Word, pointer: String, errors: &mut Vec<FieldError>) {
    if let Word::Overstated { factor } | Word::Understated { factor } = word
        && !(factor.is_finite() && factor > 0.0)
    {
        let detail = format!("`factor` is {factor}; it must be a number above 0");
        errors.push(FieldError::new(format!("{pointer}/factor"), detail));
    }
}

/// An id becomes part of links.
fn check_id(id: &str, pointer: String, errors: &mut Vec<FieldError>) {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if id.is_empty() || id.len() > 64 || !id.bytes().all(fits) {
        let detail = format!("`experiment` is \"{}\"; that is no id", cut(id));
        errors.push(FieldError::new(pointer, detail));
    }
}

/// A foreign text for an error message: short, whatever it is.
fn cut(text: &str) -> String {
    text.chars().take(60).collect()
}
