//! All tables that there are: earlier ones and those of other machines, to be opened, put
//! beside the one that is shown, or brought here.

use super::known::Known;
use super::{View, part};
use crate::api::{self, Failure, start};
use crate::dom::{El, classed, document, el};
use crate::list::Listed;
use crate::route;
use crate::time;
use filature_core::api::{ComparisonLine, limits};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Event, HtmlElement, HtmlInputElement};

/// The tables beside the one that is shown, as a query names them.
pub fn named_by(query: &str) -> Vec<String> {
    let pairs = query.split(['?', '&']).filter_map(|pair| pair.strip_prefix("with="));
    pairs.map(str::to_owned).take(limits::BESIDE_MAX).listed()
}

/// The query that names them.
pub fn query(with: &[String]) -> String {
    let mut query = String::new();
    for id in with {
        query.push(if query.is_empty() { '?' } else { '&' });
        query.push_str("with=");
        query.push_str(id);
    }
    query
}

/// Keeps the list of the view in step.
pub fn shelf(view: View, node: &HtmlElement) {
    let items = move || {
        let shown = view.id.get();
        view.lines.with(|lines| lines.iter().map(|l| line(view, shown.as_ref(), l)).listed())
    };
    part(node, "#compare-list").live(items);
}

/// Something was chosen: a table to be put beside, or a file to be brought here.
pub fn changed(view: View, event: &Event) {
    let field = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
    let Some(field) = field else { return };
    let id = field.id();
    if let Some(id) = id.strip_prefix("beside-") {
        put_beside(view, id);
    } else if id == "compare-import" {
        chosen(view, field);
    }
}

fn line(view: View, shown: Option<&String>, line: &ComparisonLine) -> El {
    let id = &line.id;
    let is_shown = shown == Some(id);
    let here = if line.imported_at.is_some() { "imported" } else { "this machine" };
    let at = time::local(&line.created_at);
    let asked = [line.depth.id(), ", ", here, ", ", line.state.id(), ", ", &at].concat();
    let link = el("a")
        .attr("href", &["/compare/", id].concat())
        .child(el("strong").child(line.cpu.as_str()))
        .child(classed("span", "asked").child(asked));
    let choice = (!is_shown && shown.is_some()).then(|| {
        let name = ["beside-", id].concat();
        let field = el("input").attr("type", "checkbox").id(&name);
        // The field itself keeps what the reader chooses from now on.
        let is_beside = view.with.with_untracked(|with| with.contains(id));
        let field = if is_beside { field.attr("checked", "") } else { field };
        let label = el("label").attr("for", &name).child("beside");
        classed("div", "row-buttons").child(field).child(label)
    });
    let said = line.answer.as_deref().unwrap_or_default();
    el("li").child(link).child(classed("p", "said").child(said)).child(choice)
}

/// Puts a table beside the one that is shown, or takes it away.
fn put_beside(view: View, id: &str) {
    view.with.update(|with| {
        if with.iter().any(|known| known == id) {
            with.retain(|known| known != id);
        } else {
            with.push(id.to_owned());
            // The first makes room for one more than there may be.
            if with.len() > limits::BESIDE_MAX {
                with.remove(0);
            }
        }
    });
    let path = view.id.with_untracked(|id| id.as_ref().map(|id| format!("/compare/{id}")));
    let query = view.with.with_untracked(|with| query(with));
    route::replace(&(path.unwrap_or_else(|| "/compare".to_owned()) + &query));
    view.refresh();
}

fn chosen(view: View, field: HtmlInputElement) {
    let Some(file) = field.files().and_then(|files| files.get(0)) else { return };
    start(async move {
        let text = JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string());
        // The same file can be chosen again, once it is mended.
        field.set_value("");
        let wrong = match import(view, &text.unwrap_or_default()).await {
            Ok(()) => return say("Imported.", false),
            Err(failure) => {
                view.app.note(&failure);
                in_full(&failure)
            }
        };
        say(&[&file.name(), " was not imported. ", &wrong].concat(), true);
    });
}

/// Says what became of an import.
fn say(words: &str, is_wrong: bool) {
    if let Some(place) = document().get_element_by_id("compare-imported") {
        place.set_class_name(if is_wrong { "error" } else { "" });
        place.set_text_content(Some(words));
    }
}

/// Brings a table here, and puts it beside the one that is shown.
async fn import(view: View, text: &str) -> Result<(), Failure> {
    let imported: Known = api::post_text("/api/v1/comparisons/import", text).await?;
    if view.id.is_there() && view.id.with_untracked(Option::is_none) {
        route::navigate(view.app, &["/compare/", &imported.id].concat());
    } else if view.id.is_there() {
        put_beside(view, &imported.id);
        view.list().await;
    }
    Ok(())
}

/// A refusal with the first field that is to blame.
fn in_full(failure: &Failure) -> String {
    match failure {
        Failure::Problem(problem) => match problem.errors.first() {
            Some(first) => format!("{} ({}: {})", problem.detail, first.pointer, first.detail),
            None => problem.detail.clone(),
        },
        _ => failure.text(),
    }
}
