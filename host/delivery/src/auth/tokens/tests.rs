//! One fetch for all, however they come and go.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use tokio::{sync::Semaphore, task::JoinSet, task::yield_now};
use transload_domain::{Sealed, SendFailureKind};

use super::*;

const LIFE: Duration = Duration::from_secs(1_000);

struct Sevens;

impl Random for Sevens {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}

/// A token endpoint, its clock, and the source that asks it.
struct World {
    now: Mutex<Timestamp>,
    source: Source,
    fetches: AtomicUsize,
    /// Answers that may be given.
    answers: Semaphore,
    /// What an answer is, and how long nobody need ask after a failure.
    fails: Mutex<Option<(SendFailureKind, Duration)>>,
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }
}

impl World {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            now: Mutex::new(Timestamp::from_micros(1_000_000)),
            source: Source::default(),
            fetches: AtomicUsize::new(0),
            answers: Semaphore::new(Semaphore::MAX_PERMITS),
            fails: Mutex::new(None),
        })
    }

    /// Holds the endpoint's answers back.
    fn silent() -> Arc<Self> {
        let world = Self::new();
        world.answers.forget_permits(Semaphore::MAX_PERMITS);
        world
    }

    fn pass(&self, time: Duration) {
        let mut now = self.now.lock().unwrap();
        *now = now.after(time);
    }

    fn fetches(&self) -> usize {
        self.fetches.load(SeqCst)
    }

    fn fail(&self, kind: SendFailureKind, rest: Duration) {
        *self.fails.lock().unwrap() = Some((kind, rest));
    }

    fn recover(&self) {
        *self.fails.lock().unwrap() = None;
    }

    /// The tokens are named after their fetch: "t1", "t2", and so on.
    async fn fetch(&self) -> Result<AccessToken, NotFetched> {
        let number = self.fetches.fetch_add(1, SeqCst) + 1;
        self.answers.acquire().await.unwrap().forget();
        match *self.fails.lock().unwrap() {
            None => Ok(AccessToken { text: format!("t{number}"), life: LIFE }),
            Some((kind, rest)) => {
                let detail = format!("failure {number}");
                Err(NotFetched { failure: SendFailure { kind, detail }, rest })
            }
        }
    }

    async fn token(&self) -> Result<Arc<Token>, SendFailure> {
        self.source.token(self, async || self.fetch().await).await
    }

    async fn renewed(&self, refused: &Token) -> Option<Arc<Token>> {
        self.source.renewed(refused, self, async || self.fetch().await).await.unwrap()
    }

    async fn text(&self) -> String {
        self.token().await.map_or_else(|failure| failure.detail, |token| token.text.clone())
    }

    /// So many who want a token; returns when all of them wait.
    async fn waiting(self: &Arc<Self>, count: usize) -> JoinSet<String> {
        let mut all = JoinSet::new();
        for _ in 0..count {
            let world = Arc::clone(self);
            all.spawn(async move { world.text().await });
        }
        // On one thread, each of them has run until it waits.
        for _ in 0..10 {
            yield_now().await;
        }
        all
    }
}

async fn all_got(waiting: JoinSet<String>, expected: &str) {
    for text in waiting.join_all().await {
        assert_eq!(text, expected);
    }
}

#[tokio::test]
async fn one_fetch_serves_all_who_wait() {
    let world = World::silent();
    let waiting = world.waiting(100).await;
    world.answers.add_permits(100);
    all_got(waiting, "t1").await;
    assert_eq!((world.text().await, world.fetches()), ("t1".to_owned(), 1));
}

#[tokio::test]
async fn who_gives_up_while_fetching_strands_nobody() {
    let world = World::silent();
    let mut first = world.waiting(1).await;
    let others = world.waiting(20).await;
    assert_eq!(world.fetches(), 1);
    first.shutdown().await;
    world.answers.add_permits(100);
    all_got(others, "t2").await;
    assert_eq!(world.fetches(), 2);
}

#[tokio::test]
async fn all_who_wait_share_a_failure_and_the_next_asks_anew() {
    let world = World::silent();
    world.fail(SendFailureKind::Token, Duration::ZERO);
    let waiting = world.waiting(20).await;
    world.answers.add_permits(100);
    all_got(waiting, "failure 1").await;
    assert_eq!(world.fetches(), 1);
    world.recover();
    assert_eq!(world.text().await, "t2");
}

#[tokio::test]
async fn a_refusal_is_remembered_for_its_time() {
    let world = World::new();
    world.fail(SendFailureKind::Credentials, REFUSAL_TIME);
    for _ in 0..10 {
        assert_eq!(world.text().await, "failure 1");
    }
    world.recover();
    world.pass(REFUSAL_TIME - Duration::from_secs(1));
    assert_eq!(world.text().await, "failure 1");
    world.pass(Duration::from_secs(1));
    assert_eq!(world.text().await, "t2");
}

#[tokio::test]
async fn a_token_is_used_until_shortly_before_its_end() {
    let world = World::new();
    assert_eq!(world.text().await, "t1");
    // A tenth of its life would be 100 s.
    world.pass(LIFE - RENEWAL_BEFORE_END_MAX - Duration::from_secs(1));
    assert_eq!(world.text().await, "t1");
    world.pass(Duration::from_secs(1));
    assert_eq!(world.text().await, "t2");
    world.pass(LIFE);
    assert_eq!(world.text().await, "t3", "one that has ended is of no use");
}

