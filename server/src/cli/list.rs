//! `filature list`.

use super::{Failure, print, print_json};
use filature_core::params::{ParamKind, ParamSpec};
use filature_core::{Executor, Workload, source, workloads};
use serde_json::{Value, json};
use std::process::ExitCode;

/// The widest line of text, in characters.
const WIDTH: usize = 88;

pub(super) fn list(json: bool) -> Result<ExitCode, Failure> {
    if json {
        let entries: Vec<Value> = workloads::ALL.iter().map(|workload| entry(*workload)).collect();
        print_json(&entries)?;
    } else {
        print(&text())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn entry(workload: &dyn Workload) -> Value {
    let about = workload.about();
    json!({
        "id": about.id,
        "title": about.title,
        "summary": about.summary,
        "look_at": about.look_at,
        "contract": source::contract(workload.source()),
        "operation": about.operation,
        "params": workload.params(),
        "executors": Executor::ALL,
    })
}

fn text() -> String {
    let mut text = String::new();
    for workload in workloads::ALL {
        let about = workload.about();
        text.push_str(&format!("{}: {}\n{}", about.id, about.title, wrapped(about.summary, 2)));
        for param in workload.params() {
            text.push_str(&param_text(&param));
        }
        text.push('\n');
    }
    text.push_str("Executors\n");
    for executor in Executor::ALL {
        let place = if executor.is_native() { "" } else { " It needs a page: filature serve." };
        text.push_str(&format!("  {executor}\n"));
        text.push_str(&wrapped(&format!("{}{place}", executor.summary()), 6));
    }
    text
}

fn param_text(param: &ParamSpec) -> String {
    let name = &param.name;
    let when = param.when.as_ref();
    let when = when.map_or_else(String::new, |w| format!("; only with {}={}", w.param, w.value));
    match &param.kind {
        ParamKind::Integer { unit, default, min, max } => {
            let head = format!("  {name}=<{min} to {max} {unit}, default {default}{when}>\n");
            head + &wrapped(&param.doc, 6)
        }
        ParamKind::Choice { default, options } => {
            let mut text = format!("  {name}=<default {default}{when}>\n");
            text.push_str(&wrapped(&param.doc, 6));
            for option in options {
                let limit = option.only.as_ref();
                let limit = limit.map_or_else(String::new, |only| {
                    format!(" Is {}: {}.", only.in_words(), only.why)
                });
                let line = format!("{}: {}{limit}", option.value, option.doc);
                text.push_str(&wrapped(&line, 6));
            }
            text
        }
    }
}

/// `text` without the marks of code, in lines that begin with `indent` spaces.
pub(super) fn wrapped(text: &str, indent: usize) -> String {
    let margin = " ".repeat(indent);
    let mut lines = String::new();
    let mut line = margin.clone();
    for word in text.replace('`', "").split_whitespace() {
        let empty = line.len() == indent;
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push_str(&line);
            lines.push('\n');
            line.clone_from(&margin);
        } else if !empty {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines + &line + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_fits_a_terminal_and_names_every_param() {
        let text = text();
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        for param in workloads::ALL.iter().flat_map(|workload| workload.params()) {
            assert!(text.contains(&format!("  {}=<", param.name)), "{}", param.name);
        }
    }
}
