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

#[tokio::test]
async fn a_large_answer_keeps_its_place_until_it_was_taken() {
    let (heavy, ann) = (Heavy::default(), visitor(1, "ann"));
    let answer = heavy.place(&ann).await.unwrap().answer(HeaderMap::new(), large());
    assert_eq!(heavy.places.taken(), 1);
    assert!(answer.extensions().get::<Large>().is_some());
    let taken = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    assert_eq!(taken, large());
    assert_eq!(heavy.places.taken(), 0);
}

#[tokio::test]
async fn a_small_one_and_one_that_is_dropped_keep_none() {
    let (heavy, ann) = (Heavy::default(), visitor(1, "ann"));
    let small = Bytes::from_static(b"x");
    let small = heavy.place(&ann).await.unwrap().answer(HeaderMap::new(), small);
    assert!(small.extensions().get::<Large>().is_none());
    drop(heavy.place(&ann).await.unwrap().answer(HeaderMap::new(), large()));
    assert_eq!(heavy.places.taken(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_reads_none_of_them_keeps_nobody_else_from_getting_one() {
    let (heavy, ann) = (Heavy::default(), visitor(1, "ann"));
    let held = [heavy.place(&ann).await.unwrap(), heavy.place(&ann).await.unwrap()];
    let start = Instant::now();
    assert!(heavy.place(&ann).await.is_err());
    assert_eq!(start.elapsed().as_secs(), PLACE_TIME.as_secs(), "for a moment only");
    assert!(heavy.place_now(&visitor(1, "bob")).is_ok());
    drop(held);
    assert!(heavy.place(&ann).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_place_that_is_given_back_is_had_by_who_waits() {
    let heavy = Arc::new(Heavy::default());
    let ann = visitor(1, "ann");
    let [first, _second] = [heavy.place(&ann).await.unwrap(), heavy.place(&ann).await.unwrap()];
    let waiting = tokio::spawn({
        let heavy = Arc::clone(&heavy);
        async move { heavy.place(&ann).await.is_ok() }
    });
    tokio::task::yield_now().await;
    drop(first);
    assert!(waiting.await.unwrap());
}

#[tokio::test]
async fn a_turn_lasts_as_long_as_the_work_does() {
    let heavy = Heavy::default();
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let turn = heavy.turn().await;
    // A client that hangs up: nobody waits for what is made.
    let mut made = Box::pin(turn.make(move || ended.recv().is_ok()));
    assert!(made.as_mut().now_or_never().is_none());
    drop(made);
    assert_eq!(heavy.making.available_permits(), MAKING_MAX - 1);
    end.send(()).unwrap();
    let all = heavy.making.acquire_many(u32::try_from(MAKING_MAX).unwrap()).await;
    assert!(all.is_ok());
}

#[tokio::test]
async fn one_that_is_asked_for_more_after_its_end_has_none() {
    use http_body_util::BodyExt;
    let place = Heavy::default().place(&visitor(1, "ann")).await.unwrap();
    let mut body = place.answer(HeaderMap::new(), large()).into_body();
    while body.frame().await.is_some() {}
    assert!(body.frame().await.is_none());
}
