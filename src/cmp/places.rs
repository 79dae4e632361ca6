//! [`Places`]: how many calls are taken in and how many renders run at once. Who comes first is served first;
//! nobody waits longer than their deadline.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout_at;

/// Archives taken in at once, for each render that may run. Each costs a buffer and a file.
const RECEIVED_PER_RENDER: usize = 4;

/// The places of one process.
#[derive(Debug)]
pub struct Places {
    receiving: Arc<Semaphore>,
    rendering: Arc<Semaphore>,
}

/// A place; given back when it is dropped.
#[derive(Debug)]
pub struct Place(#[allow(dead_code, reason = "held, not looked at")] OwnedSemaphorePermit);

impl Places {
    /// Places for so many renders at once.
    #[must_use]
    pub fn new(renders: usize) -> Self {
        let renders = renders.max(1);
        let places = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        Self { receiving: places(renders.saturating_mul(RECEIVED_PER_RENDER)), rendering: places(renders) }
    }

    /// A place to take an archive in; `None` when there was none in time.
    pub async fn receive(&self, until: Instant) -> Option<Place> {
        take(&self.receiving, until).await
    }

    /// A place to render; `None` when there was none in time.
    pub async fn render(&self, until: Instant) -> Option<Place> {
        take(&self.rendering, until).await
    }
}

/// The semaphore is fair: it serves in the order of arrival.
async fn take(places: &Arc<Semaphore>, until: Instant) -> Option<Place> {
    match timeout_at(until.into(), Arc::clone(places).acquire_owned()).await {
        Ok(Ok(place)) => Some(Place(place)),
        Ok(Err(_)) | Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn places_are_given_in_order_and_in_time() {
        let places = Arc::new(Places::new(1));
        let soon = || Instant::now() + Duration::from_millis(20);
        let held = places.render(soon()).await.expect("a free place");
        assert!(places.render(soon()).await.is_none(), "nobody gave one back");
        let order = Arc::new(std::sync::Mutex::new(Vec::new()));
        let mut waiting = Vec::new();
        for n in 0..5 {
            let (places, order) = (Arc::clone(&places), Arc::clone(&order));
            waiting.push(tokio::spawn(async move {
                let place = places.render(Instant::now() + Duration::from_secs(60)).await.expect("a place");
                order.lock().expect("one thread").push(n);
                drop(place);
            }));
            tokio::task::yield_now().await;
        }
        drop(held);
        for one in waiting {
            one.await.expect("it ends");
        }
        assert_eq!(*order.lock().expect("one thread"), [0, 1, 2, 3, 4]);
    }
}
