//! [`SendArgs`]: the values of `--send` and `--send-hex`, in the order of the command line.
//!
//! clap's derive keeps the order of values only within one option, so these two are parsed by hand.

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};

use crate::clients;
use crate::wire::pasted::parse_hex;

/// The commands to send once the connection is open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SendArgs(pub Vec<clients::SessionCommand>);

impl Args for SendArgs {
    fn augment_args(command: Command) -> Command {
        let arg =
            |name, value| Arg::new(name).long(name).value_name(value).action(ArgAction::Append);
        command
            .arg(
                arg("send", "TEXT")
                    .help("Send this text once the connection is open; may be given several times"),
            )
            .arg(arg("send-hex", "HEX").help(
                "Send these raw bytes, legal or not; may be given several times, and mixed with \
                 --send in any order",
            ))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SendArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut all = Vec::new();
        for name in ["send", "send-hex"] {
            let positions = matches.indices_of(name).into_iter().flatten();
            let values = matches.get_many::<String>(name).into_iter().flatten();
            all.extend(positions.zip(values).map(|(position, value)| (position, name, value)));
        }
        // By position first; no two values have the same one.
        all.sort_unstable();
        // Worded like clap's own errors, which this one stands among.
        let command = |(_, name, value): (usize, &str, &String)| match name {
            "send" => Ok(clients::SessionCommand::Text(value.clone())),
            _ => parse_hex(value).map(clients::SessionCommand::Raw).map_err(|error| {
                let message = format!("invalid value {value:?} for '--send-hex <HEX>': {error}");
                Error::raw(ErrorKind::ValueValidation, message)
            }),
        };
        all.into_iter().map(command).collect::<Result<_, _>>().map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
