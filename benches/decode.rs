//! Frames a second: found, unmasked and checked as UTF-8, beside tungstenite over the same bytes in the same run; and
//! unmasking beside a plain copy. One thread.

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
    use wiretalk::wire::{Agreed, Decoder, Event, Side, Trace};

    use super::{FRAMES, stream};

    /// `Decoder::skim`, and `step` where that says so: every payload unmasked and checked.
    #[divan::bench]
    fn wiretalk(bencher: Bencher) {
        let bytes = stream();
        bencher.counter(ItemsCount::new(FRAMES)).counter(BytesCount::new(bytes.len())).bench_local(|| {
            let mut decoder = Decoder::new(Side::Client, Agreed::none());
            let mut rest = black_box(bytes.as_slice());
            let mut found = 0;
            loop {
                while let Some(whole) = decoder.skim(&mut rest) {
                    black_box(whole.payload);
                    found += 1;
                }
                match decoder.step(&mut rest) {
                    Some(Event::Frame(_)) => found += 1,
                    Some(Event::Payload(plain)) => drop(black_box(plain)),
                    Some(_) => {}
                    None => break,
                }
            }
            assert_eq!(found, FRAMES);
        });
    }

    /// The list that the inspector shows: a row a frame.
    #[divan::bench]
    fn wiretalk_trace(bencher: Bencher) {
        let bytes = stream();
        bencher.counter(ItemsCount::new(FRAMES)).counter(BytesCount::new(bytes.len())).bench_local(|| {
            let mut seen = Trace::midway(Agreed::none());
            bytes
                .chunks(64 * 1024)
                .for_each(|piece| seen.push(Side::Client, Duration::ZERO, black_box(piece)));
            assert_eq!(seen.rows().len(), FRAMES);
        });
    }

    /// `tungstenite::WebSocket::read`, its buffers as large as it wants them.
    #[divan::bench]
    fn tungstenite(bencher: Bencher) {
        let bytes = stream();
        bencher.counter(ItemsCount::new(FRAMES)).counter(BytesCount::new(bytes.len())).bench_local(|| {
            let input = Input(Cursor::new(black_box(bytes.as_slice())));
            let limits = WebSocketLimits { message: 16 << 20, read_buffer: 128 << 10 };
            let mut socket = limits.blocking(input, Role::Server);
            for _ in 0..FRAMES {
                black_box(socket.read().expect("the bytes are legal"));
            }
        });
    }

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
    use wiretalk::wire::mask;

    const LENGTHS: [usize; 3] = [125, 1_000, 65_536];

    /// No payload is unmasked twice in a row: it would be read before it is written.
    const PAYLOADS: usize = 8;

    fn payloads(length: usize) -> Vec<Vec<u8>> {
        vec![vec![0x5a; length]; PAYLOADS]
    }

    #[divan::bench(args = LENGTHS)]
    fn copied_and_checked_for_ascii(bencher: Bencher, length: usize) {
        let (wire, mut plain) = (vec![0x5a_u8; length], vec![0; length]);
        bencher
            .counter(BytesCount::new(length))
            .bench_local(|| mask::copy(black_box(&wire), black_box([1, 2, 3, 4]), black_box(&mut plain)));
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
