//! Reads the bytes to decode: pasted text of any form on the command line, and text or raw bytes in
//! files and on standard input. `wire::pasted` recognizes the form.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use anyhow::{Context, bail};

use crate::cli::bounded_read;
use crate::net::describe_io_error;
use crate::wire::ByteLen;
use crate::wire::format::byte_count;
use crate::wire::pasted::{self, Pasted, PastedForm};

/// The maximum size of a file or of standard input, in bytes. `decode` explains every frame in
/// memory; `wiretalk inspect FILE` opens larger captures.
pub(super) const MAX_INPUT_BYTES: u64 = 16 << 20;

/// The number of bytes at which a terminal cuts a line that is typed or pasted (Linux,
/// `N_TTY_BUF_SIZE`, without the line end). macOS cuts at 1024, and rings the bell.
const MAX_TERMINAL_LINE: usize = 4095;

/// The options for reading the inputs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct InputOptions {
    /// Whether files and standard input hold the bytes themselves.
    pub(super) raw: bool,
    /// The form of text; `None` recognizes it.
    pub(super) form: Option<PastedForm>,
}

/// The bytes of all inputs, and how they were read.
#[derive(Debug, Default)]
pub(super) struct Input {
    pub(super) bytes: Vec<u8>,
    /// The names of the forms, in order and each once; `raw` for bytes that were no text.
    pub(super) formats: Vec<&'static str>,
    /// What a user should know of how the text was read. Plain hex needs no sentence.
    pub(super) notes: Vec<String>,
}

impl Input {
    fn add_format(&mut self, name: &'static str) {
        if !self.formats.contains(&name) {
            self.formats.push(name);
        }
    }

    fn add_text(&mut self, text: &str, name: &str, form: Option<PastedForm>) -> anyhow::Result<()> {
        let pasted = parse(text, form)?;
        let payloads = pasted.tcp_payloads().with_context(|| name.to_owned())?;
        self.add_format(pasted.form.name());
        let Pasted { bytes, form, .. } = &pasted;
        let mut note = format!("{name} was read as {}", form.description());
        if let Some(stream) = payloads {
            note.push_str(", without the headers of IP and TCP");
            if stream.missing > 0 {
                let missing = byte_count(ByteLen::from_usize(stream.missing));
                let shown = byte_count(ByteLen::of(&stream.bytes));
                write!(note, "; {missing} are missing after the first {shown}")?;
            }
            if stream.behind > 0 {
                let behind = byte_count(ByteLen::from_usize(stream.behind));
                write!(note, ", and the {behind} behind them were not read")?;
            }
            self.bytes.extend(stream.bytes);
        } else {
            self.bytes.extend(bytes);
        }
        if *form != PastedForm::Hex {
            self.notes.push(note);
        }
        Ok(())
    }
}

fn parse(text: &str, form: Option<PastedForm>) -> Result<Pasted, pasted::PasteError> {
    form.map_or_else(|| pasted::parse(text), |form| pasted::parse_as(text, form))
}

/// Returns the bytes of all inputs, concatenated. An input is pasted text, `-` for standard input,
/// or a file; texts that follow each other are one, with a blank between. Without inputs, standard
/// input is read.
///
/// # Errors
///
/// If an input is neither, cannot be read, or isn't bytes in a known form.
pub(super) fn read_inputs(inputs: &[String], options: InputOptions) -> anyhow::Result<Input> {
    let mut input = Input::default();
    if inputs.is_empty() {
        if io::stdin().is_terminal() {
            writeln!(io::stderr(), "{PASTE_PROMPT}")
                .context("could not write to standard error")?;
        }
        read_source("-", options, &mut input)?;
    }
    if options.form.is_none() {
        refuse_hex_that_names_a_file(inputs, Path::new(""))?;
    }
    let mut texts: Vec<&str> = Vec::new();
    for argument in inputs {
        if is_text(argument) {
            texts.push(argument);
            continue;
        }
        add_texts(&std::mem::take(&mut texts), options, &mut input)?;
        read_source(argument, options, &mut input)?;
    }
    add_texts(&texts, options, &mut input)?;
    Ok(input)
}

