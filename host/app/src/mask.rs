//! Secrets out of headers, before anybody sees or keeps them.

/// What stands for a secret.
const MASK: &str = "****";

/// Headers whose values are secrets: the standard ones, and `Auth`, which is ReadyCloud's.
const SECRET: [&str; 7] = [
    "authorization",
    "auth",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "x-auth-token",
];

/// The header's value as it may be shown. Of a secret only the scheme in front is left (`Bearer ****`).
pub fn mask(name: &str, value: &str) -> String {
    if !SECRET.contains(&name.to_ascii_lowercase().as_str()) {
        return value.to_owned();
    }
    match value.split_once(' ') {
        Some((scheme, _)) if is_scheme(scheme) => format!("{scheme} {MASK}"),
        _ => MASK.to_owned(),
    }
}

/// The schemes that are known not to be a secret's first word.
fn is_scheme(word: &str) -> bool {
    ["bearer", "basic", "token"].contains(&word.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_secret_is_left() {
        let cases = [
            ("Auth", "a3f7f07de894cd3c2f7f50248ccbd4", "****"),
            ("AUTH", "two words", "****"),
            ("Authorization", "Bearer eyJhbGciOiJFZERTQSJ9.e30.c2ln", "Bearer ****"),
            ("authorization", "basic dXNlcjpwYXNz", "basic ****"),
            ("authorization", "s3cret with spaces", "****"),
            ("Cookie", "session=1", "****"),
            ("Event-Type", "NewWorkOrder", "NewWorkOrder"),
        ];
        for (name, value, shown) in cases {
            assert_eq!(mask(name, value), shown, "{name}: {value}");
        }
    }
}
