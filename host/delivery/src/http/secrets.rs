//! Keeping secrets out of what is kept.

/// Secrets shorter than this are not looked for: they would be found everywhere.
const SECRET_LEN_MIN: usize = 6;
const MASK: &[u8] = b"***";

/// The secrets of one request. A vendor may send them back in its answer, and answers are kept and shown.
#[derive(Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    pub(super) fn add(&mut self, secret: String) {
        if secret.len() >= SECRET_LEN_MIN {
            self.0.push(secret);
        }
    }

    /// The bytes with every secret replaced.
    pub(super) fn mask(&self, bytes: Vec<u8>) -> Vec<u8> {
        self.0.iter().fold(bytes, |bytes, secret| replace(bytes, secret.as_bytes()))
    }

    /// The text with every secret replaced.
    pub(super) fn mask_text(&self, text: String) -> String {
        self.0.iter().fold(text, |text, secret| {
            if text.contains(secret) { text.replace(secret, "***") } else { text }
        })
    }
}

fn replace(bytes: Vec<u8>, secret: &[u8]) -> Vec<u8> {
    if !bytes.windows(secret.len()).any(|window| window == secret) {
        return bytes;
    }
    let mut masked = Vec::with_capacity(bytes.len());
    let mut rest = &bytes[..];
    while let Some(at) = rest.windows(secret.len()).position(|window| window == secret) {
        masked.extend_from_slice(&rest[..at]);
        masked.extend_from_slice(MASK);
        rest = &rest[at + secret.len()..];
    }
    masked.extend_from_slice(rest);
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_every_place_and_nothing_else() {
        let mut secrets = Secrets::default();
        secrets.add("s3cr3t!".to_owned());
        secrets.add("ab".to_owned());
        assert_eq!(secrets.mask(b"s3cr3t!-ab-s3cr3t!\xff".to_vec()), b"***-ab-***\xff");
        assert_eq!(secrets.mask_text("Bearer s3cr3t!".to_owned()), "Bearer ***");
    }
}
