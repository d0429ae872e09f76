//! What the page knows, in signals that its parts share: the catalogue, the form, the
//! experiment that is shown, and whether the server is there.

mod connection;

use crate::api::{self, Failure, start};
#[cfg(feature = "compare")]
use crate::compare::{self, known::Known};
use crate::draft::Draft;
use crate::list::Listed;
use crate::route::{self, Route};
use crate::signal::{Live, untrack};
use crate::{browser, live};
use filature_core::api::{
    Budget, ExecutorInfo, Experiment, ExperimentLine, ExperimentPage, ExperimentRequest, Source,
    WorkloadInfo,
};
use filature_core::{Executor, FieldError};

use std::rc::Rc;
use std::time::Duration;

/// How many experiments the strip of the newest shows.
const NEWEST: usize = 8;
/// How often the strip is looked at again while one of its experiments is under way.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// Whether the server answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Connection {
    /// It does, as far as is known.
    Up,
    /// It does not; the next attempt is in so many seconds.
    Lost(u32),
}

/// What the page knows. A handle: copies are the same.
#[derive(Clone, Copy, Debug)]
pub struct App {
    /// The view.
    pub route: Live<Route>,
    /// All workloads; empty until they are loaded.
    pub catalogue: Live<Vec<Rc<WorkloadInfo>>>,
    /// The sources that were asked for, by the ids of their workloads.
    pub sources: Live<Vec<(String, Rc<Source>)>>,
    /// All executors; empty until they are loaded.
    pub executors: Live<Vec<ExecutorInfo>>,
    /// The machine that runs the server.
    pub machine: Live<Option<Here>>,
    /// The form.
    pub draft: Live<Draft>,
    /// What the server found wrong with the form when it was last sent.
    pub refused: Live<Vec<FieldError>>,
    /// Why the last attempt to run failed, where no field is to blame.
    pub run_failure: Live<Option<String>>,
    /// Whether a request to run is under way.
    pub sending: Live<bool>,
    /// The experiment that is shown.
    pub experiment: Live<Option<Experiment>>,
    /// Changes with everything about that experiment but its samples.
    pub settled: Live<()>,
    /// Why the experiment of the address cannot be shown.
    pub experiment_failure: Live<Option<String>>,
    /// The experiment whose medians stand beside the one that is shown.
    pub pinned: Live<Option<Rc<Experiment>>>,
    /// The comparison that is shown.
    #[cfg(feature = "compare")]
    pub comparison: Live<Option<Known>>,
    /// The newest experiments.
    pub newest: Live<Vec<ExperimentLine>>,
    /// Whether the newest experiments will be looked at again.
    pub looks_again: Live<bool>,
    /// Whether the server answers.
    pub connection: Live<Connection>,
    /// Why this browser cannot run the browser executors, if so.
    pub browser_obstacle: Live<Option<String>>,
    /// What is known of how many Web Workers this browser can start at once.
    pub workers: Live<Workers>,
}

/// What the form has to know of the machine that runs the server.
#[derive(Debug)]
pub struct Here {
    /// How many cores it has.
    pub cores: u32,
    /// What the server lets its clients ask for.
    pub budgets: Vec<Budget>,
}

/// How many Web Workers this browser can start at once.
#[derive(Clone, Debug, PartialEq)]
pub enum Workers {
    /// Nobody has counted them.
    Unknown,
    /// They are being counted.
    Counting,
    /// So many.
    Counted(u32),
    /// Why they could not be counted.
    Failed(String),
}

impl App {
    /// A page that has loaded nothing yet.
    pub fn new() -> Self {
        Self {
            route: Live::new(Route::Explore),
            catalogue: Live::new(Vec::new()),
            sources: Live::new(Vec::new()),
            executors: Live::new(Vec::new()),
            machine: Live::new(None),
            draft: Live::new(Draft::default()),
            refused: Live::new(Vec::new()),
            run_failure: Live::new(None),
            sending: Live::new(false),
            experiment: Live::new(None),
            settled: Live::new(()),
            experiment_failure: Live::new(None),
            pinned: Live::new(None),
            #[cfg(feature = "compare")]
            comparison: Live::new(None),
            newest: Live::new(Vec::new()),
            looks_again: Live::new(false),
            connection: Live::new(Connection::Up),
            browser_obstacle: Live::new(browser::obstacle()),
            workers: Live::new(browser::workers_max().map_or(Workers::Unknown, Workers::Counted)),
        }
    }

