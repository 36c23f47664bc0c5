//! For each rule, what the RFC requires and what usually breaks it. The rest of the page comes from
//! the rule itself, in `fault`.
//! Rules are listed by name, so that a page can be written before there is code that finds the
//! fault.

/// The rule's name, the requirement, and the common cause of a violation.
const PAGES: &[(&str, &str, &str)] = &[
    (
        "E_RSV_NONZERO",
        "The three reserved bits are 0, unless both sides agreed on an extension that gives them \
         a meaning.",
        "Often a sender compresses its messages although the other side did not agree to that. \
         Just as often the reader has lost its place: the previous frame had a wrong length, and \
         these are payload bytes.",
    ),
    (
        "E_RSV1_ON_CONTROL",
        "With permessage-deflate, RSV1 may be 1 only on the first frame of a text or binary \
         message.",
        "A sender sets the bit on every frame while compression is on, instead of on the first \
         frame of each compressed message.",
    ),
    (
        "E_RSV1_ON_CONTINUATION",
        "With permessage-deflate, only the first frame of a message is marked as compressed. Its \
         continuations have RSV1 = 0.",
        "A sender compresses each fragment on its own, or it copies the first byte of the first \
         fragment and changes only the opcode.",
    ),
    (
        "E_OPCODE_RESERVED",
        "The opcode is one of the six that are defined: 0 continuation, 1 text, 2 binary, 8 \
         close, 9 ping, 10 pong.",
        "The reader has lost its place, because an earlier length was wrong or bytes are missing. \
         Or something that does not speak WebSocket writes to the connection, such as an HTTP \
         server.",
    ),
    (
        "E_CTRL_FRAGMENTED",
        "A Close, a ping and a pong are always a single frame, so FIN is 1.",
        "Code that builds a control frame by hand forgets FIN, or a library fragments every frame \
         that is longer than its buffer.",
    ),
    (
        "E_CTRL_TOO_LONG",
        "The payload of a control frame has at most 125 bytes, so its length always fits into the \
         seven bits of the second byte.",
        "A program puts a long reason into a Close, or data into a ping. A reason has at most 123 \
         bytes, since the code takes two.",
    ),
    (
        "E_LEN_NOT_MINIMAL",
        "A length up to 125 fits in the seven bits, one up to 65,535 takes two more bytes, and only \
         a greater one takes eight.",
        "An encoder always uses the same long form, because that is simpler to write. Many \
         receivers accept it, so nobody notices.",
    ),
    (
        "E_LEN_MSB_SET",
        "The first bit of an eight-byte length is 0.",
        "A negative number was written as the length, or the bytes of the length were written in \
         the wrong order: the most significant one comes first.",
    ),
    (
        "E_UNMASKED_CLIENT",
        "A client masks every frame that it sends: MASK is 1, and a key of four bytes follows the \
         length.",
        "The client uses code for the server's side, or both programs believe that they are the \
         server.",
    ),
    (
        "E_MASKED_SERVER",
        "A server never masks: MASK is 0, and the payload is sent unchanged.",
        "A server uses the part of its library that writes a client's frames, or a proxy forwards \
         frames from one client to another without unmasking them.",
    ),
    (
        "E_CONT_WITHOUT_START",
        "A continuation follows a frame with FIN = 0 of the same message, with only control \
         frames in between.",
        "A sender sets FIN on every fragment, so the message ended with the first one. Or it \
         confuses its fragments after an error in the middle of a message.",
    ),
    (
        "E_NEW_DATA_IN_FRAGMENTED",
        "After a first frame with FIN = 0, the next frame that isn't a control frame is a \
         continuation, with opcode 0.",
        "Two tasks write to the same connection without waiting for each other. Or a sender \
         repeats the message's opcode on each fragment.",
    ),
    (
        "E_UTF8",
        "The bytes of a text message, with all its fragments joined, are valid UTF-8.",
        "The data isn't UTF-8 text: an image, a compressed file, text in Latin-1. Or a text was \
         cut at a number of bytes and ends inside a character.",
    ),
    (
        "E_CLOSE_LEN1",
        "The body of a Close is empty, or it has at least the two bytes of a code.",
        "The code was written in one byte, or the body was truncated.",
    ),
    (
        "E_CLOSE_CODE_INVALID",
        "The code in a Close is one that the RFC or the IANA registry allows on the wire, or one \
         from 3000 to 4999.",
        "A program sends a code that its library only reported to it: 1005 (there was no code) or \
         1006 (the connection broke). Or the bytes of the code were written in the wrong order.",
    ),
    (
        "E_CLOSE_REASON_UTF8",
        "The text after the code in a Close is valid UTF-8.",
        "An error message was cut to 123 bytes inside a character, or it is in an encoding other \
         than UTF-8.",
    ),
    (
        "E_DATA_AFTER_CLOSE",
        "An endpoint that has sent a Close sends no more data.",
        "One task closes the connection while another still has messages to send.",
    ),
    (
        "W_CONTROL_AFTER_CLOSE",
        "An endpoint that has sent a Close is done. The RFC explicitly forbids only data frames \
         after it.",
        "A timer keeps sending pings, or a library answers a ping that arrives after its own \
         Close.",
    ),
    (
        "E_INFLATE",
        "The payload of a compressed message, followed by the four bytes 00 00 ff ff, is valid \
         DEFLATE data. An empty message is the single byte 00 (RFC 7692 section 7.2.3.6).",
        "The two sides disagree about context takeover or the window size, so that a \
         back-reference points at data that is not there. Or the message is marked as compressed \
         and isn't. Or an empty message was sent without any byte: some receivers accept it, and \
         zlib fails at the next message with 'invalid stored block lengths'.",
    ),
    (
        "W_DEFLATE_TAIL",
        "A sender flushes to a byte boundary with an empty block and removes 00 00 ff ff from the \
         end.",
        "Five bytes were removed instead of four, or none: with the four bytes that the receiver \
         appends, the end marker is there twice. The receiver fails at the next message; zlib \
         reports 'invalid stored block lengths'.",
    ),
    (
        "W_INFLATE_LIMIT",
        "The RFC sets no limit on the inflated size of a message. It advises each implementation \
         to set its own.",
        "Most often the message is very regular, such as a long run of equal bytes. It can also \
         be an attack that makes a receiver exhaust its memory.",
    ),
    (
        "W_CONTEXT_LOST",
        "With context takeover both sides keep the same window over earlier messages, so every \
         message has to be inflated in order.",
        "An earlier message was broken, was too long to be inflated here, or was sent before the \
         capture began.",
    ),
    (
        "W_MASK_ZERO",
        "A client chooses a new, unpredictable masking key for each frame. Four zero bytes are \
         one of four billion keys, so chance is an unlikely reason.",
        "Masking was switched off to save time, or to keep the bytes on the wire readable. Some \
         tools do that on purpose.",
    ),
    (
        "W_MASK_REUSED",
        "Each frame has a key of its own that cannot be derived from earlier ones.",
        "The key is drawn once per connection, or the random number generator was seeded with the \
         same value again.",
    ),
    (
        "W_CLOSE_CODE_OUT_OF_RANGE",
        "Codes from 3000 to 3999 are for libraries, and 4000 to 4999 for applications. The RFC \
         defines no use for greater ones.",
        "The number comes from another protocol, or the two bytes were not meant as a code.",
    ),
    (
        "W_EMPTY_FRAGMENT",
        "Nothing forbids a fragment without payload, but one that is not the last adds nothing to \
         its message.",
        "A library sends each write of the application as a fragment, even an empty one. Or it \
         begins a message before it has any data.",
    ),
];

/// Returns the requirement and the common cause for the rule of that name.
pub(super) fn text(name: &str) -> Option<(&'static str, &'static str)> {
    PAGES
        .iter()
        .find(|(known, ..)| *known == name)
        .map(|(_, requirement, common_cause)| (*requirement, *common_cause))
}

#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    PAGES.iter().map(|(name, ..)| *name)
}