#[tokio::test]
async fn an_early_renewal_is_one_fetch_and_holds_up_nobody_else() {
    let world = World::silent();
    world.answers.add_permits(1);
    assert_eq!(world.text().await, "t1");
    world.pass(LIFE - Duration::from_secs(30));
    let renewing = world.waiting(1).await;
    all_got(world.waiting(20).await, "t1").await;
    world.answers.add_permits(1);
    all_got(renewing, "t2").await;
    assert_eq!((world.text().await, world.fetches()), ("t2".to_owned(), 2));
}

#[tokio::test]
async fn a_renewal_that_fails_costs_nothing_while_the_token_is_good() {
    let world = World::new();
    world.text().await;
    world.fail(SendFailureKind::Credentials, Duration::ZERO);
    world.pass(LIFE - Duration::from_secs(30));
    for _ in 0..10 {
        assert_eq!(world.text().await, "t1");
    }
    assert_eq!(world.fetches(), 2, "it is not tried again at once");
    world.pass(RENEWAL_WAIT);
    assert_eq!((world.text().await, world.fetches()), ("t1".to_owned(), 3));
    world.pass(Duration::from_secs(20));
    assert_eq!(world.text().await, "failure 4", "now it has ended");
}

#[tokio::test]
async fn a_refused_token_is_dropped_once() {
    let world = World::new();
    let revoked = world.token().await.unwrap();
    for _ in 0..100 {
        assert_eq!(world.renewed(&revoked).await.unwrap().text, "t2");
    }
    assert_eq!(world.fetches(), 2);
}

#[tokio::test]
async fn a_token_refused_during_its_early_renewal_does_not_come_back_when_that_fails() {
    let world = World::silent();
    world.answers.add_permits(1);
    let revoked = world.token().await.unwrap();
    world.pass(LIFE - Duration::from_secs(30));
    let renewing = world.waiting(1).await;
    let shared = Arc::clone(&world);
    let mut refused = JoinSet::new();
    refused.spawn(async move {
        let fetch = async || shared.fetch().await;
        shared.source.renewed(&revoked, &*shared, fetch).await.map(|_| ())
    });
    yield_now().await;
    world.fail(SendFailureKind::Token, Duration::ZERO);
    world.answers.add_permits(10);
    all_got(renewing, "failure 2").await;
    let refused = refused.join_next().await.unwrap().unwrap();
    assert_eq!(refused.unwrap_err().detail, "failure 2");
    world.recover();
    assert_eq!(world.text().await, "t3");
}

#[tokio::test]
async fn useless_renewals_rest() {
    let world = World::new();
    let first = world.token().await.unwrap();
    let second = world.renewed(&first).await.unwrap();
    world.source.renewal_was_useless(&second, &*world);
    assert!(world.renewed(&second).await.is_none());
    assert_eq!(world.text().await, "t2", "the token stays");
    world.pass(USELESS_RENEWAL_TIME);
    assert_eq!(world.renewed(&second).await.unwrap().text, "t3");
}

#[tokio::test]
async fn only_the_token_that_never_worked_rests() {
    let world = World::new();
    let first = world.token().await.unwrap();
    let second = world.renewed(&first).await.unwrap();
    world.source.worked(&first);
    world.source.renewal_was_useless(&second, &*world);
    assert_eq!(world.renewed(&first).await.unwrap().text, "t2", "another token");
    assert!(world.renewed(&second).await.is_none());
    world.source.worked(&second);
    world.source.worked(&first);
    assert_eq!(world.renewed(&second).await.unwrap().text, "t3", "it worked, so it was revoked");
}

#[test]
fn whoever_changes_the_credentials_has_another_source() {
    let client = ClientCredentials {
        endpoint: "https://vendor.example/token".into(),
        client_id: "doo".into(),
        client_secret: Sealed(vec![1, 2, 3]),
        scope: None,
        client_authentication: ClientAuthentication::Body,
        header: "Authorization".into(),
        template: "Bearer %ACCESS_TOKEN%".into(),
    };
    let tokens = Tokens::new(&Sevens);
    let of = |client: &ClientCredentials| tokens.source(client, "secret");
    let same = |other: &ClientCredentials| Arc::ptr_eq(&of(&client), &of(other));
    assert!(same(&client));
    assert!(same(&ClientCredentials { client_secret: Sealed(vec![1, 2, 4]), ..client.clone() }));
    assert!(!Arc::ptr_eq(&of(&client), &tokens.source(&client, "another")));
    assert!(same(&ClientCredentials { header: "X-Token".into(), ..client.clone() }));
    for other in [
        ClientCredentials { endpoint: "https://vendor.example/token2".into(), ..client.clone() },
        ClientCredentials { client_id: "dop".into(), ..client.clone() },
        ClientCredentials { scope: Some(String::new()), ..client.clone() },
        ClientCredentials { client_authentication: ClientAuthentication::Basic, ..client.clone() },
        // The same bytes, cut at another place.
        ClientCredentials {
            endpoint: "https://vendor.example/tokend".into(),
            client_id: "oo".into(),
            ..client.clone()
        },
    ] {
        assert!(!same(&other), "{other:?}");
    }
}
