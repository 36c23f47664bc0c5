//! [`Layer`]: what carries the bytes of a stream, and what that carries in turn.

use std::io;
use std::time::Duration;

use super::captured_stream::StreamStart;
use super::detect::{Content, Detector, is_head};
use super::layer_context::LayerContext;
use super::tunnel::{TunnelWatch, Watched};
use crate::capture::http2::{Http2Session, WebSocketStream};
use crate::capture::plaintext::{HeldPiece, Piece};
use crate::capture::sink::StreamSink;
use crate::capture::tls::{Random, TlsOutput, TlsSession, TlsStatus};
use crate::wire::{ByteLen, Side};

/// The maximum number of layers of a stream. Each CONNECT that is answered 200 adds one.
const MAX_LAYERS: usize = 32;

/// A layer, and the one that it carries.
#[derive(Debug)]
pub(super) enum Layer<S> {
    /// Too few bytes have arrived to tell.
    Undecided(Detector),
    /// HTTP/1.1 after which another layer may follow.
    Http(Box<TunnelWatch>),
    /// Whatever comes goes to the receiver of the stream.
    Plain,
    Tls(Box<TlsSession>, Box<Self>),
    Http2(Box<Http2Session<S>>),
}

impl<S: StreamSink> Layer<S> {
    /// Creates the first layer of a stream.
    pub(super) fn new() -> Self {
        Self::Undecided(Detector::new(false))
    }

    /// Takes the next bytes of a side.
    pub(super) fn push<M: FnMut(StreamStart) -> S>(
        &mut self,
        piece: Piece<'_>,
        context: &mut LayerContext<'_, S, M>,
    ) -> io::Result<()> {
        match self {
            Self::Plain => {
                context.push_plain(piece);
                Ok(())
            }
            Self::Http(watch) => match watch.take(piece) {
                Watched::Http => {
                    context.push_plain(piece);
                    let held = watch.releases_held().then(|| std::mem::take(&mut watch.held));
                    held.into_iter().flatten().for_each(|held| context.push_plain(held.piece()));
                    Ok(())
                }
                Watched::Wait(len) => {
                    let (http, waiting) = piece.split_at(len);
                    context.push_plain(http);
                    watch.hold(waiting);
                    Ok(())
                }
                Watched::Tunnel(len, upgraded) => {
                    let (http, rest) = piece.split_at(len);
                    context.push_plain(http);
                    let held = std::mem::take(&mut watch.held);
                    *self = context.next_layer();
                    if let Self::Undecided(detector) = self {
                        detector.upgraded = upgraded;
                    }
                    self.push_held(&held, context)?;
                    if rest.bytes.is_empty() { Ok(()) } else { self.push(rest, context) }
                }
                Watched::Over => {
                    *self = Self::Plain;
                    context.push_plain(piece);
                    Ok(())
                }
            },
            Self::Undecided(detector) => {
                let mut notes = Vec::new();
                let content = detector.take(piece, context.is_whole, &mut notes);
                for note in notes {
                    context.output.note_proxy(note);
                }
                match content {
                    None => Ok(()),
                    Some(content) => self.decide(content, piece, context),
                }
            }
            Self::Tls(session, inner) => push_tls(session, inner, piece, context),
            Self::Http2(session) => {
                context.with_http2(|http2| session.push(piece, http2));
                Ok(())
            }
        }
    }

    /// Begins to read this content: with the bytes that wait, or with `piece` if none do.
    fn decide<M: FnMut(StreamStart) -> S>(
        &mut self,
        content: Content,
        piece: Piece<'_>,
        context: &mut LayerContext<'_, S, M>,
    ) -> io::Result<()> {
        let Self::Undecided(mut detector) = std::mem::replace(self, Self::Plain) else {
            return Ok(());
        };
        let upgraded = detector.upgraded.take();
        let held = detector.into_held();
        let first = held.first().map_or(piece, HeldPiece::piece);
        *self = match content {
            Content::Plain if context.is_whole || context.begins_with_head(first) => {
                Self::Http(Box::new(TunnelWatch::new(context.output.lacks_beginning)))
            }
            Content::Plain => Self::Plain,
            Content::Tls => {
                if context.output.plaintext.is_none() {
                    let began = context.backing.begin_stream();
                    context.output.tls_began.get_or_insert(began);
                }
                let inner = context.next_layer();
                Self::Tls(Box::default(), Box::new(inner))
            }
            Content::Http2 => Self::Http2(Box::new(Http2Session::new(
                context.is_whole || first.from == Side::Client && is_head(first.bytes),
                upgraded,
            ))),
        };
        if held.is_empty() { self.push(piece, context) } else { self.push_held(&held, context) }
    }

    fn push_held<M: FnMut(StreamStart) -> S>(
        &mut self,
        held: &[HeldPiece],
        context: &mut LayerContext<'_, S, M>,
    ) -> io::Result<()> {
        held.iter().try_for_each(|held| self.push(held.piece(), context))
    }

