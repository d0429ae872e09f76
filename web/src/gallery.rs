//! The workloads: the chosen one with its presets in the form, and the gallery of all of
//! them, grouped by what one learns, over the page or below what the chosen one is about.

use crate::dom::{El, classed, document, el};
use crate::draft::Draft;
use crate::fields::field_error;
use crate::list::Listed;
use crate::route::is_plain_click;
use crate::signal::{memo, untrack};
use crate::state::App;
use filature_charts::{SKETCH_SIGNS, sketch};
use filature_core::ParamValues;
use filature_core::about::Group;
use filature_core::api::WorkloadInfo;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlDialogElement, HtmlElement, KeyboardEvent};

/// The id of the gallery over the page.
const OVERLAY: &str = "gallery";
/// The id of the button that opens it.
const CHANGE: &str = "change-workload";

/// The chosen workload in the form, with its presets, and the way to the others.
pub fn chosen(app: App) -> El {
    // Made anew for another workload only, not with every letter typed.
    let id = memo(move || app.workload().map(|info| info.id.clone()));
    let card = move || {
        id.track();
        let Some(info) = untrack(|| app.workload()) else {
            let none = app.catalogue.with(Vec::is_empty);
            let words =
                if none { "Loading the catalogue…" } else { "There is no such workload." };
            return vec![classed("p", "help").child(words)];
        };
        let card = classed("div", "chosen")
            .child(drawn(&info.picture))
            .child(classed("p", "name").child(info.title.as_str()))
            .child(classed("p", "help").child(info.summary.as_str()));
        vec![card, presets(app, &info)]
    };
    let change = classed("button", "quiet")
        .attr("type", "button")
        .id(CHANGE)
        .attr("aria-haspopup", "dialog")
        .child("All workloads ")
        .child(el("kbd").child("/"))
        .on("click", |_| open());
    classed("fieldset", "workload")
        .id("workloads")
        .child(el("legend").child("Workload"))
        .child(change)
        .child(el("div").live(card))
        .child(field_error(app, "workload", "/workload".to_owned()))
}

/// Settings that are one press away; the pressed one is what the form holds.
fn presets(app: App, info: &Rc<WorkloadInfo>) -> El {
    let group = classed("div", "chips").attr("role", "group").attr("aria-label", "Presets");
    let defaults = (String::from("defaults"), ParamValues::new());
    let others = info.presets.iter().map(|preset| (preset.name.clone(), preset.params.clone()));
    std::iter::once(defaults).chain(others).fold(group, |group, (name, params)| {
        let (params, info) = (Rc::new(params), Rc::clone(info));
        let wanted = Rc::clone(&params);
        let pressed =
            move || Some(app.draft.with(|draft| draft.holds(&wanted, &info.params)).to_string());
        let chip = classed("button", "chip").attr("type", "button").child(name);
        group.child(
            chip.live_attr("aria-pressed", pressed)
                .on("click", move |_| app.change_form(&|draft: &mut Draft| draft.take(&params))),
        )
    })
}

/// The gallery over the page.
pub fn overlay(app: App) -> El {
    let close = classed("button", "quiet").attr("type", "button").child("Close ");
    let head = el("header").child(el("h2").id("gallery-title").child("Workloads"));
    let head = head.child(close.child(el("kbd").child("Esc")).on("click", |_| _ = dismiss()));
    let dialog = classed("dialog", "gallery-dialog").id(OVERLAY);
    let dialog = dialog.attr("aria-labelledby", "gallery-title");
    dialog.child(head).child(groups(app, true)).child(legend())
}

/// The gallery below what the chosen workload is about.
pub fn below(app: App) -> El {
    let title = el("h2").id("workloads-title").child("All workloads, by what one learns");
    let section = classed("section", "below").attr("aria-labelledby", "workloads-title");
    section.child(title).child(groups(app, false)).child(legend())
}

/// What the signs in the sketches mean.
fn legend() -> El {
    let list = classed("ul", "legend").attr("aria-label", "Signs, one lane for each unit");
    SKETCH_SIGNS.into_iter().fold(list, |list, (lanes, meaning)| {
        list.child(el("li").child(drawn(lanes)).child(el("span").child(meaning)))
    })
}

/// A sketch; what it says in words is said by the summary beside it.
fn drawn<T: AsRef<str>>(lanes: &[T]) -> El {
    let picture = classed("span", "picture").attr("aria-hidden", "true");
    picture.node().set_inner_html(&sketch(lanes));
    picture
}

