//! Virtual CPUs.

use error::{Error, Result};

use super::Item;
use crate::limits::shown;
use crate::ovf::{Reader, unit};
use crate::value::Value;
use crate::vm::Topology;

impl Reader<'_> {
    pub(super) fn cpu(&mut self, item: &Item<'_>) {
        let part = |name| {
            let number = item.text(name).and_then(unit::whole)?;
            u32::try_from(number).ok().filter(|&number| number > 0)
        };
        let (sockets, cores) = (part("num_of_sockets"), part("cpu_per_socket"));
        let threads = part("threads_per_cpu").unwrap_or(1);
        let said = item.text("VirtualQuantity");
        let said = said.map(|said| self.resolved(said).unwrap_or(said));
        let count = match (said, sockets.zip(cores)) {
            (Some(said), _) => count(said),
            (None, Some((sockets, cores))) => {
                let product = u64::from(sockets) * u64::from(cores);
                count(&product.saturating_mul(threads.into()).to_string())
            }
            (None, None) => return,
        };
        let Some(count) = self.vm.usable(count, &item.from) else {
            return;
        };
        self.vm.vcpus = Some(Value::new(count, &item.from));
        let cores = cores.or_else(|| part("CoresPerSocket"));
        let fits = |cores: &u32| count.is_multiple_of(cores.saturating_mul(threads));
        if let Some(cores) = cores.filter(fits) {
            let laid_out = Topology {
                sockets: count / (cores * threads),
                cores,
                threads,
            };
            self.vm.topology = Some(Value::new(laid_out, &item.from));
        }
    }
}

fn count(text: &str) -> Result<u32> {
    let count = unit::whole(text).and_then(|count| u16::try_from(count).ok());
    match count {
        Some(count @ 1..) => Ok(count.into()),
        _ => Err(Error::corrupt(format!(
            "{} is not a number of virtual CPUs",
            shown(text)
        ))),
    }
}
