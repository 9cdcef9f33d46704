//! How many of a function may run at once, and what the account may have.

use stave_core::{Caller, Result};

use super::Functions;
use super::code::{MAX_INLINE_BYTES, MAX_UNZIPPED_BYTES};
use super::create::MAX_CODE_BYTES;
use super::errors::invalid;

/// How many of the account's concurrency must stay for functions without a reservation.
const UNRESERVED_AT_LEAST: u64 = 100;

/// What the account may have, and has (`GetAccountSettings`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountSettings {
    /// The largest sum of all zips, in bytes.
    pub max_code_bytes: u64,
    /// The largest code of a function with its layers, unpacked, in bytes.
    pub max_unzipped_bytes: u64,
    /// The largest zip that comes inline, in bytes.
    pub max_zip_bytes: u64,
    /// How many functions may run at once.
    pub concurrency: u64,
    /// How many of them have no reservation.
    pub unreserved: u64,
    /// The sum of all zips, in bytes.
    pub code_bytes: u64,
    /// How many functions there are.
    pub functions: u64,
}

impl Functions {
    /// Reserves concurrency for a function: as many of it may run, and no more.
    pub fn put_concurrency(&self, caller: &Caller, name: &str, reserved: u32) -> Result<()> {
        let named = self.latest(name)?;
        let account = u64::from(self.options().concurrency);
        self.store().functions_write(|rows| {
            let mut function =
                self.permitted(rows, caller, "lambda:PutFunctionConcurrency", &named)?;
            let left = account.checked_sub(rows.reserved_but(&named.name)? + u64::from(reserved));
            if left.is_none_or(|left| left < UNRESERVED_AT_LEAST) {
                return Err(invalid(format!(
                    "Specified ReservedConcurrentExecutions for function decreases account's \
                     UnreservedConcurrentExecution below its minimum value of \
                     [{UNRESERVED_AT_LEAST}]."
                )));
            }
            function.reserved = Some(reserved);
            rows.replace_function(&function)
        })?;
        self.0.queued.notify_one();
        Ok(())
    }

    /// How much is reserved for a function.
    pub fn get_concurrency(&self, caller: &Caller, name: &str) -> Result<Option<u32>> {
        let named = self.latest(name)?;
        self.store().functions_read(|rows| {
            let function = self.permitted(rows, caller, "lambda:GetFunctionConcurrency", &named)?;
            Ok(function.reserved)
        })
    }

    /// Takes a reservation away.
    pub fn delete_concurrency(&self, caller: &Caller, name: &str) -> Result<()> {
        let named = self.latest(name)?;
        self.store().functions_write(|rows| {
            let mut function =
                self.permitted(rows, caller, "lambda:DeleteFunctionConcurrency", &named)?;
            function.reserved = None;
            rows.replace_function(&function)
        })?;
        self.0.queued.notify_one();
        Ok(())
    }

    /// What the account may have, and has.
    pub fn account_settings(&self, caller: &Caller) -> Result<AccountSettings> {
        caller.may("lambda:GetAccountSettings", "*")?;
        let concurrency = u64::from(self.options().concurrency);
        self.store().functions_read(|rows| {
            Ok(AccountSettings {
                max_code_bytes: MAX_CODE_BYTES,
                max_unzipped_bytes: MAX_UNZIPPED_BYTES,
                max_zip_bytes: MAX_INLINE_BYTES as u64,
                concurrency,
                unreserved: concurrency.saturating_sub(rows.reserved_but("")?),
                code_bytes: rows.code_bytes()?,
                functions: rows.count_functions()?,
            })
        })
    }
}
