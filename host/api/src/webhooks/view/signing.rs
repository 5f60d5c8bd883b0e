//! How answers show a signing: its keys, and of each what its receiver may know.

use serde::Serialize;
use transload_delivery::auth::standard_webhooks::public_key_text;
use transload_domain::{Signing, SigningKey, SigningScheme};

use crate::{
    Api,
    time::Rfc3339,
    webhooks::{resolve::News, signing::STANDARD_WEBHOOKS},
};

#[derive(Serialize)]
pub(super) struct SigningView<'a> {
    r#type: &'static str,
    /// The current key's.
    scheme: &'static str,
    /// Only in the answer to the request that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
    /// The current key's, where its scheme has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
    /// Those that sign now, the current one first. Not part of a definition.
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<Vec<KeyView>>,
}

#[derive(Serialize)]
struct KeyView {
    scheme: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
    /// Until when it signs; `null`: until it is rotated.
    until: Option<Rfc3339>,
}

impl<'a> SigningView<'a> {
    /// Shows a signing; without `api`, only what a definition has of it.
    pub(super) fn new(api: Option<&Api>, signing: &'a Signing, news: &'a News) -> Option<Self> {
        let current = signing.keys.first()?;
        let keys = api.map(|api| {
            let keys = signing.current(api.clock.now());
            keys.map(|key| KeyView {
                scheme: key.scheme.as_str(),
                public_key: public_key(api, key),
                until: key.until.map(Rfc3339),
            })
            .collect()
        });
        Some(Self {
            r#type: STANDARD_WEBHOOKS,
            scheme: current.scheme.as_str(),
            secret: news.signing.as_deref(),
            public_key: api.and_then(|api| public_key(api, current)),
            keys,
        })
    }
}

fn public_key(api: &Api, key: &SigningKey) -> Option<String> {
    if key.scheme != SigningScheme::V1a {
        return None;
    }
    // What cannot be opened is told where it is used: on the attempt that it makes fail.
    let seed = api.vault.open(&key.secret).ok()?;
    public_key_text(&seed).ok()
}