/// What a terminal shows before it is read.
const PASTE_PROMPT: &str = if cfg!(windows) {
    "wiretalk decode: paste bytes in any form, then press Enter, Ctrl-Z and Enter"
} else {
    "wiretalk decode: paste bytes in any form, then press Enter and Ctrl-D"
};

/// Refuses an argument of hex digits that is also the name of a file in `folder`, such as `cafe`.
fn refuse_hex_that_names_a_file(inputs: &[String], folder: &Path) -> anyhow::Result<()> {
    let is_hex = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let both = inputs.iter().find(|input| is_hex(input) && folder.join(input).is_file());
    if let Some(name) = both {
        bail!(
            "{name:?} could be hex or the file of that name; use --format hex for hex, or ./{name} \
             for the file"
        );
    }
    Ok(())
}

/// Whether an argument is text, not `-` or a file. With `--format`, hex wins over a file of the same
/// name.
fn is_text(argument: &str) -> bool {
    let hex = argument.chars().all(|char| {
        char.is_ascii_hexdigit() || char.is_whitespace() || matches!(char, 'x' | 'X' | ':' | ',')
    });
    let path = argument.starts_with(['/', '.', '~']);
    hex || argument != "-" && !path && !Path::new(argument).exists()
}

fn add_texts(texts: &[&str], options: InputOptions, input: &mut Input) -> anyhow::Result<()> {
    if texts.is_empty() {
        return Ok(());
    }
    let text = texts.join(" ");
    let added = input.add_text(&text, "the command line", options.form);
    added.map_err(|error| unreadable_argument(texts, error))
}

/// Returns the error for arguments that aren't bytes. A single word may be a mistyped file.
fn unreadable_argument(texts: &[&str], error: anyhow::Error) -> anyhow::Error {
    let [word] = texts else { return error.context("the command line") };
    let Err(source) = std::fs::metadata(word) else { return error };
    // A mistyped argument can be a long text.
    let shown: String = word.chars().take(60).collect();
    anyhow::anyhow!(
        "{shown:?} is neither bytes ({error:#}), nor a readable file ({})",
        describe_io_error(&source)
    )
}

fn read_source(source: &str, options: InputOptions, input: &mut Input) -> anyhow::Result<()> {
    let (name, contents) = if source == "-" {
        let contents = bounded_read::read_stream(io::stdin().lock(), MAX_INPUT_BYTES);
        ("standard input".to_owned(), contents.context("could not read standard input")?)
    } else {
        let contents = bounded_read::read_file(Path::new(source), MAX_INPUT_BYTES);
        (format!("{source:?}"), contents.map_err(|error| unreadable_file(source, &error))?)
    };
    if options.raw {
        input.add_format("raw");
        input.bytes.extend(contents);
        return Ok(());
    }
    if source == "-" && io::stdin().is_terminal() {
        check_terminal_lines(&contents)?;
    }
    let text = pasted::decode_text(&contents).with_context(|| {
        format!("{name} is not text; use --raw if it holds the bytes themselves")
    })?;
    input.add_text(&text, &name, options.form).with_context(|| name.clone())
}

/// Refuses a line that the terminal has cut: it would be read without its end.
fn check_terminal_lines(contents: &[u8]) -> anyhow::Result<()> {
    let cut =
        contents.split(|byte| *byte == b'\n').position(|line| line.len() >= MAX_TERMINAL_LINE);
    if let Some(line) = cut {
        bail!(
            "line {} is as long as a terminal allows, so its end may be lost; paste it into a file \
             and decode that",
            line.saturating_add(1)
        );
    }
    Ok(())
}

