//! What surrounds the table: the buttons that start a comparison, how far it is, what went
//! wrong, and the files to take along.

use super::known::Known;
use super::{View, cancel, known, measure, path, shelf};
use crate::dom::{El, classed, el, window};
use crate::share;
use filature_core::api::Depth;

/// What a newcomer sees: what it is about, and how to begin.
pub fn opening(view: View) -> El {
    let lead = "The table that thousands have read, measured on this machine: what a thread and \
                a task really cost, each claim beside its figure, its method and its raw samples.";
    el("div").child(classed("p", "lead").child(lead)).child(starters(view, "primary"))
}

/// The same below a table that is there.
pub fn measure_again(view: View) -> El {
    let title = el("h2").id("compare-again").child("Measure it on this machine now");
    let section = el("section").attr("aria-labelledby", "compare-again");
    section.child(title).child(starters(view, "secondary"))
}

/// The buttons that start it.
fn starters(view: View, class: &str) -> El {
    let app = view.app;
    let button = |class: &str, id: &str, label: &str, depth: Depth| {
        classed("button", class)
            .attr("type", "button")
            .id(id)
            .child(label)
            .live_flag("disabled", move || app.sending.get())
            .on("click", move |_| measure(view, depth))
    };
    let obstacle = move || app.browser_obstacle.get();
    let field = el("input")
        .attr("type", "checkbox")
        .id("compare-browser")
        .attr("aria-describedby", "compare-browser-note")
        .live_flag("disabled", move || obstacle().is_some());
    let label = el("label").attr("for", "compare-browser").child("In this browser too");
    let note = move || {
        obstacle().unwrap_or_else(|| "Then keep this page open: it measures a part itself.".into())
    };
    classed("div", "compare-bar")
        .child(button(class, "compare-quick", "Measure it here, about a minute", Depth::Quick))
        .child(button("secondary", "compare-full", "Thoroughly, about six minutes", Depth::Full))
        .child(el("span").child(field).child(label))
        .child(classed("span", "help").id("compare-browser-note").live_text(note))
}

/// How far it is, and Cancel.
pub fn progress(view: View) -> El {
    let app = view.app;
    let now = move || app.comparison.with(|known| known.as_ref().map(Known::progress));
    let words = move || {
        let before = view.lines.with(|lines| {
            app.comparison.with(|known| known.as_ref().map_or(0, |own| own.before(lines)))
        });
        let position = view.position.get();
        app.comparison.with(|known| known.as_ref().map(|own| own.words(before, position)))
    };
    let share = move || now().map_or(0.0, |now| now.share);
    let bar = classed("div", "bar")
        .attr("role", "progressbar")
        .attr("aria-label", "Parts measured")
        .attr("aria-valuemin", "0")
        .live_attr("aria-valuemax", move || now().map(|now| now.of.to_string()))
        .live_attr("aria-valuenow", move || now().map(|now| now.done.to_string()))
        .child(el("span").live_style("transform", move || format!("scaleX({:.4})", share())));
    let words = el("p").attr("role", "status").live_text(move || words().unwrap_or_default());
    let cancel_button = classed("button", "secondary")
        .attr("type", "button")
        .id("compare-cancel")
        .child("Cancel ")
        .child(el("kbd").child("Esc"))
        .on("click", move |_| cancel(app));
    let shown = classed("div", "progress").id("compare-progress").child(bar).child(words);
    classed("div", "compare-bar under-way").child(shown).child(cancel_button)
}

/// What went wrong, and a way out.
pub fn failure(view: View) -> El {
    let app = view.app;
    let failed = move || app.run_failure.with(Option::is_some);
    let text = move || app.run_failure.get().unwrap_or_default();
    let look_again = classed("button", "quiet").attr("type", "button").child("Look again");
    let all = el("a").attr("href", "/compare").child("the newest table");
    let out = el("p")
        .child(look_again.on("click", move |_| view.refresh()))
        .child(", or go to ")
        .child(all)
        .child(".");
    classed("div", "compare-failure")
        .child(classed("p", "error").id("compare-error").attr("role", "alert").live_text(text))
        .child(out.live_flag("hidden", move || !failed() || known(app, |_| true)))
}

/// The permanent link and the files.
pub fn links(view: View) -> El {
    let id = view.id.get().unwrap_or_default();
    let with = shelf::query(&view.with.get());
    let file = |id: &str, path: String, label: &str| {
        let link = classed("a", "quiet").id(id).attr("href", &path).attr("download", "");
        link.child(label)
    };
    let origin = window().location().origin().unwrap_or_default();
    let link = format!("{origin}/compare/{id}{with}");
    classed("div", "links")
        .attr("role", "group")
        .attr("aria-label", "Take this table along")
        .child(share::copy_button("compare-link", "Copy link", move || Some(link.clone())))
        .child(share::copy_file("compare-copy", "Copy as Markdown", path(&id, "/export.md")))
        .child(file("compare-markdown", path(&id, "/export.md"), "Markdown"))
        .child(file("compare-json", path(&id, "/export.json"), "JSON"))
        .child(file("compare-csv", path(&id, "/export.csv"), "CSV"))
        .child(file("compare-report", path(&id, &format!("/report.html{with}")), "Report"))
}
