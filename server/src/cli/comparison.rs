//! `filature table`: threads against tasks, measured right here, and the table of it.

mod text;

use super::measure::{INTERRUPTED, block_on, interrupts, measure};
use super::{Failure, Table, print, print_json};
use crate::comparison::{ATTEMPTS_MAX, Progress, foreign, fresh, plan};
use crate::lab::names::now;
use crate::{machine, report};
use filature_core::api::{CellState, Comparison, ComparisonRequest, Depth, State, limits};
use filature_core::comparison::{self, Planned, again};
use filature_core::experiment;
use std::fs::File;
use std::io::{IsTerminal, Read, Write};
use std::path::Path;
use std::process::ExitCode;
use tokio_util::sync::CancellationToken;

pub(super) fn table(options: &Table) -> Result<ExitCode, Failure> {
    let others = imported(options)?;
    // Opened before anything is measured: nobody should wait minutes for such an error.
    let mut page = options.html.as_deref().map(writable).transpose()?;
    let depth = if options.quick { Depth::Quick } else { Depth::Full };
    let request = ComparisonRequest { depth, browser: false };
    let (compared, is_failed) = block_on(compare(request))?;
    if options.json {
        print_json(&compared)?;
    } else if options.markdown {
        print(&comparison::markdown(&compared))?;
    } else if options.csv {
        print(&comparison::csv(&compared))?;
    } else if let (Some(page), Some(path)) = (&mut page, &options.html) {
        let html = report::comparison::page(&compared, &others);
        let written = page.set_len(0).and_then(|()| page.write_all(html.as_bytes()));
        written.map_err(|error| Failure::Failed(unwritten(path, &error)))?;
        print(&format!("{}\n", path.display()))?;
    } else {
        print(&text::text(&compared, &others))?;
    }
    Ok(match compared.state {
        State::Cancelled => ExitCode::from(INTERRUPTED),
        _ if is_failed => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    })
}

fn writable(path: &Path) -> Result<File, Failure> {
    let opened = File::options().write(true).create(true).truncate(false).open(path);
    opened.map_err(|error| Failure::BadInput(vec![unwritten(path, &error)]))
}

fn unwritten(path: &Path, error: &std::io::Error) -> String {
    format!("--html {} cannot be written: {error}", path.display())
}

/// The tables of other machines that are to be shown.
fn imported(options: &Table) -> Result<Vec<Comparison>, Failure> {
    let (count, most) = (options.import.len(), limits::BESIDE_MAX);
    if count > most {
        let line = format!("--import names {count} files; at most {most} are allowed");
        return Err(Failure::BadInput(vec![line]));
    }
    let wrong = |path: &Path, reason: String| format!("--import {}: {reason}", path.display());
    let read = options.import.iter().map(|path| import(path).map_err(|why| wrong(path, why)));
    let (read, wrong): (Vec<_>, Vec<_>) = read.partition(Result::is_ok);
    if wrong.is_empty() {
        return Ok(read.into_iter().flatten().collect());
    }
    Err(Failure::BadInput(wrong.into_iter().filter_map(Result::err).collect()))
}

fn import(path: &Path) -> Result<Comparison, String> {
    let most = limits::BODY_BYTES_MAX;
    let file = File::open(path).map_err(|error| format!("it cannot be read: {error}"))?;
    let mut json = Vec::new();
    // One byte more tells a file that is too long.
    let read = file.take(most as u64 + 1).read_to_end(&mut json);
    read.map_err(|error| format!("it cannot be read: {error}"))?;
    if json.len() > most {
        return Err(format!("it has more than {most} bytes; no exported table is so long"));
    }
    foreign::read(&json)
}

/// Measures everything, and says whether any cell failed for good.
async fn compare(request: ComparisonRequest) -> Result<(Comparison, bool), Failure> {
    let cancel = interrupts()?;
    let plan = plan(request);
    let mut progress = Progress::new(Comparison { id: "cli".to_owned(), ..fresh(request) });
    progress.begin(&plan);
    let mut is_failed = false;
    for (place, planned) in plan.iter().enumerate() {
        if cancel.is_cancelled() {
            break;
        }
        let left_s = plan[place..].iter().map(|planned| planned.estimate_s).sum();
        let head = head(place + 1, plan.len(), planned.title, left_s);
        is_failed |= part(&mut progress, planned, &head, &cancel).await?;
    }
    let stop = cancel.is_cancelled().then_some((State::Cancelled, None));
    Ok((progress.finish(stop, now()), is_failed))
}

/// Measures one part, and whatever is asked for after it. Returns whether a cell failed in
/// the last of its experiments.
async fn part(
    progress: &mut Progress,
    planned: &Planned,
    head: &str,
    cancel: &CancellationToken,
) -> Result<bool, Failure> {
    let mut next = Some(planned.request.clone());
    let (mut attempt, mut is_failed) = (0, false);
    while let Some(request) = next.filter(|_| attempt < ATTEMPTS_MAX) {
        attempt += 1;
        let spec = experiment::check(&request, machine::cores()).map_err(|errors| {
            let details: Vec<String> = errors.into_iter().map(|error| error.detail).collect();
            Failure::Failed(format!("the plan of {} is not valid: {details:?}", planned.key))
        })?;
        let measured = measure(format!("cli-{}", planned.key), &spec, head, cancel).await?;
        is_failed = measured.cells.iter().any(|cell| cell.state == CellState::Failed);
        let is_cancelled = measured.state == State::Cancelled;
        next = (!is_cancelled).then(|| again(planned.key, attempt, &measured)).flatten();
        progress.ended(planned.key, measured);
    }
    Ok(is_failed)
}

/// What stands beside the bar of a part; where no terminal shows one, it is a line.
fn head(place: usize, parts: usize, title: &str, left_s: u32) -> String {
    let left = match left_s {
        0..=90 => format!("{left_s} s"),
        _ => format!("{} min", left_s.div_ceil(60)),
    };
    if std::io::stderr().is_terminal() {
        return format!("{place}/{parts}, {left} left: {title}, ");
    }
    eprintln!("{place} of {parts}: {title}; about {left} left");
    String::new()
}
