//! What is written at the ticks of an axis: short numbers, in one unit where they can
//! share one.

use crate::Axis;
use crate::scale::ten_to;
use crate::text::push_decimal;

/// What is written at the ticks, and the unit if they share one.
pub(crate) fn labels(axis: &Axis, values: &[f64], log: bool) -> (Vec<String>, Option<String>) {
    let written: Vec<String> = values.iter().map(|value| written(axis, *value)).collect();
    let parts: Vec<(&str, &str)> = written.iter().map(|label| number_and_unit(label)).collect();
    let mut units = parts.iter().filter(|(number, _)| *number != "0").map(|(_, unit)| *unit);
    let first = units.next().unwrap_or("");
    if first.starts_with(' ') && units.all(|unit| unit == first) {
        let numbers = parts.iter().map(|(number, _)| (*number).to_owned()).collect();
        return (numbers, Some(first.trim().to_owned()));
    }
    if let Some((numbers, unit)) = in_one_unit(values, &parts).filter(|_| !log) {
        return (numbers, Some(unit));
    }
    let whole = written.iter().zip(&parts);
    let whole = whole.map(|(label, (number, _))| if *number == "0" { number } else { &**label });
    (whole.map(str::to_owned).collect(), None)
}

/// Ticks whose units differ, written in the unit of the last: 0.5 and 1 ms instead of
/// 500 µs and 1 ms. `None` where the numbers would not be round.
fn in_one_unit(values: &[f64], parts: &[(&str, &str)]) -> Option<(Vec<String>, String)> {
    let (number, unit) = parts.last()?;
    let unit_value = values.last()? / parsed(number)?;
    if !unit.starts_with(' ') {
        return None;
    }
    let number = |value: &f64| {
        let exact = value / unit_value;
        let round = (exact * 1e4).round() / 1e4;
        let mut text = String::new();
        push_decimal(&mut text, round, 4);
        ((round - exact).abs() <= exact.abs() * 1e-9).then_some(text)
    };
    Some((values.iter().map(number).collect::<Option<_>>()?, unit.trim().to_owned()))
}

/// The value of a number of digits and at most one point. It saves a page the general
/// reader of floats.
fn parsed(number: &str) -> Option<f64> {
    let (whole, rest) = number.split_once('.').unwrap_or((number, ""));
    let digit = |value: f64, digit: char| Some(value * 10.0 + f64::from(digit.to_digit(10)?));
    let value = whole.chars().chain(rest.chars()).try_fold(0.0, digit)?;
    (value > 0.0).then(|| value / ten_to(rest.len() as i32))
}

/// A value as the axis writes it, without zeros that say nothing: `5 ms`, not `5.00 ms`.
pub(crate) fn written(axis: &Axis, value: f64) -> String {
    let full = (axis.format)(value);
    let (number, unit) = number_and_unit(&full);
    if !number.contains('.') {
        return full;
    }
    let mut short = number.trim_end_matches('0').trim_end_matches('.').to_owned();
    short.push_str(unit);
    short
}

/// Splits `5.00 ms` into `5.00` and ` ms`.
pub(crate) fn number_and_unit(label: &str) -> (&str, &str) {
    let of_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '−' | '\u{202f}');
    label.split_at(label.find(|c| !of_number(c)).unwrap_or(label.len()))
}

/// The axis title with the shared unit, and whether the scale is logarithmic.
pub(crate) fn title(title: &str, unit: Option<String>, log: bool) -> String {
    let mut text = title.to_owned();
    if let Some(unit) = unit {
        text.push_str(" (");
        text.push_str(&unit);
        text.push(')');
    }
    if log {
        text.push_str(", log scale");
    }
    text
}
