//! A token endpoint (OAuth 2.0, client credentials), as the vendors that have one document it.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use http::{Method, StatusCode};
use serde_json::{Value, json};
use transload_domain::{Random, Timestamp};
use url::form_urlencoded;

use super::arrival::{Arrival, Complaints};

/// Tokens that are remembered; the oldest are forgotten, and refused as unknown.
const TOKENS_MAX: usize = 1_000;
/// Random bytes of a token.
const TOKEN_RANDOM_BYTES: usize = 24;
/// The form's content type.
const FORM: &str = "application/x-www-form-urlencoded";

/// Who may fetch tokens, and how long they are good.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) id: &'static str,
    pub(super) secret: String,
    /// The scope that must be asked for; none where the vendor knows no scopes.
    pub(super) scope: Option<&'static str>,
    /// How long a token is good.
    pub(super) life: Duration,
}

/// Issues tokens and knows them again.
#[derive(Debug)]
pub(super) struct Issuer {
    client: Client,
    tokens: Mutex<VecDeque<Issued>>,
}

#[derive(Debug)]
struct Issued {
    token: String,
    until: Timestamp,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Good,
    Expired,
    Revoked,
}

/// Why no token is issued: `error` of RFC 6749, section 5.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    InvalidRequest,
    InvalidClient,
    UnsupportedGrantType,
    InvalidScope,
}

impl Refusal {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::InvalidClient => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl Issuer {
    pub(super) fn new(client: Client) -> Self {
        Self { client, tokens: Mutex::new(VecDeque::new()) }
    }

    /// How long its tokens are good.
    pub(super) fn life(&self) -> Duration {
        self.client.life
    }

    /// Judges a request for a token, and issues one where nothing is wrong with it. A refusal says what the answer
    /// must call it; the faults are in `complaints`, and never repeat a secret.
    pub(super) fn answer(
        &self,
        arrival: &Arrival,
        now: Timestamp,
        random: &dyn Random,
        complaints: &mut Complaints,
    ) -> Result<String, Refusal> {
        let mut refusal = None;
        let mut refuse = |why: Refusal, words: &str| {
            refusal.get_or_insert(why);
            complaints.add(why.status(), words);
        };
        if arrival.method != Method::POST {
            refuse(Refusal::InvalidRequest, "the method must be POST");
        }
        let kind = arrival.header("Content-Type").next().unwrap_or_default();
        if kind.split(';').next().map(str::trim) != Some(FORM) {
            refuse(
                Refusal::InvalidRequest,
                "Content-Type must be application/x-www-form-urlencoded",
            );
        }
        if arrival.header("Authorization").next().is_some() {
            let words = "the client's credentials belong into the form, and not into Authorization";
            refuse(Refusal::InvalidRequest, words);
        }
        let form = match form(&arrival.body) {
            Ok(form) => form,
            Err(repeated) => {
                refuse(Refusal::InvalidRequest, &format!("the form repeats {repeated}"));
                BTreeMap::new()
            }
        };
        let is = |name: &str, wanted: &str| form.get(name).is_some_and(|found| found == wanted);
        if !is("grant_type", "client_credentials") {
            let words = "the form's grant_type must be client_credentials";
            refuse(Refusal::UnsupportedGrantType, words);
        }
        if !is("client_id", self.client.id) {
            let words = format!("the form's client_id must be {}", self.client.id);
            refuse(Refusal::InvalidClient, &words);
        }
        if !is("client_secret", &self.client.secret) {
            refuse(Refusal::InvalidClient, "the form's client_secret is not the client's");
        }
        match (self.client.scope, form.get("scope")) {
            (Some(wanted), _) if !is("scope", wanted) => {
                refuse(Refusal::InvalidScope, &format!("the form's scope must be {wanted}"));
            }
            (None, Some(_)) => {
                refuse(Refusal::InvalidScope, "the vendor documents no scope: leave it out");
            }
            _ => {}
        }
        match refusal {
            Some(refusal) => Err(refusal),
            None => Ok(self.issue(now, random)),
        }
    }

