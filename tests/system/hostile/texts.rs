//! Markup, formulas and control characters in the texts that people are shown.

use crate::comparisons::{ALL, exported, path};
use filature_tests::server::Server;
use serde_json::{Value, json};

/// Texts that a page, a report or a spreadsheet would run if it took them for more.
const HOSTILE: [&str; 8] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "</title></style><script>alert(1)</script>",
    "=HYPERLINK(\"http://evil.example\")",
    "+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "[a](javascript:alert(1)) | <b>",
];

/// The fields of CSV (RFC 4180), as a spreadsheet reads them.
fn csv_fields(text: &str) -> Vec<String> {
    let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' | '\n' if !quoted => fields.push(std::mem::take(&mut field)),
            letter => field.push(letter),
        }
    }
    fields
}

/// That no field would be computed.
fn assert_no_formula(csv: &str) {
    let fields = csv_fields(csv);
    assert!(fields.len() > 20, "{csv}");
    for field in fields {
        let is_number = field.parse::<f64>().is_ok_and(f64::is_finite);
        assert!(
            is_number || !field.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']),
            "{field:?}"
        );
    }
}

#[test]
fn a_label_is_text_wherever_it_is_shown() {
    let server = Server::start();
    for label in HOSTILE {
        let id = server.submit(&json!({"workload": "fan-out", "params": {"units": 2},
            "executors": ["tokio-current"], "samples": 1, "label": label}));
        assert_eq!(server.finished(&id)["spec"]["label"], label, "it comes back as it went");
        let experiment = format!("/api/v1/experiments/{id}");
        let html = server.get(&format!("{experiment}/report.html")).text().unwrap();
        assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
        let shown = label.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        assert!(html.contains(&shown) || html.contains(&shown.replace('"', "&quot;")), "{label}");
        assert_no_formula(&server.get(&format!("{experiment}/export.csv")).text().unwrap());
    }
}

#[test]
fn a_label_with_control_characters_is_refused() {
    let server = Server::start();
    for letter in ['\0', '\t', '\r', '\n', '\u{1b}', '\u{85}', '\u{202e}', '\u{2066}'] {
        let request = json!({"workload": "fan-out", "label": format!("a{letter}b")});
        let response = server.post("/api/v1/experiments", &request);
        assert_eq!(response.status(), 422, "{letter:?}");
        let problem: Value = response.json().unwrap();
        assert_eq!(problem["errors"][0]["pointer"], "/label");
    }
    assert_eq!(server.json("/api/v1/experiments")["experiments"], json!([]));
}

/// Puts a text wherever a comparison has a text of its own.
fn with_text(value: &mut Value, text: &str) {
    const OWN: [&str; 12] = [
        "reason", "title", "question", "sentence", "how", "text", "note", "reading", "source",
        "machine", "cpu", "kernel",
    ];
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                if OWN.contains(&name.as_str()) && field.is_string() {
                    *field = json!(text);
                } else {
                    with_text(field, text);
                }
            }
        }
        Value::Array(entries) => entries.iter_mut().for_each(|entry| with_text(entry, text)),
        _ => {}
    }
}

#[test]
fn the_texts_of_an_imported_comparison_are_text_wherever_they_are_shown() {
    let server = Server::start();
    let whole = exported(&server);
    for text in HOSTILE.into_iter().chain(["\n=1+1", "-inf"]) {
        let mut table = whole.clone();
        with_text(&mut table, text);
        table["answers"] = json!([text]);
        let cell = &mut table["rows"][0]["measures"][0]["cells"][0];
        cell["note"] = json!(text);
        cell["published"] = json!({"value": 1.0, "text": text, "machine": text, "source": text,
            "url": "https://example.org"});
        table["rows"][0]["claims"] = json!([{"body": "threads", "text": text, "tolerance": 1.0,
            "unit": "ns", "reading": text}]);
        let imported = server.post(&format!("{ALL}/import"), &table);
        assert_eq!(imported.status(), 201, "{text}");
        let imported: Value = imported.json().unwrap();
        let file = |name: &str| {
            let path = format!("{}/{name}", path(imported["id"].as_str().unwrap()));
            server.get(&path).text().unwrap()
        };
        for html in [file("report.html"), file("table.html")] {
            assert!(!html.contains("<script") && !html.contains("<img"), "{text}: {html}");
            assert!(!html.contains("=\"javascript:"), "{text}: {html}");
        }
        // A backslash before it makes a sign of Markdown the letter that it is.
        let markdown = file("export.md").replace("\\<", "").replace("\\[", "");
        assert!(!markdown.contains(['<', '[']), "{markdown}");
        assert_no_formula(&file("export.csv"));
    }
}
