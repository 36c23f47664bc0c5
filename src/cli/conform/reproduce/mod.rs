//! A case as something to run without this judge: a `wiretalk inspect` line, or a program of its own
//! that sends the same bytes over a raw socket and prints what comes back.
//!
//! `script` turns a case into operations; `program` writes them down in a language. `sockjs` has those
//! of SockJS, which need several connections.

mod form;
mod inspect_line;
mod program;
mod script;
mod sockjs;
#[cfg(test)]
mod tests;

use anyhow::bail;

use crate::conform::{Case, CaseKind};
use crate::net::Target;
pub use form::ReproduceForm;
use script::Script;
pub(super) use sockjs::reproduce_sockjs;

/// Returns the text that reproduces `case` against the server at `target`.
///
/// # Errors
///
/// If the form cannot express the case, or cannot reach such a server.
pub(super) fn reproduce(
    case: &Case,
    target: &Target,
    seed: u64,
    form: ReproduceForm,
) -> anyhow::Result<String> {
    if case.kind != CaseKind::Steps {
        bail!("{} is more than one connection: it has no bytes of its own", case.id);
    }
    let script = Script::new(case, target, seed);
    match form {
        ReproduceForm::Inspect => inspect_line::command(case, target),
        ReproduceForm::Go => Ok(program::go(&script, target)),
        ReproduceForm::Python => Ok(program::python(&script, target)),
        ReproduceForm::Shell if target.tls || target.unix_socket.is_some() => {
            bail!("bash opens neither TLS nor a Unix socket; use --as python or --as go")
        }
        ReproduceForm::Shell if script.ends_writes() => bail!(
            "bash cannot send FIN and read on, as {} does; use --as python or --as go",
            case.id
        ),
        ReproduceForm::Shell => Ok(program::shell(&script, target)),
    }
}
