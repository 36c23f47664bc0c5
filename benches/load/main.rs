//! The bundled servers under load: the memory of 10,000 idle connections, a message to 10,000
//! subscribers, and the echo, beside raw TCP in the same run. Server and clients are processes of
//! their own, each on a CPU of its own where there are two.
//!
//! `cargo bench --bench load` measures; without `--bench`, as under `cargo test --benches`, a small
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
    // What `cargo bench NAME` asks of all benchmarks.
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
    println!("load: only Linux tells what a process has in memory and pins it to a CPU this way");
}
