//! What the vendor is to receive.

use serde::Serialize;

use crate::Fault;

/// What the vendor is to receive. The host owns the rest: the address, authentication, signature and retries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub(crate) method: Option<Method>,
    pub(crate) path: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// The methods by which a vendor is told something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
}

impl Request {
    /// A request whose body is the value as JSON, with `Content-Type: application/json`.
    ///
    /// # Errors
    /// [`Fault::Internal`] when the value cannot be written as JSON.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self, Fault> {
        let body = serde_json::to_vec(value)
            .map_err(|error| Fault::Internal(format!("write the request's body: {error}")))?;
        Ok(Self::bytes(body).header("Content-Type", "application/json"))
    }

    /// A request with this body and no headers.
    pub fn bytes(body: impl Into<Vec<u8>>) -> Self {
        Self { method: None, path: None, headers: Vec::new(), body: body.into() }
    }

    /// Sets a header; an earlier one of that name, in whatever case, is replaced.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        match self.headers.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(&name)) {
            Some(header) => *header = (name, value),
            None => self.headers.push((name, value)),
        }
        self
    }

    /// Sets the method, where it is not the hook's.
    #[must_use]
    pub fn method(mut self, method: Method) -> Self {
        self.method = Some(method);
        self
    }

    /// Sets what is appended to the hook's endpoint.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// The method, where it is not the hook's.
    pub fn get_method(&self) -> Option<Method> {
        self.method
    }

    /// What is appended to the hook's endpoint.
    pub fn get_path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// The headers, in the order in which they were set.
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl Method {
    /// The method as it stands in a request line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_replaces_one_of_the_same_name() {
        let request = Request::json(&1).unwrap().header("content-type", "text/plain");
        assert_eq!(request.headers(), [("content-type".into(), "text/plain".into())]);
        assert_eq!(request.body(), b"1");
    }
}
