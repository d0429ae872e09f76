//! What listeners get: in order, without loss, or with a gap that says so.

use super::*;
use tokio::time::Instant;

fn bus() -> Arc<Bus> {
    Arc::new(Bus::new("boot".to_owned()))
}

fn client(name: &str) -> Client {
    Client::of_session(name)
}

fn experiment(id: &str) -> Experiment {
    let request = serde_json::json!({"workload": "counter"});
    let request = serde_json::from_value(request).unwrap();
    let spec = filature_core::experiment::check(&request, 2).unwrap();
    Experiment { id: id.to_owned(), ..crate::lab::queue::fresh(spec) }
}

/// One who listens to everything.
fn all(bus: &Arc<Bus>, last_id: Option<&str>) -> Listener {
    bus.listen(last_id, Topic::All(client("ann")))
}

fn sample(wall_ns: u64) -> Sample {
    Sample {
        wall_ns,
        cpu_user_ns: None,
        cpu_system_ns: None,
        switches_voluntary: None,
        switches_involuntary: None,
        batch: 1,
        readings: Default::default(),
    }
}

/// The events of a text in the format of server-sent events: id and data.
fn events(text: &Bytes) -> Vec<(String, Event)> {
    let text = std::str::from_utf8(text).unwrap();
    let field = |event: &str, name: &str| {
        event.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned()
    };
    text.split_terminator("\n\n")
        .map(|event| {
            let data: Event = serde_json::from_str(&field(event, "data: ")).unwrap();
            assert_eq!(field(event, "event: "), data.name());
            (field(event, "id: "), data)
        })
        .collect()
}

fn gap(text: &Bytes) -> bool {
    matches!(events(text)[..], [(_, Event::Gap)])
}

#[tokio::test]
async fn a_listener_gets_what_comes_after_it() {
    let bus = bus();
    bus.experiment("before", State::Queued);
    let mut listener = all(&bus, None);
    bus.experiment("after", State::Running);
    let events = events(&listener.next().await);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].0, "boot-2");
    assert_eq!(events[0].1.experiment(), Some("after"));
}

#[tokio::test]
async fn a_listener_resumes_where_it_broke_off() {
    let bus = bus();
    let first = all(&bus, None).last_id().unwrap();
    for id in ["a", "b", "c"] {
        bus.experiment(id, State::Done);
    }
    let resumed = |id: String| {
        let mut listener = all(&bus, Some(&id));
        async move {
            let text = listener.next().await;
            let ids = events(&text).into_iter().map(|(_, e)| e.experiment().unwrap().to_owned());
            ids.collect::<Vec<String>>()
        }
    };
    assert_eq!(resumed(first).await, ["a", "b", "c"]);
    assert_eq!(resumed("boot-1".to_owned()).await, ["b", "c"]);
}

#[tokio::test]
async fn an_id_that_is_not_known_is_a_gap() {
    for id in ["garbage", "", "boot", "boot-", "boot-2", "boot-+1", "boot-01", "other-1", "boot--1"]
    {
        let bus = bus();
        bus.experiment("a", State::Done);
        let mut listener = all(&bus, Some(id));
        assert!(gap(&listener.next().await), "{id}");
        bus.experiment("b", State::Done);
        assert!(!gap(&listener.next().await), "{id}: after the gap it goes on");
    }
}

#[tokio::test]
async fn who_is_too_slow_gets_a_gap_and_then_what_is_new() {
    let bus = bus();
    let mut slow = all(&bus, None);
    for _ in 0..=RING_EVENTS_MAX {
        bus.experiment("flood", State::Running);
    }
    let text = slow.next().await;
    assert!(gap(&text));
    assert_eq!(events(&text)[0].0, format!("boot-{}", RING_EVENTS_MAX + 1));
    bus.experiment("new", State::Done);
    assert_eq!(events(&slow.next().await)[0].1.experiment(), Some("new"));
}

#[test]
fn the_ring_is_bounded_in_bytes_too() {
    let mut ring = Ring::default();
    for _ in 0..20 {
        let text = Bytes::from(vec![b'x'; RING_BYTES_MAX / 10]);
        ring.push(Frame { about: "a".to_owned(), owner: None, for_all: false, text });
    }
    assert!(ring.bytes <= RING_BYTES_MAX && ring.frames.len() >= 9);
    assert_eq!(ring.end, 21);
}

#[tokio::test]
async fn a_filter_leaves_out_other_experiments() {
    let bus = bus();
    let mut listener = bus.listen(None, Topic::One("mine".to_owned()));
    bus.experiment("other", State::Done);
    bus.experiment("mine", State::Done);
    let events = events(&listener.next().await);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].1.experiment(), Some("mine"));
}

