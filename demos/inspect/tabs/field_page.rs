//! The page of rules for the field under the cursor, which several tabs show.

use crate::demos::inspect::parts::json;
use crate::demos::inspect::parts::page::{self, RulesPage};
use crate::demos::inspect::session::Session;
use crate::demos::inspect::session::payload_text;
use crate::wire::Field;

/// Returns the page of the field under the cursor; `None` if no frame is shown.
pub(crate) fn current(session: &Session) -> Option<RulesPage> {
    let spans = session.bytes_under_cursor()?.spans;
    let span = spans.get(session.field_under_cursor(&spans))?;
    let is_payload = span.field == Field::Payload;
    let text = is_payload.then(|| payload_text::readable_text(session)).flatten();
    let text = text.unwrap_or_default();
    Some(page::field_page(span, json::folded(&text).unwrap_or(text)))
}