fn unreadable_file(source: &str, error: &io::Error) -> anyhow::Error {
    if error.kind() == io::ErrorKind::FileTooLarge {
        return anyhow::anyhow!(
            "{source:?}: {error}; wiretalk inspect {source:?} opens large files"
        );
    }
    anyhow::anyhow!("could not read {source:?}: {}", describe_io_error(error))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read(inputs: &[&str]) -> Result<Vec<u8>, String> {
        let inputs: Vec<String> = inputs.iter().map(ToString::to_string).collect();
        read_inputs(&inputs, InputOptions::default())
            .map(|input| input.bytes)
            .map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn hex_may_have_separators_and_prefixes() {
        for inputs in [
            &["81 05", "48"][..],
            &["0x81, 0x05, 0X48"],
            &["81:05:48"],
            &["8105", "48"],
            &["", "810548"],
        ] {
            assert_eq!(read(inputs).unwrap(), [0x81, 0x05, 0x48], "{inputs:?}");
        }
        assert!(read(&[""]).unwrap().is_empty());
    }

    #[test]
    fn errors_say_what_and_where() {
        for (arguments, expected) in [
            (&["818"][..], "\"818\" is neither bytes (line 1, column 1: \"818\" has an odd number"),
            (&["81 0g"], "\"81 0g\" is neither bytes (line 1, column 5: 'g' isn't a hex digit"),
            (&["no-such-file"], "nor a readable file (no such file"),
            // Digits are never joined across arguments.
            (&["8", "1", "0", "5"], "--format hex or --format decimal"),
            (&["8", "10", "548"], "the command line: line 1, column 6: \"548\" isn't a byte"),
            (&["./none"], "could not read \"./none\""),
        ] {
            let error = read(arguments).unwrap_err();
            assert!(error.contains(expected), "{arguments:?}: {error}");
        }
    }

    #[test]
    fn arguments_together_are_one_text_and_the_form_is_told() {
        let inputs = ["<Buffer", "81", "00>"].map(String::from);
        let input = read_inputs(&inputs, InputOptions::default()).unwrap();
        assert_eq!((&input.bytes[..], &input.formats[..]), (&[0x81, 0][..], &["buffer"][..]));
        assert_eq!(input.notes, ["the command line was read as a printed buffer"]);
        let form = Some(PastedForm::Decimal);
        let options = InputOptions { form, ..InputOptions::default() };
        assert_eq!(read_inputs(&["12 9".to_owned()], options).unwrap().bytes, [12, 9]);
        assert!(
            read_inputs(&["81 05".to_owned()], InputOptions::default()).unwrap().notes.is_empty()
        );
    }

    #[test]
    fn a_line_that_a_terminal_has_cut_is_refused() {
        let line = |len: usize| [b"81 05\n".to_vec(), vec![b'0'; len]].concat();
        assert!(check_terminal_lines(&line(MAX_TERMINAL_LINE - 1)).is_ok());
        let error = check_terminal_lines(&line(MAX_TERMINAL_LINE)).unwrap_err().to_string();
        assert!(error.starts_with("line 2 is as long as a terminal allows"), "{error}");
    }

    #[test]
    fn hex_digits_that_name_a_file_are_refused_with_both_meanings() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("cafe"), "81 05").unwrap();
        let refuse = |input: &str| refuse_hex_that_names_a_file(&[input.to_owned()], folder.path());
        let error = refuse("cafe").unwrap_err().to_string();
        assert!(error.contains("--format hex for hex, or ./cafe for the file"), "{error}");
        assert!(refuse("beef").is_ok() && refuse("./cafe").is_ok());
    }

    #[test]
    fn a_file_holds_hex_text() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hex");
        fs::write(&file, "81 00\n0z").unwrap();
        let error = read(&[file.to_str().unwrap()]).unwrap_err();
        fs::write(&file, "81 00\n").unwrap();
        let bytes = read(&[file.to_str().unwrap(), "8a00"]);
        assert!(error.contains(": line 2, column 2: 'z' isn't a hex digit"), "{error}");
        assert_eq!(bytes.unwrap(), [0x81, 0x00, 0x8a, 0x00]);
    }
}
