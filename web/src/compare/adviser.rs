//! The adviser: what to take for so many units, by the cells of the table.

use super::{View, part, path};
use crate::api::{self, start};
use crate::dom::{El, classed, document, el};
use crate::list::Listed;
use crate::signal::Live;
use filature_core::api::{Advice, Reason};
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlElement, HtmlInputElement};

/// Lets the form of the view ask about the comparison that is shown.
pub fn adviser(view: View, node: &HtmlElement) {
    let advice = Live::new(None::<Result<Advice, String>>);
    let ask = move |event: Event| {
        event.prevent_default();
        let Some(id) = view.id.get_untracked() else { return };
        let query = [
            "/advice?units=",
            &typed("advice-units"),
            "&lifetime_ms=",
            &typed("advice-lifetime"),
            "&work=",
            &typed("advice-work"),
        ];
        let query = path(&id, &query.concat());
        start(async move {
            let answer = api::get::<Advice>(&query).await;
            advice.set(Some(answer.map_err(|failure| {
                view.app.note(&failure);
                failure.text()
            })));
        });
    };
    part(node, "#advice-form").on("submit", ask);
    part(node, "#advice")
        .live(move || advice.with(|advice| advice.as_ref().map(shown).unwrap_or_default()));
}

/// What a field holds, as a part of an address; digits may be grouped by spaces.
fn typed(id: &str) -> String {
    let field = document().get_element_by_id(id);
    let text = field.map(|field| field.unchecked_ref::<HtmlInputElement>().value());
    let text = text.unwrap_or_default().replace(['\u{202f}', '_', ' '], "");
    String::from(js_sys::encode_uri_component(&text))
}

fn shown(advice: &Result<Advice, String>) -> Vec<El> {
    match advice {
        Err(why) => vec![classed("p", "error").child(why.as_str())],
        Ok(advice) => vec![
            classed("p", "lead").child(advice.answer.as_str()),
            el("ul").child(advice.reasons.iter().map(reason).listed()),
        ],
    }
}

fn reason(reason: &Reason) -> El {
    let link = reason.cites.as_ref().map(|cell| {
        let place = format!("#cell-{}-{}-{}", cell.row, cell.measure, cell.executor.id());
        el("a").attr("href", &place).child("see the cell")
    });
    el("li").child(reason.sentence.as_str()).child(" ").child(link)
}
