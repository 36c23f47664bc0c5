//! A client's bytes read by this crate and by tungstenite: the same messages, and tungstenite fails
//! where we find a fatal fault, except for the differences in [`LENIENT`].

use std::io::{Cursor, Read, Write};

use tungstenite::error::{CapacityError, ProtocolError};
use tungstenite::protocol::Role;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Error, Message};
use wiretalk::net::WebSocketLimits;
use wiretalk::wire::frame::encode;
use wiretalk::wire::{
    AgreedExtensions, Decoder, Fault, FaultCode, Header, LengthForm, MessageKind, Opcode, Side,
    Transcript,
};

use super::cut;

/// What tungstenite 0.30 accepts and we refuse: lengths in a longer form than needed (RFC 6455
/// section 5.2). It replaces a close code that must not be sent by 1002, which `Event::is` takes
/// into account.
const LENIENT: [FaultCode; 2] = [FaultCode::LenNotMinimal, FaultCode::CloseCodeInvalid];

/// The maximum size that tungstenite reads. Without it, tungstenite would allocate what a frame
/// claims.
const MAX_MESSAGE_LEN: usize = 1 << 16;

/// An event of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Event {
    Message(MessageKind, Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<(u16, Vec<u8>)>),
}

impl Event {
    /// Whether two events are the same, except for a close code that tungstenite replaces.
    fn is(&self, other: &Self) -> bool {
        let replaced = matches!((self, other), (Self::Close(Some((code, _))), Self::Close(Some((1002, reason))))
            if !CloseCode::from(*code).is_allowed() && reason == b"Protocol violation");
        self == other || replaced
    }
}

pub(crate) fn check(data: &[u8]) {
    let (how, input) = cut(data);
    let composed = if how & 1 == 0 { input.to_vec() } else { composed(input) };
    let Ours { events: ours, fault, complete, lenient } = ours(&composed);
    let (theirs, end) = theirs(&composed);
    let pairs = ours.iter().zip(&theirs);
    assert!(pairs.clone().all(|(own, other)| own.is(other)), "{ours:?}\n{theirs:?}");
    assert!(
        ours.len() <= theirs.len() || matches!(end, Error::Capacity(_)),
        "{ours:?}\n{theirs:?}\n{end}"
    );
    if lenient {
        return;
    }
    let same = ours.len() == theirs.len();
    match end {
        Error::Capacity(CapacityError::MessageTooLong { .. }) => {}
        Error::ConnectionClosed => assert!(same && fault.is_none(), "{fault:?}"),
        // The end of the input. Only we validate an incomplete frame.
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            assert!(same && (fault.is_none() || !complete), "{fault:?}: tungstenite reads on");
        }
        Error::Protocol(_) | Error::Utf8(_) => {
            assert!(same && fault.is_some(), "only tungstenite objects: {end}");
        }
        other => panic!("{other}"),
    }
}

/// Makes masked and mostly legal frames from any bytes: four bytes describe a frame, then its
/// payload follows.
fn composed(input: &[u8]) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), input);
    while let Some((&[first, second, key, form], behind)) = rest.split_first_chunk() {
        let (payload, behind) = behind.split_at(behind.len().min(usize::from(second & 0x7f)));
        let rare = form.trailing_zeros() >= 4;
        let opcode = if rare {
            Opcode::from_bits(first)
        } else {
            [0, 1, 1, 2, 8, 9, 10, 0].map(Opcode::from_bits)[usize::from(first & 7)]
        };
        let mut header = Header::new(opcode, payload.len() as u64);
        header.fin = first & 0x10 != 0 || opcode.is_control() && !rare;
        header.rsv1 = rare && first & 0x40 != 0;
        header.masking_key = (form & 0x1f != 0x10).then_some([key, second, form, first]);
        if form & 0x7f == 0x20 {
            header.length_form = LengthForm::from_second_byte(126);
        }
        encode::append_frame(&mut bytes, &header, payload);
        rest = behind;
    }
    bytes
}

/// Our result up to the first fatal fault or the Close.
struct Ours {
    events: Vec<Event>,
    fault: Option<Fault>,
    /// Whether the frame of that fault is complete.
    complete: bool,
    /// Whether that frame breaks a rule that tungstenite does not check, so that it reads on
    /// differently.
    lenient: bool,
}

fn ours(input: &[u8]) -> Ours {
    let mut transcript = Transcript::with_decoder(
        Decoder::new(Side::Client, AgreedExtensions::none()).stop_at_fatal(),
    );
    transcript.push(input);
    let fatal = transcript.faults().iter().find(|fault| fault.is_fatal()).copied();
    let mut events = Vec::new();
    for frame in transcript
        .frames()
        .iter()
        .filter(|frame| fatal.is_none_or(|fault| frame.frame_number < fault.frame))
    {
        match frame.header.opcode {
            Opcode::Close => {
                events.push(Event::Close(frame.close_body()));
                return Ours { events, fault: None, complete: true, lenient: false };
            }
            Opcode::Ping => events.push(Event::Ping(frame.payload())),
            Opcode::Pong => events.push(Event::Pong(frame.payload())),
            _ => {
                let ends = transcript
                    .messages()
                    .iter()
                    .find(|message| message.frames.last() == Some(&frame.frame_number));
                events
                    .extend(ends.map(|message| Event::Message(message.kind, message.data.clone())));
            }
        }
    }
    let complete = fatal.is_some_and(|fault| fault.frame < transcript.frames().len());
    let in_frame = |fault: &&Fault| fatal.is_some_and(|fatal| fatal.frame == fault.frame);
    let lenient =
        transcript.faults().iter().filter(in_frame).any(|fault| LENIENT.contains(&fault.code));
    Ours { events, fault: fatal, complete, lenient }
}

fn theirs(input: &[u8]) -> (Vec<Event>, Error) {
    let limits = WebSocketLimits { message: MAX_MESSAGE_LEN, read_buffer: 1 << 10 };
    let mut socket = limits.blocking(Input(Cursor::new(input)), Role::Server);
    let mut events = Vec::new();
    loop {
        events.push(match socket.read() {
            Ok(Message::Text(text)) => Event::Message(MessageKind::Text, text.as_bytes().to_vec()),
            Ok(Message::Binary(data)) => Event::Message(MessageKind::Binary, data.to_vec()),
            Ok(Message::Ping(data)) => Event::Ping(data.to_vec()),
            Ok(Message::Pong(data)) => Event::Pong(data.to_vec()),
            Ok(Message::Close(close)) => Event::Close(
                close.map(|close| (close.code.into(), close.reason.as_bytes().to_vec())),
            ),
            Ok(Message::Frame(_)) => unreachable!("reading gives no single frames"),
            Err(error) => return (events, error),
        });
    }
}

/// A stream that reads the input and accepts everything that is written.
struct Input<'a>(Cursor<&'a [u8]>);

impl Read for Input<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Input<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
