//! Measures the SockJS server: 1,000 sessions with 10 messages a second each, over xhr-streaming and
//! over WebSockets, and the memory of 10,000 idle WebSocket sessions. Each message is checked: none
//! may be lost, come twice or out of order.
//!
//! `cargo bench --bench sockjs` measures for a minute each. Without `--bench`, as under `cargo test
//! --benches`, a few sessions show that it works. Other servers are measured in the same run:
//! `SOCKJS_SERVERS="sockjs-node=node echo.js;sockjs-go=./sockjs-go"`, each a program that is given
//! `127.0.0.1:PORT` and serves `/echo` there. `SOCKJS_SECONDS` and `SOCKJS_SESSIONS` change the scale.

#[cfg(target_os = "linux")]
mod clients;
#[cfg(target_os = "linux")]
mod exchange;
#[cfg(target_os = "linux")]
mod measure;
#[cfg(target_os = "linux")]
mod server;

#[cfg(target_os = "linux")]
fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == server::OURS) {
        return server::serve();
    }
    // `cargo bench NAME` passes NAME to every benchmark, which must then skip itself.
    let named = arguments.iter().filter(|argument| !argument.starts_with("--"));
    if named.into_iter().any(|argument| !"sockjs".contains(argument.as_str())) {
        return Ok(());
    }
    measure::run(arguments.iter().any(|argument| argument == "--bench"))
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("sockjs: needs Linux, to read the memory of a process");
}
