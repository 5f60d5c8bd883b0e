//! One step at a time: a runtime that does nothing between two looks of its director.

use std::{
    future::poll_fn,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};

use tokio::{runtime::Builder, task::JoinSet};

/// What happened since the last look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// One task did something.
    Task,
    /// Nobody has anything to do at this time.
    Idle,
}

/// Lets the tasks of a runtime of one thread go on, one poll of one task at a time.
pub(super) struct Steps {
    /// Set by a task that does nothing else and is always ready: it goes round with the others, and when it comes twice
    /// in a row, no other task was ready.
    marker_came: Arc<AtomicBool>,
}

impl Steps {
    /// Runs a director, and the tasks that it starts, on this thread. Tasks take turns in the order in which they were
    /// woken, so that the same director sees the same steps.
    ///
    /// # Errors
    /// When there can be no runtime.
    pub(super) fn direct<T>(director: impl AsyncFnOnce(Self) -> T) -> io::Result<T> {
        // One task between two looks, whatever thread woke it.
        let mut runtime = Builder::new_current_thread();
        let runtime = runtime.event_interval(1).global_queue_interval(1).build()?;
        let came = Arc::new(AtomicBool::new(false));
        let steps = Self { marker_came: Arc::clone(&came) };
        let mut marker = JoinSet::new();
        marker.spawn_on(
            poll_fn(move |context| {
                came.store(true, Ordering::SeqCst);
                context.waker().wake_by_ref();
                Poll::<()>::Pending
            }),
            runtime.handle(),
        );
        Ok(runtime.block_on(director(steps)))
    }

    /// Lets one task do something, if one can.
    pub(super) async fn next(&self) -> Step {
        let mut came_before = false;
        let mut asked = false;
        poll_fn(|context| {
            let came = self.marker_came.swap(false, Ordering::SeqCst);
            let step = match (asked, came, came_before) {
                (false, ..) | (true, true, false) => None,
                (true, true, true) => Some(Step::Idle),
                (true, false, _) => Some(Step::Task),
            };
            came_before = asked && came;
            asked = true;
            match step {
                Some(step) => Poll::Ready(step),
                None => {
                    context.waker().wake_by_ref();
                    Poll::Pending
                }
            }
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn the_director_looks_after_each_single_step() {
        let seen = Steps::direct(async |steps| {
            let log = Arc::new(Mutex::new(Vec::new()));
            let mut tasks = JoinSet::new();
            for name in ["a", "b"] {
                let log = Arc::clone(&log);
                tasks.spawn(async move {
                    for _ in 0..2 {
                        log.lock().unwrap().push(name);
                        tokio::task::yield_now().await;
                    }
                });
            }
            let mut lengths = Vec::new();
            while steps.next().await == Step::Task {
                lengths.push(log.lock().unwrap().len());
            }
            assert_eq!(steps.next().await, Step::Idle);
            (lengths, log.lock().unwrap().clone())
        });
        let (lengths, log) = seen.unwrap();
        assert_eq!(log, ["a", "b", "a", "b"]);
        assert!(lengths.windows(2).all(|two| two[1] - two[0] <= 1), "{lengths:?}");
        assert_eq!(lengths.last(), Some(&4));
    }
}
