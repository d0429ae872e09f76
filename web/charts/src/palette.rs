//! The colours of the executors: on the page's background each has a contrast of at
//! least 4.5:1, in light and dark, and colour-blind readers can tell them apart.

/// The colour of one executor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExecutorColour {
    /// The executor's id, such as `tokio-multi`.
    pub id: &'static str,
    /// The colour on a light background, such as `#fbfaf7`.
    pub light: &'static str,
    /// The colour on a dark background, such as `#15171a`.
    pub dark: &'static str,
}

/// The colours of all executors, in the order in which they are shown.
pub const PALETTE: [ExecutorColour; 5] = [
    ExecutorColour { id: "threads", light: "#bc4711", dark: "#fe8f60" },
    ExecutorColour { id: "tokio-multi", light: "#304cb8", dark: "#6f9dff" },
    ExecutorColour { id: "tokio-current", light: "#007c86", dark: "#4fd8cb" },
    ExecutorColour { id: "browser-loop", light: "#7b2279", dark: "#c27cba" },
    ExecutorColour { id: "browser-workers", light: "#50452e", dark: "#ecd35b" },
];

#[cfg(test)]
mod tests {
    use super::*;

    type Vector = [f64; 3];

    /// How a colour in linear sRGB looks to a reader: with usual sight, and with full
    /// protanopia, deuteranopia or tritanopia (Machado, Oliveira and Fernandes, 2009).
    const SIGHTS: [[Vector; 3]; 4] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ],
    ];

    fn linear(hex: &str) -> Vector {
        [1, 3, 5].map(|at| {
            let byte = u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
            let share = f64::from(byte) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        })
    }

    fn times(matrix: &[Vector; 3], vector: Vector) -> Vector {
        matrix.map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum())
    }

    /// The contrast ratio of WCAG 2.
    fn contrast(a: &str, b: &str) -> f64 {
        let luminance = |hex| {
            let [red, green, blue] = linear(hex);
            0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05
        };
        let (a, b): (f64, f64) = (luminance(a), luminance(b));
        a.max(b) / a.min(b)
    }

    /// Oklab (Ottosson, 2020), in which distances are about as large as they look.
    fn oklab(rgb: Vector) -> Vector {
        let cones = times(
            &[
                [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
                [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
                [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
            ],
            rgb.map(|part| part.clamp(0.0, 1.0)),
        );
        times(
            &[
                [0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8],
                [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9],
                [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0],
            ],
            cones.map(f64::cbrt),
        )
    }

    #[test]
    fn every_colour_has_the_contrast_of_text() {
        for colour in PALETTE {
            let ratios = (contrast(colour.light, "#fbfaf7"), contrast(colour.dark, "#15171a"));
            assert!(ratios.0 >= 4.5 && ratios.1 >= 4.5, "{} {ratios:?}", colour.id);
        }
    }

    #[test]
    fn colour_blind_readers_can_tell_every_two_colours_apart() {
        for scheme in [PALETTE.map(|c| c.light), PALETTE.map(|c| c.dark)] {
            for sight in &SIGHTS {
                let seen = scheme.map(|hex| oklab(times(sight, linear(hex))));
                for (place, a) in seen.iter().enumerate() {
                    for (other, b) in seen[..place].iter().enumerate() {
                        let squares: f64 = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum();
                        // About four times the least difference that the eye can see.
                        assert!(squares.sqrt() > 0.08, "{} {}", scheme[place], scheme[other]);
                    }
                }
            }
        }
    }
}
