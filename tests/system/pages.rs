//! The page's delivery: routes, headers, caching.

use filature_tests::server::Server;

#[test]
fn every_answer_carries_the_headers_that_isolate_the_page() {
    let server = Server::start();
    for path in ["/", "/api/v1/workloads", "/healthz", "/nothing-here"] {
        let response = server.get(path);
        let header = |name: &str| {
            let value = response.headers().get(name).unwrap_or_else(|| panic!("{path}: {name}"));
            value.to_str().unwrap().to_owned()
        };
        assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert_eq!(header("cross-origin-embedder-policy"), "require-corp", "{path}");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin", "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        let policy = header("content-security-policy");
        assert!(policy.contains("default-src 'none'") || policy.contains("default-src 'self'"));
        assert!(!policy.contains("unsafe-inline"), "{path}: {policy}");
    }
}

#[test]
fn the_page_is_served_at_its_addresses_and_never_cached_while_its_assets_are_for_good() {
    let server = Server::start();
    for path in ["/", "/history", "/e/0123456789abcdef"] {
        let response = server.get(path);
        assert_eq!(response.status(), 200, "{path}");
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
        assert!(response.headers()["cache-control"].to_str().unwrap().contains("no-cache"));
    }
    let page = server.get("/").text().unwrap();
    // A build without the page says how to make it: then there are no assets.
    let assets: Vec<&str> = page.split('"').filter(|text| text.starts_with("/assets/")).collect();
    if assets.is_empty() {
        assert!(page.contains("cargo xtask build-web"), "{page}");
    }
    for asset in assets {
        let request = server.request("GET", asset).header("Accept-Encoding", "br");
        let response = request.send().unwrap();
        assert_eq!(response.status(), 200, "{asset}");
        assert!(response.headers()["cache-control"].to_str().unwrap().contains("immutable"));
        let etag = response.headers()["etag"].clone();
        let again = server.request("GET", asset).header("If-None-Match", etag).send().unwrap();
        assert_eq!(again.status(), 304, "{asset}");
    }
}
