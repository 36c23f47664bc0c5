//! For each field of a frame what a beginner wants to know of it.
//! Faults are named by their codes only; each has a page of its own.

use crate::wire::decode::fault::FaultCode;
use crate::wire::explain::field_span::Field;

pub(super) struct FieldText {
    pub(super) requirement: &'static str,
    pub(super) rationale: &'static str,
    pub(super) common_cause: &'static str,
    pub(super) consequence: &'static str,
    pub(super) section: &'static str,
    pub(super) rules: &'static [FaultCode],
}

const FIN: FieldText = FieldText {
    requirement: "FIN is 1 on the last frame of a message and 0 on all others. Most messages are one frame, so most frames have a 1 here. Control frames always have a 1.",
    rationale: "A sender may begin a message before it knows how long it will be, and a long message may be sent in pieces with a ping in between. Somebody has to say when it is over.",
    common_cause: "A library that builds frames by hand forgets the bit, or it cuts control frames as it cuts data.",
    consequence: "With 1 the receiver hands the message to the application. With 0 it keeps the payload and waits for a continuation. On a control frame a 0 makes it close with code 1002.",
    section: "RFC 6455 §5.2, §5.4, §5.5",
    rules: &[
        FaultCode::CtrlFragmented,
        FaultCode::ContWithoutStart,
        FaultCode::NewDataInFragmented,
        FaultCode::EmptyFragment,
    ],
};

const RSV1: FieldText = FieldText {
    requirement: "RSV1 is 0, unless permessage-deflate was agreed in the handshake. Then a 1 on the first frame of a message says that the message is compressed.",
    rationale: "The RFC left three bits free for what might be invented later. Compression took this one, so that each message can be compressed or not as it pays.",
    common_cause: "A side compresses although the other did not agree, or it sets the bit on every fragment or on control frames.",
    consequence: "If compression was agreed, the receiver inflates the message once it is complete. If not, it closes with code 1002.",
    section: "RFC 6455 §5.2, RFC 7692 §6",
    rules: &[FaultCode::RsvNonzero, FaultCode::Rsv1OnControl, FaultCode::Rsv1OnContinuation],
};

const RSV2: FieldText = FieldText {
    requirement: "RSV2 is 0. No extension that is registered gives it a meaning.",
    rationale: "A bit without a meaning has to be 0 today, so that a later extension can trust that a 1 was meant.",
    common_cause: "The reader has lost its place in the stream and takes a byte of a payload for the first byte of a frame.",
    consequence: "The receiver closes with code 1002 when it finds a 1 here, since it cannot know what that would change.",
    section: "RFC 6455 §5.2",
    rules: &[FaultCode::RsvNonzero],
};

const RSV3: FieldText =
    FieldText { requirement: "RSV3 is 0. No extension that is registered gives it a meaning.", ..RSV2 };

const OPCODE: FieldText = FieldText {
    requirement: "The four bits say what the frame is: 0 continues a message, 1 begins text, 2 begins binary data, 8 closes, 9 is a ping, 10 is a pong. The others are kept for the future.",
    rationale: "Four bits are enough for data and control, and the first of them tells these apart: with a 1 it is a control frame, which may stand between the fragments of a message.",
    common_cause: "Fragments repeat the opcode of their message instead of 0, or the reader has lost its place in the stream.",
    consequence: "The receiver keeps data until the message is complete, answers a ping with a pong, and a Close with a Close. On any other opcode it closes with code 1002.",
    section: "RFC 6455 §5.2, §5.4, §5.5, §5.6",
    rules: &[
        FaultCode::OpcodeReserved,
        FaultCode::ContWithoutStart,
        FaultCode::NewDataInFragmented,
        FaultCode::DataAfterClose,
        FaultCode::ControlAfterClose,
    ],
};

const MASK: FieldText = FieldText {
    requirement: "MASK is 1 on every frame of a client and 0 on every frame of a server. With 1 a masking key of four bytes stands before the payload.",
    rationale: "A script in a browser must not be able to choose the bytes on the wire: it could write something that a careless proxy takes for an HTTP request and stores for others. A server runs no foreign scripts.",
    common_cause: "A program was written for the other side, or a proxy hands frames on without changing the mask.",
    consequence: "A server closes with code 1002 when a frame is not masked, and a client does so when one is.",
    section: "RFC 6455 §5.1, §5.3, §10.3",
    rules: &[FaultCode::UnmaskedClient, FaultCode::MaskedServer],
};

