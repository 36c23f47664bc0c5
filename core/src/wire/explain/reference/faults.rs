//! For each rule what the RFC wants and what usually breaks it; the rest of its page stands with the rule itself, in `fault`.
//! Rules are named here, so that a page can be written before anything is able to find the fault.

/// Name, what is wanted, what usually causes a violation.
const PAGES: &[(&str, &str, &str)] = &[
    (
        "E_RSV_NONZERO",
        "The three reserved bits are 0, unless both sides agreed in the handshake on an extension that gives them a meaning.",
        "Often a sender compresses its messages although the other side did not agree to that. As often the reader is at the wrong place: the frame before had a wrong length, and these are bytes of a payload.",
    ),
    (
        "E_RSV1_ON_CONTROL",
        "With permessage-deflate the bit RSV1 may be 1 only on the first frame of a text or binary message.",
        "A sender sets the bit for every frame while compression is switched on, instead of for every message that it compresses.",
    ),
    (
        "E_RSV1_ON_CONTINUATION",
        "With permessage-deflate only the first frame of a message says that it is compressed; its continuations have RSV1 = 0.",
        "A sender compresses each fragment on its own, or copies the first byte of the first fragment and changes only the opcode.",
    ),
    (
        "E_OPCODE_RESERVED",
        "The opcode is one of the six that are defined: 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong.",
        "The reader has lost its place, because an earlier length was wrong or bytes are missing; or something that is no WebSocket writes into the connection, for example an HTTP server.",
    ),
    (
        "E_CTRL_FRAGMENTED",
        "A close, a ping and a pong are always one whole frame, so their FIN bit is 1.",
        "A library forgets FIN when it builds a control frame by hand, or it cuts every frame that is longer than its buffer.",
    ),
    (
        "E_CTRL_TOO_LONG",
        "The payload of a control frame has at most 125 bytes, so its length always fits the seven bits of the second byte.",
        "A program puts a long text into a Close as its reason, or data into a ping. The reason may have 123 bytes, since the code takes two.",
    ),
    (
        "E_LEN_NOT_MINIMAL",
        "A length up to 125 stands in the seven bits, one up to 65,535 in two further bytes, and only a greater one in eight.",
        "An encoder always uses the same long form, because that is simpler to write; many receivers let it pass, so nobody notices.",
    ),
    (
        "E_LEN_MSB_SET",
        "The first bit of a length of eight bytes is 0.",
        "A number with a sign was negative and was written as it is, or the bytes of the length were written in the wrong order: the most significant one comes first.",
    ),
    (
        "E_UNMASKED_CLIENT",
        "A client masks each frame that it sends: MASK is 1 and a key of four bytes follows the length.",
        "A client was written from the server's point of view, or two programs talk of which each believes that it is the server.",
    ),
    (
        "E_MASKED_SERVER",
        "A server never masks: MASK is 0 and the payload stands as it is.",
        "A server uses the code with which its library writes a client's frames, or a proxy hands on what came from a client to another client as it was.",
    ),
    (
        "E_CONT_WITHOUT_START",
        "A continuation follows a text or binary frame with FIN = 0, with only control frames in between.",
        "A sender sets FIN on every fragment, so the message was over after the first; or it numbers fragments wrongly after an error in the middle of a message.",
    ),
    (
        "E_NEW_DATA_IN_FRAGMENTED",
        "Once a message was begun with FIN = 0, the next frame that is no control frame is its continuation, with opcode 0.",
        "Two tasks write to the same connection without waiting for each other; or a sender repeats the opcode of the message on each fragment.",
    ),
    (
        "E_UTF8",
        "The bytes of a text message, all its fragments together, are valid UTF-8.",
        "Somebody sends bytes as text that are none: an image, a compressed file, text in Latin-1. Or a text was cut by its number of bytes and ends inside a character.",
    ),
    (
        "E_CLOSE_LEN1",
        "The body of a Close is empty, or it has at least the two bytes of a code.",
        "The code was written as a number of one byte, or the body was cut.",
    ),
    (
        "E_CLOSE_CODE_INVALID",
        "A code in a Close is one of those that the RFC or the registry gives a meaning on the wire, or one from 3000 to 4999.",
        "A program passes on what its own library told it: 1005, there was no code, and 1006, the connection broke, are only such reports. Or the bytes of the code were written in the wrong order.",
    ),
    (
        "E_CLOSE_REASON_UTF8",
        "What follows the code in a Close is valid UTF-8.",
        "A message of an error was cut to 123 bytes inside a character, or it is in another encoding than UTF-8.",
    ),
    (
        "E_DATA_AFTER_CLOSE",
        "Whoever has sent a Close sends no more data.",
        "One task closes the connection while another still has messages to send.",
    ),
    (
        "W_CONTROL_AFTER_CLOSE",
        "Whoever has sent a Close has nothing more to say; in so many words the RFC forbids only data after it.",
        "A timer goes on to send pings, or a library answers a ping that came after its own Close.",
    ),
    (
        "E_INFLATE",
        "The payload of a compressed message, with the four bytes 00 00 ff ff behind it, is valid DEFLATE.",
        "The sides disagree about context takeover or about the window, so that a back-reference points at what is not there; or the message says that it is compressed and is not.",
    ),
    (
        "W_DEFLATE_TAIL",
        "A sender flushes to a byte boundary with an empty block and takes off 00 00 ff ff; an empty message is the one byte 00.",
        "Five bytes were taken off instead of four, or an empty message was sent as no byte at all. The receiver fails at the next message, with 'invalid stored block lengths' where it uses zlib.",
    ),
    (
        "W_INFLATE_LIMIT",
        "The RFC sets no limit to what a message may inflate to; it advises each implementation to set one of its own.",
        "Most often the message is a very regular one, such as a long row of equal bytes. It can also be an attack, which makes a receiver fill its memory.",
    ),
    (
        "W_CONTEXT_LOST",
        "With context takeover both sides keep the same window of the messages before, so every message has to be inflated in turn.",
        "An earlier message was broken, was too long to be inflated here, or was sent before anybody looked on.",
    ),
    (
        "W_MASK_ZERO",
        "A client chooses a fresh masking key for each frame, which nobody can predict. Four zero bytes are one key among four thousand million.",
        "Masking was switched off for the sake of speed, or to be able to read the bytes on the wire; some tools do that on purpose.",
    ),
    (
        "W_MASK_REUSED",
        "Each frame has a key of its own, which cannot be derived from the ones before.",
        "The key is drawn once for a connection, or the random numbers come from a source that was seeded the same way again.",
    ),
    (
        "W_CLOSE_CODE_OUT_OF_RANGE",
        "The codes for applications are 4000 to 4999, those for libraries 3000 to 3999. The RFC names no use for greater ones.",
        "A number from another protocol was put into the Close, or these two bytes are no code at all.",
    ),
    (
        "W_EMPTY_FRAGMENT",
        "Nothing forbids a fragment without payload; one that is not the last adds nothing to its message.",
        "A library passes each write of the application on as a fragment, also the empty ones; or it begins a message before it has any data.",
    ),
];

/// What is wanted and what breaks it, for the rule of that name.
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
