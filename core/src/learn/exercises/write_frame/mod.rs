//! *Write a frame*: a sentence asks for frames, and their bytes are typed.
//!
//! [`drawing`] draws the sentence and the frames that are [`mod@wanted`]; [`walk`] compares the bytes
//! with them, field by field, and each [`finding`] becomes a mark. While they are typed,
//! [`typing`] says what a decoder makes of them.

mod drawing;
mod finding;
mod hints;
#[cfg(test)]
mod tests;
mod typing;
mod walk;
mod wanted;

use drawing::DrawnTask;
use finding::{Finding, Part};
pub(crate) use typing::judge_so_far;
use wanted::WantedFrames;

use crate::learn::exercise::{Answer, AnswerForm, Exercise, ExerciseKind};
use crate::learn::judgment::{Judgment, UnfitAnswer};
use crate::learn::live_check::LiveCheck;
use crate::wire::format::{byte_count, spaced_hex};
use crate::wire::frame::mask;
use crate::wire::pasted::{PasteError, PasteProblem, PastedForm, Position, parse_as};
use crate::wire::{AgreedExtensions, Fault, FaultCode, Frame, Header, Side, Transcript};

/// Text and binary; ping and pong; Close; lengths; fragments; frames of a server.
pub(crate) const LEVELS: u8 = 6;

pub(crate) fn generate(level: u8, seed: u64) -> Exercise {
    let DrawnTask { task, exhibit, wanted } = DrawnTask::of_level(level, seed);
    Exercise {
        kind: ExerciseKind::WriteFrame,
        level,
        seed,
        task,
        exhibit,
        form: AnswerForm::Bytes,
        hints: hints::hints(level, &wanted),
    }
}

fn wanted(exercise: &Exercise) -> WantedFrames {
    DrawnTask::of_level(exercise.level, exercise.seed).wanted
}

pub(crate) fn solution(exercise: &Exercise) -> Answer {
    let bytes = wanted(exercise).solution().concat();
    Answer::Bytes(spaced_hex(&bytes, bytes.len()))
}

pub(crate) fn judge(exercise: &Exercise, answer: &Answer) -> Result<Judgment, UnfitAnswer> {
    let Answer::Bytes(text) = answer else {
        return Err(UnfitAnswer::Form { expected: "bytes in hex" });
    };
    let raw = parse(text).map_err(UnfitAnswer::Bytes)?;
    let wanted = wanted(exercise);
    let transcript = transcribe(&wanted, &raw);
    let findings = examine(&wanted, &raw, &transcript);
    let has_several_frames = wanted.frames.len() > 1;
    let marks = findings.iter().map(|finding| finding.mark(has_several_frames)).collect();
    let wrong = findings.iter().find(|finding| !finding.right);
    let (why, source) = wrong.map_or_else(
        || praise(exercise.level, &transcript),
        |wrong| reason(wrong, &wanted, &transcript),
    );
    let verdict = wrong.map_or_else(
        || format!("right: {} ({})", wanted.words, byte_count(raw.len() as u64)),
        |wrong| wrong.lesson.clone(),
    );
    Ok(Judgment { right: wrong.is_none(), marks, verdict, why, source: source.to_owned() })
}

/// Decodes bytes as those of the sender.
fn transcribe(wanted: &WantedFrames, raw: &[u8]) -> Transcript {
    let mut transcript = Transcript::new(wanted.from, AgreedExtensions::none());
    transcript.push(raw);
    transcript
}

/// Returns all findings in wire order. If none of them is wrong, the bytes are what is wanted.
fn examine(wanted: &WantedFrames, raw: &[u8], transcript: &Transcript) -> Vec<Finding> {
    let walk::Walk { mut findings, extra } = walk::walk(wanted, raw);
    for fault in transcript.faults().iter().filter(|fault| fault.is_fatal()) {
        // The walk has found everything else that is wrong with these frames.
        let is_new = fault.code == FaultCode::RsvNonzero || findings.iter().all(|it| it.right);
        if is_new && fault.frame < wanted.frames.len() {
            findings.push(broken_rule(fault));
        }
    }
    findings.sort_by_key(|finding| finding.bytes.start);
    let is_right = findings.iter().all(|finding| finding.right);
    findings.extend(end(wanted, raw.len(), extra).filter(|_| is_right));
    findings
}

fn covers(finding: &Finding, fault: &Fault) -> bool {
    finding.bytes.contains(&fault.byte_offset.to_usize_saturating())
        || finding.part == Part::Code && fault.code.is_of_close() && fault.frame == finding.frame
}

fn broken_rule(fault: &Fault) -> Finding {
    let at = fault.byte_offset.to_usize_saturating();
    let is_reserved = fault.code == FaultCode::RsvNonzero;
    let lesson = if is_reserved {
        "RSV1, RSV2 and RSV3 are 0: no extension was agreed on that gives them a meaning".to_owned()
    } else {
        format!("the decoder refuses it: {}", fault.summary())
    };
    Finding {
        frame: fault.frame,
        part: if is_reserved { Part::Reserved } else { Part::Rule },
        right: false,
        bytes: at..at.saturating_add(1),
        remark: fault.summary().to_owned(),
        lesson,
    }
}

