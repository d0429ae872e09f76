//! Who gets a place for a large answer, and for how long.

use super::*;
use futures_util::FutureExt;
use std::net::IpAddr;

fn visitor(address: u8, secret: &str) -> Visitor {
    Visitor::one(IpAddr::from([10, 0, 0, address]), secret)
}

fn large() -> Bytes {
    Bytes::from(vec![b'x'; HEAVY_FROM_BYTES + 1])
}

fn answer(heavy: &Heavy, visitor: &Visitor, body: Bytes) -> Answer<Response> {
    heavy.answer(visitor, HeaderMap::new(), body)
}

#[tokio::test]
async fn a_large_answer_keeps_its_place_until_it_was_taken() {
    let (heavy, ann) = (Heavy::default(), visitor(1, "ann"));
    let answer = answer(&heavy, &ann, large()).unwrap();
    assert_eq!(heavy.places.taken(), 1);
    assert!(answer.extensions().get::<Large>().is_some());
    let taken = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    assert_eq!(taken, large());
    assert_eq!(heavy.places.taken(), 0);
}

#[tokio::test]
async fn a_small_one_needs_no_place_and_one_that_is_dropped_keeps_none() {
    let (heavy, ann) = (Heavy::default(), visitor(1, "ann"));
    let held = [(); ANSWERS_CLIENT_MAX].map(|()| answer(&heavy, &ann, large()).unwrap());
    let small = answer(&heavy, &ann, Bytes::from_static(b"x")).unwrap();
    assert!(small.extensions().get::<Large>().is_none());
    drop(held);
    assert_eq!(heavy.places.taken(), 0);
}

#[tokio::test]
async fn who_reads_none_of_them_keeps_nobody_else_from_getting_one() {
    let (heavy, ann) = (Heavy::default(), visitor(1, "ann"));
    let held = [(); ANSWERS_CLIENT_MAX].map(|()| answer(&heavy, &ann, large()).unwrap());
    assert!(answer(&heavy, &ann, large()).is_err());
    assert!(answer(&heavy, &visitor(1, "bob"), large()).is_ok());
    drop(held);
    assert!(answer(&heavy, &ann, large()).is_ok());
}

#[tokio::test]
async fn who_has_much_made_leaves_turns_to_others_and_waits_for_its_own() {
    let heavy = Arc::new(Heavy::default());
    let ann = visitor(1, "ann");
    let mut held = Vec::new();
    for _ in 0..MAKING_CLIENT_MAX {
        held.push(heavy.turn(&ann).await);
    }
    let waiting = tokio::spawn({
        let (heavy, ann) = (Arc::clone(&heavy), ann.clone());
        async move { drop(heavy.turn(&ann).await) }
    });
    tokio::task::yield_now().await;
    drop(heavy.turn(&visitor(1, "bob")).await);
    assert!(!waiting.is_finished());
    held.pop();
    waiting.await.unwrap();
}

#[tokio::test]
async fn a_turn_lasts_as_long_as_the_work_does() {
    let heavy = Heavy::default();
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let turn = heavy.turn(&visitor(1, "ann")).await;
    // A client that hangs up: nobody waits for what is made.
    let mut made = Box::pin(turn.make(move || ended.recv().is_ok()));
    assert!(made.as_mut().now_or_never().is_none());
    drop(made);
    assert_eq!(heavy.making.taken(), 1);
    let mut freed = std::pin::pin!(heavy.making.freed().notified());
    freed.as_mut().enable();
    end.send(()).unwrap();
    freed.await;
    assert_eq!(heavy.making.taken(), 0);
}

#[tokio::test]
async fn one_that_is_asked_for_more_after_its_end_has_none() {
    use http_body_util::BodyExt;
    let ann = visitor(1, "ann");
    let mut body = answer(&Heavy::default(), &ann, large()).unwrap().into_body();
    while body.frame().await.is_some() {}
    assert!(body.frame().await.is_none());
}
