//! What is kept, and who is told that it has not changed.

use super::*;
use serde_json::json;

fn status(cached: &Cached, tags: &str) -> StatusCode {
    cached.answer(&Wanted { tags: vec![tags.parse().unwrap()], brotli: false }).status()
}

#[test]
fn who_has_the_answer_is_not_sent_it_again() {
    let cached = Cached::new(&json!({"a": 1}));
    let tag = cached.tag.to_str().unwrap().to_owned();
    let strong = tag.trim_start_matches("W/").to_owned();
    for known in [tag.clone(), strong, format!("\"other\", {tag}"), "*".to_owned()] {
        assert_eq!(status(&cached, &known), StatusCode::NOT_MODIFIED, "{known}");
    }
    assert_eq!(status(&cached, "\"other\""), StatusCode::OK);
    assert_eq!(cached.answer(&Wanted { tags: Vec::new(), brotli: false }).status(), StatusCode::OK);
    assert_ne!(tag, Cached::new(&json!({"a": 2})).tag.to_str().unwrap());
}

#[test]
fn who_takes_brotli_gets_it_once_it_is_made() {
    let cached = Cached::new(&"x".repeat(10_000));
    let coding = |brotli: bool| {
        let answer = cached.answer(&Wanted { tags: Vec::new(), brotli });
        answer.headers().get(header::CONTENT_ENCODING).cloned()
    };
    assert_eq!(coding(true), None);
    cached.clone().compress();
    assert_eq!((coding(true), coding(false)), (Some("br".parse().unwrap()), None));
    assert!(cached.brotli.get().unwrap().len() < 100);
}

#[test]
fn the_oldest_go_when_there_are_too_many_bytes() {
    let (finished, large) = (Finished::default(), Cached::new(&"x".repeat(BYTES_MAX / 2 - 10)));
    for id in ["a", "b", "c"] {
        finished.put(0, id.to_owned(), large.clone());
    }
    assert!(finished.get("a").is_none() && finished.get("b").is_some());
    assert!(finished.get("c").is_some());
}

#[test]
fn an_answer_that_was_read_before_a_removal_is_not_kept() {
    let (finished, answer) = (Finished::default(), Cached::new(&1));
    let before = finished.removals();
    finished.remove("a");
    finished.put(before, "a".to_owned(), answer.clone());
    assert!(finished.get("a").is_none());
    finished.put(finished.removals(), "a".to_owned(), answer);
    assert!(finished.get("a").is_some());
}
