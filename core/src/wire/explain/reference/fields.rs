//! The reference pages of a frame's fields, for beginners.
//! The pages name faults by their codes only, because each fault has a page of its own.

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
    requirement: "FIN is 1 on the last frame of a message and 0 on all others. Most messages are \
                  a single frame, so most frames have FIN = 1. Control frames always do.",
    rationale: "A sender can begin a message before it knows the length, and it can send a long \
                message in pieces with a ping in between. FIN tells the receiver where the \
                message ends.",
    common_cause: "Code that builds frames by hand forgets the bit, or it fragments control \
                   frames like data frames.",
    consequence: "With FIN = 1 the receiver passes the message to the application. With FIN = 0 \
                  it keeps the payload and waits for a continuation. If FIN is 0 on a control \
                  frame, it closes the connection with code 1002.",
    section: "RFC 6455 §5.2, §5.4, §5.5",
    rules: &[
        FaultCode::CtrlFragmented,
        FaultCode::ContWithoutStart,
        FaultCode::NewDataInFragmented,
        FaultCode::EmptyFragment,
    ],
};

const RSV1: FieldText = FieldText {
    requirement: "RSV1 is 0, unless permessage-deflate was agreed in the handshake. Then RSV1 = 1 \
                  on the first frame of a message means that the message is compressed.",
    rationale: "The RFC reserved three bits for extensions. Compression uses this one, so that a \
                sender can decide for each message whether compressing it pays.",
    common_cause: "A sender compresses although the other side did not agree, or it sets the bit \
                   on every fragment or on control frames.",
    consequence: "If compression was agreed, the receiver inflates the message. If not, it closes \
                  the connection with code 1002.",
    section: "RFC 6455 §5.2, RFC 7692 §6",
    rules: &[FaultCode::RsvNonzero, FaultCode::Rsv1OnControl, FaultCode::Rsv1OnContinuation],
};

const RSV2: FieldText = FieldText {
    requirement: "RSV2 is 0. No registered extension gives it a meaning.",
    rationale: "A bit without a meaning must be 0 today, so that a future extension can rely on a \
                1 being intended.",
    common_cause: "The reader has lost its place in the stream and takes a payload byte for the \
                   first byte of a frame.",
    consequence: "If the bit is 1, the receiver closes the connection with code 1002, because it \
                  cannot know what the bit would change.",
    section: "RFC 6455 §5.2",
    rules: &[FaultCode::RsvNonzero],
};

const RSV3: FieldText =
    FieldText { requirement: "RSV3 is 0. No registered extension gives it a meaning.", ..RSV2 };

const OPCODE: FieldText = FieldText {
    requirement: "The four bits are the type of the frame: 0 continues a message, 1 begins a text \
                  message, 2 begins a binary message, 8 is a Close, 9 a ping, 10 a pong. The \
                  others are reserved.",
    rationale: "Four bits are enough for data and control frames. The first bit tells them apart: \
                if it is 1, this is a control frame, which may come between the fragments of a \
                message.",
    common_cause: "A sender repeats the message's opcode on every fragment instead of using 0, or \
                   the reader has lost its place in the stream.",
    consequence: "The receiver keeps data until the message is complete, answers a ping with a \
                  pong, and a Close with a Close. On a reserved opcode it closes the connection \
                  with code 1002.",
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
    requirement: "MASK is 1 on every frame from a client and 0 on every frame from a server. If \
                  it is 1, a masking key of four bytes comes before the payload.",
    rationale: "A script in a browser must not be able to choose the bytes on the wire. It could \
                send something that a careless proxy takes for an HTTP request and caches for \
                others. Servers don't run untrusted scripts.",
    common_cause: "The code was written for the other side of the connection, or a proxy forwards \
                   frames without changing the mask.",
    consequence: "A server closes the connection with code 1002 if a frame is not masked, and a \
                  client does so if one is.",
    section: "RFC 6455 §5.1, §5.3, §10.3",
    rules: &[FaultCode::UnmaskedClient, FaultCode::MaskedServer],
};

