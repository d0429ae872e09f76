//! Whose turn it is after an answer.

use super::*;

#[test]
fn a_head_that_began_during_an_answer_has_the_time_of_a_head() {
    let watch = Watch::new();
    watch.enter(Phase::Answering);
    watch.answered();
    assert_eq!(watch.phase(), Phase::Idle);
    watch.enter(Phase::Answering);
    watch.received();
    assert_eq!(watch.phase(), Phase::Answering);
    watch.answered();
    assert_eq!(watch.phase(), Phase::Head);
    watch.enter(Phase::Answering);
    watch.answered();
    assert_eq!(watch.phase(), Phase::Idle, "it was answered");
}
