//! Comparisons: each asks the queue for one experiment after another, the next when the one
//! before has ended, so that other people's experiments get their turn in between.

use super::line::{Cancelled, Line};
use super::names::now;
use super::queue::Lab;
use super::slot::{Refused, Room, Running, Stop};
use crate::client::Client;
use crate::comparison::{ATTEMPTS_MAX, Progress, fresh, plan};
use crate::machine;
use crate::store::{Change, ComparisonChange, Membership, StoreError};
use filature_core::api::{Comparison, ComparisonRequest, Depth, Experiment, Spec, State, limits};
use filature_core::comparison::{Planned, again};
use filature_core::experiment;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Which comparisons wait, and the one that is measured.
#[derive(Default)]
pub struct Comparisons {
    line: Line,
    /// The one that is measured, as far as it has come.
    live: Mutex<Option<Comparison>>,
}

impl Comparisons {
    /// Takes all that wait out of the queue.
    pub(super) fn withdraw_all(&self) -> Vec<String> {
        self.line.lock().withdraw_all()
    }

    fn live(&self) -> MutexGuard<'_, Option<Comparison>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many comparisons may wait.
const ROOM: Room =
    Room { all: limits::COMPARISONS_WAITING_MAX, client: limits::COMPARISONS_CLIENT_MAX };

/// How long a quick one takes and a full one, roughly: it only tells others when to come again.
const EXPECTED: [Duration; 2] = [Duration::from_secs(45), Duration::from_secs(240)];

/// Why a comparison is `interrupted` when the server is stopped in an orderly way.
const STOPPED: &str = "the server was stopped; the comparison can be asked for again";

/// A comparison was told to stop, or what it needs could not be stored.
enum Broken {
    Stopped,
    Failed(String),
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self::Failed(format!("the history could not be written or read: {error}"))
    }
}

impl Lab {
    /// Stores a comparison of a client and lets it wait for its turn.
    ///
    /// # Errors
    /// [`Refused`]; then nothing of it is stored.
    pub async fn compare(
        self: &Arc<Self>,
        request: ComparisonRequest,
        client: Client,
    ) -> Result<Comparison, Refused> {
        self.comparisons.line.lock().admit(&client, ROOM)?;
        // A task of its own: a client that hangs up must not leave it half accepted.
        let lab = Arc::clone(self);
        let task = tokio::spawn(async move { lab.enter_comparison(request, client).await });
        task.await.expect("accepting a comparison does not panic")
    }

    async fn enter_comparison(
        &self,
        request: ComparisonRequest,
        client: Client,
    ) -> Result<Comparison, Refused> {
        let comparison = fresh(request);
        let create = ComparisonChange::Create(Box::new(comparison.clone()), client.clone());
        if let Err(error) = self.store.write(Change::Comparison(create)).await {
            self.comparisons.line.lock().give_up(&client);
            return Err(Refused::Store(error));
        }
        let expected = EXPECTED[usize::from(request.depth == Depth::Full)];
        let entered = self.comparisons.line.lock().enter(&client, &comparison.id, expected);
        if !entered {
            self.end_waiting_comparison(&comparison.id, State::Interrupted).await;
            return Err(Refused::Closing);
        }
        self.bus.comparison(&comparison.id, State::Queued);
        self.comparisons.line.wake();
        Ok(comparison)
    }

    /// A comparison as far as it has come; `None` where there is none with this id.
    ///
    /// # Errors
    /// Why it could not be read.
    pub async fn comparison(&self, id: &str) -> Result<Option<Comparison>, StoreError> {
        let live = self.comparisons.live().clone().filter(|live| live.id == id);
        if live.is_some() {
            return Ok(live);
        }
        let Some(stored) = self.store.comparison(id).await? else { return Ok(None) };
        if stored.is_whole {
            return Ok(Some(stored.comparison));
        }
        let mut progress = Progress::new(stored.comparison);
        for (key, member) in self.store.members(id).await? {
            if let Some(mut experiment) = self.store.experiment(&member).await? {
                self.figures.summarize(&mut experiment).await;
                progress.ended(&key, experiment);
            }
        }
        let task = tokio::task::spawn_blocking(move || progress.conclude());
        Ok(Some(task.await.expect("making a table does not panic")))
    }

