//! Builds and tries the servers in Go of the exercises, and prints what is kept in
//! `demos/libraries/repair/recorded.json`:
//! `cargo run --example repair_record > demos/libraries/repair/recorded.json`.

#![expect(clippy::print_stderr, reason = "the record goes to standard output")]

use wiretalk::repair::RepairRecord;
use wiretalk::scope::Scope;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scope = Scope::new(|panic| eprintln!("a task panicked: {panic}"));
    let record = RepairRecord::make(&scope, |server| eprintln!("{server}")).await?;
    println!("{}", serde_json::to_string_pretty(&record)?);
    Ok(())
}
