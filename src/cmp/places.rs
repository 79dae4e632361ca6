//! [`Places`]: how many archives are taken in and how many renders run at once. Whose turn it is says [`Turns`];
//! nobody waits longer than their deadline.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::oneshot;
use tokio::time::timeout_at;

use super::turns::{Caller, Share, Ticket, Turns};

/// Archives taken in at once, for each render that may run. Each costs a buffer and a file.
const RECEIVED_PER_RENDER: usize = 4;

/// The places of one process.
#[derive(Debug)]
pub struct Places {
    receiving: Arc<Queue>,
    rendering: Arc<Queue>,
}

/// Places of one kind.
#[derive(Debug)]
struct Queue(Mutex<Turns<oneshot::Sender<()>>>);

/// A place; given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    queue: Arc<Queue>,
    ticket: Ticket,
}

impl Places {
    /// Places for so many renders at once.
    #[must_use]
    pub fn new(renders: usize) -> Self {
        let renders = renders.max(1);
        let places = |count, share| Arc::new(Queue(Mutex::new(Turns::new(count, share))));
        Self {
            // How long an archive takes is up to who sends it; a render ends when its time is over.
            receiving: places(renders.saturating_mul(RECEIVED_PER_RENDER), Share::FewerThanFree),
            rendering: places(renders, Share::All),
        }
    }

    /// A place to take an archive in; `None` when there was none in time. Who asks is in the queue from this call
    /// on, and until the future is dropped.
    pub fn receive(&self, caller: Caller, until: Instant) -> impl Future<Output = Option<Place>> + use<> {
        take(&self.receiving, caller, until)
    }

    /// A place to render, or to read a checkout for something else, in the same way.
    pub fn render(&self, caller: Caller, until: Instant) -> impl Future<Output = Option<Place>> + use<> {
        take(&self.rendering, caller, until)
    }
}

fn take(queue: &Arc<Queue>, caller: Caller, until: Instant) -> impl Future<Output = Option<Place>> + use<> {
    let (tell, told) = oneshot::channel();
    // Dropped at any moment, this leaves the queue, with the place if it has come.
    let place = Queue::enter(queue, caller, tell);
    async move {
        match timeout_at(until.into(), told).await {
            Ok(Ok(())) => Some(place),
            Ok(Err(_)) | Err(_) => None,
        }
    }
}

impl Queue {
    fn enter(queue: &Arc<Self>, caller: Caller, tell: oneshot::Sender<()>) -> Place {
        let (ticket, told) = queue.turns().arrive(caller, tell);
        notify(told);
        Place { queue: Arc::clone(queue), ticket }
    }

    fn turns(&self) -> MutexGuard<'_, Turns<oneshot::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let told = self.queue.turns().leave(&self.ticket);
        notify(told);
    }
}

/// The places are theirs already: who has gone in between gives it back by itself.
fn notify(told: Vec<oneshot::Sender<()>>) {
    for tell in told {
        let _ = tell.send(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};
    use std::time::Duration;

    fn caller(project: &str) -> Caller {
        Caller { project: Some(project.to_owned()), application: Some("shop".to_owned()) }
    }

    fn later() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    /// What a future that is woken by nobody else has come to.
    fn now<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    #[tokio::test]
    async fn projects_take_turns() {
        let places = Arc::new(Places::new(1));
        let held = places.render(caller("flood"), later()).await.expect("a free place");
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut waiting = Vec::new();
        for project in ["flood", "flood", "flood", "late"] {
            let (place, order) = (places.render(caller(project), later()), Arc::clone(&order));
            waiting.push(tokio::spawn(async move {
                let place = place.await.expect("a place");
                order.lock().expect("one thread").push(project);
                drop(place);
            }));
        }
        drop(held);
        for one in waiting {
            one.await.expect("it ends");
        }
        assert_eq!(*order.lock().expect("one thread"), ["late", "flood", "flood", "flood"]);
    }

    #[tokio::test]
    async fn who_gives_up_takes_no_place_with_them() {
        let places = Places::new(1);
        let held = places.render(caller("a"), later()).await.expect("a free place");
        assert!(places.render(caller("b"), Instant::now()).await.is_none(), "nobody gave one back");
        let mut never_asked = Box::pin(places.render(caller("b"), later()));
        let mut called = Box::pin(places.render(caller("c"), later()));
        let mut last = pin!(places.render(caller("d"), later()));
        assert!(now(called.as_mut()).is_none() && now(last.as_mut()).is_none());
        drop(held);
        // It is the first one's place, and then, without their ever having looked, the next one's.
        drop(never_asked);
        drop(called);
        never_asked = Box::pin(places.render(caller("b"), later()));
        let place = now(last.as_mut()).flatten().expect("the place that others did not take");
        drop(never_asked);
        drop(place);
        assert!(now(pin!(places.render(caller("a"), later()))).flatten().is_some());
    }

    #[tokio::test]
    async fn a_place_that_comes_with_the_deadline_is_not_lost() {
        let places = Places::new(1);
        let held = places.render(caller("a"), later()).await.expect("a free place");
        let late = places.render(caller("b"), Instant::now());
        drop(held);
        // Told and late at once: either way the place comes back.
        drop(late.await);
        assert!(places.render(caller("c"), Instant::now()).await.is_some());
    }

    #[tokio::test]
    async fn senders_that_stall_do_not_keep_other_projects_out() {
        let places = Places::new(2);
        let mut stalled = Vec::new();
        while let Some(place) = places.receive(caller("stalls"), Instant::now()).await {
            stalled.push(place);
        }
        assert_eq!(stalled.len(), RECEIVED_PER_RENDER);
        for project in ["b", "c"] {
            stalled.push(places.receive(caller(project), Instant::now()).await.expect("a place for others"));
        }
        drop(stalled);
        assert!(places.receive(caller("stalls"), Instant::now()).await.is_some());
    }

    /// Many at once on several threads, a third of whom give up at any moment: no place is lost or given twice.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn places_are_neither_lost_nor_given_twice() {
        let places = Arc::new(Places::new(3));
        let inside = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let mut calls = Vec::new();
        for n in 0..600_u64 {
            let (places, inside) = (Arc::clone(&places), Arc::clone(&inside));
            let call = tokio::spawn(async move {
                let until = if n % 3 == 0 { Instant::now() + Duration::from_micros(n * 7) } else { later() };
                let Some(place) = places.render(caller(&format!("p{}", n % 7)), until).await else { return };
                assert!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 3, "more than there are places");
                tokio::task::yield_now().await;
                inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                drop(place);
            });
            if n % 10 == 1 {
                call.abort();
            }
            calls.push(call);
        }
        for call in calls {
            let ended = call.await;
            assert!(ended.as_ref().map_or_else(tokio::task::JoinError::is_cancelled, |()| true), "{ended:?}");
        }
        let mut free = Vec::new();
        while let Some(place) = places.render(caller("a"), Instant::now()).await {
            free.push(place);
        }
        assert_eq!(free.len(), 3);
    }
}
