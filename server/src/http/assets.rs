//! The page: files that were built by `cargo xtask build-web` and are part of this
//! program.

use super::problem::{Answer, Failure};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../web/dist"]
#[allow_missing = true]
struct Files;

/// Shown where the page was not built before this program.
const NOT_BUILT: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>Filature</title>
<h1>Filature runs, but without its page</h1>
<p>This program was built before the page was. Build both with <code>cargo xtask serve</code>, or
the page alone with <code>cargo xtask build-web</code> and then this program again.</p>
<p>The API works: <a href=\"/api/docs/\">its documentation</a>,
<a href=\"/api/v1/workloads\">the workloads</a>.</p>
</html>
";

/// Any path that is not the API's.
pub(super) async fn asset(method: Method, uri: Uri, headers: HeaderMap) -> Answer<Response> {
    let path = uri.path();
    if !matches!(method, Method::GET | Method::HEAD) {
        return Err(nothing_at(path));
    }
    if is_view(path) {
        return Ok(match file(document(path), &headers) {
            Some(index) => index,
            None => {
                let headers = [
                    (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                    (header::CACHE_CONTROL, "no-cache"),
                ];
                (headers, NOT_BUILT).into_response()
            }
        });
    }
    // A compressed sibling is a form of its file, and nothing by itself.
    let name = path.strip_prefix("/assets/").filter(|name| !name.ends_with(".br"));
    let found = name.and_then(|name| file(&format!("assets/{name}"), &headers));
    found.ok_or_else(|| nothing_at(path))
}

/// The document for a path that the page routes: of threads against tasks, the page with
/// that view.
fn document(path: &str) -> &'static str {
    if path.starts_with("/compare") { "index-compare.html" } else { "index.html" }
}

/// The paths that the page itself routes.
fn is_view(path: &str) -> bool {
    let id = |id: &str| !id.is_empty() && !id.contains('/');
    matches!(path, "/" | "/compare" | "/history" | "/webassembly")
        || ["/e/", "/compare/"].iter().any(|view| path.strip_prefix(view).is_some_and(id))
}

fn nothing_at(path: &str) -> Failure {
    let shown: String = path.chars().take(100).collect();
    Failure::not_found(format!("there is nothing at {shown}"))
}

fn file(name: &str, request: &HeaderMap) -> Option<Response> {
    let plain = Files::get(name)?;
    let compressed = if accepts_brotli(request) { Files::get(&format!("{name}.br")) } else { None };
    let tag = tag(&plain);
    let known = request.get_all(header::IF_NONE_MATCH).iter().any(|value| {
        value.to_str().is_ok_and(|tags| tags.split(',').any(|known| known.trim() == tag))
    });
    let encoding = compressed.is_some();
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        compressed.unwrap_or(plain).data.into_response()
    };
    let media_type = mime_guess::from_path(name).first_or_octet_stream();
    let headers = response.headers_mut();
    let value = |text: &str| HeaderValue::from_str(text).ok();
    let text_type = match media_type.type_().as_str() {
        "text" => format!("{media_type}; charset=utf-8"),
        _ => media_type.to_string(),
    };
    headers.insert(header::CONTENT_TYPE, value(&text_type)?);
    headers.insert(header::ETAG, value(&tag)?);
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    // A name in assets carries a hash of its content: it never means anything else.
    let caching = match name {
        "index.html" | "index-compare.html" => "no-cache",
        _ => "public, max-age=31536000, immutable",
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    if encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    Some(response)
}

/// Weak, since the compressed form has the same tag.
fn tag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    let digits: String = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("W/\"{digits}\"")
}

/// Whether `Accept-Encoding` names brotli, and not with a weight of zero.
fn accepts_brotli(request: &HeaderMap) -> bool {
    request.get_all(header::ACCEPT_ENCODING).iter().any(|value| {
        value.to_str().is_ok_and(|value| {
            value.split(',').any(|coding| {
                let mut parts = coding.split(';').map(str::trim);
                let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("br"));
                let weight = parts.find_map(|part| part.strip_prefix("q="));
                named && weight.is_none_or(|q| q.parse::<f32>().is_ok_and(|q| q > 0.0))
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brotli_is_sent_only_to_those_who_take_it() {
        let accepts = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
            accepts_brotli(&headers)
        };
        assert!(accepts("br") && accepts("gzip, deflate, br") && accepts("gzip, br;q=0.5"));
        assert!(!accepts("gzip") && !accepts("br;q=0") && !accepts("brotli") && !accepts(""));
    }

    #[test]
    fn the_page_routes_its_own_paths() {
        assert!(is_view("/") && is_view("/history") && is_view("/e/abc"));
        assert!(is_view("/compare") && is_view("/compare/abc") && !is_view("/compare/a/b"));
        assert!(!is_view("/e/") && !is_view("/e/a/b") && !is_view("/api") && !is_view("/x"));
    }
}
