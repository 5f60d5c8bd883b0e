//! The carrier has it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Money;

/// A carrier has scanned an order's boxes on taking them over: `shipment.acceptance_scanned`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AcceptanceScan {
    /// Where the order can be asked for, a path or an absolute URL of the source.
    pub order_url: String,
    /// What shipping costs.
    pub ship_cost: Option<Money>,
    /// Taxes.
    pub tax: Option<Money>,
    /// What packing costs.
    pub packing_cost: Option<Money>,
}
