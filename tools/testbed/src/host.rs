//! One host of a scenario: QEMU's command line and the files it stands on.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use error::Result;
use testkit::shell::file_error;

use crate::dom0::{LABEL, sparse};
use crate::initrd::Initrd;
use crate::{Scenario, Testbed};

/// What the hosts are called, in the order of their numbers.
pub(crate) const NAMES: [&str; 2] = ["one", "two"];

/// The file with what the scenario said, in a host's directory.
pub(crate) const WORDS: &str = "words";

/// What dom0 needs to find its root file system.
const MODULES: &[&str] = &["nvme", "crc32c_generic", "ext4"];
/// Room for what a scenario brings back, sparse.
const OUT: u64 = 1 << 30;
/// A CPU with AMD's SVM, which QEMU emulates. Without `-monitor` Xen dies in mwait; guests with
/// hardware assistance die on rdtscp; dom0 does not start with the last three.
const CPU: &str = "EPYC,check=off,-monitor,-rdtscp,-smap,-smep,-fsgsbase";

/// Who speaks through the first serial line, where Xen and dom0 have their console.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Console {
    /// A file, [`Host::console`].
    Kept,
    /// The person at the terminal.
    Terminal,
}

/// One host, about to be started or gone.
pub(crate) struct Host<'a> {
    testbed: &'a Testbed,
    scenario: &'a Scenario,
    number: usize,
    dir: PathBuf,
}