#[tokio::test]
async fn the_first_sample_comes_at_once_and_the_last_before_the_end() {
    let bus = bus();
    let mut listener = all(&bus, None);
    for place in 0..5 {
        bus.samples("a", 0, place, vec![sample(place as u64)]);
    }
    bus.cell("a", 0, CellState::Done, None);
    let mut seen = Vec::new();
    for (_, event) in events(&listener.next().await) {
        match event {
            Event::Samples { first, samples, .. } => seen.push((first, samples.len())),
            other => assert!(matches!(other, Event::Cell { state: CellState::Done, .. })),
        }
    }
    assert_eq!(seen, [(0, 1), (1, 4)]);
}

#[test]
fn samples_are_gathered_between_ticks_and_none_is_lost() {
    let key = ("a".to_owned(), 3);
    let batch = |first: usize, count: usize| Batch {
        first,
        samples: (first..first + count).map(|place| sample(place as u64)).collect(),
    };
    let mut held = Coalescer::default();
    assert_eq!(held.push(&key, batch(0, 1)), Some(batch(0, 1)));
    assert_eq!(held.push(&key, batch(1, 2)), None);
    assert_eq!(held.push(&key, batch(3, 1)), None);
    assert_eq!(held.tick(&key), Some(batch(1, 3)));
    assert_eq!(held.push(&key, batch(4, 1)), None);
    assert_eq!(held.tick(&key), Some(batch(4, 1)));
    assert_eq!(held.tick(&key), None, "nothing came: the timer ends");
    assert_eq!(held.push(&key, batch(5, 1)), Some(batch(5, 1)));
    assert_eq!(held.push(&key, batch(6, 1)), None);
    assert_eq!(held.close(&key), Some(batch(6, 1)));
    assert_eq!((held.tick(&key), held.close(&key)), (None, None));
}

fn place(name: &str, id: &str, position: usize) -> Place {
    let wait = Duration::from_millis(1_500) * position as u32;
    let id = id.to_owned();
    Place { id, client: client(name), position, wait, expected: Duration::ZERO }
}

/// The places in a text: experiment, position and seconds. None of them has an id, since
/// they are what is now and not what happened.
fn places(text: &Bytes) -> Vec<(String, usize, u64)> {
    let told = events(text).into_iter().map(|(id, event)| {
        let Event::Experiment { experiment, state: State::Queued, position, wait_s } = event else {
            panic!("{event:?}");
        };
        assert_eq!(id, "");
        (experiment, position.unwrap(), wait_s.unwrap())
    });
    told.collect()
}

#[tokio::test(start_paused = true)]
async fn a_client_is_told_of_its_own_places_and_of_changes_only() {
    let bus = bus();
    let mut ann = all(&bus, None);
    bus.places(vec![place("bob", "b", 0), place("ann", "a1", 1), place("ann", "a2", 2)]);
    assert_eq!(places(&ann.next().await), [("a1".to_owned(), 1, 2), ("a2".to_owned(), 2, 3)]);
    bus.places(vec![place("ann", "a1", 1), place("ann", "a2", 3)]);
    assert_eq!(places(&ann.next().await), [("a2".to_owned(), 3, 5)]);
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_one_experiment_is_told_its_place_whosever_it_is() {
    let bus = bus();
    bus.places(vec![place("bob", "b1", 0), place("bob", "b2", 1)]);
    let mut ann = bus.listen(None, Topic::One("b2".to_owned()));
    assert_eq!(places(&ann.next().await), [("b2".to_owned(), 1, 2)]);
}

#[tokio::test(start_paused = true)]
async fn places_that_change_faster_are_told_as_they_are_in_the_end() {
    let bus = bus();
    let mut ann = all(&bus, None);
    let start = Instant::now();
    bus.places(vec![place("ann", "a", 9)]);
    assert_eq!(places(&ann.next().await), [("a".to_owned(), 9, 14)]);
    for position in [8, 7, 6] {
        bus.places(vec![place("ann", "a", position)]);
    }
    assert_eq!(places(&ann.next().await), [("a".to_owned(), 6, 9)]);
    assert_eq!(start.elapsed(), listener::PLACES_EVERY);
    // What happens is told at once all the same.
    bus.places(vec![place("ann", "a", 5)]);
    bus.experiment("a", State::Running);
    assert_eq!(events(&ann.next().await).len(), 1);
    assert_eq!(start.elapsed(), listener::PLACES_EVERY);
}

#[tokio::test]
async fn who_shares_a_server_hears_of_its_own_experiments_and_of_comparisons() {
    let bus = bus();
    let mut ann = bus.listen(None, Topic::Own(client("ann")));
    for (name, id) in [("ann", "a"), ("bob", "b")] {
        bus.queued(&experiment(id), &client(name));
    }
    bus.comparison("c", State::Running);
    for id in ["b", "a"] {
        bus.cell(id, 0, CellState::Running, None);
        bus.experiment(id, State::Done);
    }
    let told: Vec<String> = events(&ann.next().await)
        .iter()
        .map(|(_, event)| event.about().unwrap().to_owned())
        .collect();
    assert_eq!(told, ["a", "c", "a", "a"]);
}
