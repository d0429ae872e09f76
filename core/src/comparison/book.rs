//! Finds cells and figures in the experiments of a comparison, and makes measures of them.

use super::claims;
use super::judge::{figure, judge_cells, row_verdicts};
use crate::api::{
    Cell, CellState, Claim, Estimate, Evidence, Experiment, Measure, MeasureCell, Row, Sample, Unit,
};
use crate::executor::{Body, Executor};
use crate::stats::{Distribution, slope};
use std::collections::BTreeMap;

/// What is said of a slope that is noise.
const NOISE: &str = "no growth beyond the noise of what the kernel tells";
/// Stands where there is no figure.
const NONE: &str = "–";

/// The experiments of a comparison, each found by what it is for.
pub(super) struct Book<'a> {
    experiments: BTreeMap<&'a str, Vec<&'a Experiment>>,
}

/// A figure, or why there is none.
pub(super) type Figure = Result<Sampled, String>;

/// A figure with the values that it is the median of.
pub(super) struct Sampled {
    pub(super) estimate: Estimate,
    /// None for a slope, or for what one execution told.
    pub(super) samples: Vec<f64>,
}

impl Sampled {
    /// The median of values with its interval; `None` where there are none.
    pub(super) fn of(samples: Vec<f64>) -> Option<Self> {
        let Distribution { median, median_low, median_high, n, .. } = Distribution::of(&samples)?;
        let estimate = Estimate { value: median, low: median_low, high: median_high, n };
        Some(Self { estimate, samples })
    }

    /// A figure without an interval, of so many.
    pub(super) fn exact(value: f64, n: usize) -> Self {
        let estimate = Estimate { value, low: value, high: value, n };
        Self { estimate, samples: Vec::new() }
    }
}

/// What a measure is called and how it is made.
#[derive(Clone, Copy)]
pub(super) struct About {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) unit: Unit,
    pub(super) how: &'static str,
    pub(super) details: &'static [&'static str],
    pub(super) is_claimed: bool,
}

/// Where a measure finds its cells.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// [`super::Planned::key`].
    pub(super) key: &'static str,
    pub(super) executors: &'static [Executor],
}

impl<'a> Book<'a> {
    pub(super) fn new(experiments: &[(&'a str, &'a Experiment)]) -> Self {
        let mut by_key: BTreeMap<&str, Vec<&Experiment>> = BTreeMap::new();
        for (key, experiment) in experiments {
            by_key.entry(key).or_default().push(experiment);
        }
        Self { experiments: by_key }
    }

    /// The cells of an executor in the experiments for `key`, the newest last.
    pub(super) fn cells(
        &self,
        key: &str,
        executor: Executor,
    ) -> impl Iterator<Item = (&'a Experiment, &'a Cell)> {
        let experiments = self.experiments.get(key).map_or(&[][..], Vec::as_slice);
        experiments.iter().flat_map(move |experiment| {
            let cells = experiment.cells.iter().filter(move |cell| cell.executor == executor);
            cells.map(move |cell| (*experiment, cell))
        })
    }

    /// The newest experiment for `key`.
    pub(super) fn experiment(&self, key: &str) -> Option<&'a Experiment> {
        self.experiments.get(key)?.last().copied()
    }

    /// A measure whose every figure comes from one cell: the newest for its executor.
    pub(super) fn measure(
        &self,
        about: About,
        places: &[Place],
        of: impl Fn(&Cell) -> Figure,
    ) -> Measure {
        let wanted = places
            .iter()
            .flat_map(|place| place.executors.iter().map(|executor| (place.key, *executor)));
        let cells = wanted.filter_map(|(key, executor)| {
            let newest = self.cells(key, executor).last();
            // A browser's column is there only where a browser was asked.
            (newest.is_some() || executor.is_native()).then(|| {
                newest.map_or_else(
                    || pending(executor),
                    |(experiment, cell)| self::cell(experiment, cell, about.unit, &of),
                )
            })
        });
        let cells = cells.collect();
        about.with(cells)
    }

    /// A measure that is the slope of a figure over the number of units.
    pub(super) fn slope(
        &self,
        about: About,
        places: &[Place],
        of: impl Fn(&Cell) -> Option<f64>,
    ) -> Measure {
        let cells = places.iter().flat_map(|place| {
            place.executors.iter().map(|executor| {
                let cells: Vec<_> = self.cells(place.key, *executor).collect();
                slope_cell(*executor, &cells, about.unit, &of)
            })
        });
        let cells = cells.collect();
        about.with(cells)
    }
}