    /// Cancels a comparison and returns when it has ended; `false` if it neither waits nor
    /// runs.
    pub async fn cancel_comparison(self: &Arc<Self>, id: &str) -> bool {
        match self.comparisons.line.cancel(id).await {
            Cancelled::Nothing => return false,
            Cancelled::Running => return true,
            Cancelled::Waiting => {}
        }
        let (lab, id) = (Arc::clone(self), id.to_owned());
        let task =
            tokio::spawn(async move { lab.end_waiting_comparison(&id, State::Cancelled).await });
        task.await.expect("cancelling does not panic");
        true
    }

    /// Stops what is measured, and takes no comparison any more.
    pub(super) async fn close_comparisons(&self) {
        for id in self.comparisons.line.close() {
            self.end_waiting_comparison(&id, State::Interrupted).await;
        }
    }

    /// Measures the comparisons that wait until the lab is closed.
    pub async fn run_comparisons(self: Arc<Self>) {
        while let Some(running) = self.comparisons.line.next().await {
            let task = tokio::spawn(Arc::clone(&self).drive(Arc::clone(&running)));
            if let Err(error) = task.await {
                tracing::error!(comparison = running.id, %error, "a comparison died");
                self.fail(&running, "an error in Filature itself; its log says more").await;
            }
            *self.comparisons.live() = None;
            self.comparisons.line.leave(&running);
        }
    }

    /// Takes a comparison from its first part to its end.
    async fn drive(self: Arc<Self>, running: Arc<Running>) {
        let stored = match self.own.comparison(&running.id).await {
            Ok(Some(stored)) => stored.comparison,
            missing => {
                tracing::error!(comparison = running.id, ?missing, "it cannot be read");
                return self.fail(&running, "it could not be read from the history").await;
            }
        };
        let mut progress = Progress::new(stored);
        let stop = match self.parts(&mut progress, &running).await {
            Err(Broken::Failed(reason)) => {
                tracing::error!(comparison = running.id, reason, "a comparison broke off");
                Some((State::Failed, Some(reason)))
            }
            // The queue is closed before those who ask it are told.
            Err(Broken::Stopped) => Some(told(running.stop.state().unwrap_or(State::Interrupted))),
            Ok(()) => running.stop.state().map(told),
        };
        let ending = tokio::task::spawn_blocking(move || progress.finish(stop, now()));
        let ended = ending.await.expect("making a table does not panic");
        let (id, state) = (ended.id.clone(), ended.state);
        self.store_end(ComparisonChange::Finished(Box::new(ended))).await;
        *self.comparisons.live() = None;
        self.announce_end(&id, state);
    }

    /// Measures the parts, one after another.
    async fn parts(
        self: &Arc<Self>,
        progress: &mut Progress,
        running: &Running,
    ) -> Result<(), Broken> {
        let comparison = progress.comparison();
        let (id, request) = (comparison.id.clone(), comparison.request);
        // Planned anew: while it waited, other things may have filled the machine.
        let plan = plan(request);
        progress.begin(&plan);
        let parts = progress.comparison().parts.clone();
        self.store.write(Change::Comparison(ComparisonChange::Started { id, parts })).await?;
        self.show(progress);
        for (place, planned) in plan.iter().enumerate() {
            self.part(progress, place, planned, running).await?;
        }
        Ok(())
    }

    /// Measures one part: an experiment, and as many more as are asked for after it.
    async fn part(
        self: &Arc<Self>,
        progress: &mut Progress,
        place: usize,
        planned: &Planned,
        running: &Running,
    ) -> Result<(), Broken> {
        let stop = &running.stop;
        let mut next = Some(planned.request.clone());
        let mut attempt = 0;
        while let Some(request) = next.filter(|_| attempt < ATTEMPTS_MAX) {
            attempt += 1;
            let spec = match experiment::check(&request, machine::card().cores) {
                Ok(spec) => spec,
                Err(errors) => {
                    tracing::error!(part = planned.key, ?errors, "what was planned is not valid");
                    progress.part(place, State::Failed, None);
                    self.show(progress);
                    return Ok(());
                }
            };
            let id = self.ask(running, planned.key, spec).await?;
            let Some(ended) = self.follow(progress, place, &id, stop).await? else {
                // Somebody deleted it before it could be looked at.
                progress.part(place, State::Cancelled, None);
                self.show(progress);
                return Ok(());
            };
            // One that somebody cancelled is not asked for again.
            let cut_short = matches!(ended.state, State::Cancelled | State::Interrupted);
            next = (!cut_short).then(|| again(planned.key, attempt, &ended)).flatten();
            progress.ended(planned.key, ended);
            self.tabulate(progress).await;
            if stop.state().is_some() {
                return Err(Broken::Stopped);
            }
        }
        Ok(())
    }

