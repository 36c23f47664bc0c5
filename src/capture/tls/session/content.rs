//! What the encrypted records of a [`TlsSession`] contain, and the search for them after a gap.

use super::super::alert::TlsAlert;
use super::super::hello::contains_key_update;
use super::super::record::{
    ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, HEADER_LEN, RecordHeader, TLS_1_3,
};
use super::super::search::MAX_VAIN_GUESSES;
use super::super::status::{TlsOutput, TlsRecordError};
use super::TlsSession;
use crate::wire::{ByteLen, Side};

/// By how much the body of a record of TLS 1.3 is longer than its plaintext, at least: the tag and
/// the content type (RFC 8446 section 5.2).
const MIN_OVERHEAD_1_3: usize = 17;

impl TlsSession {
    pub(super) fn decrypt_1_3(
        &mut self,
        from: Side,
        header: RecordHeader,
        body: &[u8],
        out: &mut impl FnMut(Side, TlsOutput<'_>),
    ) -> Result<(), TlsRecordError> {
        let peer_has_opened = self.sides[from.peer()].has_opened;
        let side = &mut self.sides[from];
        if let Some(inner) = side.decrypt_1_3(header, body) {
            self.take_inner_plaintext(from, inner, out);
            return Ok(());
        }
        if side.has_opened || side.decryptors.is_empty() && !side.lacks_secret {
            return Err(TlsRecordError::Undecryptable(from));
        }
        let has_no_key = side.lacks_secret && side.decryptors.is_empty();
        // The server's handshake is over before the client sends data.
        let is_data = side.has_begun() || from == Side::Server && peer_has_opened;
        if is_data || has_no_key {
            // Data of the application, which nothing opens: a hole of that size.
            let max_plaintext = ByteLen::from_usize(body.len().saturating_sub(MIN_OVERHEAD_1_3));
            side.has_failed = true;
            out(from, TlsOutput::Gap { max_plaintext });
        } else {
            // Rejected early data, or handshake records whose secret was not logged.
            side.has_unopened = true;
        }
        Ok(())
    }

    /// Takes the plaintext of a record of TLS 1.3. The content type is the last non-zero byte;
    /// zeros after it are padding (RFC 8446 section 5.4).
    fn take_inner_plaintext(
        &mut self,
        from: Side,
        mut inner: Vec<u8>,
        out: &mut impl FnMut(Side, TlsOutput<'_>),
    ) {
        inner.truncate(
            inner.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1)),
        );
        let Some(content_type) = inner.pop() else { return };
        if content_type == HANDSHAKE && contains_key_update(&inner) {
            if let Some(decryptor) = self.sides[from].decryptors.first_mut()
                && let Some(updated) = decryptor.after_key_update()
            {
                *decryptor = updated;
            }
            return;
        }
        self.take_content(from, content_type, &inner, out);
    }

    pub(super) fn take_content(
        &mut self,
        from: Side,
        content_type: u8,
        content: &[u8],
        out: &mut impl FnMut(Side, TlsOutput<'_>),
    ) {
        match content_type {
            APPLICATION_DATA => {
                self.has_plaintext = true;
                out(from, TlsOutput::Plaintext(content));
            }
            ALERT => self.take_alert(from, content, out),
            _ => {}
        }
    }

    /// Takes the body of an alert. Before any application data, it is the end of the handshake.
    pub(super) fn take_alert(
        &mut self,
        from: Side,
        body: &[u8],
        out: &mut impl FnMut(Side, TlsOutput<'_>),
    ) {
        match TlsAlert::parse(from, body, self.is_tls_1_3()) {
            Some((alert, true)) if self.has_plaintext => out(from, TlsOutput::Alert(alert)),
            // Both sides may send one; the first is the cause.
            Some((alert, true)) => self.refused = self.refused.or(Some(alert)),
            Some((alert, false)) => {
                self.progress.notice = self.progress.notice.or(Some(alert));
            }
            None => {}
        }
    }

    /// Looks for the alert that ends a handshake in records that are not decrypted otherwise. It is
    /// plain, or, in TLS 1.3, encrypted with the secrets of the handshake, which a client may have
    /// logged before it gave up.
    pub(super) fn watch_for_alert(&mut self, from: Side, header: RecordHeader, body: &[u8]) {
        match header.content_type {
            HANDSHAKE => {}
            CHANGE_CIPHER_SPEC if self.is_tls_1_3() => {}
            APPLICATION_DATA
                if self.is_tls_1_3()
                    && self.decrypt_1_3(from, header, body, &mut |_, _| {}).is_ok() => {}
            _ => self.sides[from].lost = true,
        }
    }

    /// Looks for the next record after a gap. Moves `rest` beyond what was looked at in vain, or
    /// beyond the record that was found.
    pub(super) fn search_record(
        &mut self,
        from: Side,
        rest: &mut &[u8],
        out: &mut impl FnMut(Side, TlsOutput<'_>),
    ) -> Result<(), TlsRecordError> {
        let Some((_, version)) = self.negotiated else { return Ok(()) };
        let side = &mut self.sides[from];
        let Some(search) = &mut side.search else { return Ok(()) };
        let Some((header, body)) = search.next_candidate(rest) else { return Ok(()) };
        let opened = search.open(&mut side.decryptors, header, body);
        side.vain_guesses = side.vain_guesses.saturating_add(search.take_vain_guesses());
        let Some((max_plaintext, plain)) = opened else {
            if side.vain_guesses > MAX_VAIN_GUESSES {
                return Err(TlsRecordError::NoRecordAfterGap(from));
            }
            // It was no header: the search goes on after its first byte.
            search.lose(ByteLen::new(1));
            *rest = rest.get(1..).unwrap_or_default();
            return Ok(());
        };
        // In TLS 1.2 the record that changed the keys may be lost too.
        (side.search, side.cipher_changed, side.has_opened) = (None, true, true);
        *rest = rest.get(HEADER_LEN.saturating_add(header.len)..).unwrap_or_default();
        out(from, TlsOutput::Gap { max_plaintext });
        if version == TLS_1_3 {
            self.take_inner_plaintext(from, plain, out);
        } else {
            self.take_content(from, header.content_type, &plain, out);
        }
        Ok(())
    }
}
