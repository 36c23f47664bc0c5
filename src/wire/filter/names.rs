//! The names that a filter may ask for, each with a sentence: the help is made from this table, and so is the parser's choice.
//! How a name is compared is `parse`'s business.

/// One name of the filter language.
#[derive(Clone, Copy, Debug)]
pub struct Name {
    /// As it is printed: `len`.
    pub name: &'static str,
    /// What else may be written for it: `m` for `message`.
    pub also: &'static [&'static str],
    /// How it is used: `len<126`.
    pub example: &'static str,
    /// What it asks of a frame, in one sentence.
    pub about: &'static str,
    pub(super) subject: Subject,
}

/// What a name asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Op,
    Direction,
    Flag(Flag),
    Number(Number),
    Key,
    Fault,
}

/// What is so or is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flag {
    Fin,
    Rsv1,
    Rsv2,
    Rsv3,
    Mask,
    Compressed,
    AfterFault,
    AnyFault,
    Fatal,
    Warning,
    InMessage,
}

impl Flag {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Fin => "fin",
            Self::Rsv1 => "rsv1",
            Self::Rsv2 => "rsv2",
            Self::Rsv3 => "rsv3",
            Self::Mask => "mask",
            Self::Compressed => "compressed",
            Self::AfterFault => "after-fault",
            Self::AnyFault => "fault",
            Self::Fatal => "fatal",
            Self::Warning => "warning",
            Self::InMessage => "message",
        }
    }
}

/// What is counted or measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Len,
    Size,
    Time,
    Row,
    Message,
}

impl Number {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Len => "len",
            Self::Size => "size",
            Self::Time => "t",
            Self::Row => "n",
            Self::Message => "message",
        }
    }
}

macro_rules! names {
    ($($name:literal $also:expr, $subject:expr, $example:literal, $about:literal;)*) => {
        pub(super) const NAMES: &[Name] = &[$(Name {
            name: $name, also: &$also, example: $example, about: $about, subject: $subject,
        },)*];
    };
}

names! {
    "op" ["opcode"], Subject::Op, "op=text|binary",
        "What the frame is: text, binary, continuation, close, ping, pong, the classes data, control and reserved, or a number from 0 to 15 (also 0x0 to 0xf).";
    "dir" ["from"], Subject::Direction, "dir=client",
        "Who sent the frame: client (or c2s) or server (or s2c).";
    "fin" [], Subject::Flag(Flag::Fin), "fin=0",
        "The frame is the last one of its message.";
    "rsv1" [], Subject::Flag(Flag::Rsv1), "rsv1",
        "The first reserved bit is 1; with permessage-deflate it says that a message is compressed.";
    "rsv2" [], Subject::Flag(Flag::Rsv2), "rsv2",
        "The second reserved bit is 1.";
    "rsv3" [], Subject::Flag(Flag::Rsv3), "rsv3",
        "The third reserved bit is 1.";
    "mask" ["masked"], Subject::Flag(Flag::Mask), "mask=0",
        "The frame is masked, as each frame of a client must be.";
    "key" [], Subject::Key, "key=37fa213d",
        "The masking key, as eight hex digits; `key` alone asks whether there is one.";
    "len" ["length"], Subject::Number(Number::Len), "len<126",
        "The length of the payload in bytes, as the header claims it; KiB and MiB are understood: len>64KiB.";
    "size" [], Subject::Number(Number::Size), "size>1000",
        "The length of the whole frame in bytes, header and payload together.";
    "t" ["time"], Subject::Number(Number::Time), "t>1.5s",
        "When the frame was complete, counted from the beginning of the connection, in ms unless it says s, us or ns.";
    "n" ["row"], Subject::Number(Number::Row), "n>=100",
        "The number of the row in the list of both directions, counted from 0.";
    "message" ["m"], Subject::Number(Number::Message), "message=3",
        "The number of the message that the frame is part of, counted from 0 in its direction; `message` alone asks whether it is part of one.";
    "fault" [], Subject::Fault, "fault=E_UTF8",
        "A rule that the frame breaks, by its name or the beginning of it: fault=E_CLOSE_*; `fault` alone asks whether it breaks any, fatal or not.";
    "fatal" [], Subject::Flag(Flag::Fatal), "fatal",
        "The frame breaks a rule for which a receiver fails the connection.";
    "warning" [], Subject::Flag(Flag::Warning), "warning",
        "The frame does something doubtful that a receiver puts up with.";
    "after-fault" [], Subject::Flag(Flag::AfterFault), "after-fault",
        "An earlier frame of the same direction broke a rule fatally, so a receiver would not have read this one.";
    "compressed" [], Subject::Flag(Flag::Compressed), "compressed",
        "The message that the frame is part of is compressed with permessage-deflate.";
}

/// The name that is written so, in whatever case.
pub(super) fn find(word: &str) -> Option<&'static Name> {
    let is = |name: &str| name.eq_ignore_ascii_case(word);
    NAMES.iter().find(|name| is(name.name) || name.also.iter().any(|also| is(also)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::filter::Filter;

    #[test]
    fn every_name_is_found_by_what_it_is_called_and_its_example_is_understood() {
        for name in NAMES {
            assert_eq!(find(name.name).unwrap().name, name.name);
            assert!(name.also.iter().all(|also| find(also).unwrap().name == name.name), "{}", name.name);
            assert!(name.about.ends_with('.'), "{}", name.name);
            assert_eq!(Filter::parse(name.example).unwrap().to_string(), name.example);
        }
        let mut all: Vec<&str> = NAMES.iter().flat_map(|name| [&[name.name], name.also].concat()).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count, "a name is taken twice");
    }
}
