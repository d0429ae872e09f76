//! The desk at which a page measures the browser cells of the experiment in the slot:
//! it claims one cell after another, posts its samples, and keeps its lease by posting.

mod plausible;

pub use plausible::WALL_NS_MAX;

use super::budgets::Allowance;
use super::names::random_word;
use super::record::Recorder;
use super::run::{CellEnd, Sink, Update};
use crate::worker::protocol::LINE_BYTES_MAX;
use filature_core::FieldError;
use filature_core::api::{
    BrowserCard, BrowserEnd, BrowserLease, BrowserReport, Cell, CellState, Limit, Refusal, Spec,
};
use filature_core::workloads;
use serde_json::Value;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long a cell waits for a page to claim it.
pub const CLAIM_WITHIN: Duration = Duration::from_secs(10);

/// How long a page that has claimed a cell may be silent.
pub const LEASE: Duration = Duration::from_secs(20);

/// The most characters of a page's reason that are kept.
const REASON_MAX: usize = 500;

/// Why a page was sent away.
#[derive(Clone, Debug)]
pub enum Denied {
    /// The cell or the lease is not (or no longer) as the page thinks.
    Conflict(String),
    /// What it sent cannot be right.
    Invalid(Vec<FieldError>),
}

type Answer<T> = oneshot::Sender<Result<T, Denied>>;

/// What pages ask for, one after another.
pub struct Calls(mpsc::Receiver<Call>);

enum Call {
    /// To measure a cell.
    Claim { cell: usize, browser: BrowserCard, answer: Answer<BrowserLease> },
    /// To have samples stored.
    Report { cell: usize, report: BrowserReport, answer: Answer<()> },
}

/// Where pages call. Open while an experiment is in the slot.
#[derive(Default)]
pub struct Desk {
    open: Mutex<Option<Open>>,
}

struct Open {
    experiment: String,
    cells: usize,
    /// Whether calls are answered, since all native cells have ended.
    ready: bool,
    calls: mpsc::Sender<Call>,
}

impl Desk {
    /// Opens the desk for an experiment with so many cells.
    pub fn open(&self, experiment: &str, cells: usize) -> Calls {
        let (sender, calls) = mpsc::channel(16);
        let experiment = experiment.to_owned();
        *self.lock() = Some(Open { experiment, cells, ready: false, calls: sender });
        Calls(calls)
    }

    /// From now on calls are answered.
    pub fn be_ready(&self) {
        if let Some(open) = &mut *self.lock() {
            open.ready = true;
        }
    }

    /// Whether calls for this cell are answered: known without asking the history.
    pub fn is_ready(&self, experiment: &str, cell: usize) -> bool {
        let open = self.lock();
        let open = open.as_ref().filter(|open| open.ready && cell < open.cells);
        open.is_some_and(|open| open.experiment == experiment)
    }

    /// Closes it.
    pub fn close(&self) {
        *self.lock() = None;
    }

    /// Claims a cell for a page.
    ///
    /// # Errors
    /// [`Denied`], in words.
    pub async fn claim(
        &self,
        experiment: &str,
        cell: usize,
        browser: BrowserCard,
    ) -> Result<BrowserLease, Denied> {
        let (answer, answered) = oneshot::channel();
        self.call(experiment, Call::Claim { cell, browser, answer }, answered).await
    }

    /// Takes what a page reports.
    ///
    /// # Errors
    /// [`Denied`], in words.
    pub async fn report(
        &self,
        experiment: &str,
        cell: usize,
        report: BrowserReport,
    ) -> Result<(), Denied> {
        let (answer, answered) = oneshot::channel();
        self.call(experiment, Call::Report { cell, report, answer }, answered).await
    }

