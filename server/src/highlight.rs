//! Colours for source text, from the compiler's own lexer.

use filature_core::api::{Token, TokenKind};
use ra_ap_rustc_lexer::{FrontmatterAllowed, TokenKind as Lexeme, tokenize};

const KEYWORDS: [&str; 38] = [
    "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern",
    "false", "fn", "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub",
    "ref", "return", "self", "Self", "static", "struct", "super", "trait", "true", "type",
    "unsafe", "use", "where", "while",
];

/// What to colour in `text`: ascending, apart, and on character boundaries.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut place = 0;
    let lexemes: Vec<(Lexeme, usize, usize)> = tokenize(text, FrontmatterAllowed::No)
        .map(|lexeme| {
            let start = place;
            place += lexeme.len as usize;
            (lexeme.kind, start, place)
        })
        .collect();
    let coloured = lexemes.iter().enumerate().filter_map(|(index, &(lexeme, start, end))| {
        let mut after = lexemes[index + 1..]
            .iter()
            .map(|(lexeme, ..)| *lexeme)
            .filter(|lexeme| *lexeme != Lexeme::Whitespace);
        let kind = kind(lexeme, &text[start..end], [after.next(), after.next()])?;
        Some(Token { start, end, kind })
    });
    coloured.collect()
}

fn kind(lexeme: Lexeme, word: &str, after: [Option<Lexeme>; 2]) -> Option<TokenKind> {
    match lexeme {
        Lexeme::LineComment { .. } | Lexeme::BlockComment { .. } => Some(TokenKind::Comment),
        Lexeme::Literal { .. } => Some(TokenKind::Literal),
        Lexeme::Lifetime { .. } | Lexeme::RawLifetime => Some(TokenKind::Lifetime),
        Lexeme::Ident if KEYWORDS.contains(&word) => Some(TokenKind::Keyword),
        Lexeme::Ident => match after {
            // `name!(` and `name! {`, but not `name != other`.
            [Some(Lexeme::Bang), next] if next != Some(Lexeme::Eq) => Some(TokenKind::Macro),
            _ if word.starts_with(char::is_uppercase) && !is_constant(word) => {
                Some(TokenKind::Type)
            }
            [Some(Lexeme::OpenParen), _] => Some(TokenKind::Function),
            _ => None,
        },
        _ => None,
    }
}

/// `ABOUT` is a value, `T` is a type.
fn is_constant(word: &str) -> bool {
    word.len() > 1 && !word.contains(char::is_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use filature_core::workloads;

    fn coloured(text: &str) -> Vec<(&str, TokenKind)> {
        tokens(text).into_iter().map(|token| (&text[token.start..token.end], token.kind)).collect()
    }

    #[test]
    fn tokens_ascend_stand_apart_and_lie_in_the_text() {
        for workload in workloads::ALL {
            let text = workload.source();
            let tokens = tokens(text);
            assert!(tokens.len() > 100, "{}", workload.id());
            assert!(tokens.windows(2).all(|pair| pair[0].end <= pair[1].start));
            assert!(tokens.iter().all(|token| token.start < token.end));
            assert!(tokens.iter().all(|token| text.get(token.start..token.end).is_some()));
        }
    }

    #[test]
    fn words_are_told_apart_by_what_follows_them() {
        assert_eq!(
            coloured("pub fn add<T: 'static>(é: u64) -> Sum { vec![f(1) != A_B] } // é"),
            [
                ("pub", TokenKind::Keyword),
                ("fn", TokenKind::Keyword),
                ("T", TokenKind::Type),
                ("'static", TokenKind::Lifetime),
                ("Sum", TokenKind::Type),
                ("vec", TokenKind::Macro),
                ("f", TokenKind::Function),
                ("1", TokenKind::Literal),
                ("// é", TokenKind::Comment),
            ]
        );
    }
}
