//! How a block begins (RFC 1951 sections 3.2.3, 3.2.4 and 3.2.7): its header, the length of a stored one, the codes of a dynamic one.
//! What stands in the block is read by the inflater itself.

use super::{Alphabet, Broken, Coding, Dynamic, Inflater, Next, Progress, Seen, State, Watch};

/// The order in which the lengths of the code length codes stand (RFC 1951 section 3.2.7).
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// The symbol that ends a block (RFC 1951 section 3.2.5).
const END_OF_BLOCK: usize = 256;

impl Inflater {
    pub(super) fn header<W: Watch>(&mut self, watch: &mut W) -> Progress {
        let from = self.bits.position();
        let Some(bits) = self.bits.peek(3) else { return Ok(Next::Wait) };
        self.bits.skip(3);
        let coding = match bits >> 1 {
            0 => Coding::Stored,
            1 => Coding::Fixed,
            2 => Coding::Dynamic,
            _ => return Err(self.wrong(Broken::BlockType, from.saturating_add(1))),
        };
        self.last = bits & 1 != 0;
        watch.see(from, self.bits.position(), Seen::Block { last: self.last, coding });
        match coding {
            Coding::Stored => {
                self.align(watch);
                self.state = State::StoredLength;
            }
            Coding::Fixed => self.state = State::Symbols { fixed: true },
            Coding::Dynamic => {
                self.dynamic.from = self.bits.position();
                self.state = State::Counts;
            }
        }
        Ok(Next::Go)
    }

    pub(super) fn align<W: Watch>(&mut self, watch: &mut W) {
        let from = self.bits.position();
        if self.bits.align() > 0 {
            watch.see(from, self.bits.position(), Seen::Padding);
        }
    }

    pub(super) fn stored_length<W: Watch>(&mut self, watch: &mut W) -> Progress {
        let from = self.bits.position();
        let Some(bits) = self.bits.peek(32) else { return Ok(Next::Wait) };
        self.bits.skip(32);
        let (len, nlen) = ((bits & 0xffff) as u16, (bits >> 16) as u16);
        if len != !nlen {
            return Err(self.wrong(Broken::StoredLength { len, nlen }, from));
        }
        watch.see(from, self.bits.position(), Seen::StoredLength(len));
        self.state = State::Stored { left: usize::from(len) };
        if len == 0 {
            self.block_ends(watch);
        }
        Ok(Next::Go)
    }

    pub(super) fn counts(&mut self) -> Progress {
        let from = self.bits.position();
        let Some(bits) = self.bits.peek(14) else { return Ok(Next::Wait) };
        self.bits.skip(14);
        let [literals, distances, codes] = [bits, bits >> 5, bits >> 10].map(|field| (field & 31) as u16);
        let [literals, distances, codes] =
            [literals.saturating_add(257), distances.saturating_add(1), codes.saturating_add(4)];
        for (alphabet, count, most) in
            [(Alphabet::Literals, literals, 286), (Alphabet::Distances, distances, 30)]
        {
            if count > most {
                return Err(self.wrong(Broken::TooManyCodes(alphabet, count), from));
            }
        }
        let dynamic = &mut self.dynamic;
        (dynamic.literals, dynamic.distances) = (literals.into(), distances.into());
        dynamic.codes = codes.into();
        dynamic.have = 0;
        dynamic.lengths.fill(0);
        self.state = State::CodeLengths;
        Ok(Next::Go)
    }

    pub(super) fn code_lengths(&mut self) -> Progress {
        let dynamic = &mut self.dynamic;
        let Some(length) = self.bits.peek(3) else { return Ok(Next::Wait) };
        self.bits.skip(3);
        if let Some(place) = ORDER.get(dynamic.have).and_then(|symbol| dynamic.lengths.get_mut(*symbol)) {
            *place = (length & 7) as u8;
        }
        dynamic.have = dynamic.have.saturating_add(1);
        if dynamic.have < dynamic.codes {
            return Ok(Next::Go);
        }
        let (lengths, _) = dynamic.lengths.split_at(ORDER.len());
        if let Err(broken) = dynamic.code_lengths.build(lengths) {
            let from = dynamic.from;
            return Err(self.wrong(broken, from));
        }
        dynamic.have = 0;
        self.state = State::Lengths;
        Ok(Next::Go)
    }

    /// One code length, or one repetition (RFC 1951 section 3.2.7).
    pub(super) fn lengths<W: Watch>(&mut self, watch: &mut W) -> Progress {
        let dynamic = &mut self.dynamic;
        let wanted = dynamic.literals.saturating_add(dynamic.distances);
        let from = self.bits.position();
        let Some((symbol, used)) = dynamic.code_lengths.plain(self.bits.word(), self.bits.count()) else {
            return Ok(Next::Wait);
        };
        let (extra, least) = match symbol {
            0..=15 => (0, 1),
            16 => (2, 3),
            17 => (3, 3),
            _ => (7, 11_usize),
        };
        let all = used.saturating_add(extra);
        let Some(bits) = self.bits.peek(all) else { return Ok(Next::Wait) };
        self.bits.skip(all);
        let (described, rest) = dynamic.lengths.split_at_mut(dynamic.have.min(wanted));
        let length = match (symbol, described.last()) {
            (0..=15, _) => symbol,
            (16, None) => return Err(self.wrong(Broken::NothingToRepeat, from)),
            (16, Some(last)) => *last,
            _ => 0,
        };
        let repeat = least.saturating_add(bits.wrapping_shr(used) as usize);
        let have = dynamic.have.saturating_add(repeat);
        match rest.get_mut(..repeat) {
            Some(repeated) if have <= wanted => repeated.fill(length),
            _ => return Err(self.wrong(Broken::RepeatTooLong, from)),
        }
        dynamic.have = have;
        if have == wanted { self.described(watch) } else { Ok(Next::Go) }
    }

    /// The description is complete: makes the tables.
    fn described<W: Watch>(&mut self, watch: &mut W) -> Progress {
        let Dynamic { pair, literals, have, lengths, from, .. } = &mut *self.dynamic;
        let (from, lengths) = (*from, lengths.get(..*have).unwrap_or_default());
        let (own, distances) = lengths.split_at_checked(*literals).unwrap_or_default();
        let built = match own.get(END_OF_BLOCK) {
            None | Some(0) => Err(Broken::NoEndOfBlock),
            Some(_) => pair.literals.build(own).and_then(|()| pair.distances.build(distances)),
        };
        watch.see(from, self.bits.position(), Seen::Codes { lengths, literals: *literals });
        built.map_err(|broken| self.wrong(broken, from))?;
        self.state = State::Symbols { fixed: false };
        Ok(Next::Go)
    }
}
