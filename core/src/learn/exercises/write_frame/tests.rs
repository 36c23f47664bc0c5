//! Thousands of tasks: each solution is right, and every other frame is refused at the byte that
//! is wrong.

use super::*;
use crate::learn::draws::Draws;

const SEEDS: u64 = 2_000;

fn exercises(seeds: u64) -> impl Iterator<Item = Exercise> {
    (1..=LEVELS).flat_map(move |level| {
        (0..seeds).map(move |seed| ExerciseKind::WriteFrame.exercise(level, seed))
    })
}

fn answer(bytes: &[u8]) -> Answer {
    Answer::Bytes(spaced_hex(bytes, bytes.len()))
}

fn solved(exercise: &Exercise) -> Vec<u8> {
    wanted(exercise).solution().concat()
}

#[test]
fn every_solution_is_right_and_legal() {
    for exercise in exercises(SEEDS) {
        let judgment = exercise.judge(&exercise.solution()).unwrap();
        assert!(judgment.right, "{exercise:?} {judgment:?}");
        assert!(!judgment.marks.is_empty() && judgment.marks.iter().all(|mark| mark.right));
        assert_eq!(exercise.hints.len(), 3);
        let wanted = wanted(&exercise);
        let transcript = transcribe(&wanted, &solved(&exercise));
        assert_eq!(transcript.faults(), [], "{exercise:?}");
        let is_whole = transcript.needed().is_none();
        assert_eq!(is_whole, wanted.left_out() == 0, "{exercise:?}");
        assert_eq!(exercise, ExerciseKind::WriteFrame.exercise(exercise.level, exercise.seed));
    }
}

/// Every byte of the solution, changed: the first wrong mark is at that byte, unless the byte is
/// part of a key or a cut that is free. Then it's the payload that no longer fits, or nothing.
#[test]
fn one_changed_byte_is_found_where_it_is() {
    for exercise in exercises(300) {
        let right = solved(&exercise);
        let wanted = wanted(&exercise);
        let mut draws = Draws::new(exercise.seed);
        let free = free_bytes(&wanted);
        for at in 0..right.len() {
            let mut wrong = right.clone();
            wrong[at] ^= 1 << draws.below(8);
            let judgment = exercise.judge(&answer(&wrong)).unwrap();
            let first = judgment.marks.iter().find(|mark| !mark.right);
            if free.contains(&at) {
                // A free key has no wrong bytes, but what it masks has.
                assert!(first.is_none_or(|mark| mark.bytes.as_ref().unwrap().start >= at));
                continue;
            }
            let place =
                first.unwrap_or_else(|| panic!("{at} {exercise:?} {wrong:02x?}")).bytes.clone();
            assert!(place.unwrap().contains(&at), "{at} {exercise:?} {judgment:?}");
        }
    }
}

/// Returns the places of the keys that may be any, and of lengths that the learner may choose.
fn free_bytes(wanted: &WantedFrames) -> Vec<usize> {
    let (mut free, mut at) = (Vec::new(), 0);
    for (frame, bytes) in wanted.frames.iter().zip(wanted.solution()) {
        let header = Header::parse(&bytes).unwrap();
        if let wanted::WantedMask::AnyKey(_) = frame.mask {
            free.extend(at + header.len() - 4..at + header.len());
        }
        if let wanted::WantedBody::Piece(_) = frame.body {
            free.push(at + 1);
        }
        at += bytes.len();
    }
    free
}

#[test]
fn the_judgment_says_where_the_end_is() {
    for exercise in exercises(200) {
        let right = solved(&exercise);
        for len in 0..right.len() {
            let judgment = exercise.judge(&answer(&right[..len])).unwrap();
            let last = judgment.marks.last().unwrap();
            assert!(!judgment.right && last.part == "end" && last.bytes == Some(len..len));
        }
        let more = [&right[..], &[0]].concat();
        let judgment = exercise.judge(&answer(&more)).unwrap();
        assert_eq!(judgment.marks.last().unwrap().bytes, Some(right.len()..more.len()));
    }
}

/// While a legal frame is typed nothing is wrong with it, whichever frame the task asks for.
#[test]
fn typing_is_judged_by_what_is_legal_and_never_by_what_is_asked() {
    let mut seen = [false; 2];
    for exercise in exercises(40) {
        let (right, from) = (solved(&exercise), wanted(&exercise).from);
        let of_sender = |other: &Exercise| wanted(other).from == from;
        let other = exercises(9).filter(of_sender).find(|other| solved(other) != right).unwrap();
        for len in 0..=right.len() {
            let own = exercise.judge_so_far(&answer(&right[..len])).unwrap();
            assert_eq!(own.problem, None, "{exercise:?} {:02x?}", &right[..len]);
            assert_eq!(other.judge_so_far(&answer(&right[..len])).unwrap(), own);
            seen[usize::from(own.is_whole)] = true;
        }
    }
    assert_eq!(seen, [true, true]);
}

