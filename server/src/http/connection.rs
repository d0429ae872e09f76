//! One connection, from its first byte to its last: requests in, answers out, and nothing
//! that takes longer than it may.

use super::guard::{self, Guard};
use super::heavy::Large;
use super::listen::Entry;
use super::problem::Failure;
use super::socket::{Filtered, Watched};
use super::tls::Tls;
use super::watch::{Cut, Phase, Times, Watch, watched};
use axum::Router;
use axum::body::{Body, HttpBody};
use axum::http::{Request, Response, StatusCode};
use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep, timeout};
use tower::Service;

/// The most bytes of a request's head, and of an answer that waits for a slow reader.
const BUFFER_BYTES_MAX: usize = 64 * 1024;

/// How long a client may go on sending what will not be read, so that it gets to the answer
/// that says so: a socket that is closed with unread bytes in it takes its answer back.
const LINGER: Duration = Duration::from_secs(1);

/// What all connections share.
pub(super) struct Serving {
    /// Answers the requests.
    pub(super) guard: Guard<Router>,
    /// How long things may take.
    pub(super) times: Times,
    /// The certificate, where HTTPS is served.
    pub(super) tls: Option<Tls>,
}

/// What is known of the connection that a request came on; its extension.
#[derive(Clone, Copy, Debug)]
pub(super) struct Connected {
    /// The other end.
    pub(super) peer: SocketAddr,
    /// When the connection will have been open for as long as one may.
    pub(super) until: Instant,
}

/// How a connection ended, in one word for the metrics.
pub(super) type Ending = &'static str;

/// Serves one connection to its end.
pub(super) async fn serve(serving: &Serving, socket: TcpStream, peer: SocketAddr, entry: &Entry) {
    let watch = entry.watch();
    let watched_socket = Watched::new(socket, Arc::clone(watch));
    let ending = match &serving.tls {
        None => requests(serving, watched_socket, peer, watch).await,
        Some(tls) => match encrypted(tls, watched_socket, serving.times, watch).await {
            Ok(stream) => {
                watch.enter(Phase::Silent);
                requests(serving, *stream, peer, watch).await
            }
            Err(ending) => ending,
        },
    };
    entry.end(ending);
}

/// The stream inside of TLS.
async fn encrypted(
    tls: &Tls,
    socket: Watched,
    times: Times,
    watch: &Watch,
) -> Result<Box<tokio_rustls::server::TlsStream<Watched>>, Ending> {
    let mut first = [0];
    let greeting = Box::pin(socket.socket().peek(&mut first));
    let read = watched(greeting, watch, times, |_| {}).await.map_err(word)?;
    match read {
        Ok(1..) if tls.is_encrypted(first[0]) => {}
        Ok(1..) => {
            let detail = "this server speaks HTTPS: use https:// instead of http:// in the address";
            let refusing = Box::pin(refuse(socket, Failure::bad_request(detail)));
            let _ = watched(refusing, watch, times, |_| {}).await;
            return Err("plain-http");
        }
        _ => return Err("client"),
    }
    let handshake = Box::pin(tls.accept(socket));
    match watched(handshake, watch, times, |_| {}).await.map_err(word)? {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) => {
            tracing::debug!(%error, "a TLS handshake failed");
            Err("handshake")
        }
    }
}

/// Answers the requests that come in on this stream.
async fn requests<S: Stream>(
    serving: &Serving,
    stream: S,
    peer: SocketAddr,
    watch: &Arc<Watch>,
) -> Ending {
    let times = serving.times;
    let connected = Connected { peer, until: watch.opened() + times.age };
    let guard = serving.guard.clone();
    let service = PerConnection { guard, watch: Arc::clone(watch), connected, body: times.body };
    let mut connection = http1::Builder::new()
        // The clock of the connection holds it to its limits, with one timer for all.
        .header_read_timeout(None)
        .max_buf_size(BUFFER_BYTES_MAX)
        .serve_connection(Filtered::new(stream, Arc::clone(watch)), service);
    let served = watched(&mut connection, watch, times, |work| {
        Pin::new(&mut **work.get_mut()).graceful_shutdown();
    })
    .await;
    let (stream, kept_back) = connection.into_parts().io.into_parts();
    match served {
        Err(cut) => {
            if cut == Cut::WriteTime || watch.is_blocked() {
                // What nobody takes must not stay in the kernel's buffers either.
                let _ = stream.socket().set_zero_linger();
            }
            word(cut)
        }
        Ok(served) => {
            if let Some(failure) = kept_back.map(no_request) {
                // Who needs its place, or stops the server, does not wait for this.
                let _ = watched(Box::pin(refuse(stream, failure)), watch, times, |_| {}).await;
                return "malformed";
            }
            if watch.left_body() {
                let _ = watched(Box::pin(linger(stream)), watch, times, |_| {}).await;
            }
            match served {
                _ if watch.had_late_body() => "body-time",
                Ok(()) => "client",
                Err(_) => "broken",
            }
        }
    }
}

