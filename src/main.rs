//! The binary.

use std::process::ExitCode;

use clap::Parser;
use wiretalk::cli::decode::Decode;

#[derive(Parser)]
enum Command {
    Decode(Decode),
}

fn main() -> anyhow::Result<ExitCode> {
    let Command::Decode(decode) = Command::parse();
    decode.run()
}
