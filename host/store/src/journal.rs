//! The journal: takes jobs in turn, writes them in groups, and answers when they are durable.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    thread::JoinHandle,
    time::Instant,
};

use tokio::sync::{mpsc, oneshot};

use crate::{
    Error, Result,
    group::Group,
    leadership::Leadership,
    rows::Rows,
    stats::{Flush, Observer},
    undispatched::Undispatched,
};

/// Jobs of one group. More would not be faster, and would make the first of them wait.
const GROUP_JOBS_MAX: usize = 512;
/// Bytes that a group may have before it takes another job.
const GROUP_BYTES_MAX: usize = 8 << 20;

/// The one writer of a ledger. After a write that failed it writes nothing any more: what is in memory and what is
/// on the disk may differ, and only opening the store again tells.
pub(crate) enum Journal<R> {
    /// On a thread of its own, which groups what waits.
    Thread(Thread),
    /// On the caller's thread, each job a group.
    Inline { writer: Mutex<Option<Writer<R>>>, stopped: Stopped },
}

pub(crate) struct Thread {
    jobs: Mutex<Option<mpsc::Sender<Box<dyn Job>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    stopped: Stopped,
}

/// Why the journal stopped, once it has.
type Stopped = Arc<OnceLock<String>>;

/// Writes groups.
pub(crate) struct Writer<R> {
    pub(crate) rows: Arc<R>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) leadership: Leadership,
    /// Events that wait for their dispatch: what has been written and not yet answered counts.
    pub(crate) undispatched: Arc<Undispatched>,
}

/// What is to be done with a group, and who waits for it.
trait Job: Send {
    /// Whether it looks at ranges of rows: then it begins a group, since a range does not show the group's changes.
    fn scans(&self) -> bool;
    fn run(&mut self, group: &mut Group<'_>);
    fn answer(self: Box<Self>, written: Result<()>);
}

struct Task<W, T> {
    scans: bool,
    work: Option<W>,
    result: Option<Result<T>>,
    answer: oneshot::Sender<Result<T>>,
}

impl<W, T> Job for Task<W, T>
where
    W: FnOnce(&mut Group<'_>) -> Result<T> + Send,
    T: Send,
{
    fn scans(&self) -> bool {
        self.scans
    }

    fn run(&mut self, group: &mut Group<'_>) {
        self.result = self.work.take().map(|work| work(group));
    }

    fn answer(self: Box<Self>, written: Result<()>) {
        let Self { result, answer, .. } = *self;
        // A caller that has gone away does not want to know.
        let _ = answer.send(written.and_then(|()| result.unwrap_or_else(|| Err(given_up()))));
    }
}

impl<R: Rows> Journal<R> {
    pub(crate) fn inline(writer: Writer<R>) -> Self {
        Self::Inline { writer: Mutex::new(Some(writer)), stopped: Stopped::default() }
    }

    /// Starts the journal's thread.
    pub(crate) fn thread(mut writer: Writer<R>) -> io::Result<Self> {
        let (jobs, receiver) = mpsc::channel(GROUP_JOBS_MAX);
        let stopped = Stopped::default();
        let reason = stopped.clone();
        let thread = std::thread::Builder::new()
            .name("transload-journal".into())
            .spawn(move || writer.work_off(receiver, &reason))?;
        let (jobs, thread) = (Mutex::new(Some(jobs)), Mutex::new(Some(thread)));
        Ok(Self::Thread(Thread { jobs, thread, stopped }))
    }

    /// Does the work in its turn and returns when all that it changed is durable.
    pub(crate) async fn submit<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Group<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.enqueue(false, work).await
    }

    /// As [`Journal::submit`], for work that looks at ranges of rows.
    pub(crate) async fn submit_scanning<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Group<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.enqueue(true, work).await
    }

    async fn enqueue<T: Send + 'static>(
        &self,
        scans: bool,
        work: impl FnOnce(&mut Group<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        if let Some(reason) = self.stopped().get() {
            return Err(Error::Unavailable(reason.clone()));
        }
        let (answer, answered) = oneshot::channel();
        let job = Box::new(Task { scans, work: Some(work), result: None, answer });
        match self {
            Self::Thread(thread) => {
                let jobs = lock(&thread.jobs).clone().ok_or_else(closed)?;
                jobs.send(job).await.map_err(|_| self.given_up())?;
            }
            Self::Inline { writer, stopped } => {
                let mut place = lock(writer);
                let writer = place.as_mut().ok_or_else(closed)?;
                if !writer.write(&mut OneJob(Some(job)), stopped) {
                    *place = None;
                }
            }
        }
        answered.await.unwrap_or_else(|_| Err(self.given_up()))
    }