    /// The workload that the form is about.
    pub fn workload(self) -> Option<Rc<WorkloadInfo>> {
        let id = self.draft.with(|draft| draft.workload.clone());
        self.workload_by_id(&id)
    }

    /// A workload of the catalogue.
    pub fn workload_by_id(self, id: &str) -> Option<Rc<WorkloadInfo>> {
        self.catalogue.with(|all| all.iter().find(|info| info.id == id).cloned())
    }

    /// How many cores the server's machine has; 0 until that is known.
    pub fn cores(self) -> u32 {
        self.machine.with(|machine| machine.as_ref().map_or(0, |card| card.cores))
    }

    /// Why an executor cannot run the form as it is, if it cannot.
    pub fn obstacle(self, executor: Executor) -> Option<String> {
        let info = self.workload()?;
        if let Some(reason) = info.unavailable.get(&executor) {
            return Some(reason.clone());
        }
        if !executor.is_native()
            && let Some(reason) = self.browser_obstacle.get()
        {
            return Some(reason);
        }
        if executor == Executor::BrowserWorkers
            && let Some(reason) = browser::workers_obstacle()
        {
            return Some(reason);
        }
        self.draft.with(|draft| executor.obstacle(&info.params, &draft.values(&info.params)))
    }

    /// Counts how many Web Workers this browser can start at once.
    pub fn count_workers(self) {
        self.workers.set(Workers::Counting);
        start(async move {
            let counted = browser::count_workers().await;
            self.workers.set(counted.map_or_else(Workers::Failed, Workers::Counted));
            // A cell whose turn came meanwhile had to wait.
            browser::take_part(self);
        });
    }

    /// The executors that can run the form as it is.
    pub fn able(self) -> Vec<Executor> {
        Executor::ALL.into_iter().filter(|executor| self.obstacle(*executor).is_none()).listed()
    }

    /// The form as a request, or what is wrong with it; `None` before the catalogue is there.
    pub fn request(self) -> Option<Result<ExperimentRequest, Vec<FieldError>>> {
        let info = self.workload()?;
        let able = self.able();
        Some(self.draft.with(|draft| draft.request(&info, &able)))
    }

    /// Whether the experiment that is shown is still queued or being measured.
    pub fn is_under_way(self) -> bool {
        self.experiment.with(|e| e.as_ref().is_some_and(|e| !e.state.is_final()))
    }

    /// Shows an experiment, or none.
    pub fn show(self, experiment: Option<Experiment>) {
        self.experiment.set(experiment);
        self.settled.set(());
        self.tell_newest();
    }

    /// Shows the view of an address.
    pub fn arrive(self, route: Route, query: &str) {
        #[cfg(feature = "compare")]
        if !matches!(route, Route::Compare(_)) {
            compare::close();
        }
        match &route {
            Route::Explore => {
                live::close();
                self.show(None);
                self.draft.set(Draft::from_query(query));
                // What was left while it ran ends without a word.
                if !self.catalogue.with_untracked(Vec::is_empty) {
                    self.refresh_newest(Duration::ZERO);
                }
            }
            Route::Experiment(id) => {
                let shown = self.experiment.with_untracked(|e| e.as_ref().map(|e| e.id.clone()));
                if route::holds_form(query) {
                    self.draft.set(Draft::from_query(query));
                }
                if shown.as_deref() != Some(id.as_str()) {
                    self.show(None);
                    live::show(self, id.clone());
                } else if !route::holds_form(query)
                    && let Some(draft) = untrack(|| self.draft_of_shown())
                {
                    self.draft.set(draft);
                }
            }
            Route::Versus => {
                live::close();
                self.show(None);
            }
            // The part that this page measures goes on while one looks around in the table.
            Route::Compare(_) => {
                if !matches!(self.route.get_untracked(), Route::Compare(_)) {
                    live::close();
                    self.show(None);
                }
            }
            Route::History | Route::Unknown => {}
        }
        self.experiment_failure.set(None);
        self.run_failure.set(None);
        self.refused.set(Vec::new());
        self.route.set(route);
    }

    /// Changes the form by one press, which the browser's Back undoes.
    pub fn change_form(self, change: &dyn Fn(&mut Draft)) {
        let mut next = self.draft.get_untracked();
        change(&mut next);
        if self.draft.with_untracked(|now| *now != next) {
            let (path, query) = route::address();
            route::push(&(path + &query));
            self.draft.set(next);
        }
    }

