//! What listeners get: in order, without loss, or with a gap that says so.

use super::*;

fn bus() -> Arc<Bus> {
    Arc::new(Bus::new("boot".to_owned()))
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
        event.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned()
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
    bus.experiment("before", State::Queued, Some(0));
    let mut listener = bus.listen(None);
    bus.experiment("after", State::Running, None);
    let events = events(&listener.next(None).await);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].0, "boot-2");
    assert_eq!(events[0].1.experiment(), Some("after"));
}

#[tokio::test]
async fn a_listener_resumes_where_it_broke_off() {
    let bus = bus();
    let first = bus.listen(None).last_id().unwrap();
    for id in ["a", "b", "c"] {
        bus.experiment(id, State::Done, None);
    }
    let resumed = |id: String| {
        let mut listener = bus.listen(Some(&id));
        async move {
            let text = listener.next(None).await;
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
        bus.experiment("a", State::Done, None);
        let mut listener = bus.listen(Some(id));
        assert!(gap(&listener.next(None).await), "{id}");
        bus.experiment("b", State::Done, None);
        assert!(!gap(&listener.next(None).await), "{id}: after the gap it goes on");
    }
}

#[tokio::test]
async fn who_is_too_slow_gets_a_gap_and_then_what_is_new() {
    let bus = bus();
    let mut slow = bus.listen(None);
    for _ in 0..=RING_EVENTS_MAX {
        bus.experiment("flood", State::Running, None);
    }
    let text = slow.next(None).await;
    assert!(gap(&text));
    assert_eq!(events(&text)[0].0, format!("boot-{}", RING_EVENTS_MAX + 1));
    bus.experiment("new", State::Done, None);
    assert_eq!(events(&slow.next(None).await)[0].1.experiment(), Some("new"));
}

#[test]
fn the_ring_is_bounded_in_bytes_too() {
    let mut ring = Ring::default();
    for _ in 0..20 {
        let text = Bytes::from(vec![b'x'; RING_BYTES_MAX / 10]);
        ring.push(Frame { about: "a".to_owned(), text });
    }
    assert!(ring.bytes <= RING_BYTES_MAX && ring.frames.len() >= 9);
    assert_eq!(ring.end, 21);
}

#[tokio::test]
async fn a_filter_leaves_out_other_experiments() {
    let bus = bus();
    let mut listener = bus.listen(None);
    bus.experiment("other", State::Done, None);
    bus.experiment("mine", State::Done, None);
    let events = events(&listener.next(Some("mine")).await);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].1.experiment(), Some("mine"));
}

#[tokio::test]
async fn the_first_sample_comes_at_once_and_the_last_before_the_end() {
    let bus = bus();
    let mut listener = bus.listen(None);
    for place in 0..5 {
        bus.samples("a", 0, place, vec![sample(place as u64)]);
    }
    bus.cell("a", 0, CellState::Done, None);
    let mut seen = Vec::new();
    for (_, event) in events(&listener.next(None).await) {
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
