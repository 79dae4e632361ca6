//! Work shared out over the machine's cores, results in the order of the items.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// Fewer items than this are not worth a thread.
const WORTH_A_THREAD: usize = 16;
/// So many items are taken at a time.
const BATCH: usize = 16;

/// `work` on every item. `progress` hears how many items are done, from one second on, five times a
/// second.
///
/// # Panics
/// When `work` does.
pub fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
    mut progress: impl FnMut(usize),
) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let workers = cores.min(items.len() / WORTH_A_THREAD).max(1);
    if workers == 1 && items.len() < WORTH_A_THREAD {
        return items.iter().map(work).collect();
    }
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let worker = || {
        let mut results = Vec::new();
        loop {
            let from = next.fetch_add(BATCH, Ordering::Relaxed);
            let Some(batch) = items.get(from..items.len().min(from + BATCH)).filter(|batch| !batch.is_empty()) else {
                return results;
            };
            results.push((from, batch.iter().map(&work).collect::<Vec<R>>()));
            done.fetch_add(batch.len(), Ordering::Relaxed);
        }
    };
    let (worker, done) = (&worker, &done);
    let mut batches = thread::scope(|scope| {
        let (finished, waiting) = mpsc::channel();
        let handles: Vec<_> = (0..workers)
            .map(|_| {
                let finished = finished.clone();
                scope.spawn(move || {
                    let results = worker();
                    drop(finished);
                    results
                })
            })
            .collect();
        drop::<mpsc::Sender<()>>(finished);
        let mut patience = Duration::from_secs(1);
        while waiting.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
            progress(done.load(Ordering::Relaxed));
            patience = Duration::from_millis(200);
        }
        let mut batches = Vec::with_capacity(items.len() / BATCH + 1);
        for handle in handles {
            match handle.join() {
                Ok(results) => batches.extend(results),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        batches
    });
    batches.sort_by_key(|(from, _)| *from);
    batches.into_iter().flat_map(|(_, batch)| batch).collect()
}

#[cfg(test)]
mod tests {
    use super::in_parallel;

    #[test]
    fn results_come_in_order_whatever_their_number() {
        for count in [0, 1, 15, 16, 17, 1000] {
            let items: Vec<usize> = (0..count).collect();
            let doubled = in_parallel(&items, |n| n * 2, |_| panic!("this takes no second"));
            assert_eq!(doubled, items.iter().map(|n| n * 2).collect::<Vec<_>>(), "{count}");
        }
    }
}
