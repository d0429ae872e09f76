//! What one experiment may take, and the sentences for one that takes more.

use crate::machine;
use crate::settings::{BudgetSettings, Settings};
use filature_core::api::Budget;
use filature_core::format;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

const MIB: u64 = 1024 * 1024;

/// What one experiment may take; what is `None` has no end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Budgets {
    /// How long its measuring may last.
    pub time: Option<Duration>,
    /// How much resident memory the processes of its cells may have.
    pub memory_bytes: Option<u64>,
    /// How many units one native cell may have at once.
    pub units: Option<u64>,
}

impl Budgets {
    /// For the owner of the machine, who can end what takes too much: no budget at all.
    pub const NONE: Self = Self { time: None, memory_bytes: None, units: None };

    /// The budgets of a server with these settings.
    pub fn of(settings: &BudgetSettings) -> Self {
        Self {
            time: Some(Duration::from_secs(settings.time_budget_s)),
            memory_bytes: Some(memory_bytes(settings)),
            units: Some(settings.unit_budget),
        }
    }

    /// The budgets of an experiment whose measuring begins now.
    pub fn begin(self) -> Allowance {
        Allowance { budgets: self, end: self.time.map(|time| Instant::now() + time) }
    }
}

fn memory_bytes(settings: &BudgetSettings) -> u64 {
    let given = settings.memory_budget_mib.map(|mib| mib.saturating_mul(MIB));
    given.unwrap_or_else(machine::memory_budget_bytes)
}

/// The budgets of the experiment that is being measured.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    budgets: Budgets,
    /// When its time is used up.
    end: Option<Instant>,
}

impl Allowance {
    /// What it may take.
    pub fn budgets(&self) -> &Budgets {
        &self.budgets
    }

    /// Whether its time is used up.
    pub fn is_over(&self) -> bool {
        self.end.is_some_and(|end| Instant::now() >= end)
    }

    /// Returns when its time is used up.
    pub async fn over(&self) {
        match self.end {
            Some(end) => sleep_until(end).await,
            None => std::future::pending().await,
        }
    }

    /// Why a cell ends that has no time left.
    pub fn out_of_time(&self) -> String {
        let seconds = self.budgets.time.unwrap_or_default().as_secs_f64();
        format!(
            "the time budget of {seconds} s for the whole experiment was used up; the server's \
             --time-budget-s sets it"
        )
    }

    /// Why a cell ends whose process had `own_bytes` of memory, while those of the cells that
    /// take turns with it had `other_bytes`.
    pub fn out_of_memory(&self, own_bytes: u64, other_bytes: u64) -> String {
        let bytes = |bytes: u64| format::bytes(bytes as f64);
        let others = match other_bytes {
            0 => String::new(),
            some => format!(", and the cells that take turns with it {}", bytes(some)),
        };
        format!("it took {} of memory{others}: more than {}", bytes(own_bytes), self.memory())
    }

    /// Why a cell ends whose process died since it was given no more memory; `how` it died.
    pub fn no_more_memory(&self, how: &str) -> String {
        format!("it needed more than {} ({how})", self.memory())
    }

    fn memory(&self) -> String {
        let budget = format::bytes(self.budgets.memory_bytes.unwrap_or(0) as f64);
        format!("the memory budget of {budget}, which the server's --memory-budget-mib sets")
    }
}

/// What a server with these settings lets its clients ask for, for them to see.
pub fn published(settings: &Settings) -> Vec<Budget> {
    let Settings { queue, budgets, .. } = settings;
    let budget = |name: &str, value: u64, unit: &str, flag: &str, about: &str| Budget {
        name: name.to_owned(),
        value,
        unit: unit.to_owned(),
        flag: flag.to_owned(),
        about: about.to_owned(),
    };
    vec![
        budget("time", budgets.time_budget_s, "s", "--time-budget-s", "to measure one experiment"),
        budget(
            "memory",
            memory_bytes(budgets) / MIB,
            "MiB",
            "--memory-budget-mib",
            "of memory for the processes that measure",
        ),
        budget(
            "units",
            budgets.unit_budget,
            "units",
            "--unit-budget",
            "(threads or tasks) at once in one cell",
        ),
        budget(
            "queue",
            queue.queue_max as u64,
            "experiments",
            "--queue-max",
            "that wait, of all clients",
        ),
        budget(
            "queue-client",
            queue.queue_client_max as u64,
            "experiments",
            "--queue-client-max",
            "that wait, of one client",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowance() -> Allowance {
        let time = Some(Duration::from_millis(50));
        Budgets { time, memory_bytes: Some(256 * MIB), units: Some(5) }.begin()
    }

    #[test]
    fn a_reason_names_the_budget_and_its_setting() {
        let time = allowance().out_of_time();
        assert!(time.contains("0.05 s") && time.contains("--time-budget-s"), "{time}");
        let memory = allowance().out_of_memory(300 * MIB, 0);
        assert_eq!(
            memory,
            "it took 300 MiB of memory: more than the memory budget of 256 MiB, which the \
             server's --memory-budget-mib sets"
        );
        let together = allowance().out_of_memory(200 * MIB, 100 * MIB);
        assert!(together.contains("take turns with it 100 MiB: more"), "{together}");
    }

    #[tokio::test(start_paused = true)]
    async fn time_that_is_used_up_is_over_and_without_a_budget_never_is() {
        let allowance = allowance();
        assert!(!allowance.is_over());
        allowance.over().await;
        assert!(allowance.is_over());
        let endless = Budgets::NONE.begin();
        let moment = Duration::from_millis(50);
        assert!(tokio::time::timeout(moment, endless.over()).await.is_err() && !endless.is_over());
    }
}
