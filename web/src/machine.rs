//! The cards of the machine and the browser behind the figures.

use crate::dom::{Content, El, classed, el};
use crate::explain;
use crate::list::Listed;
use crate::outline::Outline;
use filature_core::api::{BrowserCard, MachineCard, limits};
use filature_core::format;

/// The machine of the experiment that is shown, and the browser if one took part.
pub fn machines(outline: Outline) -> El {
    let cards = move || {
        outline.with(|experiment| {
            let Some(experiment) = experiment else { return Vec::new() };
            let browser = experiment.cells.iter().find_map(|cell| cell.browser.as_ref());
            let cards = [Some(machine_card(&experiment.machine)), browser.map(browser_card)];
            cards.into_iter().flatten().listed()
        })
    };
    titled("machines", "machine-title", "Measured on").child(classed("div", "cards").live(cards))
}

/// The card of a machine.
pub fn machine_card(card: &MachineCard) -> El {
    let rows = [
        ("Processor", card.cpu.clone()),
        ("Cores", card.cores.to_string()),
        ("Memory", format::bytes(card.memory_bytes as f64)),
        ("System", card.kernel.clone()),
        ("rustc", card.rustc.clone()),
        ("Tokio", card.tokio.clone()),
        ("Filature", format!("{}, {} build", card.filature, card.build)),
    ];
    let card = classed("dl", "card").id("machine-card");
    rows.into_iter().fold(card, |card, (name, value)| definition(card, name, value))
}

/// The card of a browser.
pub fn browser_card(card: &BrowserCard) -> El {
    let isolated = if card.cross_origin_isolated { "yes" } else { "no" };
    let list = classed("dl", "card").id("browser-card");
    let list = definition(list, "Browser", card.browser.clone());
    let list = definition(list, "Cores", card.cores.to_string());
    let step = format::duration_ns(card.clock_resolution_ns as f64);
    let list = definition(list, "Clock step", step);
    let limits = format!(
        "{} for the event loop, {} for Web Workers",
        format::bytes(limits::WASM_MEMORY_BYTES_MAX as f64),
        format::bytes(limits::SHARED_MEMORY_BYTES_MAX as f64),
    );
    let list = definition(list, "Memory, at most", limits);
    let list = match card.workers_max {
        Some(most) => definition(list, "Web Workers, at most", format::count(most.into())),
        None => list,
    };
    let term = explain::explained("Isolated", explain::ISOLATED.meaning);
    definition(list, term, isolated.to_owned())
}

/// Adds a name and its value to a list of definitions.
pub fn definition(list: El, name: impl Into<Content>, value: String) -> El {
    list.child(el("dt").child(name)).child(el("dd").child(value))
}

/// A section with its heading.
pub fn titled(class: &str, title_id: &str, title: &str) -> El {
    let heading = el("h2").id(title_id).child(title);
    classed("section", class).attr("aria-labelledby", title_id).child(heading)
}
