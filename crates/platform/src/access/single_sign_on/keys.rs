//! The public keys of a provider (RFC 7517), and signatures checked by them. Keeps and asks nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;

/// More keys than any provider has.
const KEYS_MAX: usize = 100;

/// How a token may be signed. What is not here (`none`, `HS256`, …) is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rs256,
    Ps256,
    Es256,
    EdDsa,
}

impl Algorithm {
    const ALL: [Self; 4] = [Self::Rs256, Self::Ps256, Self::Es256, Self::EdDsa];

    pub(super) fn named(name: &str) -> Option<Self> {
        let known = Self::ALL.into_iter().find(|algorithm| algorithm.name() == name);
        // RFC 9864 has a name of its own for the one curve of EdDSA that is known here.
        known.or((name == "Ed25519").then_some(Self::EdDsa))
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

#[derive(Debug)]
struct Key {
    id: Option<String>,
    /// Where the provider says for which one it is.
    algorithm: Option<String>,
    material: Material,
}

impl Key {
    fn fits(&self, algorithm: Algorithm) -> bool {
        let kind = matches!(
            (&self.material, algorithm),
            (Material::Rsa { .. }, Algorithm::Rs256 | Algorithm::Ps256)
                | (Material::P256(_), Algorithm::Es256)
                | (Material::Ed25519(_), Algorithm::EdDsa)
        );
        let said = self.algorithm.as_deref();
        kind && said.is_none_or(|said| Algorithm::named(said) == Some(algorithm))
    }

    fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let checked = match (&self.material, algorithm) {
            (Material::Rsa { n, e }, Algorithm::Rs256) => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
            (Material::Rsa { n, e }, Algorithm::Ps256) => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PSS_2048_8192_SHA256, message, signature)
            }
            (Material::P256(point), Algorithm::Es256) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            (Material::Ed25519(point), Algorithm::EdDsa) => {
                UnparsedPublicKey::new(&ED25519, point).verify(message, signature)
            }
            _ => return false,
        };
        checked.is_ok()
    }
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Jwk {
    fn key(self) -> Option<Key> {
        if self.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return None;
        }
        let material = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => Material::Rsa {
                n: number(self.n.as_deref()?)?,
                e: number(self.e.as_deref()?)?,
            },
            ("EC", Some("P-256")) => {
                let mut point = vec![4];
                for coordinate in [self.x, self.y] {
                    point.extend(bytes(coordinate.as_deref()?).filter(|bytes| bytes.len() == 32)?);
                }
                Material::P256(point)
            }
            ("OKP", Some("Ed25519")) => Material::Ed25519(bytes(self.x.as_deref()?)?),
            _ => return None,
        };
        Some(Key {
            id: self.kid,
            algorithm: self.alg,
            material,
        })
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// A number without leading zeros, as its arithmetic wants it.
fn number(text: &str) -> Option<Vec<u8>> {
    let bytes = bytes(text)?;
    let first = bytes.iter().position(|byte| *byte != 0)?;
    bytes.get(first..).map(<[u8]>::to_vec)
}

/// What became of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checked {
    Right,
    Wrong,
    /// There is no such key: the provider may have a new one.
    NoKey,
}

/// The keys of a provider with which a sign-in can be checked.
#[derive(Debug, Default)]
pub(super) struct Keys(Vec<Key>);

impl Keys {
    /// The keys of a document; what is of no use here is left out. None where it is no such document.
    pub(super) fn read(document: &[u8]) -> Option<Self> {
        let set: Set = serde_json::from_slice(document).ok()?;
        let keys = set.keys.into_iter().take(KEYS_MAX);
        let jwks = keys.filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
        Some(Self(jwks.filter_map(Jwk::key).collect()))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// How the keys sign.
    pub(super) fn algorithms(&self) -> Vec<&'static str> {
        Algorithm::ALL
            .into_iter()
            .filter(|algorithm| self.0.iter().any(|key| key.fits(*algorithm)))
            .map(Algorithm::name)
            .collect()
    }

    /// Checks a signature by the key of this id; without an id only where there is a single key that fits.
    pub(super) fn check(
        &self,
        (id, algorithm): (Option<&str>, Algorithm),
        message: &[u8],
        signature: &[u8],
    ) -> Checked {
        let mut fitting = self.0.iter().filter(|key| key.fits(algorithm));
        let key = match id {
            Some(id) => fitting.find(|key| key.id.as_deref() == Some(id)),
            None => fitting.next().filter(|_| fitting.next().is_none()),
        };
        match key {
            None => Checked::NoKey,
            Some(key) if key.verifies(algorithm, message, signature) => Checked::Right,
            Some(_) => Checked::Wrong,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7515, A.2 and A.3; RFC 8037, A.2 and A.4.
    #[test]
    fn the_signatures_of_the_standards_are_right() {
        const RSA: &str = r#"{"keys":[{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}]}"#;
        const RSA_TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
        const EC: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
        const EC_TOKEN: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        const ED: &str =
            r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
        const ED_TOKEN: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        for (document, token, algorithm) in [
            (RSA, RSA_TOKEN, Algorithm::Rs256),
            (EC, EC_TOKEN, Algorithm::Es256),
            (ED, ED_TOKEN, Algorithm::EdDsa),
        ] {
            let keys = Keys::read(document.as_bytes()).unwrap();
            let (message, signature) = token.rsplit_once('.').unwrap();
            let mut signature = bytes(signature).unwrap();
            let check = |message: &str, signature: &[u8]| {
                keys.check((None, algorithm), message.as_bytes(), signature)
            };
            assert_eq!(check(message, &signature), Checked::Right, "{algorithm:?}");
            assert_eq!(check(&message[1..], &signature), Checked::Wrong, "{algorithm:?}");
            signature[7] ^= 1;
            assert_eq!(check(message, &signature), Checked::Wrong, "{algorithm:?}");
            for other in Algorithm::ALL {
                let checked = keys.check((None, other), message.as_bytes(), &signature);
                assert_ne!(checked, Checked::Right, "{other:?}");
            }
            assert_eq!(
                keys.check((Some("other"), algorithm), message.as_bytes(), &signature),
                Checked::NoKey
            );
        }
    }

    #[test]
    fn keys_of_no_use_are_left_out() {
        let document = r#"{"keys": [
            {"kty": "oct", "k": "c2VjcmV0"},
            {"kty": "RSA", "use": "enc", "n": "AQAB", "e": "AQAB"},
            {"kty": "EC", "crv": "P-256", "x": "AQAB", "y": "AQAB"},
            {"kty": "EC", "crv": "P-521", "x": "AQAB", "y": "AQAB"},
            17,
            {"kty": "RSA", "kid": "good", "alg": "PS256", "n": "AAEB", "e": "AQAB"}
        ]}"#;
        let keys = Keys::read(document.as_bytes()).unwrap();
        assert_eq!((keys.len(), keys.algorithms()), (1, vec!["PS256"]));
        assert!(Keys::read(b"[]").is_none());
        // Of two keys that fit neither is guessed.
        let two = r#"{"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}, {"kty": "RSA", "n": "AQAB", "e": "AQAB"}]}"#;
        let keys = Keys::read(two.as_bytes()).unwrap();
        assert_eq!(keys.check((None, Algorithm::Rs256), b"", b""), Checked::NoKey);
        assert_eq!(Algorithm::named("Ed25519"), Some(Algorithm::EdDsa));
        assert!(Algorithm::named("none").is_none());
        assert!(Algorithm::named("HS256").is_none());
    }
}
