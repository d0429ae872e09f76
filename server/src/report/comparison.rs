//! A comparison as HTML.

use filature_core::api::Comparison;
use maud::{DOCTYPE, Markup, html};

/// The whole as one self-contained file, with comparisons of other machines beside it.
pub fn page(comparison: &Comparison, others: &[Comparison]) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { "Threads or tasks? · Filature" } }
            body { (tables(comparison, others)) }
        }
    };
    page.into_string()
}

/// The table alone.
pub fn fragment(comparison: &Comparison, others: &[Comparison]) -> String {
    tables(comparison, others).into_string()
}

fn tables(comparison: &Comparison, others: &[Comparison]) -> Markup {
    html! {
        @for shown in std::iter::once(comparison).chain(others) {
            section {
                h2 { (shown.machine.cpu) }
                pre { (filature_core::comparison::markdown(shown)) }
            }
        }
    }
}
