//! What names lead to, as tests have it.

use std::{
    io,
    net::{IpAddr, Ipv4Addr},
};

use async_trait::async_trait;
use transload_delivery::egress::Lookup;

/// Every name leads to a public address, but `inside.example` to a private one, and `nowhere.example` to none.
pub(super) struct Names;

#[async_trait]
impl Lookup for Names {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        match name {
            "inside.example" => Ok(vec![Ipv4Addr::new(10, 0, 0, 7).into()]),
            "nowhere.example" => Err(io::Error::other("no such name")),
            _ => Ok(vec![Ipv4Addr::new(93, 184, 216, 34).into()]),
        }
    }
}
