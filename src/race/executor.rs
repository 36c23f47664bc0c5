//! [`ScopedExecutor`]: runs the tasks that hyper starts for an HTTP/2 connection in a scope.

use std::future::Future;

use hyper::rt::Executor;

use crate::scope::Scope;

/// An executor whose tasks end with their scope. hyper's own would detach them.
#[derive(Clone)]
pub(super) struct ScopedExecutor(pub(super) Scope);

impl<F> Executor<F> for ScopedExecutor
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, task: F) {
        self.0.spawn("http2", async move {
            task.await;
        });
    }
}
