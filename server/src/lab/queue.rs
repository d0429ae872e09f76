//! The queue and the one measuring slot: experiments are measured one after another,
//! since two at once would measure each other.

use super::budgets::Budgets;
use super::bus::Bus;
use super::comparisons::Comparisons;
use super::counts::Counts;
use super::desk::{self, Desk};
use super::estimate::Estimator;
use super::figures::Figures;
use super::line::{Cancelled, Line};
use super::names::{now, random_word};
use super::record::Recorder;
use super::run;
use super::slot::{Place, Refused, Room, Running, Status};
use crate::client::Client;
use crate::machine;
use crate::settings::Settings;
use crate::store::{Change, Finish, Membership, Store};
use filature_core::api::{CellState, Disturbance, Experiment, Spec, State};
use filature_core::experiment;
use futures_util::FutureExt;
use futures_util::future::join_all;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The queue, the slot and all they need.
pub struct Lab {
    /// The history.
    pub store: Store,
    /// The same for what measuring needs: however much visitors read, it goes on.
    pub(super) own: Store,
    /// Who is told.
    pub bus: Arc<Bus>,
    /// Where pages measure their cells.
    pub desk: Desk,
    /// The figures computed from samples.
    pub figures: Figures,
    /// What has been measured since the start.
    pub counts: Counts,
    /// The comparisons, each of which asks for several experiments.
    pub comparisons: Comparisons,
    /// How long experiments take, as far as can be foretold.
    pub estimator: Estimator,
    budgets: Budgets,
    room: Room,
    pub(super) line: Line,
    moved: watch::Sender<()>,
}

impl Lab {
    /// A lab with an empty queue.
    pub fn new(store: Store, bus: Arc<Bus>, settings: &Settings) -> Arc<Self> {
        Arc::new(Self {
            own: store.apart(),
            store,
            bus,
            desk: Desk::default(),
            figures: Figures::default(),
            counts: Counts::default(),
            comparisons: Comparisons::default(),
            estimator: Estimator::new(Duration::from_secs(settings.budgets.time_budget_s)),
            budgets: Budgets::of(&settings.budgets),
            room: Room { all: settings.queue.queue_max, client: settings.queue.queue_client_max },
            line: Line::default(),
            moved: watch::Sender::new(()),
        })
    }

    /// Stores an experiment of a client, as a part of a comparison where one asks for it, and
    /// lets it wait for its turn.
    ///
    /// # Errors
    /// [`Refused`]; then nothing of it is stored.
    pub async fn submit(
        self: &Arc<Self>,
        spec: Spec,
        client: Client,
        membership: Option<Membership>,
    ) -> Result<Experiment, Refused> {
        match membership {
            None => self.line.lock().admit(&client, self.room)?,
            Some(_) => self.line.lock().admit_part(&client)?,
        }
        // A task of its own: a client that hangs up must not leave it half accepted.
        let lab = Arc::clone(self);
        let task = tokio::spawn(async move { lab.enter(spec, client, membership).await });
        task.await.expect("accepting an experiment does not panic")
    }

    async fn enter(
        &self,
        spec: Spec,
        client: Client,
        membership: Option<Membership>,
    ) -> Result<Experiment, Refused> {
        let mut experiment = fresh(spec);
        let is_part = membership.is_some();
        let create = Change::Create {
            experiment: Box::new(experiment.clone()),
            owner: client.clone(),
            membership,
        };
        if let Err(error) = self.store.write(create).await {
            self.line.lock().give_up(&client);
            return Err(Refused::Store(error));
        }
        if !self.wait(&mut experiment, &client, is_part) {
            self.finish_waiting(&experiment.id, State::Interrupted).await;
            return Err(Refused::Closing);
        }
        Ok(experiment)
    }

    /// Lets an experiment that has been stored wait; `false` if the queue was closed meanwhile.
    fn wait(&self, experiment: &mut Experiment, client: &Client, is_part: bool) -> bool {
        let expected = self.estimator.expect(&experiment.spec);
        let mut slot = self.line.lock();
        let entered = if is_part {
            slot.enter_part(client, &experiment.id, expected)
        } else {
            slot.enter(client, &experiment.id, expected)
        };
        if entered {
            put(experiment, slot.place(&experiment.id));
            self.bus.queued(experiment, client);
            self.bus.places(slot.places());
            self.line.wake();
        }
        entered
    }

