//! A case as a command line of `wiretalk inspect`.

use anyhow::bail;

use crate::conform::{Case, ServerAddress, Step};
use crate::net::Target;
use crate::text::shell_quote;
use crate::wire::format::hex;

/// The number of bytes whose hex fits into an argument: Linux allows 128 KiB of text each.
const MAX_ARGUMENT_BYTES: usize = 60_000;

/// The seconds for which the connection stays open after the last bytes, so that an answer can come.
const SECONDS: u8 = 5;

/// Returns the command line: the case's own headers, then one `--send-hex` for each write.
///
/// # Errors
///
/// If the case has a request that `inspect` does not send, sends FIN, or sends too much for an
/// argument.
pub(super) fn command(case: &Case, target: &Target) -> anyhow::Result<String> {
    let server = ServerAddress { authority: target.authority(), target: target.path.clone() };
    let Some(fields) = case.request.fields_beyond_standard(&server) else {
        bail!(
            "wiretalk inspect can't send the request of {}; use --as python, --as go or \
             --as shell",
            case.id
        );
    };
    let mut words = vec![format!("wiretalk inspect {}", shell_quote(&target.to_string()))];
    for (name, value) in fields {
        words.push(format!("--header {}", shell_quote(&format!("{name}: {value}"))));
    }
    for step in &case.steps {
        match step {
            Step::Send(bytes) if bytes.len() <= MAX_ARGUMENT_BYTES => {
                words.push(format!("--send-hex {}", hex(bytes)));
            }
            Step::Send(bytes) => bail!(
                "{} sends {} bytes at once, too many for a command line; use --as python, --as go or \
                 --as shell",
                case.id,
                bytes.len()
            ),
            Step::EndWrites => bail!(
                "{} sends FIN and reads on, which wiretalk inspect does not; use --as python or \
                 --as go",
                case.id
            ),
            Step::Pause(_) | Step::Expect(_) => {}
        }
    }
    words.push(format!("--for {SECONDS}"));
    Ok(words.join(" ") + "\n")
}
