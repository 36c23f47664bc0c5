//! [`ClientOffer`]: what a response is compared with.

use crate::wire::handshake::extension::Extension;
use crate::wire::handshake::head::Head;
use crate::wire::handshake::request::key_from_request;

/// The parts of the client's request that the response depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientOffer {
    /// The key of the request. Without it the accept value cannot be checked.
    pub key: Option<String>,
    /// The subprotocols that were offered.
    pub subprotocols: Vec<String>,
    /// The extensions that were offered.
    pub extensions: Vec<Extension>,
}

impl ClientOffer {
    /// Reads the offer from a request without validating it.
    pub fn from_request(request: &Head) -> Self {
        let protocols = request
            .fields_named("Sec-WebSocket-Protocol")
            .flat_map(|field| request.list_elements(field))
            .collect();
        let extensions = request
            .fields_named("Sec-WebSocket-Extensions")
            .flat_map(|field| request.extensions(field))
            .collect();
        Self { key: key_from_request(request), subprotocols: protocols, extensions }
    }
}
