//! A channel from work that must not wait to a reader that may be slow.
//!
//! It keeps only the latest unread report. The last report of all is never lost.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Creates an empty channel.
pub fn report_channel<T>() -> (ReportSender<T>, ReportReceiver<T>) {
    let shared =
        Arc::new(Shared { reports: Mutex::new(Reports::default()), changed: Notify::new() });
    (ReportSender(shared.clone()), ReportReceiver(shared))
}

struct Shared<T> {
    reports: Mutex<Reports<T>>,
    changed: Notify,
}

struct Reports<T> {
    /// The latest unread report.
    latest: Option<T>,
    /// The report that ends the channel.
    last: Option<T>,
    /// Whether the sender was dropped.
    closed: bool,
}

impl<T> Default for Reports<T> {
    fn default() -> Self {
        Self { latest: None, last: None, closed: false }
    }
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, Reports<T>> {
        // A poisoned lock is taken anyway: each change is one assignment, so the reports are
        // consistent even after a panic.
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The sender. It never waits. Dropping it closes the channel.
pub struct ReportSender<T>(Arc<Shared<T>>);

impl<T> ReportSender<T> {
    /// Sends a report. It replaces an unread one.
    pub fn send_latest(&self, report: T) {
        // The old report is dropped after the lock is released, because dropping it may take long.
        let _unread = self.0.lock().latest.replace(report);
        self.0.changed.notify_one();
    }

    /// Sends the report that ends the channel. It is kept until it is read.
    pub fn send_last(self, report: T) {
        // Dropping `self` closes the channel and wakes the reader.
        self.0.lock().last = Some(report);
    }
}

impl<T> Drop for ReportSender<T> {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_one();
    }
}

/// The receiver.
pub struct ReportReceiver<T>(Arc<Shared<T>>);

impl<T> ReportReceiver<T> {
    /// Waits for the next report. Returns `None` once the sender is gone and everything has been
    /// read.
    ///
    /// Cancel safe: a report is taken only when the future is ready.
    pub async fn recv(&mut self) -> Option<T> {
        loop {
            {
                let mut reports = self.0.lock();
                if let Some(report) = reports.latest.take() {
                    return Some(report);
                }
                if reports.closed {
                    return reports.last.take();
                }
            }
            // `notify_one` leaves a permit, so a report that is sent between the check and this
            // line is not missed.
            self.0.changed.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_slow_reader_gets_the_latest_report_and_always_the_last() {
        let (sender, mut receiver) = report_channel();
        assert_eq!(receiver.recv().now_or_never(), None, "there is nothing yet");
        for report in 1..=3 {
            sender.send_latest(report);
        }
        assert_eq!(receiver.recv().now_or_never(), Some(Some(3)));
        assert_eq!(receiver.recv().now_or_never(), None, "a report is read once");
        sender.send_latest(4);
        sender.send_last(5);
        assert_eq!(receiver.recv().await, Some(4));
        assert_eq!(receiver.recv().await, Some(5));
        assert_eq!(receiver.recv().await, None);
    }

    #[tokio::test]
    async fn a_waiting_reader_wakes_for_each_kind_of_report_and_for_the_end() {
        let (sender, mut receiver) = report_channel();
        let reading = async { (receiver.recv().await, receiver.recv().await) };
        let sending = async {
            tokio::task::yield_now().await;
            sender.send_latest(1);
            tokio::task::yield_now().await;
            sender.send_last(2);
        };
        assert_eq!(tokio::join!(reading, sending).0, (Some(1), Some(2)));
        let (sender, mut receiver) = report_channel::<u8>();
        let dropping = async {
            tokio::task::yield_now().await;
            drop(sender);
        };
        assert_eq!(
            tokio::join!(receiver.recv(), dropping).0,
            None,
            "work that broke off ends the channel"
        );
    }
}