impl<'a> Host<'a> {
    /// Host `number`, from 0, with files of its own in a new directory in `run`.
    ///
    /// # Errors
    /// The directory cannot be made.
    pub(crate) fn new(
        testbed: &'a Testbed,
        scenario: &'a Scenario,
        number: usize,
        run: &Path,
    ) -> Result<Host<'a>> {
        let dir = run.join(NAMES[number]);
        fs::create_dir(&dir).map_err(file_error(&dir))?;
        Ok(Host {
            testbed,
            scenario,
            number,
            dir,
        })
    }

    /// What it is called.
    pub(crate) fn name(&self) -> &'static str {
        NAMES[self.number]
    }

    /// What Xen and dom0 said.
    pub(crate) fn console(&self) -> PathBuf {
        self.dir.join("console")
    }

    /// What the scenario said.
    pub(crate) fn words(&self) -> PathBuf {
        self.dir.join(WORDS)
    }

    /// What QEMU said.
    pub(crate) fn log(&self) -> PathBuf {
        self.dir.join("qemu")
    }

    /// The disk on which it hands files back, as a tar archive.
    pub(crate) fn out(&self) -> PathBuf {
        self.dir.join("out.img")
    }

    /// The files it handed back.
    pub(crate) fn results(&self) -> PathBuf {
        self.dir.join("out")
    }

    /// Makes its disks and its initial RAM disk, which brings `files` along.
    ///
    /// # Errors
    /// A file cannot be written.
    pub(crate) fn prepare(&self, files: &[(&str, &[u8])]) -> Result<()> {
        sparse(&self.out(), OUT)?;
        for disk in &self.scenario.disks {
            sparse(&self.disk(&disk.name), disk.size)?;
        }
        let init = self.testbed.source.join("initrd");
        let init = fs::read(&init).map_err(file_error(&init))?;
        let mut initrd = Initrd::new(&self.testbed.dom0, MODULES, &init)?;
        initrd.bring(files.iter().copied());
        let path = self.initrd();
        fs::write(&path, initrd.finish()).map_err(file_error(&path))
    }

    /// The command that runs it until it switches itself off. The ends of its wires are sockets in `wires`.
    ///
    /// # Errors
    /// dom0 has no kernel, or a log cannot be made.
    pub(crate) fn qemu(&self, console: Console, wires: &Path) -> Result<Command> {
        let testbed = self.testbed;
        let kernel = testbed.dom0.kernel()?;
        let mut qemu = testbed.dom0.companion("usr/bin/qemu-system-x86_64");
        for dir in testbed.dom0.firmware() {
            qemu.arg("-L").arg(dir);
        }
        qemu.args(["-nodefaults", "-no-user-config", "-no-reboot"])
            .args(["-display", "none", "-accel", "tcg,thread=multi"])
            .args(["-cpu", CPU, "-smp", &self.cpus()])
            .args(["-m", &self.scenario.memory.to_string()])
            .arg("-kernel")
            .arg(testbed.dom0.xen())
            .args(["-append", &self.xen_options()])
            .arg("-initrd")
            // The first module is dom0's kernel with its command line, the second its RAM disk.
            .arg(format!(
                "{} console=hvc0 root=LABEL={LABEL} init=/testbed/init panic=-1 quiet net.ifnames=0,{}",
                kernel.display(),
                self.initrd().display()
            ));
        self.serial_lines(&mut qemu, console)?;
        self.drives(&mut qemu);
        self.cards(&mut qemu, wires);
        Ok(qemu)
    }

    /// Removes what nobody looks at afterwards.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub(crate) fn clean(&self) -> Result<()> {
        let disks = self.scenario.disks.iter().map(|disk| self.disk(&disk.name));
        for path in disks.chain([self.out(), self.initrd()]) {
            fs::remove_file(&path).map_err(file_error(&path))?;
        }
        Ok(())
    }

    fn initrd(&self) -> PathBuf {
        self.dir.join("initrd")
    }

    fn disk(&self, name: &str) -> PathBuf {
        self.dir.join(format!("disk-{name}.img"))
    }

    /// With room for one CPU more: QEMU leaves the guest's memory barriers out where there can be one
    /// only, and its NVMe disks, which run beside the CPUs, then miss commands now and then.
    fn cpus(&self) -> String {
        let cpus = self.scenario.cpus;
        format!("{cpus},maxcpus={}", cpus + 1)
    }

    fn xen_options(&self) -> String {
        let dom0 = self.scenario.memory / 2;
        format!("dom0_mem={dom0}M,max:{dom0}M console=com1 com1=115200")
    }

    /// The console, and a line that carries the scenario's words alone.
    fn serial_lines(&self, qemu: &mut Command, console: Console) -> Result<()> {
        match console {
            Console::Kept => {
                let log = self.log();
                let log = File::create(&log).map_err(file_error(&log))?;
                qemu.stdin(Stdio::null())
                    .stdout(log.try_clone().map_err(file_error(&self.dir))?)
                    .stderr(log)
                    .arg("-serial")
                    .arg(format!("file:{}", self.console().display()));
            }
            // Ctrl-C is for the program in dom0, not for QEMU.
            Console::Terminal => {
                qemu.args(["-chardev", "stdio,id=terminal,mux=on,signal=off"])
                    .args(["-serial", "chardev:terminal", "-mon", "chardev=terminal"]);
            }
        }
        qemu.arg("-serial")
            .arg(format!("file:{}", self.words().display()));
        Ok(())
    }

    /// NVMe, because its driver asks the kernel for addresses that a device can use, which QEMU's own
    /// disks do not unless told; because it has sectors of 4 KiB; and because a serial number names each.
    /// A flush does nothing: no run goes on with the disks of another, and a busy machine takes minutes.
    fn drives(&self, qemu: &mut Command) {
        let mut drive = |name: &str, path: &Path, file: &str, device: &str| {
            let path = path.display().to_string().replace(',', ",,");
            qemu.arg("-drive")
                .arg(format!(
                    "if=none,id={name},format=raw,cache=unsafe,file={path}{file}"
                ))
                .arg("-device")
                .arg(format!("nvme,serial={name},drive={name}{device}"));
        };
        drive("dom0", &self.testbed.dom0.disk(), ",snapshot=on", "");
        drive("images", &self.testbed.images, ",snapshot=on", "");
        drive("out", &self.out(), "", "");
        for disk in &self.scenario.disks {
            let sector = disk.sector;
            let sectors = format!(",logical_block_size={sector},physical_block_size={sector}");
            drive(&disk.name, &self.disk(&disk.name), "", &sectors);
        }
    }

    /// Card n of one host is wired to card n of the other.
    fn cards(&self, qemu: &mut Command, wires: &Path) {
        for card in 0..self.scenario.nics {
            let end = |host: usize| wires.join(format!("{}-{card}", NAMES[host]));
            qemu.arg("-netdev")
                .arg(format!(
                    "dgram,id=wire{card},local.type=unix,local.path={},remote.type=unix,remote.path={}",
                    end(self.number).display(),
                    end(1 - self.number).display()
                ))
                .arg("-device")
                .arg(format!(
                    "e1000,netdev=wire{card},romfile=,mac=52:54:00:00:{card:02x}:{:02x}",
                    self.number + 1
                ));
        }
    }
}
