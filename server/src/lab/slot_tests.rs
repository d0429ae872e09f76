//! Whose turn it is: fair between clients, in order within one, and as it was foretold.

use super::*;
use proptest::prelude::*;

const ROOM: Room = Room { all: 100, client: 10 };
const SECOND: Duration = Duration::from_secs(1);

fn client(name: &str) -> Client {
    Client::of_session(name)
}

/// A queue into which each pair of a client and an id has entered, in this order.
fn slot(entered: &[(&str, &str)]) -> Slot {
    let mut slot = Slot::default();
    for (name, id) in entered {
        slot.admit(&client(name), ROOM).unwrap();
        assert!(slot.enter(&client(name), id, SECOND));
    }
    slot
}

/// The ids in the order in which they are measured.
fn measured(slot: &mut Slot) -> Vec<String> {
    let mut ids = Vec::new();
    while let Some(running) = slot.take() {
        ids.push(running.id.clone());
        slot.leave();
    }
    ids
}

#[test]
fn clients_take_turns_and_each_keeps_its_own_order() {
    let mut slot =
        slot(&[("ann", "a1"), ("ann", "a2"), ("ann", "a3"), ("bob", "b1"), ("cy", "c1")]);
    assert_eq!(measured(&mut slot), ["a1", "b1", "c1", "a2", "a3"]);
}

#[test]
fn who_comes_while_its_own_is_measured_waits_behind_the_others() {
    let mut slot = slot(&[("ann", "a1"), ("bob", "b1")]);
    assert_eq!(slot.take().unwrap().id, "a1");
    slot.admit(&client("ann"), ROOM).unwrap();
    slot.enter(&client("ann"), "a2", SECOND);
    slot.leave();
    assert_eq!(measured(&mut slot), ["b1", "a2"]);
}

#[test]
fn a_place_says_how_many_come_before_and_how_long_that_takes() {
    let mut slot = slot(&[("ann", "a1"), ("ann", "a2"), ("bob", "b1")]);
    let place = slot.place("a2").unwrap();
    assert_eq!((place.position, place.wait), (2, 2 * SECOND));
    slot.take();
    let place = slot.place("b1").unwrap();
    assert_eq!(place.position, 1);
    assert!(place.wait <= SECOND);
    assert!(slot.place("a1").is_none());
}

#[test]
fn those_being_stored_count_against_both_limits() {
    let room = Room { all: 3, client: 2 };
    let mut slot = slot(&[("ann", "a1")]);
    slot.admit(&client("ann"), room).unwrap();
    let refused = slot.admit(&client("ann"), room);
    assert!(matches!(refused, Err(Refused::Full { own: true, limit: 2, .. })));
    slot.admit(&client("bob"), room).unwrap();
    let refused = slot.admit(&client("bob"), room);
    assert!(matches!(refused, Err(Refused::Full { own: false, limit: 3, .. })));
    slot.give_up(&client("ann"));
    slot.admit(&client("bob"), room).unwrap();
}

#[test]
fn one_that_is_withdrawn_lets_the_others_move_up() {
    let mut slot = slot(&[("ann", "a"), ("bob", "b"), ("cy", "c")]);
    let running = slot.take().unwrap();
    assert!(matches!(slot.withdraw("b"), Some(Found::Waiting)));
    assert_eq!(slot.place("c").unwrap().position, 1);
    assert!(slot.withdraw("b").is_none());
    assert!(matches!(slot.withdraw("a"), Some(Found::Running(_))));
    assert!(running.stop.state().is_none(), "finding it does not stop it");
}

#[test]
fn closing_interrupts_what_runs_and_admits_nobody() {
    let mut slot = slot(&[("ann", "a"), ("ann", "b")]);
    let running = slot.take().unwrap();
    slot.admit(&client("cy"), ROOM).unwrap();
    assert_eq!(slot.close(), ["b"]);
    assert_eq!(running.stop.state(), Some(State::Interrupted));
    running.stop.tell(State::Cancelled);
    assert_eq!(running.stop.state(), Some(State::Interrupted), "the first one counts");
    assert!(!slot.enter(&client("cy"), "c", SECOND) && slot.take().is_none());
    assert!(matches!(slot.admit(&client("cy"), ROOM), Err(Refused::Closing)));
}

