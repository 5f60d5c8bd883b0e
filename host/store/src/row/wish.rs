//! The wish for a delivery as stored, with its revision.

use serde::{Deserialize, Serialize};
use transload_domain::{Timestamp, Wish};

use super::{NumberRow, Row, decode, take};
use crate::{Result, Revision};

/// Version 2.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WishRow {
    revision: Revision,
    kind: Kind,
}

#[derive(Debug, Serialize, Deserialize)]
enum Kind {
    Asked { out_of_order: bool },
    Refused { at: i64, why: String },
}

impl Row<'_> for WishRow {
    const VERSION: u8 = 2;

    /// Version 1 did not tell whether the order matters: it does, and whoever meant otherwise is told so and asks again.
    fn older(version: u8, bytes: &[u8]) -> Option<Result<Self>> {
        (version == 1).then(|| take::<NumberRow>(bytes).map(|row| Self::in_order(row.0)))
    }
}

impl WishRow {
    pub(crate) fn new(revision: Revision, wish: &Wish) -> Self {
        let kind = match wish.clone() {
            Wish::Asked { out_of_order } => Kind::Asked { out_of_order },
            Wish::Refused { at, why } => Kind::Refused { at: at.as_micros(), why },
        };
        Self { revision, kind }
    }

    /// A wish from its bytes. The first of all had none: they count as the first revision of all, which a webhook has
    /// whose deliveries there are.
    pub(crate) fn read(bytes: &[u8]) -> Result<(Revision, Wish)> {
        let row = if bytes.is_empty() { Self::in_order(1) } else { decode(bytes)? };
        let wish = match row.kind {
            Kind::Asked { out_of_order } => Wish::Asked { out_of_order },
            Kind::Refused { at, why } => Wish::Refused { at: Timestamp::from_micros(at), why },
        };
        Ok((row.revision, wish))
    }

    /// Whether somebody still asks for the delivery. One that cannot be read counts: the lead tells of it.
    pub(crate) fn stands(bytes: &[u8]) -> bool {
        !matches!(Self::read(bytes), Ok((_, Wish::Refused { .. })))
    }

    fn in_order(revision: Revision) -> Self {
        Self { revision, kind: Kind::Asked { out_of_order: false } }
    }
}
