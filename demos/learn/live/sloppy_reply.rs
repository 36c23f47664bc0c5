//! [`SloppyReply`]: what the sloppy server sends when the client of an exercise comes back.

use std::io;

use crate::clients::raw_client;
use crate::learn::SloppyVisit;
use crate::net::Target;

/// The most bytes behind the head that are read.
const MAX_REPLIES: usize = 4 << 10;

/// The bytes that the server sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::demos::learn) struct SloppyReply {
    /// The visit, with what it should have sent.
    visit: SloppyVisit,
    response: Vec<u8>,
    replies: Vec<u8>,
}

/// Visits the sloppy server once more.
pub(super) async fn visit(target: &Target, visit: SloppyVisit) -> io::Result<SloppyReply> {
    let request = visit.request(&target.authority());
    let (head, replies) =
        raw_client::exchange(target, &request, &visit.frames, MAX_REPLIES).await?;
    Ok(SloppyReply { response: head.raw().to_vec(), replies, visit })
}

impl SloppyReply {
    /// Whether it sent what the exercise shows.
    pub(super) fn is_same(&self) -> bool {
        self.response == self.visit.response && self.replies == self.visit.replies
    }

    /// Returns what happened, in a sentence.
    pub(super) fn describe(&self) -> String {
        let SloppyVisit { path, summary, .. } = &self.visit;
        let again = if self.is_same() {
            "it has just sent the same bytes again"
        } else {
            "this time it sent other bytes"
        };
        format!("The sloppy server's path {path} {summary}; {again}.")
    }
}