impl About {
    pub(super) fn with(self, cells: Vec<MeasureCell>) -> Measure {
        Measure {
            id: self.id.to_owned(),
            title: self.title.to_owned(),
            unit: self.unit,
            how: self.how.to_owned(),
            details: self.details.iter().map(|text| (*text).to_owned()).collect(),
            is_claimed: self.is_claimed,
            cells,
        }
    }
}

/// A row: its measures held against its claims, with what others have published.
pub(super) fn judged_row(
    (id, title, question): (&str, &str, &str),
    claims: Vec<Claim>,
    mut measures: Vec<Measure>,
) -> Row {
    judge_cells(&mut measures, &claims);
    for measure in &mut measures {
        for cell in &mut measure.cells {
            cell.published = claims::of(id, &measure.id, cell.executor);
            if let (Some(published), Some(estimate)) = (&mut cell.published, cell.estimate) {
                published.ratio = Some(estimate.value / published.value);
            }
        }
    }
    Row {
        id: id.to_owned(),
        title: title.to_owned(),
        question: question.to_owned(),
        verdicts: row_verdicts(&measures, &claims),
        claims,
        measures,
    }
}

fn pending(executor: Executor) -> MeasureCell {
    MeasureCell {
        executor,
        state: CellState::Pending,
        estimate: None,
        text: NONE.to_owned(),
        note: None,
        samples: Vec::new(),
        evidence: Vec::new(),
        verdict: None,
        published: None,
    }
}

pub(super) fn cell(
    experiment: &Experiment,
    cell: &Cell,
    unit: Unit,
    of: impl Fn(&Cell) -> Figure,
) -> MeasureCell {
    let figure_of = if cell.state == CellState::Done { of(cell) } else { Err(reason(cell)) };
    MeasureCell {
        state: cell.state,
        evidence: vec![evidence(experiment, cell)],
        ..told(cell.executor, figure_of, unit)
    }
}

/// A finished cell with its figure, or with the reason why there is none.
fn told(executor: Executor, figure_of: Figure, unit: Unit) -> MeasureCell {
    let state = CellState::Done;
    match figure_of {
        Ok(Sampled { estimate, samples }) => MeasureCell {
            state,
            text: figure(estimate.value, unit),
            estimate: Some(estimate),
            samples,
            ..pending(executor)
        },
        Err(note) => {
            MeasureCell { state, note: (!note.is_empty()).then_some(note), ..pending(executor) }
        }
    }
}

fn reason(cell: &Cell) -> String {
    cell.reason.clone().unwrap_or_default()
}

fn evidence(experiment: &Experiment, cell: &Cell) -> Evidence {
    Evidence { experiment: experiment.id.clone(), cell: cell.index }
}

