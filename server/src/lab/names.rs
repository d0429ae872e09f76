//! Names that nobody can guess, and the time as it is written.

use rand::Rng;

/// Random characters of `a-z0-9` that nobody can guess.
pub fn random_word(length: usize) -> String {
    const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut random = rand::rng();
    (0..length).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())])).collect()
}

/// The time, as it is stored and shown.
pub fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_of_the_characters_that_paths_take() {
        let word = random_word(16);
        assert_eq!(word.len(), 16);
        assert!(word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
        assert_ne!(word, random_word(16));
    }

    #[test]
    fn the_time_is_written_in_utc_to_the_millisecond() {
        let time = now();
        assert_eq!(time.len(), "2026-11-22T12:00:00.000Z".len());
        assert!(time.ends_with('Z') && time.parse::<jiff::Timestamp>().is_ok());
    }
}