#[test]
fn a_part_of_a_comparison_has_a_place_and_comes_first_of_its_clients() {
    let mut slot = slot(&[("ann", "a1"), ("ann", "a2"), ("bob", "b1")]);
    let full = Room { all: 3, client: 2 };
    assert!(slot.admit(&client("ann"), full).is_err());
    slot.admit_part(&client("ann")).unwrap();
    slot.enter_part(&client("ann"), "part", SECOND);
    assert_eq!(measured(&mut slot), ["part", "b1", "a1", "a2"]);
    slot.close();
    assert!(matches!(slot.admit_part(&client("ann")), Err(Refused::Closing)));
}

/// What happens to a queue.
#[derive(Clone, Debug)]
enum Step {
    /// A client, by its number, asks for an experiment.
    Ask(usize),
    /// The one in the slot ends, and the next takes its place.
    Next,
    /// One that waits, by its place, is cancelled.
    Cancel(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0_usize..6).prop_map(Step::Ask),
        3 => Just(Step::Next),
        1 => (0_usize..12).prop_map(Step::Cancel),
    ];
    prop::collection::vec(step, 1..120)
}

/// The turns that were given since each client last got one or began to wait.
type Passed = HashMap<Client, Vec<Client>>;

proptest! {
    /// Between two turns of a client that waits, nobody else gets two; what one client asks
    /// for is measured in its order; and who is told to be next is.
    #[test]
    fn nobody_is_passed_twice(steps in steps()) {
        let mut slot = Slot::default();
        let mut asked: HashMap<Client, VecDeque<String>> = HashMap::new();
        let mut passed: Passed = HashMap::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Ask(name) => {
                    let client = client(&name.to_string());
                    if slot.admit(&client, Room { all: 40, client: 8 }).is_err() {
                        prop_assert_eq!(asked[&client].len(), 8);
                        continue;
                    }
                    let id = format!("{name}-{number}");
                    slot.enter(&client, &id, SECOND);
                    asked.entry(client.clone()).or_default().push_back(id);
                    passed.entry(client).or_default();
                }
                Step::Next => {
                    slot.leave();
                    let next = slot.places().into_iter().next();
                    let taken = slot.take();
                    prop_assert_eq!(next.map(|place| place.id), taken.as_ref().map(|t| t.id.clone()));
                    let Some(taken) = taken else {
                        prop_assert!(asked.values().all(VecDeque::is_empty));
                        continue;
                    };
                    let own = asked.get_mut(&taken.client).unwrap();
                    prop_assert_eq!(own.pop_front(), Some(taken.id.clone()));
                    let own_waits = !own.is_empty();
                    passed.remove(&taken.client);
                    for since in passed.values_mut() {
                        prop_assert!(!since.contains(&taken.client), "passed twice");
                        since.push(taken.client.clone());
                    }
                    if own_waits {
                        passed.insert(taken.client.clone(), Vec::new());
                    }
                }
                Step::Cancel(place) => {
                    let Some(place) = slot.places().into_iter().nth(place) else { continue };
                    prop_assert!(matches!(slot.withdraw(&place.id), Some(Found::Waiting)));
                    let own = asked.get_mut(&place.client).unwrap();
                    own.retain(|id| *id != place.id);
                    if own.is_empty() {
                        passed.remove(&place.client);
                    }
                }
            }
        }
        // All that still wait get their turn, in the order that they were told.
        slot.leave();
        let told: Vec<String> = slot.places().into_iter().map(|place| place.id).collect();
        prop_assert_eq!(measured(&mut slot), told);
    }
}
