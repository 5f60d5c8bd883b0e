//! Packaging.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{DateTime, Length, Weight};

/// A kind of box that a company uses: `packaging.created`, `packaging.updated`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Packaging {
    /// Where it can be asked for, a path or an absolute URL of the source.
    pub url: Option<String>,
    /// Its name.
    pub name: String,
    /// What people say about it.
    pub description: Option<String>,
    /// The carrier's name for this kind of package.
    pub package_type: Option<String>,
    /// Length.
    pub length: Option<Length>,
    /// Width.
    pub width: Option<Length>,
    /// Height.
    pub height: Option<Length>,
    /// Weight, empty.
    pub weight: Option<Weight>,
    /// When it was first known.
    pub created_at: Option<DateTime>,
    /// When it last changed.
    pub updated_at: Option<DateTime>,
}