/// All workloads under the headings of their groups. Only those over the page have ids.
fn groups(app: App, is_over: bool) -> El {
    let group = move |group: Group| {
        let entries = app.catalogue.with(|all| {
            let own = all.iter().filter(|info| info.group == group);
            own.map(|info| entry(app, info, is_over)).listed()
        });
        let filled = !entries.is_empty();
        let title = el("h3").child(group.title());
        filled.then(|| el("section").child(title).child(el("ul").child(entries)))
    };
    let all = move || Group::ALL.into_iter().filter_map(group).listed();
    classed("div", "groups").live(all).on("keydown", arrows)
}

fn entry(app: App, info: &WorkloadInfo, is_over: bool) -> El {
    let (own, choice) = (info.id.clone(), info.id.clone());
    let current = move || app.draft.with(|draft| draft.workload == own).then_some("true");
    let link = classed("a", "entry")
        .attr("href", &format!("/?workload={}", info.id))
        .live_attr("aria-current", current)
        .child(drawn(&info.picture))
        .child(el("strong").child(info.title.as_str()))
        .child(classed("span", "help").child(info.summary.as_str()))
        .on("click", move |event| {
            if is_plain_click(&event) {
                event.prevent_default();
                choose(app, &choice);
            }
        });
    el("li").child(if is_over { link.id(&format!("workload-{}", info.id)) } else { link })
}

/// Takes a workload into the form, with its defaults, and goes back to the form.
fn choose(app: App, id: &str) {
    app.change_form(&|draft: &mut Draft| {
        if draft.workload != id {
            id.clone_into(&mut draft.workload);
            draft.take(&ParamValues::new());
        }
    });
    if dismiss().is_none() {
        crate::dom::window().scroll_to_with_x_and_y(0.0, 0.0);
    }
    focus(&format!("#{CHANGE}"));
}

/// Opens the gallery over the page, at the chosen workload.
pub fn open() {
    if let Some(dialog) = dialog() {
        // It is refused only where it is open already.
        let _ = dialog.show_modal();
        focus(&format!("#{OVERLAY} [aria-current]"));
    }
}

/// Closes the gallery over the page; `None` where it was not open.
fn dismiss() -> Option<()> {
    let dialog = dialog().filter(HtmlDialogElement::open)?;
    dialog.close();
    Some(())
}

fn dialog() -> Option<HtmlDialogElement> {
    document().get_element_by_id(OVERLAY)?.dyn_into().ok()
}

fn focus(selector: &str) {
    let found = document().query_selector(selector).ok().flatten();
    if let Some(element) = found.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // An element that cannot take the focus leaves it where it is.
        let _ = element.focus();
    }
}

/// The arrow keys lead from entry to entry: up and down in order, left and right to the
/// nearest one of the next column.
fn arrows(event: Event) {
    let Some(key) = event.dyn_ref::<KeyboardEvent>().map(KeyboardEvent::key) else { return };
    let Some(here) = document().active_element() else { return };
    let Some(groups) = here.closest(".groups").ok().flatten() else { return };
    let Ok(found) = groups.query_selector_all("a") else { return };
    let all = (0..found.length())
        .filter_map(|place| found.get(place)?.dyn_into::<HtmlElement>().ok())
        .listed();
    let Some(now) = all.iter().position(|one| **one == here) else { return };
    let at = here.get_bounding_client_rect();
    let beside = |right: bool| {
        let away = |one: &&HtmlElement| {
            let other = one.get_bounding_client_rect();
            let across = (other.left() - at.left()) * if right { 1.0 } else { -1.0 };
            // The nearest column first, then the nearest height.
            (across > 1.0).then(|| across * 1e4 + (other.top() - at.top()).abs())
        };
        let near = |a: &&HtmlElement, b: &&HtmlElement| {
            away(a).unwrap_or(f64::MAX).total_cmp(&away(b).unwrap_or(f64::MAX))
        };
        all.iter().filter(|one| away(one).is_some()).min_by(near)
    };
    let next = match key.as_str() {
        "ArrowDown" => all.get(now + 1),
        "ArrowUp" => now.checked_sub(1).and_then(|place| all.get(place)),
        "ArrowRight" => beside(true),
        "ArrowLeft" => beside(false),
        _ => return,
    };
    if let Some(next) = next {
        event.prevent_default();
        // Every entry is a link, and takes the focus.
        let _ = next.focus();
    }
}
