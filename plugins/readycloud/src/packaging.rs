//! Kinds of packaging: `packaging`.

use serde::Serialize;
use transload_model as model;
use transload_plugin::Fault;

use crate::format::{Length, Time, Weight, maybe};

/// A kind of packaging. What is not known is null.
#[derive(Serialize)]
pub(crate) struct Payload {
    created_at: Option<Time>,
    description: Option<String>,
    height: Option<Length>,
    length: Option<Length>,
    name: String,
    package_type: Option<String>,
    updated_at: Option<Time>,
    url: Option<String>,
    weight: Option<Weight>,
    width: Option<Length>,
}

impl TryFrom<model::Packaging> for Payload {
    type Error = Fault;

    fn try_from(packaging: model::Packaging) -> Result<Self, Fault> {
        Ok(Self {
            created_at: packaging.created_at.map(Time::from),
            description: packaging.description,
            height: maybe(packaging.height)?,
            length: maybe(packaging.length)?,
            name: packaging.name,
            package_type: packaging.package_type,
            updated_at: packaging.updated_at.map(Time::from),
            url: packaging.url,
            weight: maybe(packaging.weight)?,
            width: maybe(packaging.width)?,
        })
    }
}