    /// The form that asks for the experiment that is shown.
    pub fn draft_of_shown(self) -> Option<Draft> {
        let cores = self.cores();
        self.experiment.with(|experiment| {
            let spec = &experiment.as_ref()?.spec;
            let info = self.workload_by_id(&spec.workload)?;
            Some(Draft::of_spec(spec, &info.params, cores))
        })
    }

    /// Keeps the address in step with the form.
    pub fn write_address(self) {
        let query = self.draft.with(Draft::to_query);
        let route = self.route.get();
        let path = match &route {
            Route::Explore => "/".to_owned(),
            Route::Experiment(_) => route.path(),
            Route::Compare(_) | Route::History | Route::Versus | Route::Unknown => return,
        };
        let differs = match &route {
            Route::Experiment(_) => match self.draft_of_shown() {
                Some(draft) => self.draft.with(|now| *now != draft),
                None => return,
            },
            _ => !query.is_empty(),
        };
        let query = match (differs, query.is_empty()) {
            (false, _) => String::new(),
            (true, true) => {
                format!("?workload={}", self.draft.with(|draft| draft.workload.clone()))
            }
            (true, false) => format!("?{query}"),
        };
        let (now_path, now_query) = route::address();
        if now_path == path && now_query != query {
            route::replace(&format!("{path}{query}"));
        }
    }

    /// Loads what the page needs, and what changed while the server was away.
    pub async fn load(self) {
        if let Err(failure) = self.load_all().await {
            self.note(&failure);
        }
    }

    async fn load_all(self) -> Result<(), Failure> {
        self.machine.set(Some(api::get("/api/v1/machine").await?));
        self.executors.set(api::get("/api/v1/executors").await?);
        let workloads: Vec<WorkloadInfo> = api::get("/api/v1/workloads").await?;
        self.catalogue.set(workloads.into_iter().map(Rc::new).listed());
        self.load_newest().await
    }

    /// The source of a workload; `None` until it is loaded.
    pub fn source(self, id: &str) -> Option<Rc<Source>> {
        self.sources.with(|all| {
            all.iter().find(|(known, _)| known == id).map(|(_, source)| Rc::clone(source))
        })
    }

    /// Loads the source of a workload, unless it is there.
    pub fn load_source(self, id: String) {
        if untrack(|| self.source(&id)).is_some() {
            return;
        }
        start(async move {
            match api::get::<WorkloadInfo>(&format!("/api/v1/workloads/{id}")).await {
                Ok(WorkloadInfo { source: Some(source), .. }) => {
                    self.sources.update(|all| all.push((id, Rc::new(source))));
                }
                Ok(_) => {}
                Err(failure) => self.note(&failure),
            }
        });
    }

    /// Loads the strip of the newest experiments.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn load_newest(self) -> Result<(), Failure> {
        let page: ExperimentPage = api::get(&format!("/api/v1/experiments?limit={NEWEST}")).await?;
        let shown = self.experiment.with_untracked(|e| e.as_ref().map(|e| e.id.clone()));
        // The one that is shown tells of its end by itself.
        let is_open = page
            .experiments
            .iter()
            .any(|line| !line.state.is_final() && shown.as_ref() != Some(&line.id));
        self.newest.set(page.experiments);
        self.tell_newest();
        if is_open && !self.looks_again.get_untracked() {
            self.looks_again.set(true);
            self.refresh_newest(LOOK_AGAIN);
        }
        Ok(())
    }

    /// Brings the strip up to what events told of the experiment that is shown.
    pub fn tell_newest(self) {
        let behind = self.experiment.with_untracked(|shown| {
            let shown = shown.as_ref()?;
            let is_behind = |line: &ExperimentLine| live::is_behind(line, shown);
            let place = self.newest.with_untracked(|lines| lines.iter().position(is_behind))?;
            Some((place, shown.state))
        });
        if let Some((place, state)) = behind {
            self.newest.update(|lines| lines[place].state = state);
        }
    }

    /// Loads the strip of the newest experiments again after a while.
    pub fn refresh_newest(self, pause: Duration) {
        start(async move {
            api::sleep(pause).await;
            self.looks_again.set(false);
            if let Err(failure) = self.load_newest().await {
                self.note(&failure);
            }
        });
    }
}

impl Default for App {
    fn default() -> Self {
        Self::new()
    }
}
