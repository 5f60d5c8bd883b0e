//! Access tokens that are kept until shortly before they end.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ring::hmac;
use tokio::sync;
use transload_domain::{
    ClientAuthentication, ClientCredentials, Clock, Random, SendFailure, Timestamp,
};

use super::oauth::AccessToken;
use crate::recent::Recent;

/// Sources of tokens that are remembered: more than webhooks that are busy at the same time. With tokens of usual
/// length they take some ten MiB. One that is forgotten fetches anew.
pub const TOKEN_SOURCES_MAX: usize = 16_384;
/// How long a refusal of the credentials is remembered: that long, nobody else asks with them.
pub const REFUSAL_TIME: Duration = Duration::from_secs(60);
/// How long a token that is still good is used on, after its renewal has failed.
pub const RENEWAL_WAIT: Duration = Duration::from_secs(10);
/// A token is renewed when a tenth of its life is left, and not earlier than this before its end.
pub const RENEWAL_BEFORE_END_MAX: Duration = Duration::from_secs(60);
/// How long a new token that was answered with 401 at once is not renewed for another 401. Then it is not the token.
pub const USELESS_RENEWAL_TIME: Duration = Duration::from_secs(60);

/// The tokens of all webhooks.
pub(crate) struct Tokens {
    sources: Mutex<Recent<Key, Arc<Source>>>,
    /// Of this process alone, so that what is remembered of a secret tells nobody anything.
    digests: hmac::Key,
}

/// What a token depends upon, as a digest: whoever changes any of it has another source.
type Key = [u8; 32];

/// Where tokens for one set of credentials come from, and the one that is good now.
#[derive(Default)]
pub(crate) struct Source {
    state: Mutex<State>,
    /// Held by the one that fetches, in its own time: when it is given up, the next in line takes over.
    turn: sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    latest: Option<Latest>,
    /// Fetches that have ended. Who waited for one takes its result, whatever it is.
    fetches: u64,
    /// The latest token that was refused when it was new, and until when a 401 causes no renewal of it.
    useless: Option<(u64, Timestamp)>,
    /// The latest token that was let in. The vendor takes it, so whoever is refused with it is to renew it.
    worked: Option<u64>,
}

#[derive(Clone)]
enum Latest {
    Token(Arc<Token>),
    Failed(SendFailure, Timestamp),
}

/// A token in use.
pub(crate) struct Token {
    pub(crate) text: String,
    /// Which fetch brought it.
    number: u64,
    renew_at: Timestamp,
    ends_at: Timestamp,
}

/// A fetch that brought nothing, and for how long nobody need try again.
pub(crate) struct NotFetched {
    pub(crate) failure: SendFailure,
    pub(crate) rest: Duration,
}

impl Tokens {
    pub(crate) fn new(random: &dyn Random) -> Self {
        let mut key = [0; 32];
        random.fill(&mut key);
        let digests = hmac::Key::new(hmac::HMAC_SHA256, &key);
        Self { sources: Mutex::new(Recent::new(TOKEN_SOURCES_MAX)), digests }
    }

    /// The source of tokens for these credentials, `secret` being the opened one: webhooks with the same credentials
    /// have the same source, though each has sealed the secret for itself.
    pub(crate) fn source(&self, client: &ClientCredentials, secret: &str) -> Arc<Source> {
        let key = self.key(client, secret);
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        sources.get(&key).unwrap_or_else(|| {
            let source = Arc::<Source>::default();
            sources.insert(key, Arc::clone(&source));
            source
        })
    }

