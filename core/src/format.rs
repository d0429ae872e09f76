//! How numbers are written for people, everywhere the same.

/// A duration in nanoseconds, with three significant digits: `5.12 ms`.
pub fn duration_ns(ns: f64) -> String {
    let (value, unit) = match ns.abs() {
        magnitude if magnitude < 999.5 => (ns, "ns"),
        magnitude if magnitude < 999.5e3 => (ns / 1e3, "µs"),
        magnitude if magnitude < 999.5e6 => (ns / 1e6, "ms"),
        _ => (ns / 1e9, "s"),
    };
    format!("{} {unit}", three_digits(value))
}

/// A number of bytes, with three significant digits, in powers of 1024: `9.61 KiB`.
pub fn bytes(bytes: f64) -> String {
    let mut value = bytes;
    let mut unit = "B";
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if value.abs() < 1023.5 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    format!("{} {unit}", three_digits(value))
}

/// A rate, with three significant digits: `31.2 M/s`.
pub fn per_second(rate: f64) -> String {
    let (value, prefix) = match rate.abs() {
        magnitude if magnitude < 999.5 => (rate, ""),
        magnitude if magnitude < 999.5e3 => (rate / 1e3, " k"),
        magnitude if magnitude < 999.5e6 => (rate / 1e6, " M"),
        _ => (rate / 1e9, " G"),
    };
    format!("{}{prefix}/s", three_digits(value))
}

/// A ratio for a sentence: `1.06×`, `38×`.
pub fn ratio(ratio: f64) -> String {
    let digits = match ratio.abs() {
        magnitude if magnitude < 1.995 => 2,
        magnitude if magnitude < 9.95 => 1,
        _ => 0,
    };
    format!("{ratio:.digits$}×")
}

/// A number without a unit: a whole one in full, any other with three significant digits.
pub fn number(value: f64) -> String {
    if value.fract() == 0.0 && (0.0..1e15).contains(&value) {
        return count(value as u64);
    }
    three_digits(value)
}

/// A whole number with narrow spaces between thousands: `10 000`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// Three significant digits, but never an exponent and never fewer than all digits before the point.
fn three_digits(value: f64) -> String {
    let digits = match value.abs() {
        0.0 => 0,
        magnitude if magnitude < 9.995 => 2,
        magnitude if magnitude < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_change_unit_before_they_need_a_fourth_digit() {
        let written = [0.0, 7.0, 999.4, 999.6, 5_123_000.0, 2.5e9].map(duration_ns);
        assert_eq!(written, ["0 ns", "7.00 ns", "999 ns", "1.00 µs", "5.12 ms", "2.50 s"]);
    }

    #[test]
    fn bytes_are_in_powers_of_1024() {
        assert_eq!([449.0, 9_840.0, 2_097_152.0].map(bytes), ["449 B", "9.61 KiB", "2.00 MiB"]);
    }

    #[test]
    fn rates_and_ratios_and_counts() {
        assert_eq!([12.0, 31.2e6].map(per_second), ["12.0/s", "31.2 M/s"]);
        assert_eq!([1.056, 5.25, 38.4].map(ratio), ["1.06×", "5.2×", "38×"]);
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(count(999), "999");
        assert_eq!([5.0, 1_200.0, 0.25, -3.0].map(number), ["5", "1\u{202f}200", "0.25", "-3.00"]);
    }
}