    /// Says of an experiment that waits where and how long.
    pub fn locate(&self, experiment: &mut Experiment) {
        put(experiment, self.line.lock().place(&experiment.id));
    }

    /// Tells whenever an experiment has begun or ended, or the queue has a place again.
    pub fn moves(&self) -> watch::Receiver<()> {
        self.moved.subscribe()
    }

    /// What happens in the slot.
    pub fn status(&self) -> Status {
        self.line.lock().status()
    }

    /// Cancels an experiment and returns when it has ended; `false` if it neither waits
    /// nor runs.
    pub async fn cancel(self: &Arc<Self>, id: &str) -> bool {
        match self.line.cancel(id).await {
            Cancelled::Nothing => return false,
            Cancelled::Running => return true,
            Cancelled::Waiting => {}
        }
        // First, so that nobody hears that it waits after its end.
        self.announce_places();
        let (lab, id) = (Arc::clone(self), id.to_owned());
        let task = tokio::spawn(async move { lab.finish_waiting(&id, State::Cancelled).await });
        task.await.expect("cancelling does not panic");
        true
    }

    /// Cancels all that wait, comparisons too, and returns how many these were when all have
    /// ended. What is being measured goes on.
    pub async fn cancel_waiting(self: &Arc<Self>) -> usize {
        let compared = self.comparisons.withdraw_all();
        let waiting = self.line.lock().withdraw_all();
        let count = waiting.len() + compared.len();
        self.announce_places();
        let lab = Arc::clone(self);
        let task = tokio::spawn(async move {
            let ends = waiting.iter().map(|id| lab.finish_waiting(id, State::Cancelled));
            join_all(ends).await;
            for id in compared {
                lab.end_waiting_comparison(&id, State::Cancelled).await;
            }
        });
        task.await.expect("cancelling does not panic");
        count
    }

    /// Ends the queue: what runs is stopped, and nothing more is taken.
    pub async fn close(&self) {
        let waiting = self.line.close();
        self.announce_places();
        self.close_comparisons().await;
        for id in waiting {
            self.finish_waiting(&id, State::Interrupted).await;
        }
    }

    /// Whether nothing more is taken.
    pub(super) fn is_closed(&self) -> bool {
        self.line.lock().is_closed()
    }

    /// Measures what is queued until the lab is closed.
    ///
    /// Whatever is measured gets the priority of the thread that polls this.
    pub async fn run(self: Arc<Self>) {
        self.check_history().await;
        self.trim_history().await;
        while let Some(running) = self.next_experiment().await {
            self.counts.waits.observe(running.waited.as_secs_f64());
            self.announce_places();
            // The panic hook has logged where.
            if AssertUnwindSafe(self.measure(&running)).catch_unwind().await.is_err() {
                tracing::error!(experiment = running.id, "measuring died");
                let reason = "an error in Filature itself; its log says more".to_owned();
                self.finish(&running, State::Failed, Some(reason), None).await;
            }
            self.desk.close();
            self.line.leave(&running);
            self.announce_places();
            self.trim_history().await;
        }
    }

    async fn measure(self: &Arc<Self>, running: &Running) {
        let (state, reason, disturbance) = match self.cells(running).await {
            Ok((states, disturbance)) => {
                let (state, reason) = outcome(running.stop.state(), &states);
                (state, reason, disturbance)
            }
            Err(error) => {
                tracing::error!(
                    experiment = running.id,
                    error,
                    "could not store what was measured"
                );
                let reason = format!("what was measured could not be stored: {error}");
                (State::Failed, Some(reason), None)
            }
        };
        self.finish(running, state, reason, disturbance).await;
    }

    /// Takes all cells to their end.
    async fn cells(
        self: &Arc<Self>,
        running: &Running,
    ) -> Result<(Vec<CellState>, Option<Disturbance>), String> {
        let id = &running.id;
        let stored = self.own.experiment(id).await.map_err(|error| error.to_string())?;
        let Experiment { spec, cells, .. } = stored.ok_or("it is not in the history")?;
        let start = Change::Started { id: id.clone(), at: now() };
        self.store.write(start).await.map_err(|error| error.to_string())?;
        self.bus.experiment(id, State::Running);
        self.moved.send_replace(());
        let begun = Instant::now();

        let calls = self.desk.open(id, cells.len());
        let mut recorder = Recorder::new(Arc::clone(self), running, &spec, cells.len());
        let native = cells.iter().any(|cell| cell.executor.is_native());
        let token = &running.stop.token;
        let allowed = self.budgets.begin();
        let disturbance = run::native_cells(&spec, &cells, &mut recorder, token, &allowed).await?;
        self.desk.be_ready();
        desk::browser_cells(calls, &spec, &cells, &mut recorder, token, &allowed).await?;
        let took = begun.elapsed();
        let states = recorder.into_states();
        if states.iter().all(|state| *state == CellState::Done) {
            self.estimator.note(&spec, took);
        }
        Ok((states, native.then_some(disturbance)))
    }

