//! The source that ran: both bodies of a workload, coloured, beside one another or one
//! at a time, with the contract above and the whole file one press away.

use crate::charts::sentence;
use crate::dom::{El, classed, el, with_code};
use crate::explain::{self, term};
use crate::fields::radio;
use crate::list::Listed;
use crate::signal::{Live, follow, memo};
use crate::state::{App, Connection};
use filature_core::api::{Source, TokenKind, WorkloadInfo};
use filature_core::{Body, Executor};
use std::rc::Rc;

/// What of the source is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The body on threads.
    Threads,
    /// The body in tasks.
    Tasks,
    /// Both bodies side by side.
    Both,
    /// The whole file.
    File,
}

const PARTS: [(Part, &str, &str); 4] = [
    (Part::Threads, "threads", "Threads"),
    (Part::Tasks, "tasks", "Tasks"),
    (Part::Both, "both", "Side by side"),
    (Part::File, "file", "Whole file"),
];

/// The source of the workload that is shown.
pub fn source_column(app: App, part: Live<Part>, open: Live<bool>) -> El {
    let info = memo(move || shown(app));
    let mut picks = classed("div", "segments");
    for (one, id, label) in PARTS {
        let id = format!("source-{id}");
        let pick = radio("source-part", &id, move || part.get() == one, move |_| part.set(one));
        picks = picks.child(pick).child(el("label").attr("for", &id).child(label));
    }
    let legend = classed("legend", "visually-hidden").child("What of the source is shown");
    let picks = classed("fieldset", "segments-field").child(legend).child(picks);
    let contract = move || {
        info.get().map_or_else(Vec::new, |info| {
            // Its last paragraph; the first says what the summary says.
            let text = info.contract.split('\n').next_back().unwrap_or_default();
            with_code(&sentence(text.strip_prefix("The contract:").unwrap_or(text).trim()))
        })
    };
    let contract = classed("p", "contract")
        .child(term(explain::CONTRACT))
        .child(" ")
        .child(el("span").live(contract));
    // Asked for again once a server that was away is back.
    follow(move || {
        if let Some(info) = info.get()
            && app.connection.get() == Connection::Up
        {
            app.load_source(info.id.clone());
        }
    });
    let source = move || app.source(&info.get()?.id);
    let path = move || source().map_or_else(String::new, |source| source.path.clone());
    let code = move || source().map_or_else(Vec::new, |source| code(&source, part.get()));
    let body = el("div")
        .id("source-body")
        .live_flag("hidden", move || !open.get())
        .child(picks)
        .child(contract)
        .child(el("div").live_class("both", move || part.get() == Part::Both).live(code))
        .child(classed("p", "path").live_text(path));
    let fold = classed("button", "quiet")
        .attr("type", "button")
        .id("source-fold")
        .attr("aria-controls", "source-body")
        .live_attr("aria-expanded", move || Some(open.get().to_string()))
        .child(el("span").live_text(move || if open.get() { "Fold " } else { "Unfold " }))
        .child(el("kbd").child("C"))
        .on("click", move |_| open.update(|open| *open = !*open));
    let title = el("h2").id("source-title").child("The source that ran");
    classed("section", "source")
        .id("source")
        .attr("aria-labelledby", "source-title")
        .child(classed("header", "source-head").child(title).child(fold))
        .child(body)
}

/// The workload whose source is shown: of the experiment, else of the form.
fn shown(app: App) -> Option<Rc<WorkloadInfo>> {
    let of_shown = app.experiment.with(|e| e.as_ref().map(|e| e.spec.workload.clone()));
    let of_shown = of_shown.and_then(|id| app.workload_by_id(&id));
    of_shown.or_else(|| app.workload())
}

fn code(source: &Source, part: Part) -> Vec<El> {
    match part {
        Part::Threads => body(source, Body::Threads).into_iter().listed(),
        Part::Tasks => body(source, Body::Tasks).into_iter().listed(),
        Part::Both => {
            [Body::Threads, Body::Tasks].into_iter().filter_map(|one| body(source, one)).listed()
        }
        Part::File => vec![listing("The whole file", source, 1, source.text.lines().count())],
    }
}

fn body(source: &Source, body: Body) -> Option<El> {
    let lines = source.bodies.iter().find(|lines| lines.body == body)?;
    let on: Vec<&str> =
        Executor::ALL.into_iter().filter(|e| e.body() == body).map(Executor::title).listed();
    let title = format!("Runs on {}", on.join(", "));
    Some(listing(&title, source, lines.first_line, lines.last_line))
}

fn listing(title: &str, source: &Source, first: usize, last: usize) -> El {
    let code = el("code");
    code.node().set_inner_html(&highlighted(source, first, last));
    let block = classed("pre", "code").attr("tabindex", "0").attr("role", "region");
    classed("div", "listing")
        .child(classed("p", "help").child(title))
        .child(block.attr("aria-label", title).child(code))
}

/// Lines `first` to `last` of a source (from 1) as HTML, its tokens in spans of their class.
/// All text is escaped.
pub fn highlighted(source: &Source, first: usize, last: usize) -> String {
    let text = source.text.as_str();
    let start: usize = text.split_inclusive('\n').take(first - 1).map(str::len).sum();
    let length: usize =
        text[start..].split_inclusive('\n').take(last + 1 - first).map(str::len).sum();
    let end = start + length;
    let mut html = String::with_capacity(length * 2);
    let mut at = start;
    for token in source.tokens.iter().filter(|token| token.end > start && token.start < end) {
        let (from, to) = (token.start.max(at), token.end.min(end));
        let (Some(before), Some(inside)) = (text.get(at..from), text.get(from..to)) else {
            continue;
        };
        escape_into(&mut html, before);
        html.push_str("<span class=\"t-");
        html.push_str(class_of(token.kind));
        html.push_str("\">");
        escape_into(&mut html, inside);
        html.push_str("</span>");
        at = to;
    }
    escape_into(&mut html, text.get(at..end).unwrap_or_default().trim_end());
    html
}

fn class_of(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Comment => "comment",
        TokenKind::Keyword => "keyword",
        TokenKind::Literal => "literal",
        TokenKind::Type => "type",
        TokenKind::Function => "function",
        TokenKind::Macro => "macro",
        TokenKind::Lifetime => "lifetime",
    }
}

fn escape_into(html: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            other => html.push(other),
        }
    }
}