    /// Takes a gap in the bytes of a side. Returns what it means, as the end of a sentence; `None` if
    /// it stands among the gaps of the stream.
    pub(super) fn push_gap<M: FnMut(StreamStart) -> S>(
        &mut self,
        from: Side,
        at: Duration,
        missing: ByteLen,
        context: &mut LayerContext<'_, S, M>,
    ) -> io::Result<Option<String>> {
        match self {
            // What the layer carries is still to be seen.
            Self::Undecided(detector) if detector.is_empty() => {
                context.output.lacks_beginning[from] = true;
                context.output.add_missing_before(from, at, missing);
                return Ok(None);
            }
            Self::Undecided(_) => {
                self.release_held(context);
                return self.push_gap(from, at, missing, context);
            }
            Self::Tls(session, _) => {
                // The session says when it has found the next record, and how much is missing.
                let goes_on = session.push_gap(from, missing);
                let end = ", and nothing after them can be decrypted";
                return Ok((!goes_on).then(|| end.to_owned()));
            }
            Self::Http2(session) => {
                let end = context.with_http2(|http2| session.push_gap(from, at, missing, http2));
                return Ok(Some(end.to_owned()));
            }
            Self::Http(watch) => {
                watch.push_gap(from, missing);
                let held = std::mem::take(&mut watch.held);
                for held in held {
                    context.push_plain(held.piece());
                }
            }
            Self::Plain => {}
        }
        let Some(plaintext) = &mut context.output.plaintext else { return Ok(Some(String::new())) };
        plaintext.push_gap(from, at, missing);
        Ok(None)
    }

    /// Passes on what waits as it is, because nothing more tells what it is.
    fn release_held<M: FnMut(StreamStart) -> S>(&mut self, context: &mut LayerContext<'_, S, M>) {
        let held = match std::mem::replace(self, Self::Plain) {
            Self::Undecided(detector) => detector.into_held(),
            Self::Http(mut watch) => std::mem::take(&mut watch.held),
            other => {
                *self = other;
                return;
            }
        };
        for held in held {
            context.push_plain(held.piece());
        }
    }

    /// Ends the layers. Returns the WebSockets of an HTTP/2 connection. If the capture `may_grow`,
    /// what waits for more is left out.
    pub(super) fn finish<M: FnMut(StreamStart) -> S>(
        mut self,
        at: Duration,
        may_grow: bool,
        context: &mut LayerContext<'_, S, M>,
    ) -> Vec<WebSocketStream<S>> {
        if !may_grow {
            self.release_held(context);
        }
        match self {
            Self::Tls(_, inner) => inner.finish(at, may_grow, context),
            Self::Http2(session) => context.with_http2(|http2| session.finish(at, may_grow, http2)),
            Self::Undecided(_) | Self::Http(_) | Self::Plain => Vec::new(),
        }
    }

    /// Whether nothing waits for more bytes.
    pub(super) fn is_settled(&self) -> bool {
        match self {
            Self::Undecided(detector) => detector.is_empty(),
            Self::Http(watch) => watch.held.is_empty(),
            Self::Tls(_, inner) => inner.is_settled(),
            Self::Http2(_) | Self::Plain => true,
        }
    }

    /// Whether HTTP/2 is among the layers.
    pub(super) fn has_http2(&self) -> bool {
        match self {
            Self::Http2(_) => true,
            Self::Tls(_, inner) => inner.has_http2(),
            Self::Undecided(_) | Self::Http(_) | Self::Plain => false,
        }
    }

    /// Returns whether the stream is encrypted: of TLS within TLS, what the inner one is if the
    /// outer one is decrypted.
    pub(super) fn tls_status(&self) -> TlsStatus {
        let Self::Tls(session, inner) = self else { return TlsStatus::Plaintext };
        match (session.status(), inner.tls_status()) {
            (outer, TlsStatus::Plaintext) | (outer @ TlsStatus::Encrypted(_), _) => outer,
            (_, inner) => inner,
        }
    }

    /// Returns the client random, as in key logs, if only the secrets are missing.
    pub(super) fn missing_secrets_for(&self) -> Option<Random> {
        let Self::Tls(session, inner) = self else { return None };
        session.missing_secrets_for().or_else(|| inner.missing_secrets_for())
    }
}

/// Decrypts the next bytes of a side and passes on what they contain.
fn push_tls<S: StreamSink, M: FnMut(StreamStart) -> S>(
    session: &mut TlsSession,
    inner: &mut Layer<S>,
    piece: Piece<'_>,
    context: &mut LayerContext<'_, S, M>,
) -> io::Result<()> {
    let without_head = context.without_head;
    let LayerContext { key_log, backing, make_sink, output, .. } = context;
    let mut context = LayerContext {
        key_log,
        backing,
        make_sink: &mut **make_sink,
        output: &mut **output,
        is_whole: true,
        without_head,
    };
    let (at, mut result) = (piece.at, Ok(()));
    let mut alerts = Vec::new();
    // The session cannot stop midway, so the first error of the spill is kept.
    let read = session.push(piece.from, piece.bytes, key_log, &mut |from, output| {
        let passed_on = match output {
            TlsOutput::Plaintext([]) => Ok(()),
            TlsOutput::Plaintext(bytes) => context.backing.spill(bytes).and_then(|place| {
                inner.push(Piece { from, at, place, bytes, framing: None }, &mut context)
            }),
            TlsOutput::Gap { max_plaintext } => {
                inner.push_gap(from, at, max_plaintext, &mut context).map(|_| ())
            }
            TlsOutput::Alert(alert) => {
                alerts.push(alert);
                Ok(())
            }
        };
        if result.is_ok() {
            result = passed_on;
        }
    });
    for alert in alerts {
        context.output.warnings.warn(format!("TLS: {alert}"));
    }
    if let Err(error) = read {
        context.output.warnings.warn(error.to_string());
    }
    result
}

impl<S: StreamSink, M: FnMut(StreamStart) -> S> LayerContext<'_, S, M> {
    /// Returns the layer that follows another one. Its first bytes come next.
    fn next_layer(&mut self) -> Layer<S> {
        self.output.layers = self.output.layers.saturating_add(1);
        if self.output.layers > MAX_LAYERS {
            return Layer::Plain;
        }
        Layer::Undecided(Detector::new(true))
    }
}