#[test]
fn a_rule_that_is_broken_is_named_as_soon_as_it_is_typed() {
    let client = exercise_with("Write a masked");
    let so_far = |text: &str| {
        let so_far = client.judge_so_far(&Answer::Bytes(text.to_owned())).unwrap();
        (so_far.reading, so_far.problem)
    };
    let reading = |text: &str| so_far(text).0;
    assert_eq!(reading("81"), "FIN 1, opcode 0x1 (text)");
    assert_eq!(
        reading("81 fe"),
        "FIN 1, opcode 0x1 (text), MASK 1; the length is in the next 2 bytes"
    );
    assert_eq!(
        reading("81 85 37 fa"),
        "FIN 1, opcode 0x1 (text), MASK 1, length 5; 2 of the key's 4 bytes"
    );
    assert_eq!(
        reading("81 85 37 fa 21 3d 7f 9f"),
        "FIN 1, opcode 0x1 (text), MASK 1, length 5; 2 of 5 bytes of payload"
    );
    assert_eq!(
        reading("01 80 37 fa 21 3d 89 80 37 fa 21 3d"),
        "frame 2: FIN 1, opcode 0x9 (ping), MASK 1, length 0; the frame is complete"
    );
    for legal in ["", "8", "81", "81 f", "81 fe", "81 fe 00", "82 ff 00 00 00 00 00 01"] {
        assert_eq!(so_far(legal).1, None, "{legal}");
    }
    // Reserved bits and opcodes, a missing mask, a long or cut control frame, lengths that aren't
    // the shortest, a continuation of nothing.
    for illegal in
        ["c1", "83", "8b", "81 05", "89 fe", "09", "82 fe 00 05", "82 ff 00 00 00 00 00 00", "80"]
    {
        assert!(so_far(illegal).1.is_some(), "{illegal}");
    }
}

/// Where no key is given, every key is right; where the cut is free, every cut.
#[test]
fn every_frame_that_means_the_same_is_right() {
    for exercise in exercises(300) {
        let mut wanted = wanted(&exercise);
        for frame in &mut wanted.frames {
            if let wanted::WantedMask::AnyKey(key) = &mut frame.mask {
                *key = [0x5a, 0, 0xff, 7];
            }
        }
        for cut in 0..=wanted.message.len() {
            if let Some(frame) = wanted.frames.first_mut()
                && let wanted::WantedBody::Piece(len) = &mut frame.body
            {
                *len = cut;
            }
            let bytes = wanted.solution().concat();
            assert!(exercise.judge(&answer(&bytes)).unwrap().right, "{exercise:?} {bytes:02x?}");
        }
    }
}

fn exercise_with(task: &str) -> Exercise {
    exercises(SEEDS).find(|exercise| exercise.task.contains(task)).unwrap()
}

fn verdict(exercise: &Exercise, bytes: &[u8]) -> (String, String) {
    let judgment = exercise.judge(&answer(bytes)).unwrap();
    (judgment.verdict, judgment.source)
}

#[test]
fn the_teacher_names_what_is_right_and_the_decoder_why() {
    let exercise =
        exercise_with("The server sends a Close with the code 1001 and the reason \"tab closed\"");
    let right = [&[0x88, 0x0c, 0x03, 0xe9][..], b"tab closed"].concat();
    assert_eq!(
        verdict(&exercise, &right).0,
        "right: a Close with the code 1001 and the reason \"tab closed\" (14 bytes)"
    );
    let changed = |at: usize, byte: u8| {
        let mut bytes = right.clone();
        bytes[at] = byte;
        verdict(&exercise, &bytes)
    };
    let of = |text: &str, source: &str| (text.to_owned(), source.to_owned());
    assert_eq!(
        changed(0, 0x89),
        of("the opcode of a close is 0x8: the first byte is 88", "RFC 6455 §5.5.1")
    );
    assert_eq!(
        changed(0, 0xc8),
        of(
            "RSV1, RSV2 and RSV3 are 0: no extension was agreed on that gives them a meaning",
            "RFC 6455 §5.2"
        )
    );
    assert_eq!(changed(1, 0x8c), of("MASK is 0, since a server never masks", "RFC 6455 §5.1"));
    assert_eq!(changed(1, 0x0b), of("the length is 12: the second byte is 0c", "RFC 6455 §5.2"));
    assert_eq!(changed(3, 0xe8), of("byte 3 is e9", "RFC 6455 §7.4.1"));
    assert_eq!(changed(4, b'T'), of("byte 4 is 74", "RFC 6455 §5.5.1"));
    assert_eq!(
        verdict(&exercise, &right[..10]),
        of("there are 14 bytes in all, and 4 are missing", "RFC 6455 §5.2")
    );
}

#[test]
fn half_a_byte_is_left_out_while_it_is_typed() {
    let exercise =
        exercise_with("The server sends a Close with the code 1001 and the reason \"tab closed\"");
    let so_far = |text: &str| {
        let progress = exercise.judge_so_far(&Answer::Bytes(text.to_owned())).unwrap();
        (progress.reading, progress.problem)
    };
    let two = "FIN 1, opcode 0x8 (close), MASK 0, length 12; 0 of 12 bytes of payload".to_owned();
    for text in ["88 0c", "880c0", "88 0C 0", "0x88, 0x0c, 0x0", "0x88 0x0c 0x", "88:0c", " 88 0c "]
    {
        assert_eq!(so_far(text), (two.clone(), None), "{text:?}");
    }
    assert_eq!(so_far(""), (String::new(), None));
    assert!(so_far("88 0g").1.unwrap().contains("hex digit"));
    let error = exercise.judge(&Answer::Bytes("88 0".to_owned())).unwrap_err();
    assert!(error.to_string().contains("odd number of hex digits"), "{error}");
    assert!(exercise.judge(&Answer::Order(Vec::new())).is_err());
}

/// The header alone is completed with the payload that it announces, so that a server can read it.
#[test]
fn a_client_sends_whole_frames() {
    for exercise in exercises(200) {
        let wanted = wanted(&exercise);
        let Some(LiveCheck::Frames(sent)) = exercise.live_check(&exercise.solution()) else {
            assert_eq!(wanted.from, Side::Server);
            continue;
        };
        let transcript = transcribe(&wanted, &sent);
        assert_eq!(
            (wanted.from, transcript.needed(), transcript.faults()),
            (Side::Client, None, &[][..])
        );
        assert_eq!(transcript.frames().len(), wanted.frames.len());
    }
}
