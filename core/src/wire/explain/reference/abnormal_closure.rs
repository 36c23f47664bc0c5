//! The page of a connection that ended without a Close in both directions: what code 1006 is, what
//! usually causes it, and what helps.

use std::time::Duration;

/// The name of this problem in lists.
pub const NAME: &str = "NO_CLOSE";

/// The code that applications see. It is never sent (RFC 6455 section 7.4.1).
pub const CLOSE_CODE: u16 = 1006;

/// The sections that define the code.
pub const SECTION: &str = "RFC 6455 §7.1.5";

/// The problem in one clause.
pub const SUMMARY: &str = "no Close: applications see code 1006";

/// The texts of the page, in whole sentences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AbnormalClosurePage {
    /// The requirement that the RFC states.
    pub requirement: &'static str,
    /// The reason for the requirement.
    pub rationale: &'static str,
    /// The usual causes if the time of the end suggests no other.
    pub common_cause: &'static str,
    /// The measures that prevent such an end.
    pub remedy: &'static str,
}

/// The page.
pub const PAGE: AbnormalClosurePage = AbnormalClosurePage {
    requirement: "Each side sends a Close before TCP ends (§7.1.1, §7.1.2). Where none has \
                  arrived, the code of the connection is 1006. Nobody sends this code: a library \
                  reports it to its own application (§7.4.1).",
    rationale: "A Close tells an intended end from a broken connection. Without it neither side \
                knows which of its last messages have arrived.",
    common_cause: "A process crashed or was stopped, a device lost its network, or something in \
                   between gave up the connection: a proxy, a load balancer, a firewall or a NAT.",
    remedy: "Send a ping from either side more often than the shortest idle timer on the way; \
             raise the timer where it can be configured; and let the client connect again after a \
             random delay that grows with each attempt (§7.2.3).",
};

/// A timer that ends connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionTimer {
    /// Its usual value.
    pub timeout: Duration,
    /// The product and its setting.
    pub owner: &'static str,
}

const fn timer(seconds: u64, owner: &'static str) -> ConnectionTimer {
    ConnectionTimer { timeout: Duration::from_secs(seconds), owner }
}

/// Timers that end a connection on which nothing was sent, with their defaults as documented.
/// `HAProxy` is not among them, because its `timeout tunnel` has no default.
pub const IDLE_TIMERS: &[ConnectionTimer] = &[
    timer(55, "the Heroku router"),
    timer(60, "nginx (proxy_read_timeout)"),
    timer(60, "AWS Application Load Balancer (idle timeout)"),
    timer(100, "Cloudflare"),
    timer(240, "Azure Load Balancer (idle timeout)"),
    timer(350, "AWS Network Load Balancer (TCP idle timeout)"),
    timer(600, "AWS API Gateway (idle connection timeout)"),
];

/// Timers that end a WebSocket at an age, whatever was sent.
pub const LIFETIME_TIMERS: &[ConnectionTimer] =
    &[timer(30, "Google Cloud Application Load Balancer (backend service timeout)")];

impl ConnectionTimer {
    /// Whether a time is what this timer leads to: timers are late rather than early, and captures
    /// are taken at some distance.
    pub fn explains(&self, time: Duration) -> bool {
        let tolerance = (self.timeout.mul_f64(0.05)).max(Duration::from_secs(2));
        time >= self.timeout.saturating_sub(Duration::from_secs(1))
            && time <= self.timeout.saturating_add(tolerance)
    }
}

/// The silence from which on an unknown timer is a likely cause.
const LONG_SILENCE: Duration = Duration::from_secs(20);

/// Returns the likely causes as sentences. `silence` is the time without data before the end, `age`
/// that since the connection began.
pub fn likely_cause(silence: Duration, age: Duration) -> String {
    let owners = |timers: &[ConnectionTimer], time: Duration| {
        let fitting: Vec<&str> =
            timers.iter().filter(|timer| timer.explains(time)).map(|timer| timer.owner).collect();
        (!fitting.is_empty()).then(|| fitting.join("; "))
    };
    let seconds = |time: Duration| format!("{:.1}", time.as_secs_f64());
    if let Some(owners) = owners(IDLE_TIMERS, silence) {
        return format!(
            "{} s without data point to an idle timer on the way. By default these have about \
             that: {owners}. Other proxies may be configured the same way.",
            seconds(silence)
        );
    }
    if let Some(owners) = owners(LIFETIME_TIMERS, age) {
        return format!(
            "The end came {} s after the beginning. By default this limits the whole connection \
             to about that: {owners}.",
            seconds(age)
        );
    }
    if silence >= LONG_SILENCE {
        return format!(
            "{} s without data point to an idle timer on the way, such as timeout tunnel of \
             HAProxy, which has no default. Or the network was lost, and nobody noticed until \
             then.",
            seconds(silence)
        );
    }
    PAGE.common_cause.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_silence_before_the_end_names_the_timers_that_have_it() {
        let cause =
            |silence, age| likely_cause(Duration::from_secs_f64(silence), Duration::from_secs(age));
        for (silence, names) in [
            (60.02, &["nginx", "Application Load Balancer"][..]),
            (55.4, &["Heroku"]),
            (100.0, &["Cloudflare"]),
            (241.0, &["Azure"]),
            (350.2, &["Network Load Balancer"]),
        ] {
            let cause = cause(silence, 1000);
            assert!(names.iter().all(|name| cause.contains(name)), "{silence}: {cause}");
        }
        assert!(!cause(60.0, 1000).contains("Heroku"));
        assert!(cause(77.0, 1000).contains("HAProxy"));
        assert!(cause(3.0, 30).contains("Google"));
        assert_eq!(cause(3.0, 1000), PAGE.common_cause);
    }

    #[test]
    fn its_page_has_whole_sentences() {
        for text in [PAGE.requirement, PAGE.rationale, PAGE.common_cause, PAGE.remedy] {
            assert!(text.ends_with('.') && !text.contains("  "), "{text}");
        }
    }
}