    /// Puts an experiment into the queue.
    async fn ask(
        self: &Arc<Self>,
        running: &Running,
        part: &str,
        spec: Spec,
    ) -> Result<String, Broken> {
        if running.stop.state().is_some() {
            return Err(Broken::Stopped);
        }
        let membership = Membership { comparison: running.id.clone(), part: part.to_owned() };
        match self.submit(spec, running.client.clone(), Some(membership)).await {
            Ok(experiment) => Ok(experiment.id),
            Err(Refused::Store(error)) => Err(error.into()),
            // There is always a place for a part: the queue was closed.
            Err(Refused::Closing | Refused::Full { .. }) => Err(Broken::Stopped),
        }
    }

    /// Waits for the end of an experiment, cancelling it if the comparison is told to stop.
    /// `None` if it is gone.
    async fn follow(
        self: &Arc<Self>,
        progress: &mut Progress,
        place: usize,
        id: &str,
        stop: &Stop,
    ) -> Result<Option<Experiment>, Broken> {
        let mut moves = self.moves();
        let mut shown = None;
        loop {
            moves.borrow_and_update();
            let Some(state) = self.own.state(id).await? else { return Ok(None) };
            if state.is_final() {
                break;
            }
            if shown != Some(state) {
                progress.part(place, state, Some(id));
                self.show(progress);
                shown = Some(state);
            }
            tokio::select! {
                _ = moves.changed() => {}
                () = stop.token.cancelled() => {
                    self.cancel(id).await;
                    break;
                }
            }
        }
        let Some(mut experiment) = self.own.experiment(id).await? else { return Ok(None) };
        self.figures.summarize(&mut experiment).await;
        Ok(Some(experiment))
    }

    /// Makes the table anew, off the threads that serve, and shows it.
    async fn tabulate(&self, progress: &mut Progress) {
        let mut taken = progress.clone();
        let task = tokio::task::spawn_blocking(move || {
            taken.tabulate();
            taken
        });
        *progress = task.await.expect("making a table does not panic");
        self.show(progress);
    }

    /// Lets everybody see how far it has come.
    fn show(&self, progress: &Progress) {
        let comparison = progress.comparison();
        *self.comparisons.live() = Some(comparison.clone());
        self.bus.comparison(&comparison.id, comparison.state);
    }

    /// Stores an end. It must have one: a full disk is waited for, until the queue is closed.
    async fn store_end(&self, end: ComparisonChange) {
        while let Err(error) = self.store.write(Change::Comparison(end.clone())).await {
            tracing::error!(%error, "could not store the end of a comparison; trying again");
            if self.comparisons.line.lock().is_closed() {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Ends one of which nothing else can be said.
    async fn fail(&self, running: &Running, reason: &str) {
        let (id, reason, at) = (running.id.clone(), reason.to_owned(), now());
        self.store_end(ComparisonChange::Failed { id, reason, at }).await;
        self.announce_end(&running.id, State::Failed);
    }

    fn announce_end(&self, id: &str, state: State) {
        self.counts.comparisons.get_or_create(&[("outcome", state.id())]).inc();
        self.bus.comparison(id, state);
    }

    /// Ends one that never had its turn.
    pub(super) async fn end_waiting_comparison(&self, id: &str, state: State) {
        let stored = match self.own.comparison(id).await {
            Ok(Some(stored)) => stored.comparison,
            missing => return tracing::error!(comparison = id, ?missing, "it cannot be read"),
        };
        let ended = Progress::new(stored).finish(Some(told(state)), now());
        let state = ended.state;
        self.store_end(ComparisonChange::Finished(Box::new(ended))).await;
        self.announce_end(id, state);
    }
}

/// The state that a comparison was told to end in, and why.
fn told(state: State) -> (State, Option<String>) {
    (state, (state == State::Interrupted).then(|| STOPPED.to_owned()))
}