fn slope_cell(
    executor: Executor,
    cells: &[(&Experiment, &Cell)],
    unit: Unit,
    of: impl Fn(&Cell) -> Option<f64>,
) -> MeasureCell {
    let Some((_, last)) = cells.last() else { return pending(executor) };
    let evidence = cells.iter().map(|(experiment, cell)| evidence(experiment, cell)).collect();
    if let Some((_, open)) = cells.iter().find(|(_, cell)| cell.state != CellState::Done)
        && cells.iter().filter(|(_, cell)| cell.state == CellState::Done).count() < 2
    {
        let told = told(executor, Err(reason(open)), unit);
        return MeasureCell { state: open.state, evidence, ..told };
    }
    let done = cells.iter().filter(|(_, cell)| cell.state == CellState::Done);
    let all: Vec<&Cell> = done.map(|(_, cell)| *cell).collect();
    let alive: Vec<&Cell> = all.iter().copied().filter(|cell| were_all_alive(cell)).collect();
    let points: Vec<(f64, f64)> =
        alive.iter().filter_map(|cell| Some((units(cell)? as f64, of(cell)?))).collect();
    let missing = cells.len() - alive.len();
    let fitted = if alive.len() < 2 && all.len() >= 2 {
        Err("the units were not all alive at once: the machine was too slow".to_owned())
    } else {
        fitted(points)
    };
    let told = told(executor, fitted, unit);
    let (text, note) = match told.estimate {
        Some(estimate) if is_noise(&estimate) => (figure(0.0, unit), Some(NOISE.to_owned())),
        Some(_) if missing > 0 => (
            told.text.clone(),
            Some(format!("without {missing} of {} numbers of units, which failed", cells.len())),
        ),
        _ => (told.text.clone(), told.note.clone()),
    };
    MeasureCell { state: last.state, evidence, text, note, ..told }
}

/// Whether as many threads as units were seen at once, where anybody looked.
fn were_all_alive(cell: &Cell) -> bool {
    let seen = cell.memory.and_then(|memory| memory.threads_peak);
    let needed = units(cell).filter(|_| cell.executor.body() == Body::Threads);
    seen.zip(needed).is_none_or(|(seen, needed)| seen >= needed)
}

/// Whether the slopes between neighbours do not even agree that there is any growth.
pub(super) fn is_noise(estimate: &Estimate) -> bool {
    estimate.low <= 0.0
}

/// The slope through points, with those between neighbours as its spread.
pub(super) fn fitted(mut points: Vec<(f64, f64)>) -> Figure {
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let value = slope(&points).ok_or("not measurable here: the kernel does not tell it")?;
    let between = points.windows(2).filter_map(slope);
    let (low, high) = between.fold((value, value), |(low, high), s| (low.min(s), high.max(s)));
    let estimate = Estimate { value, low, high, n: points.len() };
    Ok(Sampled { estimate, samples: Vec::new() })
}

/// How many units a cell of `fan-out` has.
pub(super) fn units(cell: &Cell) -> Option<u64> {
    cell.params.get("units")?.as_u64()
}

/// What is read of every sample of a cell, divided by something that is fixed.
pub(super) fn of_samples(cell: &Cell, by: f64, of: impl Fn(&Sample) -> Option<f64>) -> Figure {
    let values: Option<Vec<f64>> =
        cell.samples.iter().map(|sample| Some(of(sample)? / by)).collect();
    values
        .and_then(Sampled::of)
        .ok_or_else(|| "not measurable here: it is not told for every sample".to_owned())
}

/// Wall-clock time of one operation.
pub(super) fn per_operation(cell: &Cell) -> Figure {
    let summary = cell.summary.as_ref().ok_or("it has no samples")?;
    let operations = summary.wall_ns.median / summary.wall_per_operation_ns.max(f64::MIN_POSITIVE);
    of_samples(cell, operations, |sample| Some(sample.wall_ns as f64))
}

/// Wall-clock time of one execution.
pub(super) fn wall(cell: &Cell) -> Figure {
    of_samples(cell, 1.0, |sample| Some(sample.wall_ns as f64))
}

/// Processor time of one execution, of the whole process, divided by something that is fixed.
pub(super) fn cpu(cell: &Cell, by: f64) -> Figure {
    of_samples(cell, by, |sample| Some((sample.cpu_user_ns? + sample.cpu_system_ns?) as f64))
}

/// A number that the outcomes told, divided by something that is fixed.
pub(super) fn reading(cell: &Cell, name: &str, by: f64) -> Figure {
    of_samples(cell, by, |sample| sample.readings.get(name).copied())
}
