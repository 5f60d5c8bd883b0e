//! Threads of our own for guests: they are never run on the async workers.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use transload_domain::{Call, NotRun, PluginName, Transformed};

/// Calls that wait for a thread. One more waits with its caller.
const QUEUE_MAX: usize = 256;
/// Calls of one plugin that a thread takes in a row although calls of others have waited longer. Caches stay warm,
/// which the benchmark of this crate measures (`transform.in_rows_gain`), and nobody waits for long.
const IN_A_ROW_MAX: u32 = 8;
/// Bytes of a thread's stack: the guest's own part, and room for the host's functions beneath it.
const THREAD_STACK_BYTES: usize = 4 << 20;

/// What a call came to.
pub(crate) type Answer = Result<Transformed, NotRun>;

/// A bounded queue and the threads that serve it.
pub(crate) struct Pool {
    shared: Arc<Shared>,
    room: Arc<Semaphore>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    /// Threads that wait for a job. Where none does, nobody is woken: that would be a system call for every job.
    idle: usize,
    closed: bool,
}

struct Job {
    call: Call,
    reply: oneshot::Sender<Answer>,
    /// Its place in the queue, given back when it is taken out.
    place: OwnedSemaphorePermit,
}

impl Pool {
    /// Starts the threads; each runs `work`, which never panics, on one call after the other.
    pub(crate) fn start(
        threads: usize,
        work: impl Fn(Call) -> Answer + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared { queue: Mutex::default(), changed: Condvar::new() });
        let pool = Self {
            shared: Arc::clone(&shared),
            room: Arc::new(Semaphore::new(QUEUE_MAX)),
            threads: Mutex::default(),
        };
        let work = Arc::new(work);
        for number in 0..threads.max(1) {
            let (shared, work) = (Arc::clone(&shared), Arc::clone(&work));
            let thread = thread::Builder::new()
                .name(format!("transload-guest-{number}"))
                .stack_size(THREAD_STACK_BYTES)
                .spawn(move || shared.serve(&*work))?;
            lock(&pool.threads).push(thread);
        }
        Ok(pool)
    }

    /// How many threads there are.
    pub(crate) fn threads(&self) -> usize {
        lock(&self.threads).len()
    }

    /// Runs a call on one of the threads. A full queue means waiting.
    pub(crate) async fn run(&self, call: Call) -> Answer {
        let room = Arc::clone(&self.room).acquire_owned().await;
        let place = room.map_err(|_| NotRun::Closed)?;
        let (reply, answer) = oneshot::channel();
        let somebody_waits = {
            let mut queue = lock(&self.shared.queue);
            if queue.closed {
                return Err(NotRun::Closed);
            }
            queue.jobs.push_back(Job { call, reply, place });
            queue.idle > 0
        };
        if somebody_waits {
            self.shared.changed.notify_one();
        }
        answer.await.unwrap_or(Err(NotRun::Closed))
    }

    /// Lets running calls end, answers the waiting ones with [`NotRun::Closed`], and joins the threads.
    pub(crate) fn stop(&self) {
        self.room.close();
        let waiting = {
            let mut queue = lock(&self.shared.queue);
            queue.closed = true;
            std::mem::take(&mut queue.jobs)
        };
        self.shared.changed.notify_all();
        // Dropping a job drops its reply, which its caller takes for closed.
        drop(waiting);
        let threads = std::mem::take(&mut *lock(&self.threads));
        for thread in threads {
            let _ended = thread.join();
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    fn serve(&self, work: &dyn Fn(Call) -> Answer) {
        let mut turn = Turn::default();
        while let Some(job) = self.next(&mut turn) {
            // Its caller has gone: nobody would see what comes out.
            if job.reply.is_closed() {
                continue;
            }
            let Job { call, reply, place } = job;
            drop(place);
            let _caller_gone = reply.send(work(call));
        }
    }

    /// The next call, or `None` when the pool is closed.
    fn next(&self, turn: &mut Turn) -> Option<Job> {
        let mut queue = lock(&self.queue);
        loop {
            if queue.closed {
                return None;
            }
            if let Some(at) = turn.choose(queue.jobs.iter().map(|job| &job.call.plugin)) {
                return queue.jobs.remove(at);
            }
            queue.idle += 1;
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
            queue.idle -= 1;
        }
    }
}

/// Which plugin a thread has run last, and how often in a row.
#[derive(Default)]
struct Turn {
    plugin: Option<PluginName>,
    in_a_row: u32,
}

impl Turn {
    /// The place of the call to take: the same plugin's as before for a while, else the oldest.
    fn choose<'a>(
        &mut self,
        mut waiting: impl Iterator<Item = &'a PluginName> + Clone,
    ) -> Option<usize> {
        let oldest = waiting.clone().next()?;
        let same = (self.in_a_row < IN_A_ROW_MAX)
            .then(|| waiting.position(|plugin| Some(plugin) == self.plugin.as_ref()))
            .flatten();
        if same.is_some() {
            self.in_a_row += 1;
            return same;
        }
        self.in_a_row = 1;
        self.plugin = Some(oldest.clone());
        Some(0)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing in this file panics while it holds a lock.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(names: &[&str]) -> String {
        let mut waiting: Vec<_> = names.iter().map(|n| PluginName::new(n).unwrap()).collect();
        let mut turn = Turn::default();
        let mut taken = String::new();
        while let Some(at) = turn.choose(waiting.iter()) {
            taken.push_str(waiting.remove(at).as_str());
        }
        taken
    }

    #[test]
    fn calls_of_one_plugin_run_together() {
        assert_eq!(order(&["a", "b", "a", "b", "a"]), "aaabb");
    }

    #[test]
    fn i8_no_plugin_is_taken_for_ever() {
        let mut names = vec!["a"; 20];
        names.insert(1, "b");
        assert_eq!(order(&names), format!("{}b{}", "a".repeat(8), "a".repeat(12)));
    }
}