const LENGTH: FieldText = FieldText {
    requirement: "The seven bits hold the length of the payload if it is at most 125. Then 126 says that two bytes with the length follow, and 127 that eight follow.",
    rationale: "Most messages are short, and for them one byte is enough. Long ones pay two or eight bytes more, which is little beside their payload.",
    common_cause: "An encoder uses a longer form than it needs, or a control frame is given more than 125 bytes.",
    consequence: "The receiver knows where the frame ends and waits for that many bytes. A control frame with 126 or 127 here makes it close with code 1002.",
    section: "RFC 6455 §5.2, §5.5",
    rules: &[
        FaultCode::CtrlTooLong,
        FaultCode::LenNotMinimal,
        FaultCode::CloseLen1,
        FaultCode::EmptyFragment,
    ],
};

const EXTENDED: FieldText = FieldText {
    requirement: "Two or eight bytes hold the length, the most significant byte first. The length must not fit a shorter form, and of eight bytes the first bit is 0.",
    rationale: "One length has exactly one way to be written, so that all who look on see the same. The first bit is kept 0, because many languages have no whole numbers beyond 63 bits.",
    common_cause: "An encoder always writes the long form, writes the bytes in the wrong order, or writes a negative number.",
    consequence: "The receiver compares the length with the most that it accepts; beyond that it may close with code 1009. For an illegal form it closes with code 1002, though many let it pass.",
    section: "RFC 6455 §5.2",
    rules: &[FaultCode::LenNotMinimal, FaultCode::LenMsbSet],
};

const KEY: FieldText = FieldText {
    requirement: "A client draws four fresh bytes for each frame from a source of random numbers that nobody can predict. A server's frame has no such bytes.",
    rationale: "The payload is combined with the key by exclusive or, byte by byte, beginning again with the first key byte after every fourth. That hides nothing, since the key travels in the open; it only makes sure that the sender of the data could not choose what stands on the wire.",
    common_cause: "The key is constant, is zero for the sake of speed, or is drawn once for the whole connection.",
    consequence: "The receiver combines the payload with the key once more and has the data back. It does not judge the key.",
    section: "RFC 6455 §5.3, §10.3",
    rules: &[FaultCode::MaskZero, FaultCode::MaskReused],
};

const PAYLOAD: FieldText = FieldText {
    requirement: "The payload is what the application said, or a part of it. A whole text message is valid UTF-8; a ping carries at most 125 bytes of anything, and its pong carries the same.",
    rationale: "Text and binary data are told apart so that a program in a browser gets text as text. That the text is checked as UTF-8 keeps bytes out that each side would read differently.",
    common_cause: "Binary data is sent as text, or a text was cut inside a character. Between two fragments a character may be cut, at the end of a message it may not.",
    consequence: "The receiver hands the message on when it is complete. Text that is not UTF-8 makes it close with code 1007, at the latest when the message ends.",
    section: "RFC 6455 §5.6, §8.1",
    rules: &[FaultCode::Utf8, FaultCode::Inflate],
};

const CLOSE_CODE: FieldText = FieldText {
    requirement: "The first two bytes of a Close are a number that says why: 1000 is a normal end, 1001 says that the sender goes away, 1002 that the other side broke the protocol. From 3000 to 4999 libraries and applications choose their own.",
    rationale: "A program can decide by the number whether it makes sense to connect again. Some numbers are only for what a program reports to itself, such as 1006 for a connection that broke.",
    common_cause: "A program sends a number that it was told as a report, or one from another protocol.",
    consequence: "The receiver answers with a Close, usually with the same code, and ends the connection. For a code that must not travel it closes with code 1002.",
    section: "RFC 6455 §5.5.1, §7.4",
    rules: &[FaultCode::CloseCodeInvalid, FaultCode::CloseCodeOutOfRange, FaultCode::CloseLen1],
};

const CLOSE_REASON: FieldText = FieldText {
    requirement: "What follows the code is a text in UTF-8 of at most 123 bytes. It may be missing.",
    rationale: "It is for people and for logs. Programs go by the code, and nobody has to show the text to a user.",
    common_cause: "The text of an error was cut inside a character, or is in another encoding.",
    consequence: "The receiver notes the text. If it is not UTF-8, it closes with code 1007.",
    section: "RFC 6455 §5.5.1, §8.1",
    rules: &[FaultCode::CloseReasonUtf8],
};

pub(super) fn text(field: Field) -> &'static FieldText {
    match field {
        Field::Fin => &FIN,
        Field::Rsv1 => &RSV1,
        Field::Rsv2 => &RSV2,
        Field::Rsv3 => &RSV3,
        Field::Opcode => &OPCODE,
        Field::Mask => &MASK,
        Field::Length => &LENGTH,
        Field::ExtendedLength => &EXTENDED,
        Field::MaskingKey => &KEY,
        Field::Payload => &PAYLOAD,
        Field::CloseCode => &CLOSE_CODE,
        Field::CloseReason => &CLOSE_REASON,
    }
}