    /// Refuses the client, whatever it sent.
    pub(super) fn refuse(&self, complaints: &mut Complaints) -> Refusal {
        let words = "the sandbox was told to refuse the client's credentials";
        complaints.add(Refusal::InvalidClient.status(), words);
        Refusal::InvalidClient
    }

    fn issue(&self, now: Timestamp, random: &dyn Random) -> String {
        let mut bytes = [0; TOKEN_RANDOM_BYTES];
        random.fill(&mut bytes);
        let token: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let until = now.after(self.client.life);
        let mut tokens = self.tokens();
        if tokens.len() == TOKENS_MAX {
            tokens.pop_front();
        }
        tokens.push_back(Issued { token: token.clone(), until, state: State::Good });
        token
    }

    /// Demands `Authorization: Bearer` and a token that was issued here and is still good.
    pub(super) fn demand_bearer(
        &self,
        arrival: &Arrival,
        now: Timestamp,
        complaints: &mut Complaints,
    ) {
        let unauthorized = StatusCode::UNAUTHORIZED;
        let Some(value) = arrival.single_header("Authorization", unauthorized, complaints) else {
            return;
        };
        let Some(token) = value.strip_prefix("Bearer ") else {
            return complaints.add(unauthorized, "Authorization must be \"Bearer \" and a token");
        };
        let tokens = self.tokens();
        let words = match tokens.iter().find(|issued| issued.token == token) {
            None => "the access token was not issued here",
            Some(Issued { state: State::Revoked, .. }) => "the access token was revoked",
            Some(Issued { state: State::Expired, .. }) => "the access token has expired",
            Some(issued) if issued.until <= now => "the access token has expired",
            Some(_) => return,
        };
        complaints.add(unauthorized, words);
    }

    /// Takes every token back.
    pub(super) fn revoke_all(&self) {
        self.spoil(State::Revoked);
    }

    /// Ends every token's life.
    pub(super) fn expire_all(&self) {
        self.spoil(State::Expired);
    }

    fn spoil(&self, state: State) {
        for issued in self.tokens().iter_mut().filter(|issued| issued.state == State::Good) {
            issued.state = state;
        }
    }

