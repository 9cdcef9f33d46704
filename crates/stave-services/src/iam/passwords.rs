//! Passwords: what they must be, and how they are hashed.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html>

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use stave_core::{Error, Result};

use super::errors::validation;
use super::secret::random;

/// The longest password, in characters.
const MAX_CHARS: usize = 128;
/// What counts as a symbol.
const SYMBOLS: &str = "!@#$%^&*()_+-=[]{}|'";
const SALT_BYTES: usize = 16;

/// What an account demands of its users' passwords.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "AWS's policy is made of them"
)]
pub struct PasswordPolicy {
    /// How many characters at least: 6 to 128.
    pub minimum_length: u32,
    /// Whether one must be a symbol.
    pub require_symbols: bool,
    /// Whether one must be a digit.
    pub require_numbers: bool,
    /// Whether one must be an upper-case letter.
    pub require_uppercase: bool,
    /// Whether one must be a lower-case letter.
    pub require_lowercase: bool,
    /// Whether all users may change their own password, whatever their policies say.
    pub allow_users_to_change: bool,
    /// After how many days a password must be changed: 1 to 1,095.
    pub max_age_days: Option<u32>,
    /// How many earlier passwords may not be used again: 1 to 24.
    pub reuse_prevention: Option<u32>,
    /// Whether a user whose password has expired cannot set another.
    pub hard_expiry: bool,
}

impl Default for PasswordPolicy {
    /// What AWS assumes for whatever a request leaves out.
    fn default() -> Self {
        Self {
            minimum_length: 6,
            require_symbols: false,
            require_numbers: false,
            require_uppercase: false,
            require_lowercase: false,
            allow_users_to_change: false,
            max_age_days: None,
            reuse_prevention: None,
            hard_expiry: false,
        }
    }
}

fn violation(message: impl Into<String>) -> Error {
    Error::invalid(message).coded("PasswordPolicyViolation")
}

/// Which characters belong to it, and the words for one of them.
type Class = (fn(char) -> bool, &'static str);

/// The kinds of characters that count.
const CLASSES: [Class; 4] = [
    (|c| c.is_ascii_uppercase(), "uppercase letter"),
    (|c| c.is_ascii_lowercase(), "lowercase letter"),
    (|c| c.is_ascii_digit(), "number"),
    (|c| SYMBOLS.contains(c), "symbol"),
];

impl PasswordPolicy {
    /// Checks that the policy's numbers are within AWS's bounds.
    pub(super) fn check(&self) -> Result<()> {
        let within =
            |name: &str, value: Option<u32>, bounds: std::ops::RangeInclusive<u32>| match value {
                Some(value) if !bounds.contains(&value) => Err(validation(format!(
                    "{name} is {value}: it must be {} to {}",
                    bounds.start(),
                    bounds.end()
                ))),
                _ => Ok(()),
            };
        within("MinimumPasswordLength", Some(self.minimum_length), 6..=128)?;
        within("MaxPasswordAge", self.max_age_days, 1..=1095)?;
        within("PasswordReusePrevention", self.reuse_prevention, 1..=24)
    }

    fn admits(&self, password: &str) -> Result<()> {
        if password.chars().count() < self.minimum_length as usize {
            return Err(violation(format!(
                "Password should have a minimum length of {}",
                self.minimum_length
            )));
        }
        let demanded = [
            self.require_uppercase,
            self.require_lowercase,
            self.require_numbers,
            self.require_symbols,
        ];
        for (demanded, (is_one, what)) in demanded.into_iter().zip(CLASSES) {
            if demanded && !password.chars().any(is_one) {
                return Err(violation(format!(
                    "Password should have at least one {what}"
                )));
            }
        }
        Ok(())
    }
}

/// Checks a password by the account's policy, or by AWS's if it has none. `names` are those of
/// the account, which a password must not be.
pub(super) fn check(password: &str, policy: Option<&PasswordPolicy>, names: &[&str]) -> Result<()> {
    let chars = password.chars().count();
    let plain = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{ff}');
    if chars == 0 || chars > MAX_CHARS || !password.chars().all(plain) {
        return Err(validation(format!(
            "The specified value for password is invalid. It must have 1 to {MAX_CHARS} \
             characters of Latin-1."
        )));
    }
    if let Some(policy) = policy {
        return policy.admits(password);
    }
    if chars < 8 {
        return Err(violation("Password should have a minimum length of 8"));
    }
    let has = |(is_one, _): &Class| password.chars().any(is_one);
    if CLASSES.iter().filter(|class| has(class)).count() < 3 {
        return Err(violation(format!(
            "Password should have at least three of: an uppercase letter, a lowercase letter, a \
             number, a symbol ({SYMBOLS})"
        )));
    }
    if names.contains(&password) {
        return Err(violation("Password should not be the name of the account"));
    }
    Ok(())
}

/// What hashing a password costs: argon2id's parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordCost {
    /// The memory it takes, in KiB.
    pub memory_kib: u32,
    /// How often it goes over that memory.
    pub passes: u32,
}

impl Default for PasswordCost {
    /// What OWASP recommends as the least.
    fn default() -> Self {
        Self {
            memory_kib: 19 * 1024,
            passes: 2,
        }
    }
}

impl PasswordCost {
    /// The hash of a password, in PHC's text form.
    pub(super) fn hash(self, password: &str) -> Result<String> {
        let failed =
            |error: String| Error::internal("a password could not be hashed").caused_by(error);
        let params = Params::new(self.memory_kib, self.passes, 1, None)
            .map_err(|error| failed(error.to_string()))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let salt = random::<SALT_BYTES>()?;
        let hash = argon2.hash_password_with_salt(password.as_bytes(), &salt);
        hash.map(|hash| hash.to_string())
            .map_err(|error| failed(error.to_string()))
    }
}

/// Whether a hash is that of `password`. It costs what the hash says.
pub(super) fn matches(hash: &str, password: &str) -> bool {
    Argon2::default()
        .verify_password(password.as_bytes(), hash)
        .is_ok()
}