fn word(cut: Cut) -> Ending {
    match cut {
        Cut::HeaderTime => "header-time",
        Cut::IdleTime => "idle-time",
        Cut::WriteTime => "write-time",
        Cut::Age => "age",
        Cut::Room => "room",
        Cut::Stop => "stop",
    }
}

/// A stream over a socket.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// The socket that carries it.
    fn socket(&self) -> &TcpStream;
}

impl Stream for Watched {
    fn socket(&self) -> &TcpStream {
        self.socket()
    }
}

impl Stream for tokio_rustls::server::TlsStream<Watched> {
    fn socket(&self) -> &TcpStream {
        self.get_ref().0.socket()
    }
}

/// What is wrong with bytes that the HTTP library answers with this status.
fn no_request(status: u16) -> Failure {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let detail = match status {
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE | StatusCode::URI_TOO_LONG => format!(
            "the head of a request may have at most {BUFFER_BYTES_MAX} bytes and 100 headers"
        ),
        _ => "this is no HTTP/1.1 request".to_owned(),
    };
    Failure::of_status(status, detail)
}

/// Answers a client that has sent no request, and closes.
pub(super) async fn refuse(mut stream: impl AsyncRead + AsyncWrite + Unpin, failure: Failure) {
    let answer = guard::raw(failure);
    let written = async {
        stream.write_all(&answer).await?;
        stream.shutdown().await
    };
    // A client that takes nothing, or has gone, misses an answer to what was no request.
    if let Ok(Ok(())) = timeout(LINGER, written).await {
        linger(stream).await;
    }
}

/// Waits until the client has read the last answer, within reason.
async fn linger(mut stream: impl AsyncRead + Unpin) {
    let mut unread = [0; 4096];
    let over = async { while matches!(stream.read(&mut unread).await, Ok(1..)) {} };
    let _ = timeout(LINGER, over).await;
}

/// The requests of one connection, on their way to the router.
struct PerConnection {
    guard: Guard<Router>,
    watch: Arc<Watch>,
    connected: Connected,
    body: Duration,
}

impl hyper::service::Service<Request<Incoming>> for PerConnection {
    type Response = Response<Answer>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        let has_body = !request.body().is_end_stream();
        self.watch.enter(if has_body { Phase::Body } else { Phase::Answering });
        let mut request = request.map(|body| {
            if !has_body {
                return Body::empty();
            }
            let (watch, late) = (Arc::clone(&self.watch), Box::pin(sleep(self.body)));
            Body::new(Given { body, watch, late, limit: self.body, is_over: false })
        });
        request.extensions_mut().insert(self.connected);
        Answering { answer: self.guard.clone().call(request), watch: Some(Arc::clone(&self.watch)) }
    }
}

/// An answer that is being made.
struct Answering {
    answer: <Guard<Router> as Service<Request<Body>>>::Future,
    watch: Option<Arc<Watch>>,
}

impl Future for Answering {
    type Output = Result<Response<Answer>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let response = ready!(self.answer.as_mut().poll(context))?;
        let watch = self.watch.take().expect("a future is not polled after its end");
        if response.extensions().get::<Large>().is_some() {
            watch.answers_much();
        }
        Poll::Ready(Ok(response.map(|body| Answer { body, watch })))
    }
}

/// The body of an answer; its end is noted.
struct Answer {
    body: Body,
    watch: Arc<Watch>,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.watch.answered();
    }
}

/// The body of a request, which must be there in time.
struct Given {
    body: Incoming,
    watch: Arc<Watch>,
    late: Pin<Box<Sleep>>,
    limit: Duration,
    is_over: bool,
}

impl Given {
    /// From now on it is the server's turn.
    fn end(&mut self) {
        if !self.is_over {
            self.is_over = true;
            self.watch.enter(Phase::Answering);
        }
    }
}

impl HttpBody for Given {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.late.as_mut().poll(context).is_ready() {
            self.watch.leave_body(true);
            self.end();
            let sentence = format!(
                "the body was not there within {} s, which is the limit (--body-time-s)",
                self.limit.as_secs()
            );
            return Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::TimedOut, sentence))));
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.is_none() || self.body.is_end_stream() {
            self.end();
        }
        Poll::Ready(frame.map(|frame| frame.map_err(io::Error::other)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        if !self.is_over {
            self.watch.leave_body(false);
            self.end();
        }
    }
}