const LENGTH: FieldText = FieldText {
    requirement: "The seven bits hold the length of the payload if it is at most 125. A value of \
                  126 means that the length follows in two bytes, and 127 that it follows in \
                  eight.",
    rationale: "Most messages are short, and one byte is enough for their length. Longer ones \
                cost two or eight bytes more, which is little compared with their payload.",
    common_cause: "An encoder uses a longer form than necessary, or a control frame gets more \
                   than 125 bytes.",
    consequence: "The receiver knows where the frame ends and waits for that many bytes. If a \
                  control frame has 126 or 127 here, it closes the connection with code 1002.",
    section: "RFC 6455 §5.2, §5.5",
    rules: &[
        FaultCode::CtrlTooLong,
        FaultCode::LenNotMinimal,
        FaultCode::CloseLen1,
        FaultCode::EmptyFragment,
    ],
};

const EXTENDED: FieldText = FieldText {
    requirement: "Two or eight bytes hold the length, most significant byte first. The length \
                  must not fit into a shorter form, and the first bit of an eight-byte length is \
                  0.",
    rationale: "Each length has exactly one encoding, so that everything that inspects the stream \
                sees the same. The first bit is 0, because many languages have no integers beyond \
                63 bits.",
    common_cause: "An encoder always writes the long form, writes the bytes in the wrong order, \
                   or writes a negative number.",
    consequence: "The receiver compares the length with its limit, and may close the connection \
                  with code 1009 if it is exceeded. For an illegal form it closes with code 1002, \
                  although many implementations accept it.",
    section: "RFC 6455 §5.2",
    rules: &[FaultCode::LenNotMinimal, FaultCode::LenMsbSet],
};

const KEY: FieldText = FieldText {
    requirement: "A client draws four new bytes for each frame from an unpredictable source of \
                  randomness. A server's frame has no masking key.",
    rationale: "The payload is XORed with the key byte by byte, and the key repeats after every \
                four bytes. This hides nothing, since the key is sent in the clear. It only \
                ensures that whoever supplies the data cannot choose the bytes on the wire.",
    common_cause: "The key is a constant, is zero to save time, or is drawn once for the whole \
                   connection.",
    consequence: "The receiver XORs the payload with the key again and gets the data back. It \
                  does not check the key.",
    section: "RFC 6455 §5.3, §10.3",
    rules: &[FaultCode::MaskZero, FaultCode::MaskReused],
};

const PAYLOAD: FieldText = FieldText {
    requirement: "The payload is the application's data, or a part of it. A text message as a \
                  whole is valid UTF-8. A ping carries at most 125 bytes of anything, and its \
                  pong carries the same bytes.",
    rationale: "Text and binary data have different opcodes, so that a script in a browser gets \
                text as a string. Validating UTF-8 keeps out bytes that the two sides would \
                interpret differently.",
    common_cause: "Binary data is sent as text, or a text was cut inside a character. A character \
                   may be split between two fragments, but not at the end of a message.",
    consequence: "The receiver passes the message on when it is complete. If text is not UTF-8, \
                  it closes the connection with code 1007, at the latest when the message ends.",
    section: "RFC 6455 §5.6, §8.1",
    rules: &[FaultCode::Utf8, FaultCode::Inflate],
};

const CLOSE_CODE: FieldText = FieldText {
    requirement: "The first two bytes of a Close are a number that gives the reason: 1000 is a \
                  normal end, 1001 means that the sender is going away, 1002 that the other side \
                  broke the protocol. Libraries and applications choose their own codes from 3000 \
                  to 4999.",
    rationale: "The code tells a program whether it makes sense to reconnect. Some codes only \
                exist for a library to report to its own program, such as 1006 for a broken \
                connection.",
    common_cause: "A program sends a code that its library only reported to it, or a number from \
                   another protocol.",
    consequence: "The receiver answers with a Close, usually with the same code, and closes the \
                  connection. For a code that must not be sent, it answers with code 1002.",
    section: "RFC 6455 §5.5.1, §7.4",
    rules: &[FaultCode::CloseCodeInvalid, FaultCode::CloseCodeOutOfRange, FaultCode::CloseLen1],
};

const CLOSE_REASON: FieldText = FieldText {
    requirement: "The text after the code is UTF-8 and has at most 123 bytes. It may be missing.",
    rationale: "The reason is for people and for logs. Programs use the code, and nobody has to \
                show the text to a user.",
    common_cause: "An error message was cut inside a character, or is in another encoding.",
    consequence: "The receiver records the text. If it is not UTF-8, it closes the connection \
                  with code 1007.",
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
