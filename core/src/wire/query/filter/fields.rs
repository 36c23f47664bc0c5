//! The fields of the filter language, each with a description. Both the help page and the parser
//! use this table.
//! `parse` knows how a field is compared.

/// A field of the filter language.
#[derive(Clone, Copy, Debug)]
pub struct FilterField {
    /// The name: `len`.
    pub name: &'static str,
    /// Other names for it: `m` for `message`.
    pub aliases: &'static [&'static str],
    /// An example of its use: `len<126`.
    pub example: &'static str,
    /// One sentence on what it tests.
    pub description: &'static str,
    pub(super) field_type: FieldType,
}

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldType {
    Opcode,
    Direction,
    Flag(FlagField),
    Number(NumberField),
    Key,
    Fault,
    Text,
}

/// A field that is true or false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FlagField {
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

impl FlagField {
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

/// A field that is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumberField {
    Len,
    Size,
    Time,
    Row,
    Message,
}

impl NumberField {
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

macro_rules! fields {
    ($(
        $name:literal $aliases:expr, $field_type:expr, $example:literal,
        $description:literal;
    )*) => {
        pub(super) const FIELDS: &[FilterField] = &[$(FilterField {
            name: $name,
            aliases: &$aliases,
            example: $example,
            description: $description,
            field_type: $field_type,
        },)*];
    };
}

fields! {
    "op" ["opcode"], FieldType::Opcode, "op=text|binary",
        "The type of the frame: text, binary, continuation, close, ping, pong, the classes data, \
         control and reserved, or a number from 0 to 15 (also 0x0 to 0xf).";
    "dir" ["from"], FieldType::Direction, "dir=client",
        "The side that sent the frame: client (or c2s) or server (or s2c).";
    "fin" [], FieldType::Flag(FlagField::Fin), "fin=0",
        "The frame is the last one of its message.";
    "rsv1" [], FieldType::Flag(FlagField::Rsv1), "rsv1",
        "The first reserved bit is 1; with permessage-deflate it means that a message is \
         compressed.";
    "rsv2" [], FieldType::Flag(FlagField::Rsv2), "rsv2",
        "The second reserved bit is 1.";
    "rsv3" [], FieldType::Flag(FlagField::Rsv3), "rsv3",
        "The third reserved bit is 1.";
    "mask" ["masked"], FieldType::Flag(FlagField::Mask), "mask=0",
        "The frame is masked, as every frame from a client must be.";
    "key" [], FieldType::Key, "key=37fa213d",
        "The masking key as eight hex digits; `key` alone tests whether there is one.";
    "text" ["says"], FieldType::Text, "text contains \"hello\"",
        "What the message says, inflated and joined, contains this; it is true of the message's last \
         frame, and of a control frame whose payload contains it. Small letters match capitals too, \
         and several texts are separated by |. `text` alone tests whether the opcode is text.";
    "len" ["length"], FieldType::Number(NumberField::Len), "len<126",
        "The length of the payload in bytes, as the header claims it; KiB and MiB are allowed: \
         len>64KiB.";
    "size" [], FieldType::Number(NumberField::Size), "size>1000",
        "The length of the whole frame in bytes, header and payload together.";
    "t" ["time"], FieldType::Number(NumberField::Time), "t>1.5s",
        "When the frame was complete, counted from the start of the connection, in ms unless the \
         unit is s, us or ns.";
    "n" ["row"], FieldType::Number(NumberField::Row), "n>=100",
        "The number of the row in the list of both directions, from 0.";
    "message" ["m"], FieldType::Number(NumberField::Message), "message=3",
        "The number of the message that the frame is part of, from 0 in its direction; `message` \
         alone tests whether it is part of one.";
    "fault" [], FieldType::Fault, "fault=E_UTF8",
        "A rule that the frame breaks, by its name or a prefix: fault=E_CLOSE_*; `fault` alone \
         tests whether it breaks any, fatal or not.";
    "fatal" [], FieldType::Flag(FlagField::Fatal), "fatal",
        "The frame breaks a rule that makes a receiver fail the connection.";
    "warning" [], FieldType::Flag(FlagField::Warning), "warning",
        "The frame does something doubtful that a receiver accepts.";
    "after-fault" [], FieldType::Flag(FlagField::AfterFault), "after-fault",
        "An earlier frame of the same direction had a fatal fault, so a receiver would not have \
         read this one.";
    "compressed" [], FieldType::Flag(FlagField::Compressed), "compressed",
        "The message that the frame is part of is compressed with permessage-deflate.";
}

/// Finds the field with this name, in upper or lower case.
pub(super) fn find_field(word: &str) -> Option<&'static FilterField> {
    let is = |name: &str| name.eq_ignore_ascii_case(word);
    FIELDS.iter().find(|name| is(name.name) || name.aliases.iter().any(|also| is(also)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::query::filter::Filter;

    #[test]
    fn every_name_is_found_by_what_it_is_called_and_its_example_is_understood() {
        for name in FIELDS {
            assert_eq!(find_field(name.name).unwrap().name, name.name);
            assert!(
                name.aliases.iter().all(|also| find_field(also).unwrap().name == name.name),
                "{}",
                name.name
            );
            assert!(name.description.ends_with('.'), "{}", name.name);
            assert_eq!(Filter::parse(name.example).unwrap().to_string(), name.example);
        }
        let mut all: Vec<&str> =
            FIELDS.iter().flat_map(|name| [&[name.name], name.aliases].concat()).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count, "a name is taken twice");
    }
}