    async fn finish(
        &self,
        running: &Running,
        state: State,
        reason: Option<String>,
        disturbance: Option<Disturbance>,
    ) {
        let id = running.id.clone();
        let verdict = self.last_verdict(&id).await;
        let finish = Finish { id, state, reason, at: now(), disturbance, verdict };
        self.store_finish(finish).await;
    }

    /// Stores an end and announces it. Whatever was announced before must have one: a full disk
    /// is waited for, unless the server stops; the next one then marks what it finds open.
    async fn store_finish(&self, finish: Finish) {
        while let Err(error) = self.store.write(Change::Finished(Box::new(finish.clone()))).await {
            tracing::error!(experiment = finish.id, %error, "could not store the end; trying again");
            if self.is_closed() {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        self.bus.experiment(&finish.id, finish.state);
        self.moved.send_replace(());
    }

    async fn last_verdict(&self, id: &str) -> Option<String> {
        let mut experiment = self.own.experiment(id).await.ok().flatten()?;
        let verdicts = self.figures.verdicts(&mut experiment).await;
        verdicts.into_iter().next_back().map(|verdict| verdict.sentence)
    }

    async fn finish_waiting(&self, id: &str, state: State) {
        let reason = (state == State::Interrupted).then(|| STOPPED.to_owned());
        let (id, at) = (id.to_owned(), now());
        self.store_finish(Finish { id, state, reason, at, disturbance: None, verdict: None }).await;
    }

    fn announce_places(&self) {
        self.bus.places(self.line.lock().places());
    }
}

/// Says of an experiment where and how long it waits, if it does.
fn put(experiment: &mut Experiment, place: Option<Place>) {
    experiment.position = place.as_ref().map(|place| place.position);
    experiment.wait_s = place.as_ref().map(|place| in_seconds(place.wait));
    experiment.expected_s = place.map(|place| in_seconds(place.expected));
}

/// A foretold time: full seconds, since it is no better than that.
pub(super) fn in_seconds(time: Duration) -> u64 {
    time.as_secs_f64().ceil() as u64
}

/// Why something is `interrupted` when the server is stopped in an orderly way.
pub const STOPPED: &str = "the server was stopped; the experiment can be run again";

/// An experiment as it is when it is accepted.
pub(super) fn fresh(spec: Spec) -> Experiment {
    let cells = experiment::cells(&spec);
    Experiment {
        id: random_word(16),
        state: State::Queued,
        position: None,
        wait_s: None,
        expected_s: None,
        reason: None,
        spec,
        machine: machine::card().clone(),
        created_at: now(),
        started_at: None,
        finished_at: None,
        disturbance: None,
        cells,
        verdicts: Vec::new(),
    }
}

/// The state of an experiment whose cells have all ended, and why.
fn outcome(stop: Option<State>, cells: &[CellState]) -> (State, Option<String>) {
    let is = |state: CellState| move |cell: &CellState| *cell == state;
    let cut_short =
        cells.iter().any(is(CellState::Cancelled)) || cells.iter().any(is(CellState::Interrupted));
    // Told to stop when there was nothing left to stop: then it has simply ended.
    if let Some(state) = stop.filter(|_| cut_short) {
        return (state, (state == State::Interrupted).then(|| STOPPED.to_owned()));
    }
    if cells.iter().any(is(CellState::Done)) || cells.iter().all(is(CellState::Refused)) {
        return (State::Done, None);
    }
    if cells.iter().any(is(CellState::Failed)) {
        return (State::Failed, Some("no cell could be measured; each says why".to_owned()));
    }
    let reason = "no page measured the cells that are for a browser; it can be run again";
    (State::Interrupted, Some(reason.to_owned()))
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
