//! Measures decoded frames per second (unmasked, and validated as UTF-8) beside tungstenite over
//! the same bytes in the same run, unmasking beside a plain copy, and inflating. Uses one thread.

#[allow(dead_code)]
mod mix;

fn main() {
    divan::main();
}

const FRAMES: usize = 20_000;

fn stream() -> Vec<u8> {
    mix::frames(1).take(FRAMES).flatten().collect()
}

mod frames {
    use std::io::{Cursor, Read, Write};
    use std::time::Duration;

    use divan::counter::{BytesCount, ItemsCount};
    use divan::{Bencher, black_box};
    use tungstenite::protocol::Role;
    use wiretalk::net::WebSocketLimits;
    use wiretalk::wire::{AgreedExtensions, Decoder, DecoderEvent, Side, Trace};

    use super::{FRAMES, stream};

    /// `Decoder::next_simple_frame`, and `next_event` for the frames that are not simple. Every
    /// payload is unmasked and validated.
    #[divan::bench]
    fn wiretalk(bencher: Bencher) {
        let bytes = stream();
        bencher.counter(ItemsCount::new(FRAMES)).counter(BytesCount::new(bytes.len())).bench_local(
            || {
                let mut decoder = Decoder::new(Side::Client, AgreedExtensions::none());
                let mut rest = black_box(bytes.as_slice());
                let mut found = 0;
                loop {
                    while let Some(whole) = decoder.next_simple_frame(&mut rest) {
                        black_box(whole.payload);
                        found += 1;
                    }
                    match decoder.next_event(&mut rest) {
                        Some(DecoderEvent::FrameEnd(_)) => found += 1,
                        Some(DecoderEvent::Payload(plain)) => drop(black_box(plain)),
                        Some(_) => {}
                        None => break,
                    }
                }
                assert_eq!(found, FRAMES);
            },
        );
    }

    /// The list of the inspector, with a row for each frame.
    #[divan::bench]
    fn wiretalk_trace(bencher: Bencher) {
        let bytes = stream();
        bencher.counter(ItemsCount::new(FRAMES)).counter(BytesCount::new(bytes.len())).bench_local(
            || {
                let mut seen = Trace::mid_connection(AgreedExtensions::none());
                bytes
                    .chunks(64 * 1024)
                    .for_each(|piece| seen.push(Side::Client, Duration::ZERO, black_box(piece)));
                assert_eq!(seen.rows().len(), FRAMES);
            },
        );
    }

    /// `tungstenite::WebSocket::read`, with the buffer sizes of its own defaults.
    #[divan::bench]
    fn tungstenite(bencher: Bencher) {
        let bytes = stream();
        bencher.counter(ItemsCount::new(FRAMES)).counter(BytesCount::new(bytes.len())).bench_local(
            || {
                let input = Input(Cursor::new(black_box(bytes.as_slice())));
                let limits = WebSocketLimits { message: 16 << 20, read_buffer: 128 << 10 };
                let mut socket = limits.blocking(input, Role::Server);
                for _ in 0..FRAMES {
                    black_box(socket.read().expect("the bytes are legal"));
                }
            },
        );
    }

    /// A socket that has all bytes already.
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
}

mod unmasking {
    use divan::counter::BytesCount;
    use divan::{Bencher, black_box};
    use wiretalk::wire::frame::mask;

    const LENGTHS: [usize; 3] = [125, 1_000, 65_536];

    /// The number of payloads to alternate between. Unmasking one twice in a row would measure how
    /// a CPU reads what it has just written.
    const PAYLOADS: usize = 8;

    fn payloads(length: usize) -> Vec<Vec<u8>> {
        vec![vec![0x5a; length]; PAYLOADS]
    }

    #[divan::bench(args = LENGTHS)]
    fn copied_and_checked_for_ascii(bencher: Bencher, length: usize) {
        let (wire, mut plain) = (vec![0x5a_u8; length], vec![0; length]);
        bencher.counter(BytesCount::new(length)).bench_local(|| {
            mask::unmask_into(black_box(&wire), black_box([1, 2, 3, 4]), black_box(&mut plain))
        });
    }

