//! Compressing clusters on several threads, in batches.

use std::sync::{Arc, Mutex, PoisonError};

use error::Result;
use pool::{Emit, Ordered};

use super::compress::Compressor;
use super::settings::Settings;
use super::sink::Sink;

/// Bytes of clusters in a batch; a larger cluster is one by itself.
pub(super) const BATCH: u64 = 256 << 10;

/// Bytes that batches may take, before and after compressing, all of them together.
const IN_FLIGHT: usize = 16 << 20;

/// Clusters on their way to a [`Sink`], compressed or not.
pub(super) struct Stage<B> {
    pub(super) sink: B,
    /// What compresses, where something does.
    packer: Option<Packer>,
}

struct Packer {
    pool: Ordered<Batch, Result<Batch>>,
    cluster: usize,
    /// Batches that may be away.
    most: usize,
    batch: Batch,
    spare: Vec<Batch>,
}

/// Clusters that are compressed together.
#[derive(Default)]
struct Batch {
    numbers: Vec<u64>,
    clusters: Vec<u8>,
    /// The compressed clusters, each behind the one before.
    packed: Vec<u8>,
    /// Their lengths; `None` for one that does not shrink.
    lengths: Vec<Option<usize>>,
}

impl<B: Sink> Stage<B> {
    /// The way to `sink`, on as many threads as are allowed.
    ///
    /// # Errors
    /// [`error::Kind::Io`] when the system gives no thread or no memory.
    pub(super) fn new(settings: Settings, threads: usize, sink: B) -> Result<Self> {
        let packer = match Compressor::new(&settings)? {
            None => None,
            Some(first) => Some(Packer::new(settings, threads, first)?),
        };
        Ok(Stage { sink, packer })
    }

    fn submit(&mut self) -> Result<()> {
        let Some(packer) = &mut self.packer else {
            return Ok(());
        };
        if packer.batch.numbers.is_empty() {
            return Ok(());
        }
        let next = packer.spare.pop().unwrap_or_default();
        packer
            .pool
            .submit(std::mem::replace(&mut packer.batch, next))?;
        while packer.pool.in_flight() >= packer.most {
            packer.pass_on(&mut self.sink)?;
        }
        Ok(())
    }
}

impl Packer {
    fn new(settings: Settings, threads: usize, first: Compressor) -> Result<Self> {
        let cluster = 1usize << settings.cluster_bits;
        // Compressors that no thread is using.
        let idle = Arc::new(Mutex::new(vec![first]));
        let work = move |mut batch: Batch, emit: &mut Emit<'_, Result<Batch>>| {
            let taken = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let compressor = match taken {
                Some(compressor) => Ok(Some(compressor)),
                None => Compressor::new(&settings),
            };
            emit(compressor.map(|compressor| {
                if let Some(mut compressor) = compressor {
                    batch.compress(cluster, &mut compressor);
                    let mut idle = idle.lock().unwrap_or_else(PoisonError::into_inner);
                    idle.push(compressor);
                }
                batch
            }));
        };
        let threads = threads.max(1);
        let away = IN_FLIGHT / (2 * cluster.max(BATCH as usize));
        Ok(Packer {
            pool: Ordered::start(threads, 1, work)?,
            cluster,
            most: away.min(2 * threads + 1),
            batch: Batch::default(),
            spare: Vec::new(),
        })
    }

    /// Gives the first batch that is away to `sink`.
    fn pass_on(&mut self, sink: &mut impl Sink) -> Result<()> {
        let Some(mut batch) = self.pool.output()?.transpose()? else {
            return Ok(());
        };
        let mut packed = batch.packed.as_slice();
        let clusters = batch.clusters.chunks(self.cluster);
        for ((number, cluster), len) in batch.numbers.iter().zip(clusters).zip(&batch.lengths) {
            match len.and_then(|len| packed.split_at_checked(len)) {
                Some((stored, rest)) => {
                    packed = rest;
                    sink.packed(*number, stored)?;
                }
                None => {
                    sink.whole(*number, 1)?;
                    sink.data(cluster)?;
                }
            }
        }
        batch.numbers.clear();
        batch.clusters.clear();
        self.spare.push(batch);
        Ok(())
    }
}

impl Batch {
    fn compress(&mut self, cluster: usize, compressor: &mut Compressor) {
        self.packed.resize(self.clusters.len(), 0);
        self.lengths.clear();
        let mut end = 0;
        for cluster in self.clusters.chunks(cluster) {
            let most = end + cluster.len() - 1;
            let room = self.packed.get_mut(end..most).unwrap_or_default();
            let len = compressor.compress(cluster, room);
            end += len.unwrap_or(0);
            self.lengths.push(len);
        }
    }
}

impl<B: Sink> Sink for Stage<B> {
    fn whole(&mut self, first: u64, count: u64) -> Result<()> {
        let Some(packer) = &self.packer else {
            return self.sink.whole(first, count);
        };
        let more = count as usize * packer.cluster;
        if packer.batch.clusters.len() + more > BATCH as usize {
            self.submit()?;
        }
        if let Some(packer) = &mut self.packer {
            packer.batch.numbers.extend(first..first + count);
        }
        Ok(())
    }

    fn data(&mut self, data: &[u8]) -> Result<()> {
        match &mut self.packer {
            None => self.sink.data(data),
            Some(packer) => {
                packer.batch.clusters.extend_from_slice(data);
                Ok(())
            }
        }
    }

    fn zeros(&mut self, len: u64) -> Result<()> {
        match &mut self.packer {
            None => self.sink.zeros(len),
            Some(packer) => {
                let clusters = &mut packer.batch.clusters;
                clusters.resize(clusters.len() + len as usize, 0);
                Ok(())
            }
        }
    }

    fn packed(&mut self, number: u64, stored: &[u8]) -> Result<()> {
        self.sink.packed(number, stored)
    }

    fn finish(&mut self) -> Result<()> {
        self.submit()?;
        if let Some(packer) = &mut self.packer {
            while packer.pool.in_flight() > 0 {
                packer.pass_on(&mut self.sink)?;
            }
        }
        self.sink.finish()
    }
}
