//! Vectors that others have published, and what is refused.

use ring::signature::{ED25519, UnparsedPublicKey};

use super::*;

/// The vector of the specification's libraries.
const SHARED: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const ID: &str = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
const TIMESTAMP: i64 = 1_649_367_553;
const BODY: &[u8] = br#"{"email":"test@example.com","username":"test_user"}"#;
const SIGNATURE: &str = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";

/// The vector of svix-server's `test_asymmetric_key_signing`; Ed25519 gives the same bytes to everybody.
const PRIVATE: &str =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
const PUBLIC: &str = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
const PRIVATE_ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const PRIVATE_TIMESTAMP: i64 = 1_614_265_330;
const PRIVATE_BODY: &[u8] = br#"{"test": 2432232314}"#;
const PRIVATE_SIGNATURE: &str =
    "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";

/// The first key of RFC 8032, section 7.1.
const RFC_SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const RFC_PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

fn hex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

fn signed(secret: &str, id: &str, timestamp: i64, body: &[u8]) -> String {
    let (scheme, secret) = parse_secret(secret).unwrap();
    sign(id, timestamp, body, [(scheme, &*secret)]).unwrap()
}

#[test]
fn signs_as_the_specification_shows() {
    assert_eq!(signed(SHARED, ID, TIMESTAMP, BODY), SIGNATURE);
    let private = signed(PRIVATE, PRIVATE_ID, PRIVATE_TIMESTAMP, PRIVATE_BODY);
    assert_eq!(private, PRIVATE_SIGNATURE);
}

#[test]
fn a_private_keys_signature_verifies_with_the_public_key_of_the_rfc() {
    let seed = hex(RFC_SEED);
    let shown = format!("whpk_{}", STANDARD.encode(hex(RFC_PUBLIC)));
    assert_eq!(public_key_text(&seed).unwrap(), shown);
    let signature = sign("id", 1, b"{}", [(SigningScheme::V1a, &*seed)]).unwrap();
    let signature = STANDARD.decode(signature.strip_prefix("v1a,").unwrap()).unwrap();
    let key = UnparsedPublicKey::new(&ED25519, hex(RFC_PUBLIC));
    assert!(key.verify(b"id.1.{}", &signature).is_ok());
    assert!(key.verify(b"id.2.{}", &signature).is_err());
}

#[test]
fn every_key_signs_in_its_order() {
    let (_, shared) = parse_secret(SHARED).unwrap();
    let (_, private) = parse_secret(PRIVATE).unwrap();
    let keys = [
        (SigningScheme::V1a, &*private),
        (SigningScheme::V1, &*shared),
        (SigningScheme::V1a, &*private),
    ];
    let header = sign(ID, TIMESTAMP, BODY, keys).unwrap();
    let signatures: Vec<&str> = header.split(' ').collect();
    let [first, second, third] = signatures[..] else { panic!("{header}") };
    assert_eq!((second, first), (SIGNATURE, third));
    assert_eq!(first, signed(PRIVATE, ID, TIMESTAMP, BODY));
}

#[test]
fn text_forms_are_read_as_they_are_written() {
    for text in [SHARED, PRIVATE] {
        let (scheme, secret) = parse_secret(text).unwrap();
        assert_eq!(format_secret(scheme, &secret).unwrap(), text);
    }
    let (_, seed) = parse_secret(PRIVATE).unwrap();
    assert_eq!(public_key_text(&seed).unwrap(), PUBLIC);
    let bare = format!("whsk_{}", STANDARD.encode(&seed));
    assert_eq!(parse_secret(&bare), Ok((SigningScheme::V1a, seed)));
    let unpadded = PRIVATE.trim_end_matches('=');
    assert_eq!(parse_secret(unpadded), parse_secret(PRIVATE));
    assert_eq!(parse_secret(&format!(" {SHARED}\n")), parse_secret(SHARED));
}

#[test]
fn what_is_no_secret_is_refused_with_the_reason() {
    let coded = |prefix: &str, bytes: usize| format!("{prefix}{}", STANDARD.encode(vec![7; bytes]));
    for (text, expected) in [
        ("C2FVsBQIhrscChlQIMV+b5sSYspob7oD".to_owned(), SecretError::Prefix),
        (String::new(), SecretError::Prefix),
        (PUBLIC.to_owned(), SecretError::Public),
        ("whsec_%%%".to_owned(), SecretError::Encoding),
        (coded("whsec_", 23), SecretError::SharedLength(23)),
        (coded("whsec_", 65), SecretError::SharedLength(65)),
        (coded("whsk_", 31), SecretError::KeyLength(31)),
        (coded("whsk_", 33), SecretError::KeyLength(33)),
        (coded("whsk_", 64), SecretError::KeyPair),
    ] {
        assert_eq!(parse_secret(&text), Err(expected), "{text}");
    }
    for bytes in [24, 64] {
        assert!(parse_secret(&coded("whsec_", bytes)).is_ok(), "{bytes} bytes");
    }
    assert_eq!(
        sign("id", 1, b"", [(SigningScheme::V1, &[7; 3][..])]),
        Err(SecretError::SharedLength(3))
    );
}
