//! States as badges. Each has its words and its own symbol, so that colour is never the only sign.

/// A state as people see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Badge {
    /// `good`, `warn`, `bad`, `info` or `mute`; chooses the colours.
    pub tone: &'static str,
    /// A symbol of `icons.svg`.
    pub icon: &'static str,
    /// The words.
    pub label: String,
}

fn badge(tone: &'static str, icon: &'static str, label: &str) -> Badge {
    Badge {
        tone,
        icon,
        label: label.into(),
    }
}

/// The symbol that goes with a tone.
pub fn tone_icon(tone: &str) -> &'static str {
    match tone {
        "good" => "check",
        "warn" => "warning",
        "bad" => "error",
        _ => "info",
    }
}

/// A license's lifecycle, by its stored or derived word.
pub fn lifecycle(state: &str) -> Badge {
    match state {
        "draft" => badge("mute", "pencil", "Draft"),
        "scheduled" => badge("info", "calendar", "Scheduled"),
        "pending_activation" => badge("info", "clock", "Pending activation"),
        "active" => badge("good", "check", "Active"),
        "expiring" | "expiring_soon" => badge("warn", "clock", "Expiring soon"),
        "paused" => badge("warn", "pause", "Paused"),
        "grace" => badge("warn", "clock", "Grace"),
        "expired" => badge("bad", "expired", "Expired"),
        "exceeded" => badge("bad", "warning", "Exceeded"),
        "terminated" => badge("mute", "stop", "Terminated"),
        "superseded" => badge("mute", "swap", "Superseded"),
        "unbundled" => badge("mute", "split", "Unbundled"),
        other => badge("mute", "info", other),
    }
}

/// A job's state.
pub fn job(state: &str) -> Badge {
    match state {
        "queued" => badge("mute", "clock", "Queued"),
        "running" => badge("info", "running", "Running"),
        "waiting" => badge("warn", "retry", "Waiting to retry"),
        "done" => badge("good", "check", "Done"),
        "refused" => badge("bad", "error", "Refused"),
        "dead" => badge("bad", "error", "Failed"),
        "canceled" => badge("mute", "stop", "Canceled"),
        other => badge("mute", "info", other),
    }
}

/// A mail's state.
pub fn mail(state: &str) -> Badge {
    match state {
        "kept" => badge("mute", "file", "Kept"),
        "queued" => badge("info", "clock", "Waiting to be sent"),
        "sending" => badge("info", "running", "Being sent"),
        "sent" => badge("good", "check", "Sent"),
        "failed" => badge("bad", "error", "Failed"),
        other => badge("mute", "info", other),
    }
}

/// Whether an organization works.
pub fn organization(state: &str) -> Badge {
    match state {
        "active" => badge("good", "check", "Active"),
        "suspended" => badge("bad", "pause", "Suspended"),
        other => badge("mute", "info", other),
    }
}

/// What an organization is.
pub fn kind(kind: &str) -> Badge {
    match kind {
        "provider" => badge("info", "brand", "Provider"),
        "partner" => badge("info", "tree", "Partner"),
        "customer" => badge("mute", "building", "Customer"),
        other => badge("mute", "building", other),
    }
}

/// Whether a person, an invitation or a token is good.
pub fn access(state: &str) -> Badge {
    match state {
        "active" => badge("good", "check", "Active"),
        "invited" => badge("info", "mail", "Invited"),
        "suspended" => badge("bad", "pause", "Suspended"),
        "expired" => badge("bad", "expired", "Expired"),
        "revoked" => badge("mute", "stop", "Revoked"),
        other => badge("mute", "info", other),
    }
}

/// In which version a service plan is given.
pub fn edition(edition: &str) -> Badge {
    match edition {
        "full" => badge("mute", "license", "Full"),
        "trial" => badge("info", "clock", "Trial"),
        "not_for_resale" => badge("mute", "lock", "Not for resale"),
        other => badge("mute", "info", other),
    }
}

/// Whether a service plan is sold.
pub fn sale(state: &str) -> Badge {
    match state {
        "on_sale" => badge("good", "check", "On sale"),
        "end_of_sale" => badge("warn", "clock", "End of sale"),
        "end_of_life" => badge("mute", "stop", "End of life"),
        other => badge("mute", "info", other),
    }
}

/// How far a rollout is.
pub fn rollout(state: &str) -> Badge {
    match state {
        "checking" => badge("info", "running", "Checking"),
        "ready" => badge("warn", "eye", "Checked, nothing done"),
        "applying" => badge("info", "running", "Being done"),
        "done" => badge("good", "check", "Done"),
        "canceled" => badge("mute", "stop", "Canceled"),
        other => badge("mute", "info", other),
    }
}

/// What becomes of one customer of a rollout.
pub fn rollout_row(state: &str) -> Badge {
    match state {
        "waiting" => badge("mute", "clock", "Not checked yet"),
        "fits" => badge("info", "check", "Fits"),
        "refused" => badge("bad", "error", "Refused"),
        "done" => badge("good", "check", "Done"),
        other => badge("mute", "info", other),
    }
}
