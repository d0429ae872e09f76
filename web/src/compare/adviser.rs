//! The adviser: what to take for so many units, by the cells of the table.

use super::{View, path};
use crate::api::{self, start};
use crate::dom::{El, classed, el};
use crate::fields::number_input;
use crate::list::Listed;
use crate::signal::Live;
use filature_core::api::{Advice, Reason};

/// What units can do, and its name in the API.
const WORK: [(&str, &str); 3] = [
    ("waiting", "wait for sockets, timers or channels"),
    ("blocking", "make calls that block"),
    ("computing", "compute"),
];

/// The adviser of the comparison that is shown.
pub fn adviser(view: View) -> El {
    let (units, lifetime) = (Live::new("10000".to_owned()), Live::new("100".to_owned()));
    let work = Live::new(WORK[0].0.to_owned());
    let advice = Live::new(None::<Result<Advice, String>>);
    let ask = move |event: web_sys::Event| {
        event.prevent_default();
        let Some(id) = view.id.get_untracked() else { return };
        let number = |text: &str| text.replace(['\u{202f}', '_', ' '], "");
        let encoded = |text: &str| String::from(js_sys::encode_uri_component(text));
        let query = format!(
            "/advice?units={}&lifetime_ms={}&work={}",
            encoded(&units.with_untracked(|text| number(text))),
            encoded(&lifetime.with_untracked(|text| number(text))),
            work.get_untracked(),
        );
        start(async move {
            let answer = api::get::<Advice>(&path(&id, &query)).await;
            advice.set(Some(answer.map_err(|failure| {
                view.app.note(&failure);
                failure.text()
            })));
        });
    };
    let number = |id: &'static str, value: Live<String>| {
        number_input(id, "advice")
            .live_value(move || value.get())
            .on_value("input", move |text| value.set(text))
    };
    let label = |id: &str, text: &str| el("label").attr("for", id).child(text);
    let options = WORK.iter().fold(el("select").id("advice-work"), |select, (id, words)| {
        select.child(el("option").attr("value", id).child(*words))
    });
    let form = el("form")
        .attr("class", "advice-form")
        .child(label("advice-units", "Units alive at once"))
        .child(number("advice-units", units))
        .child(label("advice-lifetime", "Each lives, in milliseconds"))
        .child(number("advice-lifetime", lifetime))
        .child(label("advice-work", "Most of the time they"))
        .child(options.on_value("change", move |id| work.set(id)))
        .child(
            classed("button", "secondary").attr("type", "submit").id("advice-ask").child("Advise"),
        )
        .on("submit", ask);
    el("section")
        .attr("aria-labelledby", "advice-title")
        .child(el("h2").id("advice-title").child("Which would I take?"))
        .child(classed("p", "help").child("By the measured cells above, and nothing else."))
        .child(form)
        .child(
            classed("div", "advice")
                .id("advice")
                .attr("role", "status")
                .live(move || advice.with(|advice| advice.as_ref().map(shown).unwrap_or_default())),
        )
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