    /// Every change is one push or one word, so what a panicking holder left behind is still sound.
    fn tokens(&self) -> MutexGuard<'_, VecDeque<Issued>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The form's fields.
///
/// # Errors
/// The name of a field that is repeated (RFC 6749, section 3.2: a parameter comes once).
fn form(body: &[u8]) -> Result<BTreeMap<String, String>, String> {
    let mut fields = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(body) {
        if fields.insert(name.clone().into_owned(), value.into_owned()).is_some() {
            return Err(name.into_owned());
        }
    }
    Ok(fields)
}

/// The form as it may be shown: without the client's secret.
pub(super) fn shown(body: &[u8]) -> Value {
    let fields = form_urlencoded::parse(body).map(|(name, value)| {
        let secret = name == "client_secret";
        (name.into_owned(), if secret { json!("****") } else { json!(value) })
    });
    Value::Object(fields.collect())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::host::clock::SystemChance;

    pub(in crate::sandbox) const SECRET: &str = "super-strong-secret";

    /// A request for a token with this form.
    pub(in crate::sandbox) fn asking(form: &str) -> Arrival {
        Arrival {
            method: Method::POST,
            path: "oauth/token".into(),
            headers: vec![("content-type".into(), format!("{FORM}; charset=utf-8"))],
            body: form.into(),
        }
    }

    fn issuer(scope: Option<&'static str>) -> Issuer {
        let life = Duration::from_secs(600);
        Issuer::new(Client { id: "client", secret: SECRET.into(), scope, life })
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::EPOCH.after(Duration::from_secs(seconds))
    }

    fn answer(issuer: &Issuer, arrival: &Arrival) -> (Result<String, Refusal>, u16, String) {
        let mut complaints = Complaints::default();
        let answer = issuer.answer(arrival, at(0), &SystemChance::new(), &mut complaints);
        (answer, complaints.status().as_u16(), complaints.into_words().join("; "))
    }

    #[test]
    fn what_is_wrong_with_a_request_is_named_as_the_rfc_does_and_in_words() {
        let good = format!("grant_type=client_credentials&client_id=client&client_secret={SECRET}");
        let with = |more: &str| asking(&format!("{good}{more}"));
        let scoped = issuer(Some("work-orders"));
        assert!(answer(&scoped, &with("&scope=work-orders")).0.is_ok());
        let plain = issuer(None);
        assert!(answer(&plain, &with("")).0.is_ok());
        let header = |name: &str, value: &str| {
            let mut arrival = with("");
            arrival.headers.retain(|(found, _)| found != name);
            arrival.headers.push((name.into(), value.into()));
            arrival
        };
        let (request, client) = (Refusal::InvalidRequest, Refusal::InvalidClient);
        let cases = [
            (&plain, Arrival { method: Method::GET, ..with("") }, request, "must be POST"),
            (&plain, header("content-type", "application/json"), request, "x-www-form-urlencoded"),
            (&plain, header("authorization", "Basic eDp5"), request, "into the form"),
            (&plain, with("&client_id=client"), request, "repeats client_id"),
            (
                &plain,
                asking(&good.replace("client_credentials", "password")),
                Refusal::UnsupportedGrantType,
                "grant_type must be client_credentials",
            ),
            (&plain, asking(&good.replace("id=client", "id=other")), client, "client_id must be"),
            (&plain, asking(&good.replace(SECRET, "guessed")), client, "client_secret is not"),
            (&plain, asking(""), Refusal::UnsupportedGrantType, "client_secret is not"),
            (&plain, with("&scope=all"), Refusal::InvalidScope, "no scope"),
            (&scoped, with(""), Refusal::InvalidScope, "scope must be work-orders"),
            (&scoped, with("&scope=all"), Refusal::InvalidScope, "scope must be work-orders"),
        ];
        for (issuer, arrival, refusal, words) in cases {
            let (found, status, said) = answer(issuer, &arrival);
            assert_eq!(found, Err(refusal), "{said}");
            assert_eq!(status, if refusal == client { 401 } else { 400 }, "{said}");
            assert!(said.contains(words), "{said:?} does not say {words:?}");
            assert!(!said.contains(SECRET) && !said.contains("guessed"), "{said}");
        }
    }

    #[test]
    fn a_token_is_good_until_it_expires_or_is_taken_back() {
        let issuer = issuer(None);
        let form = format!("grant_type=client_credentials&client_id=client&client_secret={SECRET}");
        let fetch = || answer(&issuer, &asking(&form)).0.unwrap();
        let judged = |authorization: &str, now| {
            let mut arrival = asking("");
            arrival.headers.push(("authorization".into(), authorization.to_owned()));
            let mut complaints = Complaints::default();
            issuer.demand_bearer(&arrival, now, &mut complaints);
            (complaints.status().as_u16(), complaints.into_words().join("; "))
        };
        let bearer = |token: &str, now| judged(&format!("Bearer {token}"), now);
        let refused = |words: &str| (401, words.to_owned());
        let token = fetch();
        assert_eq!(bearer(&token, at(599)), (200, String::new()));
        assert_eq!(bearer(&token, at(600)), refused("the access token has expired"));
        assert_eq!(bearer("other", at(0)), refused("the access token was not issued here"));
        assert_eq!(judged(&token, at(0)).0, 401);
        issuer.expire_all();
        assert_eq!(bearer(&token, at(0)), refused("the access token has expired"));
        let next = fetch();
        issuer.revoke_all();
        assert_eq!(bearer(&next, at(0)), refused("the access token was revoked"));
        assert_eq!(bearer(&token, at(0)), refused("the access token has expired"));
        assert_eq!(bearer(&fetch(), at(0)).0, 200);
    }

    #[test]
    fn a_form_is_shown_without_its_secret() {
        let shown = shown(format!("client_id=client&client_secret={SECRET}").as_bytes());
        assert_eq!(shown, json!({ "client_id": "client", "client_secret": "****" }));
    }
}
