//! Measures the bundled servers under load: the memory of 10,000 idle connections, a message to
//! 10,000 subscribers, and the echo, beside raw TCP in the same run. The server and the clients are
//! separate processes, each on a CPU of its own if there are two.
//!
//! `cargo bench --bench load` measures. Without `--bench`, as under `cargo test --benches`, a small
//! crowd shows that it works.

#[cfg(target_os = "linux")]
mod crowd;
#[cfg(target_os = "linux")]
mod floor;
#[cfg(target_os = "linux")]
mod measure;
#[cfg(target_os = "linux")]
mod recorded;
#[cfg(target_os = "linux")]
mod server;

#[cfg(target_os = "linux")]
fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [name] = arguments.as_slice()
        && [floor::ECHO, floor::HUB].contains(&name.as_str())
    {
        return floor::run(name);
    }
    // `cargo bench NAME` passes NAME to every benchmark, which must then skip itself.
    if arguments
        .iter()
        .any(|argument| !argument.starts_with("--") && !"load".contains(argument.as_str()))
    {
        return Ok(());
    }
    let scale = if arguments.iter().any(|argument| argument == "--bench") {
        measure::Scale::FULL
    } else {
        measure::Scale::SMOKE
    };
    measure::run(&scale)
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("load: needs Linux, to read the memory of a process and to pin it to a CPU");
}
