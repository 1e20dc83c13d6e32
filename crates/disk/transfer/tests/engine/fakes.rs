//! A source and targets in memory that do what a test tells them to.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};

use endpoint::target::Candidate;
use error::{Error, Result};
use sparse::{BlockRead, BlockWrite, ByteSource, Fill};

/// A source that delivers what it was told to, step by step.
pub struct Script {
    pub steps: VecDeque<Step>,
    pub size: Option<u64>,
}

/// One delivery.
pub enum Step {
    Data(Vec<u8>),
    Hole(u64),
    Fail(&'static str),
    /// Waits for ever.
    Hang,
}

impl Script {
    pub fn of(data: &[u8]) -> Self {
        Script {
            size: Some(data.len() as u64),
            steps: [Step::Data(data.to_vec())].into(),
        }
    }

    pub fn steps(steps: impl IntoIterator<Item = Step>) -> Self {
        Script {
            size: None,
            steps: steps.into_iter().collect(),
        }
    }
}

impl ByteSource for Script {
    fn name(&self) -> &str {
        "script"
    }

    fn size(&self) -> Option<u64> {
        self.size
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<Fill> {
        match self.steps.pop_front() {
            None => Ok(Fill::End),
            Some(Step::Hole(len)) => Ok(Fill::Hole(len)),
            Some(Step::Fail(cause)) => Err(Error::io("cannot be read", cause)),
            Some(Step::Hang) => loop {
                std::thread::park();
            },
            Some(Step::Data(mut data)) => {
                let n = data.len().min(buffer.len());
                buffer[..n].copy_from_slice(&data[..n]);
                if n < data.len() {
                    self.steps.push_front(Step::Data(data.split_off(n)));
                }
                Ok(Fill::Data(n))
            }
        }
    }
}

/// What became of a target, for the test to look at.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Every range that was written, as (offset, bytes).
    pub data: Vec<(u64, Vec<u8>)>,
    /// Every range that was zeroed, as (offset, length).
    pub zeros: Vec<(u64, u64)>,
    pub opened: bool,
    pub finished: Option<u64>,
    pub aborted: bool,
}

impl Summary {
    /// The disk as it would read back.
    pub fn disk(&self) -> Vec<u8> {
        let mut disk = vec![0; self.finished.expect("the target was finished") as usize];
        for (offset, bytes) in &self.data {
            disk[*offset as usize..][..bytes.len()].copy_from_slice(bytes);
        }
        disk
    }
}

/// A target in memory.
#[derive(Default)]
pub struct Memory {
    pub name: &'static str,
    pub capacity: Option<u64>,
    pub needs_size: bool,
    /// Fails the write that reaches this byte.
    pub fail_at: Option<u64>,
    pub fail_finish: bool,
    pub fail_open: bool,
    /// This byte reads back as another one.
    pub lies_at: Option<u64>,
    pub summary: Arc<Mutex<Summary>>,
}

impl Memory {
    pub fn new(name: &'static str) -> (Box<Self>, Arc<Mutex<Summary>>) {
        let memory = Memory {
            name,
            ..Memory::default()
        };
        let summary = Arc::clone(&memory.summary);
        (Box::new(memory), summary)
    }
}

impl Candidate for Memory {
    fn name(&self) -> &str {
        self.name
    }

    fn capacity(&self) -> Option<u64> {
        self.capacity
    }

    fn needs_size(&self) -> bool {
        self.needs_size
    }

    fn plan(&self, size: Option<u64>) -> String {
        format!("{} with {size:?}", self.name)
    }

    fn open(self: Box<Self>, _: Option<u64>) -> Result<Box<dyn BlockWrite>> {
        if self.fail_open {
            return Err(Error::io(
                format!("{} cannot be opened", self.name),
                "on purpose",
            ));
        }
        self.summary.lock().unwrap().opened = true;
        Ok(self)
    }
}

impl BlockWrite for Memory {
    fn name(&self) -> &str {
        self.name
    }

    fn path(&self) -> Option<&Path> {
        None
    }

    fn is_lasting(&self) -> bool {
        true
    }

    fn read_back(&self) -> Result<Option<Arc<dyn BlockRead>>> {
        let mut disk = self.summary.lock().unwrap().disk();
        if let Some(at) = self.lies_at {
            disk[at as usize] ^= 1;
        }
        Ok(Some(Arc::new(disk)))
    }

    fn write_at(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        let end = offset + data.len() as u64;
        if self.fail_at.is_some_and(|at| at < end) {
            return Err(Error::io(
                format!("{} cannot be written", self.name),
                "on purpose",
            ));
        }
        self.summary
            .lock()
            .unwrap()
            .data
            .push((offset, data.to_vec()));
        Ok(())
    }

    fn zero_at(&mut self, offset: u64, len: u64) -> Result<()> {
        self.summary.lock().unwrap().zeros.push((offset, len));
        Ok(())
    }

    fn finish(&mut self, size: u64) -> Result<()> {
        if self.fail_finish {
            return Err(Error::io(
                format!("{} cannot be flushed", self.name),
                "on purpose",
            ));
        }
        self.summary.lock().unwrap().finished = Some(size);
        Ok(())
    }

    fn abort(&mut self) -> Result<()> {
        self.summary.lock().unwrap().aborted = true;
        Ok(())
    }
}
