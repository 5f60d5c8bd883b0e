//! Where a list of deliveries goes on.

use serde::{Deserialize, Serialize};

use crate::{page, problem::Problem};

/// Where a list goes on. The ledger's own cursors are inside; each says which of its lists it belongs to, and the
/// ledger refuses one of another list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Cursor {
    /// In one event's deliveries.
    Event(Place),
    /// In one webhook's deliveries: one list for each status, and the event number of the last that was shown.
    Webhook { lists: Vec<Place>, below: Option<u64> },
    /// In all deliveries of an organization: behind the one with this event, webhook, hook and part.
    All { organization: String, event: u64, webhook: [u8; 16], hook: u8, part: u8 },
}

/// Where one of the ledger's lists goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Place {
    /// At its beginning.
    #[default]
    Start,
    /// Behind what this cursor says.
    Behind(Vec<u8>),
    /// Nowhere: it is read to its end.
    End,
}

impl Place {
    /// From what a page says about the next.
    pub(super) fn of(next: Option<Vec<u8>>) -> Self {
        next.map_or(Self::End, Self::Behind)
    }

    /// What a page is asked with; `None` at the end.
    pub(super) fn after(&self) -> Option<Option<Vec<u8>>> {
        match self {
            Self::Start => Some(None),
            Self::Behind(cursor) => Some(Some(cursor.clone())),
            Self::End => None,
        }
    }

    pub(super) fn is_end(&self) -> bool {
        *self == Self::End
    }
}

impl Cursor {
    /// From a request.
    pub(super) fn decode(text: Option<&str>) -> Result<Option<Self>, Problem> {
        let Some(bytes) = page::decode(text)? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|_| page::bad_cursor())
    }

    /// For an answer.
    pub(super) fn encode(&self) -> Result<String, Problem> {
        serde_json::to_vec(self).map(page::encode).map_err(Problem::internal)
    }
}
