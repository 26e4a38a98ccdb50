//! A job's progress as a stream of server-sent events.

use std::{
    convert::Infallible,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use axum::{
    http::header,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream;
use serde::Serialize;
use tokio::time::{Interval, MissedTickBehavior, interval};
use uuid::Uuid;

use super::{
    model::{Job, State},
    queries,
};
use crate::{
    app::App,
    error::{Error, Result},
    scope::Scope,
};

/// How often the job is looked at.
const PERIOD: Duration = Duration::from_millis(250);
/// Looks in one stream. Then the browser asks again by itself, and is recognised anew: rights act at the
/// next request.
const LOOKS: u32 = 1_200;

static HUNG_UP: AtomicBool = AtomicBool::new(false);

/// Ends every stream of this process: a server that stops waits for its open answers.
pub fn hang_up() {
    HUNG_UP.store(true, Ordering::Relaxed);
}

/// What one `progress` event carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Progress {
    state: State,
    rows_done: i64,
    rows_total: i64,
    message: String,
}

impl Progress {
    fn of(job: &Job) -> Self {
        Progress {
            state: job.state,
            rows_done: job.rows_done,
            rows_total: job.rows_total,
            message: job.message.clone(),
        }
    }
}

struct Follower {
    app: App,
    scope: Scope,
    id: Uuid,
    beat: Interval,
    looks: u32,
    told: Option<Progress>,
}

/// An answer that says how far the job is whenever that changes, and ends with the job. 404 where it
/// cannot be seen.
pub async fn follow(app: App, scope: Scope, id: Uuid) -> Result<Response> {
    let mut beat = interval(PERIOD);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let follower = Follower {
        app,
        scope,
        id,
        beat,
        looks: 0,
        told: None,
    };
    follower.look().await?.ok_or_else(Error::not_found)?;
    let events = stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    let events = Sse::new(events).keep_alive(KeepAlive::default());
    // By itself it would say that it may be kept and asked about again.
    Ok(([(header::CACHE_CONTROL, "no-store")], events).into_response())
}

impl Follower {
    async fn look(&self) -> Result<Option<Job>> {
        let (scope, id) = (self.scope.clone(), self.id);
        let read = self.app.read(move |mut tx| {
            Box::pin(async move { queries::find_visible(&mut tx, &scope, id).await })
        });
        read.await
    }

    /// The next news; none when the last has been told, or when nothing can be learned any more.
    async fn next(&mut self) -> Option<Event> {
        if self.told.as_ref().is_some_and(|told| !told.state.is_open()) {
            return None;
        }
        while self.looks < LOOKS && !HUNG_UP.load(Ordering::Relaxed) {
            self.looks += 1;
            self.beat.tick().await;
            let news = Progress::of(&self.look().await.ok()??);
            if self.told.as_ref() != Some(&news) {
                let event = Event::default().event("progress").json_data(&news).ok()?;
                self.told = Some(news);
                return Some(event);
            }
        }
        None
    }
}
