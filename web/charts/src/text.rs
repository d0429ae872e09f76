//! How wide text is, and how labels keep out of one another's way. An SVG can't ask
//! the browser, so the width is estimated, rather too wide than too narrow.

use crate::scale::within;

/// The size of all text in a chart but its title, in CSS pixels.
pub(crate) const FONT_SIZE: f64 = 12.0;

/// How much wider bold text is.
pub(crate) const BOLD: f64 = 1.15;

/// The height of a line of that text.
pub(crate) const LINE_HEIGHT: f64 = 15.0;

/// Marks text that was cut.
const ELLIPSIS: char = '…';

/// An estimate of how wide `text` is at `size` pixels, in a usual sans-serif font.
pub fn text_width(text: &str, size: f64) -> f64 {
    text.chars().map(em_width).sum::<f64>() * size
}

/// The width of one character in em; those of DejaVu Sans, which is a wide one.
fn em_width(letter: char) -> f64 {
    match letter {
        ' ' | '\u{a0}' | '\u{202f}' | '.' | ',' | '\'' | 'i' | 'j' | 'l' | '|' | ':' | ';' => 0.33,
        '(' | ')' | '-' | '/' | '!' | 'f' | 't' | 'r' | 'I' => 0.42,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 0.98,
        'A'..='Z' => 0.72,
        '0'..='9' | 'a'..='z' | 'µ' | '–' => 0.64,
        '\u{1100}'.. => 1.05,
        _ => 0.84,
    }
}

/// Writes `value`, below 10^14, with at most `digits` digits after the point. It saves
/// a page the general printer of floats.
pub(crate) fn push_decimal(text: &mut String, value: f64, digits: u32) {
    let unit = 10_u64.pow(digits);
    let parts = (value * unit as f64).round() as i64;
    if parts < 0 {
        text.push('-');
    }
    let (whole, mut rest) = (parts.unsigned_abs() / unit, parts.unsigned_abs() % unit);
    text.push_str(&whole.to_string());
    let mut place = unit / 10;
    if rest > 0 {
        text.push('.');
    }
    while rest > 0 {
        text.push(char::from(b'0' + (rest / place) as u8));
        rest %= place;
        place /= 10;
    }
}

/// The same for the names of series and the values of medians, which are bold.
pub(crate) fn bold_width(text: &str) -> f64 {
    text_width(text, FONT_SIZE) * BOLD
}

/// `text`, cut so that it is at most `most` pixels wide.
pub(crate) fn shortened(text: &str, most: f64) -> String {
    if text_width(text, FONT_SIZE) <= most {
        return text.to_owned();
    }
    let mut left = most - em_width(ELLIPSIS) * FONT_SIZE;
    let mut short = String::new();
    for letter in text.chars() {
        left -= em_width(letter) * FONT_SIZE;
        if left < 0.0 {
            break;
        }
        short.push(letter);
    }
    short.truncate(short.trim_end().len());
    short.push(ELLIPSIS);
    short
}

/// Moves ascending centres apart until each is at least half of both `sizes` from its
/// neighbour, as near to where they were as that allows, and within `low..=high` if
/// they all fit there.
pub(crate) fn spread(centres: &[f64], sizes: &[f64], low: f64, high: f64) -> Vec<f64> {
    let mut placed: Vec<f64> = Vec::with_capacity(centres.len());
    let gap = |place: usize| (sizes[place - 1] + sizes[place]) / 2.0;
    // Blocks of labels that touch: each settles at the mean of what its labels want.
    let mut blocks: Vec<(usize, f64, f64)> = Vec::new();
    let mut offset = 0.0;
    for (place, centre) in centres.iter().enumerate() {
        offset += if place > 0 { gap(place) } else { 0.0 };
        blocks.push((1, centre - offset, offset));
        while blocks.len() > 1 && blocks[blocks.len() - 2].1 > blocks[blocks.len() - 1].1 {
            let (count, start, _) = blocks.pop().expect("there are at least two blocks");
            let before = blocks.last_mut().expect("there are at least two blocks");
            let both = before.0 + count;
            before.1 = (before.1 * before.0 as f64 + start * count as f64) / both as f64;
            before.0 = both;
        }
    }
    let length = offset;
    let first = low + sizes.first().copied().unwrap_or(0.0) / 2.0;
    let last = (high - sizes.last().copied().unwrap_or(0.0) / 2.0 - length).max(first);
    let mut offset = 0.0;
    for (count, start, _) in blocks {
        for _ in 0..count {
            let place = placed.len();
            offset += if place > 0 { gap(place) } else { 0.0 };
            placed.push(within(start, first, last) + offset);
        }
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_with_room_stay_where_they_are() {
        assert_eq!(spread(&[10.0, 50.0], &[15.0, 15.0], 0.0, 100.0), [10.0, 50.0]);
    }

    #[test]
    fn labels_that_touch_move_apart_evenly_and_stay_inside() {
        assert_eq!(spread(&[50.0, 50.0], &[10.0, 10.0], 0.0, 100.0), [45.0, 55.0]);
        assert_eq!(spread(&[98.0, 99.0], &[10.0, 10.0], 0.0, 100.0), [85.0, 95.0]);
        assert_eq!(spread(&[1.0, 1.0, 1.0], &[10.0; 3], 0.0, 100.0), [5.0, 15.0, 25.0]);
    }

    #[test]
    fn numbers_are_short_and_rounded() {
        let written = [0.0, -0.001, 1.5, -2.25, 1.004, 1200.999, 3.0999, 0.05].map(|value| {
            let mut text = String::new();
            push_decimal(&mut text, value, 2);
            text
        });
        assert_eq!(written, ["0", "0", "1.5", "-2.25", "1", "1201", "3.1", "0.05"]);
    }

    #[test]
    fn text_that_is_too_wide_ends_in_an_ellipsis() {
        assert_eq!(shortened("Tokio", 200.0), "Tokio");
        let short = shortened("A very long name of an executor", 100.0);
        assert!(short.ends_with('…') && text_width(&short, FONT_SIZE) <= 100.0, "{short}");
    }
}
