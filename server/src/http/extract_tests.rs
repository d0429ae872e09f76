//! What a wrong body is told.

use super::*;
use axum::response::IntoResponse;
use filature_core::api::{ExperimentRequest, Problem};

async fn problem(body: &str) -> Problem {
    let failure = parse::<ExperimentRequest>(body.as_bytes()).unwrap_err();
    let bytes = axum::body::to_bytes(failure.into_response().into_body(), 10_000).await.unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn broken_json_is_a_bad_request() {
    for body in ["", "{", "{\"workload\":", "[", "{\"workload\":\"x\"} y", "nonsense"] {
        assert_eq!(problem(body).await.status, 400, "{body}");
    }
}

#[tokio::test]
async fn a_wrong_field_is_pointed_at() {
    let cases = [
        (r#"{}"#, "/workload", "missing field `workload`"),
        (r#"{"workload":"x","speed":1}"#, "/speed", "unknown field `speed`"),
        (r#"{"workload":"x","samples":"ten"}"#, "/samples", "`samples`: invalid type: string"),
        (r#"{"workload":"x","samples":-1}"#, "/samples", "expected a whole number, 0 or more"),
        (
            r#"{"workload":"x","sweep":{"param":"y","values":[1,"z"]}}"#,
            "/sweep/values/1",
            "expected a whole number",
        ),
        (r#"{"workload":"x","sweep":{"param":"y","values":[],"z/~":1}}"#, "/sweep/z~1~0", "z/~"),
        (r#"["x"]"#, "", "must be a JSON object"),
    ];
    for (body, pointer, detail) in cases {
        let problem = problem(body).await;
        assert_eq!(problem.status, 422, "{body}");
        assert_eq!(problem.errors[0].pointer, pointer, "{body}");
        assert!(problem.errors[0].detail.contains(detail), "{:?}", problem.errors);
    }
}

#[test]
fn json_is_known_by_its_media_type() {
    let declared = |value: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
        is_json(&headers)
    };
    assert!(declared("application/json") && declared("Application/JSON; charset=utf-8"));
    assert!(!declared("text/plain") && !declared("application/jsonx") && !declared(""));
    assert!(!is_json(&HeaderMap::new()));
}

#[tokio::test]
async fn a_key_that_is_there_twice_is_pointed_at() {
    let cases = [
        (r#"{"workload":"x","workload":"x"}"#, "/workload"),
        (r#"{"workload":"x","params":{"a":{"b":1,"b":1}}}"#, "/params/a/b"),
        (r#"[{"b":1,"b":1}]"#, "/0/b"),
    ];
    for (body, pointer) in cases {
        let problem = problem(body).await;
        assert_eq!((problem.status, problem.errors[0].pointer.as_str()), (422, pointer), "{body}");
        assert!(problem.errors[0].detail.contains("given twice"), "{:?}", problem.errors);
    }
}