    async fn call<T>(
        &self,
        experiment: &str,
        call: Call,
        answered: oneshot::Receiver<Result<T, Denied>>,
    ) -> Result<T, Denied> {
        let closed = || Denied::Conflict("the experiment is not being measured".to_owned());
        let sender = match &*self.lock() {
            Some(open) if open.experiment == experiment => open.calls.clone(),
            _ => return Err(closed()),
        };
        sender.send(call).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }

    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the browser cells to their end, in order, as a page calls.
///
/// # Errors
/// Only what storing failed with.
pub async fn browser_cells(
    mut calls: Calls,
    spec: &Spec,
    cells: &[Cell],
    recorder: &mut Recorder<'_>,
    cancel: &CancellationToken,
    allowance: &Allowance,
) -> Result<(), String> {
    let mut nobody = false;
    for cell in cells.iter().filter(|cell| !cell.executor.is_native()) {
        let mut turn = Turn { spec, cell, allowance, lease: None };
        if !nobody || cancel.is_cancelled() || allowance.is_over() {
            turn.take(&mut calls, recorder, cancel).await?;
        } else {
            turn.end(recorder, turn.silence()).await?;
        }
        // Once nobody came, the other cells need not wait in vain one by one.
        nobody = turn.lease.is_none();
    }
    Ok(())
}

fn ended(state: CellState, reason: Option<String>, outcome: Option<Value>) -> CellEnd {
    CellEnd {
        state,
        reason,
        refusal: None,
        memory: None,
        outcome,
        observed: None,
        spawn_costs: None,
    }
}

/// One cell at the desk.
struct Turn<'a> {
    spec: &'a Spec,
    cell: &'a Cell,
    allowance: &'a Allowance,
    lease: Option<String>,
}

