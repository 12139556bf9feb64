//! Work in all threads: one lists what there is to do, and helps when it is far ahead.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// More threads than this gain nothing on one disk, and each has its buffers.
const THREADS_MAX: usize = 16;

/// Jobs that wait. Large ones come first and the largest first of all, so that none of them is begun
/// when the others are about to end.
pub(super) struct Queue<J> {
    state: Mutex<State<J>>,
    news: Condvar,
    limit: usize,
}

struct State<J> {
    jobs: VecDeque<J>,
    /// Sorted by size, the largest last.
    large: Vec<(u64, J)>,
    listing: bool,
    running: usize,
}

impl<J> Queue<J> {
    fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a job. A job that comes back is over the limit of those that may wait: the thread that
    /// lists does it itself.
    pub(super) fn offer(&self, job: J) -> Option<J> {
        let mut state = self.lock();
        if state.jobs.len() >= self.limit {
            return Some(job);
        }
        state.jobs.push_back(job);
        drop(state);
        self.news.notify_one();
        None
    }

    /// Adds a job, however many there are.
    pub(super) fn push(&self, job: J) {
        self.lock().jobs.push_back(job);
        self.news.notify_one();
    }

    /// Adds a job that is done before the others.
    pub(super) fn push_large(&self, size: u64, job: J) {
        let mut state = self.lock();
        let at = state.large.partition_point(|(other, _)| *other <= size);
        state.large.insert(at, (size, job));
        drop(state);
        self.news.notify_one();
    }

    fn next(&self) -> Option<J> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.large.pop().map(|(_, job)| job) {
                state.running += 1;
                return Some(job);
            }
            if let Some(job) = state.jobs.pop_front() {
                state.running += 1;
                return Some(job);
            }
            // A job that runs may still add others.
            if !state.listing && state.running == 0 {
                return None;
            }
            state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Takes note of an end even where it is a panic: the other threads wait for it.
struct AtEnd<'a, J>(&'a Queue<J>, fn(&mut State<J>));

impl<J> Drop for AtEnd<'_, J> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        (self.1)(&mut state);
        let idle = !state.listing && state.running == 0;
        drop(state);
        if idle {
            self.0.news.notify_all();
        }
    }
}

/// Runs `list` in this thread, which adds jobs to the queue, and `work` on each of them in as many
/// threads as there are cores; returns when all is done.
///
/// Each thread has a value of `scratch`. At most `limit` jobs wait.
pub(super) fn run<J: Send, S>(
    limit: usize,
    scratch: impl Fn() -> S + Sync,
    list: impl FnOnce(&Queue<J>, &mut S),
    work: impl Fn(&Queue<J>, &mut S, J) + Sync,
) {
    let queue = Queue {
        state: Mutex::new(State {
            jobs: VecDeque::new(),
            large: Vec::new(),
            listing: true,
            running: 0,
        }),
        news: Condvar::new(),
        limit,
    };
    let (queue, scratch, work) = (&queue, &scratch, &work);
    let all = move |own: &mut S| {
        while let Some(job) = queue.next() {
            let _end = AtEnd(queue, |state| state.running -= 1);
            work(queue, own, job);
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    std::thread::scope(|scope| {
        for _ in 1..threads {
            // Where no thread is to be had this one does all.
            let _ = std::thread::Builder::new().spawn_scoped(scope, move || all(&mut scratch()));
        }
        let mut own = scratch();
        {
            let _end = AtEnd(queue, |state| state.listing = false);
            list(queue, &mut own);
        }
        all(&mut own);
    });
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn every_job_is_done_once_those_that_jobs_add_too() {
        let sum = AtomicU64::new(0);
        run(
            4,
            || (),
            |queue, ()| {
                for job in 1..=1000_u64 {
                    if let Some(job) = queue.offer(job) {
                        sum.fetch_add(job, Ordering::Relaxed);
                    }
                }
                queue.push(1000);
            },
            |queue, (), job| {
                if job == 1000 {
                    queue.push_large(7, 1_000_000);
                }
                sum.fetch_add(job, Ordering::Relaxed);
            },
        );
        let sum = sum.into_inner();
        // 1000 may have been done by the thread that lists, which adds nothing.
        assert!(sum == 501_500 + 2_000_000 || sum == 501_500 + 1_000_000, "{sum}");
    }

    #[test]
    fn a_panic_in_one_thread_ends_the_others() {
        let outcome = std::panic::catch_unwind(|| {
            run(
                usize::MAX,
                || (),
                |queue, ()| (0..100).for_each(|job| queue.push(job)),
                |_, (), job| assert_ne!(job, 50),
            );
        });
        assert!(outcome.is_err());
    }
}
