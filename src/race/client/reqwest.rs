//! HTTP/1.1 with reqwest and its pool, as most Rust programs use it.

use std::sync::Arc;

use reqwest::{Client, Url};

use super::reply::ReplyCheck;
use super::setup::LaneSetup;
use crate::race::connector::{CERTIFICATE_NAME, LaneConnector, tls_config};
use crate::race::error::LaneError;

pub(super) struct ReqwestClient {
    client: Client,
    url: Url,
    setup: Arc<LaneSetup>,
}

impl ReqwestClient {
    /// Builds the client that all connections of a lane share.
    pub(super) fn build_client(connector: &LaneConnector) -> Result<Client, LaneError> {
        let mut builder = Client::builder()
            // A proxy from the environment would be measured too.
            .no_proxy()
            .tcp_nodelay(true)
            .http1_only()
            .pool_idle_timeout(None)
            // A redirect would be followed to a server that the user did not name.
            .redirect(reqwest::redirect::Policy::none())
            .tls_backend_preconfigured(tls_config(&connector.target.trust)?);
        // The certificate of the bundled server names a host, so that name must resolve to the
        // server's address.
        if let (true, Ok(ip)) = (connector.is_bundled_server(), connector.target.host.parse()) {
            builder = builder
                .resolve(CERTIFICATE_NAME, std::net::SocketAddr::new(ip, connector.target.port));
        }
        Ok(builder.build()?)
    }

    /// Opens the connection by a first exchange: reqwest connects on demand. That exchange is not
    /// measured.
    pub(super) async fn open(setup: &Arc<LaneSetup>) -> Result<Self, LaneError> {
        let client = setup.reqwest.clone().ok_or(LaneError::MissingReqwestClient)?;
        let mut url = Url::parse(&setup.connector.url("http")).map_err(LaneError::Url)?;
        if setup.lane.tls && setup.connector.is_bundled_server() {
            url.set_host(Some(CERTIFICATE_NAME)).map_err(LaneError::Url)?;
        }
        let mut client = Self { client, url, setup: setup.clone() };
        client.exchange().await?;
        Ok(client)
    }

    pub(super) async fn exchange(&mut self) -> Result<(), LaneError> {
        for _ in 0..self.setup.messages {
            let mut request = self.client.post(self.url.clone()).body(self.setup.payload.clone());
            for (name, value) in self.setup.headers.request_headers() {
                request = request.header(*name, *value);
            }
            let mut response = request.send().await?;
            if !response.status().is_success() {
                return Err(LaneError::Status { found: response.status(), expected: 200 });
            }
            let mut reply = ReplyCheck::new(&self.setup.payload);
            while let Some(piece) = response.chunk().await? {
                reply.add(&piece)?;
            }
            reply.finish()?;
        }
        Ok(())
    }
}
