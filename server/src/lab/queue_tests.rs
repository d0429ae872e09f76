//! How an experiment ends, by how its cells ended.

use super::*;
use CellState::{Cancelled, Done, Failed, Interrupted, Refused};

fn ended(stop: Option<State>, cells: &[CellState]) -> State {
    outcome(stop, cells).0
}

#[test]
fn one_cell_that_was_measured_makes_it_done() {
    assert_eq!(ended(None, &[Failed, Done, Refused]), State::Done);
    assert_eq!(ended(None, &[Done, Interrupted]), State::Done);
}

#[test]
fn a_refusal_is_a_result() {
    assert_eq!(ended(None, &[Refused, Refused]), State::Done);
    assert_eq!(ended(None, &[Refused, Failed]), State::Failed);
}

#[test]
fn it_failed_where_nothing_could_be_measured() {
    assert_eq!(outcome(None, &[Failed, Failed]).0, State::Failed);
    assert!(outcome(None, &[Failed]).1.is_some());
    assert_eq!(ended(None, &[Interrupted]), State::Interrupted);
}

#[test]
fn being_told_to_stop_counts_only_while_there_is_something_to_stop() {
    assert_eq!(ended(Some(State::Cancelled), &[Done, Cancelled]), State::Cancelled);
    assert_eq!(ended(Some(State::Interrupted), &[Done, Interrupted]), State::Interrupted);
    assert_eq!(ended(Some(State::Cancelled), &[Done, Done]), State::Done);
}
