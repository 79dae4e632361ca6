//! Hot reload: a new bundle comes into force whole, between two renders.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::operator::Bundle;
use crate::operator::reload::{Look, Reloader, Source, log_in_force};
use crate::output::log::{Level, line};

use super::App;
use super::protocol::SERVICE;

/// Looks at the source for ever; the first look comes at once.
pub async fn watch(app: Arc<App>, source: Arc<dyn Source<Bundle>>, health: HealthReporter, every: Duration) {
    let mut ticks = interval(every.max(Duration::from_millis(50)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut reloader = Some(Reloader::new(source));
    loop {
        ticks.tick().await;
        let Some(mut current) = reloader.take() else { return };
        let shared = Arc::clone(&app);
        let looked = tokio::task::spawn_blocking(move || {
            let loaded = look(&shared, &mut current);
            (current, loaded)
        });
        match looked.await {
            Ok((next, loaded)) => {
                reloader = Some(next);
                if loaded {
                    health.set_service_status("", ServingStatus::Serving).await;
                    health.set_service_status(SERVICE, ServingStatus::Serving).await;
                }
            }
            Err(_) => line(Level::Error, "policies are no longer reloaded", &[("why", "loading them panicked")]),
        }
    }
}

/// One look; whether something new is in force. Blocks.
fn look(app: &App, reloader: &mut Reloader<Bundle>) -> bool {
    let last = app.current.load_full();
    match reloader.look(|bundle| last.as_ref().map_or(Ok(()), |last| keeps_something(last, bundle))) {
        Look::Unchanged => false,
        Look::Refused { is_new, .. } => {
            if is_new {
                app.metrics.reload("refused");
            }
            false
        }
        Look::Loaded(bundle) => {
            let count = count(&bundle);
            // Sections have most of them in common.
            let notes: BTreeSet<&String> = bundle.sections().iter().flat_map(|s| s.notes.iter()).collect();
            log_in_force(count, &bundle.digest, notes);
            app.metrics.reload("loaded");
            app.metrics.in_force(count, &bundle.digest);
            app.current.store(Some(Arc::new(bundle)));
            true
        }
    }
}

/// Policies outside all sections.
fn count(bundle: &Bundle) -> usize {
    bundle.sections().last().map_or(0, |section| section.set.policies().len())
}

/// A mount that went away is not an operator who wants no policies.
fn keeps_something(last: &Bundle, next: &Bundle) -> Result<(), String> {
    let none = |bundle: &Bundle| bundle.sections().iter().all(|section| section.set.is_empty());
    if none(next) && !none(last) { Err("it holds no policies any more".to_owned()) } else { Ok(()) }
}
