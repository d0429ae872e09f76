//! Source text as coloured HTML.

use crate::highlight;
use filature_core::api::TokenKind;
use maud::{Markup, html};

/// Lines `first` to `last` of a source (from 1), its tokens in spans of their class.
pub(super) fn coloured(text: &str, first: usize, last: usize) -> Markup {
    let length = |lines: usize| text.split_inclusive('\n').take(lines).map(str::len).sum();
    let (start, end): (usize, usize) = (length(first - 1), length(last));
    let mut at = start;
    let mut pieces = Vec::new();
    for token in highlight::tokens(text) {
        let (from, to) = (token.start.max(at), token.end.min(end));
        if from >= to {
            continue;
        }
        pieces.push((None, &text[at..from]));
        pieces.push((Some(class_of(token.kind)), &text[from..to]));
        at = to;
    }
    pieces.push((None, text[at..end].trim_end()));
    html! {
        @for (class, piece) in pieces {
            @match class {
                Some(class) => span class=(class) { (piece) },
                None => (piece),
            }
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_lines_asked_for_are_there_coloured_and_escaped() {
        let text = "// one\nlet a = \"<\"; // two\nfn three() {}\n";
        assert_eq!(
            coloured(text, 2, 2).into_string(),
            "<span class=\"keyword\">let</span> a = <span class=\"literal\">&quot;&lt;&quot;</span>; \
             <span class=\"comment\">// two</span>"
        );
    }
}
