//! What measured intervals say of a claim: intervals in, words out. No word is ever typed.

use crate::api::{Claim, Estimate, Measure, RowVerdict, Unit, Word};
use crate::executor::Body;
use crate::format;

/// What one measured interval says of a claim.
///
/// An interval within the claim, widened by its tolerance, confirms it; one that lies
/// wholly outside makes it overstated or understated, by the distance of the measured figure
/// from the figure as it is written; one that reaches across an end decides nothing, and
/// neither does a figure that is not above zero.
pub fn judge(estimate: &Estimate, claim: &Claim) -> Word {
    let Estimate { value, low, high, .. } = *estimate;
    if value <= 0.0 {
        return Word::Depends;
    }
    let least = claim.low.map(|end| end / claim.tolerance);
    let most = claim.high.map(|end| end * claim.tolerance);
    if let Some(least) = least.filter(|least| high < *least) {
        return Word::Overstated { factor: claim.low.unwrap_or(least) / value };
    }
    if let Some(most) = most.filter(|most| low > *most) {
        return Word::Understated { factor: value / claim.high.unwrap_or(most) };
    }
    let within = least.is_none_or(|least| low >= least) && most.is_none_or(|most| high <= most);
    if within { Word::Confirmed } else { Word::Depends }
}

/// Fills in what each native cell of the measures that a claim is held against says of it: a
/// browser is another machine.
pub(super) fn judge_cells(measures: &mut [Measure], claims: &[Claim]) {
    for measure in measures.iter_mut().filter(|measure| measure.is_claimed) {
        for cell in measure.cells.iter_mut().filter(|cell| cell.executor.is_native()) {
            let claim = claims.iter().find(|claim| claim.body == cell.executor.body());
            cell.verdict =
                claim.zip(cell.estimate.as_ref()).map(|(claim, estimate)| judge(estimate, claim));
        }
    }
}

/// What all judged measures together say of each claim.
pub(super) fn row_verdicts(measures: &[Measure], claims: &[Claim]) -> Vec<RowVerdict> {
    claims.iter().map(|claim| row_verdict(measures, claim)).collect()
}

fn row_verdict(measures: &[Measure], claim: &Claim) -> RowVerdict {
    let judged: Vec<Judged> = measures
        .iter()
        .flat_map(|measure| measure.cells.iter().map(move |cell| (measure, cell)))
        .filter(|(_, cell)| cell.executor.body() == claim.body)
        .filter_map(|(measure, cell)| {
            let (word, value) = (cell.verdict?, cell.estimate?.value);
            let title = measure.title.to_lowercase();
            // Only tasks run on more than one native executor.
            let name = match claim.body {
                Body::Threads => title,
                Body::Tasks => format!("{title}, {}", cell.executor.title()),
            };
            Some(Judged { word, value, name, text: cell.text.clone() })
        })
        .collect();
    let word = together(&judged.iter().map(|judged| judged.word).collect::<Vec<_>>());
    RowVerdict { body: Some(claim.body), word, sentence: sentence(claim, word, &judged) }
}

/// A cell that was held against a claim.
struct Judged {
    word: Word,
    value: f64,
    name: String,
    text: String,
}

/// The word for several: theirs, where all say the same, with the factor nearest to 1.
pub fn together(words: &[Word]) -> Word {
    let Some((first, others)) = words.split_first() else { return Word::Unknown };
    others.iter().fold(*first, |all, word| match (all, *word) {
        (Word::Confirmed, Word::Confirmed) => Word::Confirmed,
        (Word::Overstated { factor: a }, Word::Overstated { factor: b }) => {
            Word::Overstated { factor: a.min(b) }
        }
        (Word::Understated { factor: a }, Word::Understated { factor: b }) => {
            Word::Understated { factor: a.min(b) }
        }
        _ => Word::Depends,
    })
}

fn sentence(claim: &Claim, word: Word, judged: &[Judged]) -> String {
    let who = match claim.body {
        Body::Threads => "threads",
        Body::Tasks => "tasks",
    };
    let by_value = |a: &&Judged, b: &&Judged| a.value.total_cmp(&b.value);
    let (Some(least), Some(most)) =
        (judged.iter().min_by(by_value), judged.iter().max_by(by_value))
    else {
        return format!("{} for {who}: nothing was measured to hold against it.", claim.text);
    };
    let measured = if least.text == most.text {
        least.text.clone()
    } else {
        format!("{} to {}", least.text, most.text)
    };
    let said = format!("{} for {who}", claim.text);
    match word {
        Word::Confirmed => format!("{said} is confirmed: {measured} here."),
        Word::Overstated { .. } | Word::Understated { .. } => {
            format!("{said} is {}: {measured} here.", in_words(word))
        }
        _ => {
            let groups = [
                ("Confirmed", of(judged, |word| word == Word::Confirmed)),
                ("Overstated", of(judged, |word| matches!(word, Word::Overstated { .. }))),
                ("Understated", of(judged, |word| matches!(word, Word::Understated { .. }))),
                ("On the edge of it", of(judged, |word| word == Word::Depends)),
            ];
            let told = groups.iter().filter(|(_, names)| !names.is_empty());
            let told: Vec<String> =
                told.map(|(word, names)| format!("{word}: {}.", names.join("; "))).collect();
            format!("{said} depends on what is meant. {}", told.join(" "))
        }
    }
}

/// The cells of which a word is said, each with its figure.
fn of(judged: &[Judged], is: impl Fn(Word) -> bool) -> Vec<String> {
    let named = judged.iter().filter(|judged| is(judged.word));
    named.map(|Judged { name, text, .. }| format!("{name}, {text}")).collect()
}

/// A word as people read it: `overstated 830×`.
pub fn in_words(word: Word) -> String {
    match word {
        Word::Confirmed => "confirmed".to_owned(),
        Word::Overstated { factor } => format!("overstated {}", format::ratio(factor)),
        Word::Understated { factor } => format!("understated {}", format::ratio(factor)),
        Word::Depends => "depends".to_owned(),
        Word::Compared => "compared".to_owned(),
        Word::Unknown => "not known".to_owned(),
    }
}

/// A figure as people read it.
pub fn figure(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Ns => format::duration_ns(value),
        Unit::Bytes => format::bytes(value),
        Unit::Units => format::count(value.max(0.0).round() as u64),
        Unit::Number => format::number((value * 100.0).round() / 100.0),
    }
}
