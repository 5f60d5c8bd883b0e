//! Who asks on the private socket: the operator of this machine, for an organization that he names.

use axum::{extract::Request, middleware::Next, response::Response};
use transload_domain::Organization;

use crate::{
    access::Caller,
    problem::{Kind, Problem},
};

/// Names the organization for which the operator asks, on the private socket and nowhere else.
pub const ORGANIZATION_HEADER: &str = "transload-organization";

/// Makes the operator the [`Caller`] of the organization that the header names. There is no key: who can open the
/// socket may read the store itself.
pub(crate) async fn layer(mut request: Request, next: Next) -> Result<Response, Problem> {
    let named = request.headers().get(ORGANIZATION_HEADER).and_then(|name| name.to_str().ok());
    let organization = named.and_then(|name| Organization::new(name).ok()).ok_or_else(|| {
        let detail = format!("name an organization in the header {ORGANIZATION_HEADER}");
        Problem::new(Kind::InvalidRequest, detail)
    })?;
    request.extensions_mut().insert(Caller { organization });
    Ok(next.run(request).await)
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request};

    use super::*;
    use crate::testing::{ACME, Host, get};

    fn asking(organization: Option<&str>) -> Request<Body> {
        let request = Request::get("/v1/plugins");
        let request = organization.iter().fold(request, |r, o| r.header(ORGANIZATION_HEADER, *o));
        request.body(Body::empty()).unwrap()
    }

    #[tokio::test]
    async fn the_operator_asks_for_an_organization_and_needs_no_key() {
        let host = Host::new().await;
        assert_eq!(host.send_admin(asking(Some(ACME))).await.status, 200);
        for wrong in [None, Some(""), Some("a b")] {
            host.send_admin(asking(wrong)).await.is_problem(400, "invalid-request");
        }
    }

    #[tokio::test]
    async fn on_the_public_side_the_header_opens_nothing() {
        let host = Host::new().await;
        host.send_with("", asking(Some(ACME))).await.is_problem(401, "unauthenticated");
        assert_eq!(host.send(get("/v1/plugins")).await.status, 200);
    }
}
