//! The CPUs and NUMA nodes of the machine.

use std::sync::Arc;

use error::{Error, Result};
use exec::Tool;
use host::{Files, Hypervisor};
use vmconfig::xl::cpus::Topology;

use super::{Facts, NotKnown};

/// Where Linux lists CPUs.
const CPUS: &str = "/sys/devices/system/cpu/present";

/// Where Linux lists NUMA nodes.
const NODES: &str = "/sys/devices/system/node";

/// More CPUs than a machine has.
const MOST: usize = 1 << 14;

impl Facts {
    /// The physical CPUs of the machine and its NUMA nodes; `None` where nothing tells them: in dom0 Linux sees its own
    /// virtual CPUs, and a directory has none.
    ///
    /// # Errors
    /// Xen runs and cannot be asked, or what Linux says cannot be read.
    pub fn topology(&self) -> Result<Arc<Option<Topology>>, NotKnown> {
        self.known("the topology", read)
    }
}

fn read(facts: &Facts) -> Result<Option<Topology>> {
    let runs = facts.running_xen().is_ok_and(|xen| xen.is_some());
    match facts.host().hypervisor() {
        _ if runs => of_xen(facts).map(Some),
        Ok(Hypervisor::XenDom0 | Hypervisor::XenGuest) => of_xen(facts).map(Some),
        _ => of_linux(facts.host().files()),
    }
}

/// What `xl info -n` prints: a line for each CPU behind `cpu_topology`, with its core, its socket and its node.
fn of_xen(facts: &Facts) -> Result<Topology> {
    let tool = Tool::new("xl").args(["info", "-n"]);
    let tool = tool.time_limit(facts.question().limit);
    let output = tool.succeed(facts.host(), &exec::never)?;
    let lines = output.text()?.lines().map(str::trim);
    let table = lines.skip_while(|line| !line.starts_with("cpu_topology"));
    let mut topology = Topology::default();
    for line in table.skip(2) {
        let Some((cpu, places)) = line.split_once(':') else {
            break;
        };
        let node = places.split_whitespace().nth(2);
        let (Ok(cpu), Some(Ok(node))) = (cpu.parse(), node.map(str::parse)) else {
            break;
        };
        topology.add(cpu, node);
    }
    if topology.cpus == 0 {
        return Err(Error::corrupt("xl info -n lists no CPU"));
    }
    Ok(topology)
}

/// What Linux says in /sys.
fn of_linux(files: &Files) -> Result<Option<Topology>> {
    let Some(cpus) = files.value(CPUS)? else {
        return Ok(None);
    };
    let mut topology = Topology {
        cpus: list(&cpus).last().map_or(0, |last| last + 1),
        nodes: Vec::new(),
    };
    for name in files.list(NODES)?.unwrap_or_default() {
        let name = name.to_string_lossy().into_owned();
        let number = name
            .strip_prefix("node")
            .and_then(|number| number.parse().ok());
        if let Some(node) = number
            && let Some(cpus) = files.value(format!("{NODES}/{name}/cpulist"))?
        {
            for cpu in list(&cpus) {
                topology.add(cpu, node);
            }
        }
    }
    Ok(Some(topology).filter(|topology| topology.cpus > 0))
}

/// The numbers of `0-3,8`, as the kernel writes lists.
fn list(text: &str) -> Vec<usize> {
    let ranges = text.split(',').filter_map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let last: usize = last.trim().parse().ok()?;
        Some(first.trim().parse().ok()?..=last.min(MOST))
    });
    ranges.flatten().collect()
}

trait Add {
    /// Adds a CPU of a node.
    fn add(&mut self, cpu: usize, node: usize);
}

impl Add for Topology {
    fn add(&mut self, cpu: usize, node: usize) {
        if cpu > MOST || node > MOST {
            return;
        }
        self.cpus = self.cpus.max(cpu + 1);
        if self.nodes.len() <= node {
            self.nodes.resize(node + 1, Vec::new());
        }
        if let Some(cpus) = self.nodes.get_mut(node) {
            cpus.push(cpu);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_the_kernel_are_read() {
        assert_eq!(list("0-3,8"), [0, 1, 2, 3, 8]);
        assert_eq!(list("5\n"), [5]);
        assert_eq!(list("x,3-1"), Vec::<usize>::new());
    }
}