impl Turn<'_> {
    async fn take(
        &mut self,
        calls: &mut Calls,
        recorder: &mut Recorder<'_>,
        cancel: &CancellationToken,
    ) -> Result<(), String> {
        let mut deadline = Instant::now() + CLAIM_WITHIN;
        loop {
            let call = tokio::select! {
                biased;
                () = cancel.cancelled() => {
                    return self.end(recorder, ended(CellState::Cancelled, None, None)).await;
                }
                () = self.allowance.over() => {
                    let reason = Some(self.allowance.out_of_time());
                    return self.end(recorder, ended(CellState::Failed, reason, None)).await;
                }
                call = calls.0.recv() => call,
                () = tokio::time::sleep_until(deadline) => None,
            };
            match call {
                None => return self.end(recorder, self.silence()).await,
                Some(Call::Claim { cell, browser, answer }) => {
                    let claimed = self.claim(cell, browser, recorder).await?;
                    if claimed.is_ok() {
                        deadline = Instant::now() + LEASE;
                    }
                    let _ = answer.send(claimed);
                }
                Some(Call::Report { cell, report, answer }) => {
                    let reported = self.report(cell, report, recorder).await?;
                    let over = matches!(reported, Ok(true));
                    if reported.is_ok() {
                        deadline = Instant::now() + LEASE;
                    }
                    // Only now: what is acknowledged is stored.
                    let _ = answer.send(reported.map(|_| ()));
                    if over {
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn end(&self, recorder: &mut Recorder<'_>, end: CellEnd) -> Result<(), String> {
        recorder.record(Update::Ended { cell: self.cell.index, end }).await
    }

    fn silence(&self) -> CellEnd {
        let reason = match self.lease {
            None => format!(
                "no page claimed it within {} s: keep the page open while it runs",
                CLAIM_WITHIN.as_secs()
            ),
            Some(_) => format!("the page that measured it was silent for {} s", LEASE.as_secs()),
        };
        ended(CellState::Interrupted, Some(reason), None)
    }

    async fn claim(
        &mut self,
        cell: usize,
        browser: BrowserCard,
        recorder: &mut Recorder<'_>,
    ) -> Result<Result<BrowserLease, Denied>, String> {
        if cell != self.cell.index {
            let turn = self.cell.index;
            return Ok(Err(Denied::Conflict(format!(
                "it is not the turn of cell {cell} but of cell {turn}"
            ))));
        }
        if self.lease.is_some() {
            let detail = format!("another page has claimed cell {cell} already");
            return Ok(Err(Denied::Conflict(detail)));
        }
        let browser = BrowserCard { browser: cut(&browser.browser), ..browser };
        recorder.started(cell, Some(browser)).await?;
        let lease = random_word(32);
        self.lease = Some(lease.clone());
        Ok(Ok(BrowserLease { lease, lease_ms: LEASE.as_millis() as u64 }))
    }

    /// Whether the report was the last one.
    async fn report(
        &mut self,
        cell: usize,
        report: BrowserReport,
        recorder: &mut Recorder<'_>,
    ) -> Result<Result<bool, Denied>, String> {
        if cell != self.cell.index || self.lease.as_deref() != Some(report.lease.as_str()) {
            let detail = format!("this is not the lease of cell {cell}, or it is over");
            return Ok(Err(Denied::Conflict(detail)));
        }
        let taken = recorder.taken(cell);
        let errors = plausible::implausible(&report.samples, taken, self.spec.samples as usize);
        if !errors.is_empty() {
            return Ok(Err(Denied::Invalid(errors)));
        }
        let taken = taken + report.samples.len();
        if !report.samples.is_empty() {
            recorder.record(Update::Samples { cell, samples: report.samples }).await?;
        }
        let Some(end) = report.end else {
            return Ok(Ok(false));
        };
        let end = self.judge(end, taken).await;
        self.end(recorder, end).await?;
        Ok(Ok(true))
    }

    async fn judge(&self, end: BrowserEnd, taken: usize) -> CellEnd {
        let wanted = self.spec.samples as usize;
        let failed = |reason: String| ended(CellState::Failed, Some(reason), None);
        match end {
            BrowserEnd::Failed { reason } => failed(cut(&reason)),
            BrowserEnd::Refused { reason, refusal } => {
                let end = ended(CellState::Refused, Some(cut(&reason)), None);
                CellEnd { refusal: Some(cut_refusal(refusal)), ..end }
            }
            BrowserEnd::Done { .. } if taken < wanted => {
                failed(format!("the page ended it after {taken} of {wanted} samples"))
            }
            BrowserEnd::Done { outcome, .. } if outcome.to_string().len() > LINE_BYTES_MAX => {
                failed(format!("its outcome has more than {LINE_BYTES_MAX} bytes as JSON"))
            }
            BrowserEnd::Done { outcome, spawn_costs } => {
                match self.broken_promise(&outcome).await {
                    Ok(None) => {
                        CellEnd { spawn_costs, ..ended(CellState::Done, None, Some(outcome)) }
                    }
                    Ok(Some(expected)) => {
                        let shown: String = outcome.to_string().chars().take(200).collect();
                        failed(format!("the outcome was {shown}; the contract promises {expected}"))
                    }
                    Err(reason) => failed(reason),
                }
            }
        }
    }

    /// What the contract promises, if that is not this outcome; computing it may take as
    /// long as running the body.
    async fn broken_promise(&self, outcome: &Value) -> Result<Option<Value>, String> {
        let (workload, params) = (self.spec.workload.clone(), self.cell.params.clone());
        let outcome = outcome.clone();
        let task = tokio::task::spawn_blocking(move || {
            let workload = workloads::find(&workload).ok_or("the workload is gone")?;
            let prepared = workload.prepare(&params).map_err(|_| "its params do not fit")?;
            Ok::<_, &str>((!prepared.accepts(&outcome)).then(|| prepared.expected()))
        });
        let result = task.await.map_err(|error| format!("the expected outcome: {error}"))?;
        result.map_err(str::to_owned)
    }
}

/// A page's text, as long as it may be.
fn cut(text: &str) -> String {
    text.chars().take(REASON_MAX).collect()
}

fn cut_refusal(refusal: Refusal) -> Refusal {
    let Limit { name, how_to_raise, .. } = &refusal.limit;
    let limit = Limit { name: cut(name), how_to_raise: cut(how_to_raise), ..refusal.limit };
    Refusal { limit, ..refusal }
}