    /// Whether it still writes.
    pub(crate) fn is_alive(&self) -> bool {
        let open = match self {
            Self::Thread(thread) => lock(&thread.jobs).is_some(),
            Self::Inline { writer, .. } => lock(writer).is_some(),
        };
        open && self.stopped().get().is_none()
    }

    /// Takes no more jobs, ends those that wait, and returns the thread that still does so.
    pub(crate) fn close(&self) -> Option<JoinHandle<()>> {
        match self {
            Self::Thread(thread) => {
                lock(&thread.jobs).take();
                lock(&thread.thread).take()
            }
            Self::Inline { writer, .. } => {
                lock(writer).take();
                None
            }
        }
    }

    fn stopped(&self) -> &Stopped {
        match self {
            Self::Thread(thread) => &thread.stopped,
            Self::Inline { stopped, .. } => stopped,
        }
    }

    fn given_up(&self) -> Error {
        let reason = self.stopped().get().cloned();
        reason.map_or_else(given_up, Error::Unavailable)
    }
}

/// Where a group's jobs come from.
trait Jobs {
    fn next(&mut self) -> Option<Box<dyn Job>>;
    /// Keeps a job for the next group.
    fn put_back(&mut self, job: Box<dyn Job>);
}

struct OneJob(Option<Box<dyn Job>>);

impl Jobs for OneJob {
    fn next(&mut self) -> Option<Box<dyn Job>> {
        self.0.take()
    }

    fn put_back(&mut self, job: Box<dyn Job>) {
        self.0 = Some(job);
    }
}

/// What waits in the channel; the first job was waited for.
struct Queue {
    first: Option<Box<dyn Job>>,
    channel: mpsc::Receiver<Box<dyn Job>>,
}

impl Queue {
    /// Waits until there is a job. False when there will be none any more.
    fn wait(&mut self) -> bool {
        if self.first.is_none() {
            self.first = self.channel.blocking_recv();
        }
        self.first.is_some()
    }
}

impl Jobs for Queue {
    fn next(&mut self) -> Option<Box<dyn Job>> {
        self.first.take().or_else(|| self.channel.try_recv().ok())
    }

    fn put_back(&mut self, job: Box<dyn Job>) {
        self.first = Some(job);
    }
}

impl<R: Rows> Writer<R> {
    fn work_off(&mut self, channel: mpsc::Receiver<Box<dyn Job>>, stopped: &Stopped) {
        let mut queue = Queue { first: None, channel };
        while queue.wait() && self.write(&mut queue, stopped) {}
    }

    /// Runs a group of jobs, writes what they changed, and answers them all. False when that failed: then the reason
    /// is set, before anybody is answered, and the writer must not be used any more.
    fn write(&mut self, jobs: &mut impl Jobs, stopped: &Stopped) -> bool {
        let mut done = Vec::new();
        // sled panics on some errors of the disk. The jobs then get their answer all the same: the group failed.
        let written = catch_unwind(AssertUnwindSafe(|| self.write_group(jobs, &mut done)));
        let written = written.unwrap_or_else(|panic| {
            Err(Error::Unavailable(format!("the store panicked: {}", text_of(&*panic))))
        });
        let written = written.map_err(|error| {
            tracing::error!(%error, "a write failed: the ledger stops");
            Error::Unavailable(stopped.get_or_init(|| reason(&error)).clone())
        });
        let is_well = written.is_ok();
        for job in done {
            job.answer(written.clone());
        }
        is_well
    }

    fn write_group(&mut self, jobs: &mut impl Jobs, done: &mut Vec<Box<dyn Job>>) -> Result<()> {
        let mut group = Group::new(&*self.rows, &mut self.leadership);
        while let Some(mut job) = jobs.next() {
            if job.scans() && !group.is_empty() {
                jobs.put_back(job);
                break;
            }
            job.run(&mut group);
            done.push(job);
            if done.len() >= GROUP_JOBS_MAX || group.bytes() >= GROUP_BYTES_MAX {
                break;
            }
        }
        let bytes = group.bytes();
        let written = group.finish();
        if let Some(tail) = self.leadership.tail() {
            tail.touch(written.heads);
        }
        if !written.batch.is_empty() {
            let begun = Instant::now();
            self.rows.write(written.batch)?;
            if let Some(observer) = &self.observer {
                observer.flushed(Flush { jobs: done.len(), bytes, took: begun.elapsed() });
            }
        }
        self.undispatched.change(written.undispatched);
        if let Some(tail) = self.leadership.tail() {
            tail.publish(written.news);
        }
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn closed() -> Error {
    Error::Unavailable("the ledger is shut down".into())
}

fn given_up() -> Error {
    Error::Unavailable("the ledger stopped before the write was done".into())
}

fn reason(error: &Error) -> String {
    let what = match error {
        Error::Unavailable(what) => what.clone(),
        other => other.to_string(),
    };
    format!("a write failed ({what}); mend the disk, then restart: until then nothing is written")
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no text")
}
