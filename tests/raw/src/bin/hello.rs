//! The smallest axum server: says hello on a free port of the loopback interface, and
//! first prints its address.

use axum::{Router, routing::get};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

fn main() {
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        let routes = Router::new().route("/", get(|| async { "hello, world" }));
        axum::serve(listener, routes).await.unwrap();
    });
}
