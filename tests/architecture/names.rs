//! Names are the field's own, each with one meaning. The private language that the code once had
//! must not come back.

use crate::sources;

/// Forbidden identifiers, each with the field's word for what it meant. The comparison is exact:
/// only whole identifiers count, in their case.
const OLD_NAMES: &[(&str, &str)] = &[
    ("Alarm", "DeadlineTimer"),
    ("Begun", "FrameStart"),
    ("Blunder", "Misbehavior"),
    ("blunder", "misbehavior"),
    ("Complaint", "Diagnostic"),
    ("complaint", "diagnostic"),
    ("Course", "RaceConfig or FeedConfig"),
    ("course", "config"),
    ("Cutter", "DirectionReader"),
    ("DRIFT", "MAX_FLOOR_DRIFT"),
    ("Door", "TransportListener"),
    ("Ear", "Inbound"),
    ("FAR", "MAX_* with what it limits"),
    ("FOREIGN", "MAX_FOREIGN_CPU"),
    ("Fate", "Disposition"),
    ("fate", "disposition"),
    ("Gate", "InterceptQueue"),
    ("Goodbye", "CloseStatus"),
    ("Heard", "InboundEvent, or what it is"),
    ("heard", "received"),
    ("hear", "receive"),
    ("House", "Services"),
    ("house", "services"),
    ("Judge", "FrameValidator"),
    ("Judgement", "HeadValidation"),
    ("judgement", "validation"),
    ("KEPT", "MAX_* with what it limits"),
    ("LARGEST", "MAX_* with what it limits"),
    ("LONGEST", "MAX_* with what it limits"),
    ("Lamp", "ServerStatus"),
    ("lamps", "statuses"),
    ("Lens", "DeflateListing"),
    ("MOST", "MAX_* with what it limits"),
    ("Mouth", "SendQueue"),
    ("PATIENCE", "a timeout"),
    ("patience", "timeout"),
    ("patient", "with a long timeout"),
    ("Passage", "Relay"),
    ("Planet", "NetnsPair"),
    ("planet", "netns"),
    ("referee", "runner"),
    ("Road", "LinkEmulator"),
    ("Said", "Broadcast, or what it is"),
    ("said", "sent, text, transcript: what it is"),
    ("say", "send"),
    ("Shelf", "SpillFile"),
    ("skim", "next_simple_frame"),
    ("Skimmed", "SimpleFrame"),
    ("SHOWN", "MAX_* with what it limits"),
    ("Stray", "Orphan"),
    ("Talk", "Driver"),
    ("Tally", "a snapshot"),
    ("Teller", "EventSender"),
    ("teller", "events"),
    ("tell", "send, report"),
    ("tells", "sends, reports"),
    ("Told", "Event, or what it is"),
    ("told", "text, message, event: what it is"),
    ("WAITING", "*_CAPACITY with what it holds"),
    ("Wish", "Control"),
    ("wish", "option, control"),
    ("Wishes", "RequestOptions"),
    ("wishes", "options, controls"),
    ("wished", "requested"),
];

#[test]
fn names_are_the_fields_own() {
    let mut found = Vec::new();
    for (path, tokens) in sources::identifiers_everywhere() {
        for (old, new) in OLD_NAMES {
            if tokens.contains(*old) {
                found.push(format!("{}: `{old}`; the field's word is {new}", path.display()));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
