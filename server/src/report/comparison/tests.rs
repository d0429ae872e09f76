//! Whatever a comparison holds is in its HTML, and what somebody wrote is text in it.

use super::sample::{other, own};
use super::{fragment, page};
use filature_core::api::Comparison;

/// The text as HTML writes it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn has(html: &str, text: &str) {
    assert!(html.contains(&escaped(text)), "no {text:?} in {html}");
}

/// Everything that a table says.
fn all_texts(comparison: &Comparison) -> Vec<&str> {
    let mut all: Vec<&str> = comparison.answers.iter().map(String::as_str).collect();
    for row in &comparison.rows {
        all.extend([row.title.as_str(), &row.question]);
        all.extend(row.claims.iter().flat_map(|claim| [claim.text.as_str(), &claim.reading]));
        all.extend(row.verdicts.iter().map(|verdict| verdict.sentence.as_str()));
        for measure in &row.measures {
            all.extend([measure.title.as_str(), &measure.how]);
            all.extend(measure.details.iter().map(String::as_str));
            for cell in &measure.cells {
                all.push(&cell.text);
                all.extend(cell.note.as_deref());
                let published = cell.published.iter();
                all.extend(published.flat_map(|it| [it.text.as_str(), &it.machine, &it.source]));
            }
        }
    }
    all
}

#[test]
fn every_row_measure_cell_claim_verdict_and_note_is_there() {
    let own = own();
    for html in [fragment(&own, &[]), page(&own, &[])] {
        for text in all_texts(&own) {
            has(&html, text);
        }
        for row in &own.rows {
            assert!(html.contains(&format!("id=\"row-{}\"", row.id)), "{}", row.id);
            for measure in &row.measures {
                assert!(html.contains(&format!("id=\"how-{}-{}\"", row.id, measure.id)));
                for cell in &measure.cells {
                    let id = format!("id=\"cell-{}-{}-{}\"", row.id, measure.id, cell.executor);
                    assert_eq!(html.matches(&id).count(), 1, "{id}");
                }
            }
        }
    }
}

#[test]
fn every_word_and_every_state_is_said() {
    let html = fragment(&own(), &[]);
    let words =
        ["confirmed", "overstated 855×", "understated 7.5×", "depends", "not measurable here"];
    let states = ["waiting", "measuring", "refused", "failed", "cancelled", "interrupted"];
    for word in words.into_iter().chain(states) {
        assert!(html.contains(&format!(">{word}<")), "{word}");
    }
    assert!(html.contains("up to 12 % of the machine"), "{html}");
}

#[test]
fn a_browser_is_not_held_against_claims() {
    let mut own = own();
    let held = |html: &str| {
        ["class=\"claim\"", ">~8 MB</span>", ">~2 KB</span>"].map(|it| html.matches(it).count())
    };
    let before = held(&fragment(&own, &[]));
    assert!(before[0] > 0 && before[1..] == [1, 2], "{before:?}");
    let cells = &mut own.rows[0].measures[0].cells;
    let estimate = cells[0].estimate;
    for cell in cells.iter_mut().filter(|cell| !cell.executor.is_native()) {
        cell.estimate = estimate;
    }
    assert_eq!(held(&fragment(&own, &[])), before);
}

#[test]
fn a_table_that_is_not_finished_has_nothing_unmeasurable_yet() {
    let mut own = own();
    own.state = filature_core::api::State::Running;
    let html = fragment(&own, &[]);
    assert!(html.contains("not yet measured") && !html.contains("not measurable here"), "{html}");
}

#[test]
fn samples_are_told_and_experiments_where_they_can_be_opened() {
    let (samples, id) = ("OS threads: 9.39 KiB, 9.58 KiB, 9.77 KiB", "e000000000000001");
    let own = own();
    let part = fragment(&own, &[]);
    let link = format!("{samples}; <a href=\"/e/{id}\">experiment {id}</a>, cells 1, 2");
    assert!(part.contains(&link) && part.contains("with the source that ran"), "{part}");
    // A file may be read anywhere, and an imported table was measured elsewhere.
    for html in [page(&own, &[]), fragment(&other(), &[])] {
        assert!(html.contains(samples), "{html}");
        assert!(!html.contains(id) && !html.contains("with the source that ran"), "{html}");
    }
}

#[test]
fn a_figure_without_samples_still_leads_to_its_experiment() {
    let mut own = own();
    for row in &mut own.rows {
        row.measures.iter_mut().flat_map(|it| &mut it.cells).for_each(|it| it.samples.clear());
    }
    let part = fragment(&own, &[]);
    assert!(part.contains("/e/e000000000000001") && !part.contains("The samples"), "{part}");
    assert!(!page(&own, &[]).contains("class=\"evidence\""), "there is nothing to tell");
}

#[test]
fn tables_of_other_machines_stand_beside_with_their_figures() {
    let (own, other) = (own(), other());
    let html = fragment(&own, std::slice::from_ref(&other));
    has(&html, "0.6 of 9.58 KiB");
    has(&html, "<b>Ryzen</b> 9 7950X, 16 cores");
    assert!(html.contains("2026-10-02"), "{html}");
    // Its cells have no ids of their own: those are the table's that is shown.
    assert_eq!(html.matches("id=\"cell-memory-resident-threads\"").count(), 1);
}

#[test]
fn what_somebody_wrote_is_text() {
    let mut foreign = other();
    let markup = "\"><script>alert(1)</script><img src=x onerror=alert(1)>";
    foreign.answers.push(markup.to_owned());
    for row in &mut foreign.rows {
        row.id.push_str(markup);
        row.title.push_str(markup);
        row.question.push_str(markup);
        for measure in &mut row.measures {
            measure.id.push_str(markup);
            measure.title.push_str(markup);
            measure.how.push_str(markup);
            measure.details.push(markup.to_owned());
            for cell in &mut measure.cells {
                cell.text.push_str(markup);
                cell.note = Some(markup.to_owned());
            }
        }
        for claim in &mut row.claims {
            claim.text.push_str(markup);
            claim.reading.push_str(markup);
        }
    }
    for html in [fragment(&foreign, &[own()]), page(&own(), std::slice::from_ref(&foreign))] {
        for wrong in ["<script", "<img", "<b>Ryzen", "href=\"javascript:"] {
            assert!(!html.contains(wrong), "{wrong}");
        }
    }
}

#[test]
fn a_report_loads_nothing_and_a_fragment_has_no_style_of_its_own() {
    let report = page(&own(), &[other()]);
    for wrong in ["<script", "<link", " src=", "url(", "@import", " style=\""] {
        assert!(!report.contains(wrong), "{wrong}");
    }
    assert!(report.contains("<style>") && report.contains("<svg"));
    let part = fragment(&own(), &[other()]);
    for wrong in ["<style", "style=\"", "<script"] {
        assert!(!part.contains(wrong), "{wrong}");
    }
}

#[test]
fn a_comparison_that_has_nothing_yet_is_a_table_without_rows() {
    let mut empty = own();
    empty.answers.clear();
    empty.rows.clear();
    let html = fragment(&empty, &[]);
    has(&html, "AMD EPYC 7B13, 2 cores");
    assert!(!html.contains("<table"), "{html}");
}
