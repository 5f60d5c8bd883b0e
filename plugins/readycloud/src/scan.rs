//! A carrier has taken an order over: `acceptance-scan`.

use serde::Serialize;
use transload_model as model;
use transload_plugin::Fault;

use crate::format::Money;

/// The members of the document's sample. `url` is that of the order.
#[derive(Serialize)]
pub(crate) struct Payload {
    url: String,
    ship_cost: Option<Money>,
    tax: Option<Money>,
    packing_cost: Option<Money>,
}

impl TryFrom<model::AcceptanceScan> for Payload {
    type Error = Fault;

    fn try_from(scan: model::AcceptanceScan) -> Result<Self, Fault> {
        Ok(Self {
            url: scan.order_url,
            ship_cost: scan.ship_cost.map(Money::from),
            tax: scan.tax.map(Money::from),
            packing_cost: scan.packing_cost.map(Money::from),
        })
    }
}
