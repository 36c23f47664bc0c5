//! How a block begins (RFC 1951 sections 3.2.3, 3.2.4 and 3.2.7): its header, the length of a stored one, the codes of a dynamic one.
//! What stands in the block is read by the inflater itself.

use super::{Alphabet, Broken, Coding, Dynamic, Inflater, Next, Progress, Seen, State, Watch};

/// The order in which the lengths of the code length codes stand (RFC 1951 section 3.2.7).
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

impl Inflater {
    pub(super) fn header<W: Watch>(&mut self, watch: &mut W) -> Progress {
        let from = self.bits.position();
        let Some(bits) = self.bits.peek(3) else { return Ok(Next::Wait) };
        self.bits.skip(3);
        let coding = match bits >> 1 {
            0 => Coding::Stored,
            1 => Coding::Fixed,
            2 => Coding::Dynamic,
            _ => return Err(self.wrong(Broken::BlockType, from + 1)),
        };
        self.last = bits & 1 != 0;
        watch.see(from, from + 3, Seen::Block { last: self.last, coding });
        match coding {
            Coding::Stored => {
                self.align(watch);
                self.state = State::StoredLength;
            }
            Coding::Fixed => self.state = State::Symbols { fixed: true },
            Coding::Dynamic => {
                self.dynamic.from = from + 3;
                self.state = State::Counts;
            }
        }
        Ok(Next::Go)
    }

    pub(super) fn align<W: Watch>(&mut self, watch: &mut W) {
        let from = self.bits.position();
        let skipped = self.bits.align();
        if skipped > 0 {
            watch.see(from, from + u64::from(skipped), Seen::Padding);
        }
    }

    pub(super) fn stored_length<W: Watch>(&mut self, watch: &mut W) -> Progress {
        let from = self.bits.position();
        let Some(bits) = self.bits.peek(32) else { return Ok(Next::Wait) };
        self.bits.skip(32);
        let (len, nlen) = (bits as u16, (bits >> 16) as u16);
        if len != !nlen {
            return Err(self.wrong(Broken::StoredLength { len, nlen }, from));
        }
        watch.see(from, from + 32, Seen::StoredLength(len));
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
        let (literals, distances) = (257 + (bits & 31), 1 + (bits >> 5 & 31));
        for (alphabet, count, most) in
            [(Alphabet::Literals, literals, 286), (Alphabet::Distances, distances, 30)]
        {
            if count > most {
                return Err(self.wrong(Broken::TooManyCodes(alphabet, count as u16), from));
            }
        }
        let dynamic = &mut self.dynamic;
        (dynamic.literals, dynamic.distances) = (literals as usize, distances as usize);
        dynamic.codes = 4 + (bits >> 10) as usize;
        dynamic.have = 0;
        dynamic.lengths[..ORDER.len()].fill(0);
        self.state = State::CodeLengths;
        Ok(Next::Go)
    }

    pub(super) fn code_lengths(&mut self) -> Progress {
        let dynamic = &mut self.dynamic;
        let Some(length) = self.bits.peek(3) else { return Ok(Next::Wait) };
        self.bits.skip(3);
        dynamic.lengths[ORDER[dynamic.have]] = length as u8;
        dynamic.have += 1;
        if dynamic.have < dynamic.codes {
            return Ok(Next::Go);
        }
        if let Err(broken) = dynamic.code_lengths.build(&dynamic.lengths[..ORDER.len()]) {
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
        let (wanted, from) = (dynamic.literals + dynamic.distances, self.bits.position());
        let Some((symbol, used)) = dynamic.code_lengths.plain(self.bits.word(), self.bits.count()) else {
            return Ok(Next::Wait);
        };
        let (extra, least) = match symbol {
            0..=15 => (0, 1),
            16 => (2, 3),
            17 => (3, 3),
            _ => (7, 11),
        };
        let Some(bits) = self.bits.peek(used + extra) else { return Ok(Next::Wait) };
        self.bits.skip(used + extra);
        let repeat = least + (bits >> used) as usize;
        let length = match (symbol, dynamic.have) {
            (0..=15, _) => symbol,
            (16, 0) => return Err(self.wrong(Broken::NothingToRepeat, from)),
            (16, have) => dynamic.lengths[have - 1],
            _ => 0,
        };
        if dynamic.have + repeat > wanted {
            return Err(self.wrong(Broken::RepeatTooLong, from));
        }
        dynamic.lengths[dynamic.have..dynamic.have + repeat].fill(length);
        dynamic.have += repeat;
        if dynamic.have == wanted { self.described(watch) } else { Ok(Next::Go) }
    }

    /// The description is complete: makes the tables.
    fn described<W: Watch>(&mut self, watch: &mut W) -> Progress {
        let Dynamic { pair, literals, have, lengths, from, .. } = &mut *self.dynamic;
        let (from, lengths) = (*from, &lengths[..*have]);
        let (own, distances) = lengths.split_at(*literals);
        let built = if own[256] == 0 {
            Err(Broken::NoEndOfBlock)
        } else {
            pair.literals.build(own).and_then(|()| pair.distances.build(distances))
        };
        watch.see(from, self.bits.position(), Seen::Codes { lengths, literals: *literals });
        built.map_err(|broken| self.wrong(broken, from))?;
        self.state = State::Symbols { fixed: false };
        Ok(Next::Go)
    }
}
