//! Reads the beginning of a block (RFC 1951 sections 3.2.3, 3.2.4 and 3.2.7): its header, the
//! length of a stored block, the codes of a dynamic block.
//! The inflater reads the contents of the block.

use super::{
    Alphabet, BlockType, DynamicBlock, InflateEvent, InflateFaultKind, InflateObserver,
    InflateProgress, InflateResult, Inflater, InflaterState,
};

/// The order in which the lengths of the code length codes are sent (RFC 1951 section 3.2.7).
/// Lengths that are left out at the end are 0.
const CODE_LENGTH_ORDER: [usize; 19] =
    [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// The symbol that ends a block (RFC 1951 section 3.2.5).
const END_OF_BLOCK: usize = 256;

impl Inflater {
    pub(super) fn read_block_header<W: InflateObserver>(
        &mut self,
        observer: &mut W,
    ) -> InflateResult {
        let from = self.bits.position();
        let Some(bits) = self.bits.peek(3) else { return Ok(InflateProgress::Blocked) };
        self.bits.skip(3);
        let block_type = match bits >> 1 {
            0 => BlockType::Stored,
            1 => BlockType::Fixed,
            2 => BlockType::Dynamic,
            _ => {
                return Err(
                    self.fault_since(InflateFaultKind::ReservedBlockType, from.saturating_add(1))
                );
            }
        };
        self.is_last_block = bits & 1 != 0;
        observer.observe(
            from,
            self.bits.position(),
            InflateEvent::Block { last: self.is_last_block, block_type },
        );
        match block_type {
            BlockType::Stored => {
                self.skip_padding(observer);
                self.state = InflaterState::StoredLength;
            }
            BlockType::Fixed => self.state = InflaterState::Symbols { fixed: true },
            BlockType::Dynamic => {
                self.dynamic.start_bit = self.bits.position();
                self.state = InflaterState::CodeCounts;
            }
        }
        Ok(InflateProgress::Continue)
    }

    pub(super) fn skip_padding<W: InflateObserver>(&mut self, observer: &mut W) {
        let from = self.bits.position();
        if self.bits.align() > 0 {
            observer.observe(from, self.bits.position(), InflateEvent::Padding);
        }
    }

    pub(super) fn read_stored_length<W: InflateObserver>(
        &mut self,
        observer: &mut W,
    ) -> InflateResult {
        let from = self.bits.position();
        let Some(bits) = self.bits.peek(32) else { return Ok(InflateProgress::Blocked) };
        self.bits.skip(32);
        let (len, nlen) = ((bits & 0xffff) as u16, (bits >> 16) as u16);
        if len != !nlen {
            return Err(
                self.fault_since(InflateFaultKind::StoredLengthMismatch { len, nlen }, from)
            );
        }
        observer.observe(from, self.bits.position(), InflateEvent::StoredLength(len));
        self.state = InflaterState::Stored { left: usize::from(len) };
        if len == 0 {
            self.end_block(observer);
        }
        Ok(InflateProgress::Continue)
    }

    pub(super) fn read_code_counts(&mut self) -> InflateResult {
        let from = self.bits.position();
        let Some(bits) = self.bits.peek(14) else { return Ok(InflateProgress::Blocked) };
        self.bits.skip(14);
        // HLIT (5 bits), HDIST (5) and HCLEN (4): the counts less 257, 1 and 4. Five bits allow 288
        // and 32 codes, but only 286 and 30 symbols have a meaning.
        let [literals, distances, codes] =
            [bits, bits >> 5, bits >> 10].map(|field| (field & 31) as u16);
        let [literals, distances, codes] =
            [literals.saturating_add(257), distances.saturating_add(1), codes.saturating_add(4)];
        for (alphabet, count, max) in
            [(Alphabet::LiteralOrLength, literals, 286), (Alphabet::Distances, distances, 30)]
        {
            if count > max {
                return Err(self.fault_since(InflateFaultKind::TooManyCodes(alphabet, count), from));
            }
        }
        let dynamic = &mut self.dynamic;
        (dynamic.literal_count, dynamic.distance_count) = (literals.into(), distances.into());
        dynamic.code_length_count = codes.into();
        dynamic.lengths_read = 0;
        dynamic.code_lengths.fill(0);
        self.state = InflaterState::CodeLengthCode;
        Ok(InflateProgress::Continue)
    }

    pub(super) fn read_code_length_code(&mut self) -> InflateResult {
        let dynamic = &mut self.dynamic;
        let Some(length) = self.bits.peek(3) else { return Ok(InflateProgress::Blocked) };
        self.bits.skip(3);
        if let Some(place) = CODE_LENGTH_ORDER
            .get(dynamic.lengths_read)
            .and_then(|symbol| dynamic.code_lengths.get_mut(*symbol))
        {
            *place = (length & 7) as u8;
        }
        dynamic.lengths_read = dynamic.lengths_read.saturating_add(1);
        if dynamic.lengths_read < dynamic.code_length_count {
            return Ok(InflateProgress::Continue);
        }
        // So far `code_lengths` holds the code length codes' own lengths; it is reused for the
        // lengths that they encode.
        let (lengths, _) = dynamic.code_lengths.split_at(CODE_LENGTH_ORDER.len());
        if let Err(kind) = dynamic.code_length_table.build(lengths) {
            let from = dynamic.start_bit;
            return Err(self.fault_since(kind, from));
        }
        dynamic.lengths_read = 0;
        self.state = InflaterState::CodeLengths;
        Ok(InflateProgress::Continue)
    }

    /// Reads one code length, or one repetition (RFC 1951 section 3.2.7).
    pub(super) fn read_code_lengths<W: InflateObserver>(
        &mut self,
        observer: &mut W,
    ) -> InflateResult {
        let dynamic = &mut self.dynamic;
        let wanted = dynamic.literal_count.saturating_add(dynamic.distance_count);
        let from = self.bits.position();
        let Some((symbol, used)) =
            dynamic.code_length_table.decode_code_length(self.bits.word(), self.bits.count())
        else {
            return Ok(InflateProgress::Blocked);
        };
        // 16 repeats the previous length 3 to 6 times, 17 repeats zero 3 to 10 times, 18 repeats
        // zero 11 to 138 times.
        let (extra, least) = match symbol {
            0..=15 => (0, 1),
            16 => (2, 3),
            17 => (3, 3),
            _ => (7, 11_usize),
        };
        let all = used.saturating_add(extra);
        let Some(bits) = self.bits.peek(all) else { return Ok(InflateProgress::Blocked) };
        self.bits.skip(all);
        // Literals and distances form one sequence: a repetition may run from the one into the
        // other.
        let (described, rest) = dynamic.code_lengths.split_at_mut(dynamic.lengths_read.min(wanted));
        let length = match (symbol, described.last()) {
            (0..=15, _) => symbol,
            (16, None) => return Err(self.fault_since(InflateFaultKind::NothingToRepeat, from)),
            (16, Some(last)) => *last,
            _ => 0,
        };
        let repeat = least.saturating_add(bits.wrapping_shr(used) as usize);
        let have = dynamic.lengths_read.saturating_add(repeat);
        match rest.get_mut(..repeat) {
            Some(repeated) if have <= wanted => repeated.fill(length),
            _ => return Err(self.fault_since(InflateFaultKind::RepeatTooLong, from)),
        }
        dynamic.lengths_read = have;
        if have == wanted { self.build_tables(observer) } else { Ok(InflateProgress::Continue) }
    }

    /// Builds the tables of a dynamic block when its description is complete.
    fn build_tables<W: InflateObserver>(&mut self, observer: &mut W) -> InflateResult {
        let DynamicBlock {
            codes,
            literal_count: literals,
            lengths_read: have,
            code_lengths: lengths,
            start_bit: from,
            ..
        } = &mut *self.dynamic;
        let (from, lengths) = (*from, lengths.get(..*have).unwrap_or_default());
        let (own, distances) = lengths.split_at_checked(*literals).unwrap_or_default();
        let built = match own.get(END_OF_BLOCK) {
            None | Some(0) => Err(InflateFaultKind::NoEndOfBlock),
            Some(_) => {
                codes.literal_or_length.build(own).and_then(|()| codes.distances.build(distances))
            }
        };
        observer.observe(
            from,
            self.bits.position(),
            InflateEvent::Codes { lengths, literals: *literals },
        );
        built.map_err(|kind| self.fault_since(kind, from))?;
        self.state = InflaterState::Symbols { fixed: false };
        Ok(InflateProgress::Continue)
    }
}
