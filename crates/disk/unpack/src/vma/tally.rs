//! Which clusters have come: each has to, and once.

use std::collections::HashMap;

use error::{Error, Result};

use super::entries::Entry;
use super::header::Device;
use crate::archive::shown;

/// Clusters of a page: 256 MiB of a device.
const PAGE: u64 = 4096;
/// Pages that may have begun and not be complete, in some 20 MiB: a disk of 8 TiB whose clusters come in
/// whatever order.
const MOST: usize = 32 << 10;

/// Which clusters of a page have come, a bit each.
type Bits = [u64; PAGE as usize / 64];

/// Which clusters of all devices have come. A page that is complete takes a bit.
pub(super) struct Tally {
    devices: Vec<Seen>,
    /// Pages that have begun, by the device and their number.
    pub(super) begun: HashMap<(usize, u64), Box<Bits>>,
    pub(super) most: usize,
}

/// What has come of one device.
#[derive(Debug, Default)]
struct Seen {
    clusters: u64,
    /// Bytes that were stored.
    stored: u64,
    /// A bit for each page that is complete.
    pages: Vec<u64>,
}

impl Tally {
    /// Nothing has come of `devices` yet.
    pub(super) fn new(devices: &[Device]) -> Self {
        Tally {
            devices: devices.iter().map(|_| Seen::default()).collect(),
            begun: HashMap::new(),
            most: MOST,
        }
    }

    /// Bytes that were stored of device `index`.
    pub(super) fn stored(&self, index: usize) -> u64 {
        self.devices.get(index).map_or(0, |seen| seen.stored)
    }

    /// Remembers that a cluster of `device` has come.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] when it has come before, or is saved memory out of order, and
    /// [`error::Kind::Unsupported`] when clusters lie so scattered that they cannot be remembered.
    pub(super) fn add(&mut self, entry: &Entry, device: &Device) -> Result<()> {
        let Some(seen) = self.devices.get_mut(entry.device) else {
            return Ok(());
        };
        seen.stored = seen.stored.saturating_add(entry.bytes(device));
        let (number, next) = (u64::from(entry.number), seen.clusters);
        seen.clusters += 1;
        if device.is_memory() {
            return if number == next {
                Ok(())
            } else {
                Err(Error::corrupt(format!(
                    "cluster {number} of {} comes where cluster {next} should",
                    shown(&device.name)
                )))
            };
        }
        match self.set(entry.device, number, device.clusters()) {
            true if self.begun.len() > self.most => Err(scattered(device)),
            true => Ok(()),
            false => Err(Error::corrupt(format!(
                "cluster {number} of {} comes twice",
                shown(&device.name)
            ))),
        }
    }

    /// Sets the bit of a cluster; `false` when it was set before.
    fn set(&mut self, index: usize, number: u64, clusters: u64) -> bool {
        let (page, at) = (number / PAGE, number % PAGE);
        if self.is_complete(index, page) {
            return false;
        }
        let bits = self
            .begun
            .entry((index, page))
            .or_insert_with(|| Box::new([0; _]));
        let Some(word) = bits.get_mut((at / 64) as usize) else {
            return false;
        };
        let bit = 1 << (at % 64);
        if *word & bit != 0 {
            return false;
        }
        *word |= bit;
        let set: u64 = bits.iter().map(|word| u64::from(word.count_ones())).sum();
        if set == PAGE.min(clusters - page * PAGE) {
            self.begun.remove(&(index, page));
            self.complete_page(index, page);
        }
        true
    }

    fn is_complete(&self, index: usize, page: u64) -> bool {
        let pages = self.devices.get(index).map(|seen| &seen.pages);
        let word = pages.and_then(|pages| pages.get((page / 64) as usize));
        word.is_some_and(|word| word & (1 << (page % 64)) != 0)
    }

    fn complete_page(&mut self, index: usize, page: u64) {
        let Some(seen) = self.devices.get_mut(index) else {
            return;
        };
        let at = (page / 64) as usize;
        if seen.pages.len() <= at {
            seen.pages.resize(at + 1, 0);
        }
        if let Some(word) = seen.pages.get_mut(at) {
            *word |= 1 << (page % 64);
        }
    }

    /// Sees to it that every cluster of every device has come.
    ///
    /// # Errors
    /// [`error::Kind::Corrupt`] naming the first that has not.
    pub(super) fn complete(&self, devices: &[Device]) -> Result<()> {
        for (index, device) in devices.iter().enumerate() {
            let come = self.devices.get(index).map_or(0, |seen| seen.clusters);
            if !device.is_memory() && come < device.clusters() {
                return Err(Error::corrupt(format!(
                    "cluster {} of {} is missing: {come} of {} are there",
                    self.first_missing(index, device.clusters()),
                    shown(&device.name),
                    device.clusters()
                )));
            }
        }
        Ok(())
    }

    fn first_missing(&self, index: usize, clusters: u64) -> u64 {
        let mut pages = 0..clusters.div_ceil(PAGE);
        let page = pages
            .find(|&page| !self.is_complete(index, page))
            .unwrap_or(0);
        let bits = self.begun.get(&(index, page));
        let words = bits.map(|bits| bits.iter().zip(0u64..));
        let missing = words.and_then(|mut words| words.find(|(word, _)| **word != u64::MAX));
        page * PAGE + missing.map_or(0, |(word, i)| 64 * i + u64::from(word.trailing_ones()))
    }
}

fn scattered(device: &Device) -> Error {
    let name = shown(&device.name);
    Error::unsupported(format!(
        "the clusters of {name} lie too scattered to be remembered in one pass"
    ))
}
