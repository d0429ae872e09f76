//! `filature machine`.

use super::{Failure, print, print_json};
use crate::machine::{self, limits};
use filature_core::api::MachineReport;
use filature_core::format;
use std::process::ExitCode;

pub(super) fn machine(json: bool) -> Result<ExitCode, Failure> {
    let report = machine::report();
    if json {
        print_json(&report)?;
    } else {
        print(&text(&report))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn text(report: &MachineReport) -> String {
    let card = &report.card;
    let bytes = |bytes: u64| format::bytes(bytes as f64);
    let lines = [
        ("processor", card.cpu.clone()),
        ("cores", card.cores.to_string()),
        ("kernel", card.kernel.clone()),
        ("memory", bytes(card.memory_bytes)),
        ("available", bytes(report.memory_available_bytes)),
        (
            "budget",
            format!(
                "{} for measuring, unless `serve` is told otherwise",
                bytes(machine::memory_budget_bytes())
            ),
        ),
        ("load", format!("{:.2}", report.load_1m)),
        ("clock", format!("{} per read", format::duration_ns(report.clock_read_ns))),
        ("compiler", card.rustc.clone()),
        ("tokio", card.tokio.clone()),
        ("filature", format!("{} ({} build)", card.filature, card.build)),
    ];
    let mut text: String =
        lines.iter().map(|(name, value)| format!("{name:<11}{value}\n")).collect();
    text.push_str("\nThreads that fit right now, by what limits them:\n");
    for limit in &report.thread_limits {
        let threads = format::count(limit.threads);
        let (name, how) = (limits::in_words(limit), &limit.how_to_raise);
        text.push_str(&format!("{threads:>11}  {name}; to raise it: {how}\n"));
    }
    text
}