    #[divan::bench(args = LENGTHS)]
    fn in_place(bencher: Bencher, length: usize) {
        let (mut payloads, mut at) = (payloads(length), 0);
        bencher.counter(BytesCount::new(length)).bench_local(|| {
            at = (at + 1) % PAYLOADS;
            mask::apply(black_box(&mut payloads[at]), black_box([1, 2, 3, 4]), 0);
        });
    }

    #[divan::bench(args = LENGTHS)]
    fn memcpy(bencher: Bencher, length: usize) {
        let (wire, mut payloads, mut at) = (vec![0x5a_u8; length], payloads(length), 0);
        bencher.counter(BytesCount::new(length)).bench_local(|| {
            at = (at + 1) % PAYLOADS;
            black_box(&mut payloads[at]).copy_from_slice(black_box(&wire));
        });
    }
}

/// Inflates messages of permessage-deflate with context takeover. Throughput counts the inflated
/// bytes.
mod inflating {
    use divan::counter::{BytesCount, ItemsCount};
    use divan::{Bencher, black_box};
    use wiretalk::wire::deflate::deflater::Deflater;
    use wiretalk::wire::deflate::inflate::Inflater;
    use wiretalk::wire::{DeflateParams, Side};

    /// The content of the messages, their number, and the bytes of each.
    const MESSAGES: [(Content, usize, usize); 6] = [
        (Content::Json, 1_000, 200),
        (Content::Json, 10, 100_000),
        (Content::Words, 10, 100_000),
        (Content::Letters, 10, 100_000),
        (Content::Noise, 10, 100_000),
        (Content::Zeros, 10, 100_000),
    ];

    #[derive(Clone, Copy, Debug)]
    enum Content {
        /// Stock quotes: long matches.
        Json,
        /// Random words: short matches.
        Words,
        /// Random letters of very different frequency: literals of many code lengths.
        Letters,
        /// Random bytes, which cannot be compressed: stored blocks.
        Noise,
        /// Zeros: one match after the other.
        Zeros,
    }

    impl Content {
        fn bytes(self, len: usize) -> Vec<u8> {
            // A linear congruential generator: the same bytes on every run. Its upper bits are
            // random enough.
            let mut state = 1_u32;
            let mut random = move |below: u32| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 16) % below
            };
            let mut bytes = Vec::new();
            while bytes.len() < len {
                match self {
                    Self::Json => {
                        let (symbol, price, size) = (random(50), random(10_000), random(100));
                        bytes.extend(
                            format!(r#"{{"symbol":"S{symbol}","price":{price},"size":{size}}}"#)
                                .bytes(),
                        );
                    }
                    Self::Words => bytes.extend(format!("w{} ", random(3_000)).bytes()),
                    Self::Letters => bytes.push(b'a' + (random(200) * random(200) / 1_600) as u8),
                    Self::Noise => bytes.push(random(256) as u8),
                    Self::Zeros => bytes.push(0),
                }
            }
            bytes.truncate(len);
            bytes
        }
    }

    #[divan::bench(args = MESSAGES)]
    fn wiretalk(bencher: Bencher, (content, count, len): (Content, usize, usize)) {
        let plain = content.bytes(count * len);
        let mut deflater = Deflater::new(DeflateParams::default(), Side::Client);
        let payloads: Vec<Vec<u8>> =
            plain.chunks(len).map(|message| deflater.compress_message(message)).collect();
        bencher.counter(ItemsCount::new(count)).counter(BytesCount::new(plain.len())).bench_local(
            || {
                let (mut inflater, mut found) = (Inflater::new(15), 0);
                for payload in &payloads {
                    let mut input = black_box(payload.as_slice());
                    inflater.begin_message(true);
                    loop {
                        let piece = black_box(inflater.push(&mut input));
                        if piece.is_empty() {
                            break;
                        }
                        found += piece.len();
                    }
                    found += inflater.end_message().len();
                }
                assert_eq!(found, plain.len());
            },
        );
    }
}
