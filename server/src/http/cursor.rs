//! The cursor of the history: opaque to clients, checked when it comes back.

use std::hash::{DefaultHasher, Hasher};

/// The cursor that continues before the experiment with this number.
pub(super) fn encode(before: i64) -> String {
    format!("{before:016x}{:08x}", check(before))
}

/// The number in a cursor; `None` for anything that [`encode`] has not made.
pub(super) fn decode(cursor: &str) -> Option<i64> {
    let number = cursor.get(..16)?;
    let before = i64::from_str_radix(number, 16).ok()?;
    (encode(before) == cursor).then_some(before)
}

fn check(before: i64) -> u32 {
    let mut hasher = DefaultHasher::new();
    hasher.write_i64(before);
    hasher.finish() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        for before in [1, 2, 1_000_000, i64::MAX] {
            assert_eq!(decode(&encode(before)), Some(before));
        }
    }

    #[test]
    fn what_was_not_made_here_is_no_cursor() {
        let real = encode(7);
        let other = encode(8);
        let forged = format!("{}{}", &other[..16], &real[16..]);
        let long = format!("{real}0");
        let shouted = encode(0xabc).to_uppercase();
        for garbage in
            ["", "7", "garbage", "é", "ééééééééééééé", &real[..23], &long, &forged, &shouted]
        {
            assert_eq!(decode(garbage), None, "{garbage}");
        }
    }
}