/// Returns the finding about the end of bytes that are right as far as they go, if they don't end
/// where they should.
fn end(
    wanted: &WantedFrames,
    len: usize,
    extra: Option<std::ops::Range<usize>>,
) -> Option<Finding> {
    let frame = wanted.frames.len().saturating_sub(1);
    let finding = |bytes, remark, lesson| {
        Some(Finding { frame, part: Part::End, right: false, bytes, remark, lesson })
    };
    match extra {
        None => {
            let missing = wanted_len(wanted).saturating_sub(len);
            let lesson = format!(
                "there are {} in all, and {missing} are missing",
                byte_count(wanted_len(wanted) as u64)
            );
            finding(len..len, "more bytes belong here".to_owned(), lesson)
        }
        Some(extra) if !extra.is_empty() => {
            let end = extra.start;
            let lesson = format!("the end is after {}", byte_count(end as u64));
            let remark = format!("{} too many", byte_count(extra.len() as u64));
            finding(extra, remark, lesson)
        }
        Some(_) => None,
    }
}

/// Returns the length of any right answer: it doesn't depend on keys or cuts.
fn wanted_len(wanted: &WantedFrames) -> usize {
    wanted.solution().iter().map(Vec::len).fold(0, usize::saturating_add)
}

/// Returns the reason of a wrong finding, and its source: the rule that the decoder found broken
/// there, or the meaning of the right value.
fn reason(
    wrong: &Finding,
    wanted: &WantedFrames,
    transcript: &Transcript,
) -> (String, &'static str) {
    if wrong.part == Part::End {
        let why = "A receiver waits for as many bytes as the length says, and takes what follows \
                   for the next frame.";
        return (why.to_owned(), "RFC 6455 §5.2");
    }
    let faults = transcript.faults();
    if let Some(fault) = faults.iter().find(|fault| fault.is_fatal() && covers(wrong, fault)) {
        return (fault.rationale().to_owned(), fault.section());
    }
    let right = transcribe(wanted, &wanted.solution().concat());
    let frame = right.frames().get(wrong.frame).or(right.current_frame());
    let spans = frame.map(Frame::field_spans).unwrap_or_default();
    let span = spans.into_iter().find(|span| span.field == wrong.part.field());
    span.map_or_else(Default::default, |span| {
        (format!("{} = {}: {}.", span.field.name(), span.value, span.meaning), span.section)
    })
}

/// Returns what is worth knowing about a right answer.
fn praise(level: u8, transcript: &Transcript) -> (String, &'static str) {
    let (why, source) = match level {
        1 => (
            "Whoever has the frame has the key too, so masking hides nothing: it keeps scripts \
             from choosing the bytes on the wire.",
            "RFC 6455 §5.3, §10.3",
        ),
        2 => (
            "A pong repeats the payload of its ping, so that the sender knows which ping was \
             answered.",
            "RFC 6455 §5.5.2, §5.5.3",
        ),
        3 => (
            "Whoever gets a Close sends one back; then the server closes the TCP connection.",
            "RFC 6455 §5.5.1, §7.1.1",
        ),
        4 => ("There is exactly one legal way to write a length: the shortest.", "RFC 6455 §5.2"),
        5 => (
            "Only control frames may come between two fragments, because fragments carry no number \
             of their message.",
            "RFC 6455 §5.4",
        ),
        _ => (
            "Masking protects proxies from scripts in browsers. A server runs no foreign scripts, \
             so it has nothing to mask, and a client must refuse a masked frame.",
            "RFC 6455 §5.1, §10.3",
        ),
    };
    let warnings = transcript.faults().iter().filter(|fault| !fault.is_fatal());
    let warnings: Vec<String> =
        warnings.map(|fault| format!(" The decoder warns: {}.", fault.summary())).collect();
    (format!("{why}{}", warnings.concat()), source)
}

/// Reads hex in any form that people write, with two digits for each byte.
fn parse(text: &str) -> Result<Vec<u8>, PasteError> {
    let is_separator = |char: char| !char.is_ascii_alphanumeric();
    let mut at = 0_usize;
    for piece in text.split_inclusive(is_separator) {
        let word = piece.trim_end_matches(is_separator);
        let digits = word.strip_prefix("0x").unwrap_or(word);
        if digits.len() == 1 && digits.chars().all(|char| char.is_ascii_hexdigit()) {
            let problem = PasteProblem::OddDigits(word.to_owned());
            return Err(PasteError { at: Position::of(text, at), problem });
        }
        at = at.saturating_add(piece.len());
    }
    Ok(parse_as(text, PastedForm::Hex)?.bytes)
}

pub(crate) fn live_check(exercise: &Exercise, answer: &Answer) -> Option<LiveCheck> {
    let Answer::Bytes(text) = answer else { return None };
    let wanted = wanted(exercise);
    if wanted.from != Side::Client {
        return None;
    }
    let mut raw = parse(text).ok()?;
    if wanted.left_out() > 0 {
        // The payload that the task leaves out: zeros, masked with the key that was typed.
        let mut payload = vec![0; wanted.left_out()];
        if let Some(key) = Header::parse(&raw).ok().and_then(|header| header.masking_key) {
            mask::apply(&mut payload, key, 0);
        }
        raw.append(&mut payload);
    }
    Some(LiveCheck::Frames(raw))
}
