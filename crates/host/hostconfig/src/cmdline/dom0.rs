//! `dom0_mem=` and `dom0_max_vcpus=` (xen/arch/x86/dom0_build.c).

use error::{Error, Result};

use super::size::{number, size_and_unit};

/// `dom0_mem=[min:AMOUNT,][max:AMOUNT,][AMOUNT]`. Of each the last counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dom0Memory {
    /// What dom0 starts with.
    pub size: Option<Amount>,
    /// It starts with no less.
    pub min: Option<Amount>,
    /// It never has more.
    pub max: Option<Amount>,
}

/// `[-]SIZE`, `[-]PERCENT%` or `[-]SIZE+PERCENT%`. Shares of the available memory are understood since Xen 4.12.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Whether it is what is left to others instead.
    pub is_subtracted: bool,
    /// In bytes.
    pub bytes: u64,
    /// Of the memory available to dom0, 0 to 99.
    pub percent: u8,
}

impl Dom0Memory {
    /// Reads the value of `dom0_mem=`.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] for what Xen calls an invalid value. Xen has then set what is before the mistake.
    pub fn parse(value: &str) -> Result<Self> {
        let mut memory = Dom0Memory::default();
        for item in value.split(',') {
            let (target, amount) = match item.split_once(':') {
                Some(("min", amount)) => (&mut memory.min, amount),
                Some(("max", amount)) => (&mut memory.max, amount),
                _ => (&mut memory.size, item),
            };
            *target = Some(Amount::parse(amount)?);
        }
        Ok(memory)
    }
}

impl Amount {
    fn parse(text: &str) -> Result<Self> {
        let (is_subtracted, mut rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut amount = Amount {
            is_subtracted,
            ..Amount::default()
        };
        loop {
            rest = amount.item(rest)?;
            match rest.strip_prefix('+') {
                Some(next) => rest = next,
                None if rest.is_empty() => return Ok(amount),
                None => return Err(invalid(text)),
            }
        }
    }

    /// Reads a size or a share, and returns what is behind it.
    fn item<'t>(&mut self, text: &'t str) -> Result<&'t str> {
        if !text.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(invalid(text));
        }
        let (value, rest) = size_and_unit(text);
        match rest.strip_prefix('%') {
            None => self.bytes = value,
            Some(_) if value >= 100 => {
                let text = format!("invalid share of memory '{value}%': must be less than 100");
                return Err(Error::corrupt(text));
            }
            Some(rest) => {
                self.percent = value as u8;
                return Ok(rest);
            }
        }
        Ok(rest)
    }
}

fn invalid(text: &str) -> Error {
    Error::corrupt(format!("invalid size '{text}' of memory")).hint("for instance 2G or 2048M")
}

/// `dom0_max_vcpus=N`, `N-`, `N-M` or `-M`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dom0Vcpus {
    /// At least so many, even with fewer CPUs.
    pub min: u64,
    /// At most so many, even with more CPUs; `None` without a limit.
    pub max: Option<u64>,
}

impl Dom0Vcpus {
    /// Reads the value of `dom0_max_vcpus=`.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] for what Xen calls an invalid value.
    pub fn parse(value: &str) -> Result<Self> {
        let invalid = || Error::corrupt(format!("invalid number of vCPUs '{value}'"));
        let (min, rest) = match value.strip_prefix('-') {
            Some(_) => (1, value),
            None => number(value),
        };
        let min = min.max(1);
        let max = match rest.strip_prefix('-') {
            None if rest.is_empty() => Some(min),
            None => return Err(invalid()),
            Some("") if value.len() > 1 => None,
            Some(max) => match number(max) {
                (max, "") => Some(max),
                _ => return Err(invalid()),
            },
        };
        Ok(Dom0Vcpus { min, max })
    }
}
