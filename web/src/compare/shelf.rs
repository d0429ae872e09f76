//! All tables that there are: earlier ones and those of other machines, to be opened, put
//! beside the one that is shown, or brought here.

use super::View;
use super::known::Known;
use crate::api::{self, Failure, start};
use crate::dom::{El, classed, el};
use crate::list::Listed;
use crate::route;
use crate::signal::Live;
use crate::time;
use filature_core::api::{ComparisonLine, limits};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Event, HtmlInputElement};

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

/// The list, and the import.
pub fn shelf(view: View) -> El {
    let said = Live::new(None::<Result<String, String>>);
    let items = move || view.lines.with(|lines| lines.iter().map(|l| line(view, l)).listed());
    let words = move || match said.get() {
        Some(Ok(words) | Err(words)) => words,
        None => String::new(),
    };
    let field = classed("input", "visually-hidden")
        .attr("type", "file")
        .attr("accept", ".json,application/json")
        .id("compare-import")
        .on("change", move |event| chosen(view, said, &event));
    let label = classed("label", "quiet").attr("for", "compare-import").child("Import a table");
    let note = "A file that Filature on another machine has exported as JSON.";
    let words = el("p")
        .id("compare-imported")
        .attr("role", "status")
        .live_class("error", move || matches!(said.get(), Some(Err(_))))
        .live_text(words);
    el("section")
        .attr("aria-labelledby", "shelf-title")
        .child(el("h2").id("shelf-title").child("All tables"))
        .child(classed("ol", "history-list").id("compare-list").live(items))
        .child(
            classed("p", "import")
                .child(field)
                .child(label)
                .child(classed("span", "help").child(note)),
        )
        .child(words)
}

fn line(view: View, line: &ComparisonLine) -> El {
    let shown = {
        let id = line.id.clone();
        move || view.id.with(|shown| shown.as_ref() == Some(&id))
    };
    let beside = format!("beside-{}", line.id);
    let (own, other) = (line.id.clone(), line.id.clone());
    let field = el("input")
        .attr("type", "checkbox")
        .id(&beside)
        .live_checked(move || view.with.with(|with| with.contains(&own)))
        .on("change", move |_| put_beside(view, &other));
    let is_shown = shown.clone();
    let choice = el("span")
        .child(field)
        .child(el("label").attr("for", &beside).child("beside"))
        .live_flag("hidden", move || is_shown() || !view.app.comparison.with(Option::is_some));
    let here = if line.imported_at.is_some() { "imported" } else { "this machine" };
    let asked = format!("{}, {here}, {}", line.depth.id(), line.state.id());
    let link = el("a")
        .attr("href", &format!("/compare/{}", line.id))
        .live_attr("aria-current", move || shown().then_some("true"))
        .child(el("strong").child(line.cpu.as_str()))
        .child(classed("span", "asked").child(asked));
    let at = el("time").attr("datetime", &line.created_at).child(time::local(&line.created_at));
    el("li")
        .child(link)
        .child(classed("p", "said").child(line.answer.as_deref().unwrap_or_default()))
        .child(classed("p", "when").child(at))
        .child(classed("div", "row-buttons").child(choice))
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

fn chosen(view: View, said: Live<Option<Result<String, String>>>, event: &Event) {
    let field = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
    let Some(field) = field else { return };
    let Some(file) = field.files().and_then(|files| files.get(0)) else { return };
    said.set(Some(Ok(format!("Importing {}…", file.name()))));
    start(async move {
        let text = JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string());
        // The same file can be chosen again, once it is mended.
        field.set_value("");
        said.set(Some(match text {
            None => Err(format!("{} cannot be read.", file.name())),
            Some(text) => import(view, &text).await.map_err(|failure| {
                view.app.note(&failure);
                format!("{} was not imported. {}", file.name(), in_full(&failure))
            }),
        }));
    });
}

async fn import(view: View, text: &str) -> Result<String, Failure> {
    let imported: Known = api::post_text("/api/v1/comparisons/import", text).await?;
    view.list().await;
    if view.id.is_there() && view.id.with_untracked(Option::is_none) {
        route::navigate(view.app, &format!("/compare/{}", imported.id));
        return Ok("Imported.".to_owned());
    }
    put_beside(view, &imported.id);
    Ok("Imported: it stands beside the table above.".to_owned())
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