    fn key(&self, client: &ClientCredentials, secret: &str) -> Key {
        let ClientCredentials {
            endpoint,
            client_id,
            // Sealed, the same secret has other bytes each time.
            client_secret: _,
            scope,
            client_authentication,
            // Where the token goes does not change the token.
            header: _,
            template: _,
        } = client;
        let mut digest = hmac::Context::with_key(&self.digests);
        let scope = scope.as_ref().map_or([0].to_vec(), |scope| [&[1], scope.as_bytes()].concat());
        let authentication = match client_authentication {
            ClientAuthentication::Body => 0,
            ClientAuthentication::Basic => 1,
        };
        for part in [
            endpoint.as_bytes(),
            client_id.as_bytes(),
            secret.as_bytes(),
            &scope,
            &[authentication],
        ] {
            // With its length, so that no two configurations run together to the same bytes.
            digest.update(&(part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let mut key = Key::default();
        key.copy_from_slice(digest.sign().as_ref());
        key
    }
}

impl State {
    /// Whether this token is the one that is in use.
    fn keeps(&self, token: &Token) -> bool {
        matches!(&self.latest, Some(Latest::Token(latest)) if latest.number == token.number)
    }

    /// Whether to renew this token has just proved to be useless.
    fn rests(&self, token: &Token, now: Timestamp) -> bool {
        let is_useless =
            self.useless.is_some_and(|(number, until)| number == token.number && now < until);
        is_useless && self.worked != Some(token.number)
    }
}

impl Source {
    /// A token that is good now. One fetch for all who wait; who comes while a token is renewed early uses the old one.
    ///
    /// # Errors
    /// When there is none, or a fetch has failed so lately that nobody should ask again.
    pub(crate) async fn token(
        &self,
        clock: &dyn Clock,
        fetch: impl AsyncFnOnce() -> Result<AccessToken, NotFetched>,
    ) -> Result<Arc<Token>, SendFailure> {
        let now = clock.now();
        let (latest, fetches) = {
            let state = self.state();
            (state.latest.clone(), state.fetches)
        };
        match latest {
            Some(Latest::Failed(failure, until)) if now < until => Err(failure),
            Some(Latest::Token(token)) if now < token.renew_at => Ok(token),
            Some(Latest::Token(token)) if now < token.ends_at => {
                let Ok(_turn) = self.turn.try_lock() else { return Ok(token) };
                if let Some(ended) = self.ended_since(fetches) {
                    return ended;
                }
                self.fetch(clock, fetch, Some(&token)).await
            }
            _ => {
                let _turn = self.turn.lock().await;
                if let Some(ended) = self.ended_since(fetches) {
                    return ended;
                }
                self.fetch(clock, fetch, None).await
            }
        }
    }

    /// Another token than this one, which the vendor has answered with 401. None where this one is new, was refused
    /// at once, and has never worked: so a vendor that always says 401 does not cost a token each time, and one
    /// delivery that is always refused does not keep the others from renewing a token that was revoked.
    ///
    /// # Errors
    /// As [`Source::token`].
    pub(crate) async fn renewed(
        &self,
        refused: &Token,
        clock: &dyn Clock,
        fetch: impl AsyncFnOnce() -> Result<AccessToken, NotFetched>,
    ) -> Result<Option<Arc<Token>>, SendFailure> {
        {
            let mut state = self.state();
            if state.rests(refused, clock.now()) {
                return Ok(None);
            }
            // Only the token that was refused is dropped: somebody else may have renewed it already.
            if state.keeps(refused) {
                state.latest = None;
            }
        }
        self.token(clock, fetch).await.map(Some)
    }

    /// This renewed token was answered with 401 too.
    pub(crate) fn renewal_was_useless(&self, token: &Token, clock: &dyn Clock) {
        let until = clock.now().after(USELESS_RENEWAL_TIME);
        self.state().useless = Some((token.number, until));
    }

    /// The vendor has let this token in.
    pub(crate) fn worked(&self, token: &Token) {
        let mut state = self.state();
        state.worked = state.worked.max(Some(token.number));
    }

    /// The result of a fetch that has ended since there had been so many.
    fn ended_since(&self, fetches: u64) -> Option<Result<Arc<Token>, SendFailure>> {
        let state = self.state();
        match state.latest.clone()? {
            _ if state.fetches == fetches => None,
            Latest::Token(token) => Some(Ok(token)),
            Latest::Failed(failure, _) => Some(Err(failure)),
        }
    }

    /// Fetches. Where that fails and there is a token that is still good, that one is kept for a while, unless it was
    /// refused meanwhile.
    async fn fetch(
        &self,
        clock: &dyn Clock,
        fetch: impl AsyncFnOnce() -> Result<AccessToken, NotFetched>,
        good: Option<&Token>,
    ) -> Result<Arc<Token>, SendFailure> {
        let began = clock.now();
        let fetched = fetch().await;
        let mut state = self.state();
        state.fetches += 1;
        match fetched {
            Ok(AccessToken { text, life }) => {
                let number = state.fetches;
                let token = Arc::new(Token {
                    text,
                    number,
                    renew_at: began.after(life - (life / 10).min(RENEWAL_BEFORE_END_MAX)),
                    ends_at: began.after(life),
                });
                state.latest = Some(Latest::Token(Arc::clone(&token)));
                Ok(token)
            }
            // One that was refused meanwhile is dropped, and stays so.
            Err(NotFetched { failure, rest }) => match good.filter(|good| state.keeps(good)) {
                Some(token) => {
                    let renew_at = clock.now().after(rest.max(RENEWAL_WAIT)).min(token.ends_at);
                    let kept = Arc::new(Token { text: token.text.clone(), renew_at, ..*token });
                    state.latest = Some(Latest::Token(Arc::clone(&kept)));
                    Ok(kept)
                }
                None => {
                    let until = clock.now().after(rest);
                    state.latest = Some(Latest::Failed(failure.clone(), until));
                    Err(failure)
                }
            },
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token(number {}, ends at {:?})", self.number, self.ends_at)
    }
}

#[cfg(test)]
mod tests;
