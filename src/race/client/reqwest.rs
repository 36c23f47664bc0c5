//! HTTP/1.1 with reqwest and its pool: what most programs in Rust do.

use std::sync::Arc;

use reqwest::{Client, Url};

use super::way::{Opening, Reply};
use crate::net::with_causes;
use crate::race::dial::{Dial, OUR_NAME, settings};

pub(super) struct Reqwest {
    client: Client,
    url: Url,
    opening: Arc<Opening>,
}

impl Reqwest {
    /// The client that all connections of a lane share.
    pub(super) fn client(dial: &Dial) -> Result<Client, String> {
        let mut builder = Client::builder()
            .no_proxy()
            .tcp_nodelay(true)
            .http1_only()
            .pool_idle_timeout(None)
            .redirect(reqwest::redirect::Policy::none())
            .tls_backend_preconfigured(settings(&dial.goal.trust)?);
        // the certificate of our own server has a name, which leads to its address
        if let (true, Ok(ip)) = (dial.is_ours(), dial.goal.host.parse()) {
            builder = builder.resolve(OUR_NAME, std::net::SocketAddr::new(ip, dial.goal.port));
        }
        builder.build().map_err(with_causes)
    }

    /// Its connection is opened by the first exchange, which is part of the warm-up.
    pub(super) async fn open(opening: &Arc<Opening>) -> Result<Self, String> {
        let client = opening.reqwest.clone().ok_or("the lane has no client")?;
        let mut url = Url::parse(&opening.dial.url("http")).map_err(with_causes)?;
        if opening.lane.tls && opening.dial.is_ours() {
            url.set_host(Some(OUR_NAME)).map_err(with_causes)?;
        }
        let mut way = Self { client, url, opening: opening.clone() };
        way.exchange().await?;
        Ok(way)
    }

    pub(super) async fn exchange(&mut self) -> Result<(), String> {
        for _ in 0..self.opening.messages {
            let mut request = self.client.post(self.url.clone()).body(self.opening.payload.clone());
            for (name, value) in self.opening.headers.of_requests() {
                request = request.header(*name, *value);
            }
            let mut response = request.send().await.map_err(with_causes)?;
            if !response.status().is_success() {
                return Err(format!("the server answered {}, not 200", response.status()));
            }
            let mut reply = Reply::new(&self.opening.payload);
            while let Some(piece) = response.chunk().await.map_err(with_causes)? {
                reply.add(&piece)?;
            }
            reply.end()?;
        }
        Ok(())
    }
}
