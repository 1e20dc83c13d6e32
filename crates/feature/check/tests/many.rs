//! A host with many guests: what reading and checking it costs, counted instead of timed.

#![allow(
    clippy::unwrap_used,
    reason = "only tests are here, and panicking is how they fail"
)]

use std::fmt::Write;
use std::fs;
use std::time::Duration;

use check::{Facts, Question, Report};
use host::Host;
use testkit::machine::Described;

/// A host with so many guests, each with disks, cards and masks.
fn host(guests: usize) -> Described {
    let mut text = String::from(
        "-- etc/network/interfaces --\niface xenbr0 inet manual\n\tbridge_ports eno1\n-- etc/xen/scripts/vif-bridge --\n",
    );
    for guest in 0..guests {
        let (high, low) = (guest / 256, guest % 256);
        write!(
            text,
            "-- srv/{guest}.img --\ndisk\n-- etc/xen/auto/{guest}.cfg -> ../{guest}.cfg --\n-- etc/xen/{guest}.cfg --\n\
             name = \"guest{guest}\"\nmemory = 1024\nvcpus = 4\ncpus = [\"all,^0,^1\", \"2-7\", \"^0,2-7\", 3]\n\
             disk = ['/srv/{guest}.img,raw,xvda,rw', ',,hdc,cdrom']\n\
             vif = ['mac=00:16:3e:00:{high:02x}:{low:02x},bridge=xenbr0', 'bridge=br{guest}']\n"
        )
        .unwrap();
    }
    Described::new(&text)
}

/// What this process has read so far: calls and bytes.
fn read() -> (u64, u64) {
    let text = fs::read_to_string("/proc/self/io").unwrap();
    let number = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().trim().parse().unwrap()
    };
    (number("syscr:"), number("rchar:"))
}

/// How many findings there are, and how many calls and bytes are read for them.
fn cost(guests: usize) -> (usize, u64, u64) {
    let described = host(guests);
    let question = Question {
        from: Some("4.14".parse().unwrap()),
        targets: vec!["xen=4.20".parse().unwrap()],
        guests: Vec::new(),
        tls: Vec::new(),
        now: 1_796_000_000,
        limit: Duration::from_secs(600),
        ..Question::default()
    };
    let host = Host::at(described.files.root()).unwrap();
    let host = host.with_path(vec![described.tools.programs()]);
    let (calls, bytes) = read();
    let report = Report::new(&Facts::new(host, question));
    let (calls_then, bytes_then) = read();
    let bridges = report
        .findings()
        .filter(|finding| finding.rule == "guest-vif-bridge");
    (bridges.count(), calls_then - calls, bytes_then - bytes)
}

#[test]
fn what_is_read_grows_with_the_number_of_guests_and_no_faster() {
    let (found, calls, bytes) = cost(200);
    assert_eq!(found, 200);
    assert!(
        calls < 200 * 40 && bytes < 200 * 20_000,
        "{calls} calls, {bytes} bytes"
    );
    let (found, calls_of_400, bytes_of_400) = cost(400);
    assert_eq!(found, 400);
    assert!(
        calls_of_400 <= 2 * calls + 100,
        "{calls} and {calls_of_400} calls"
    );
    assert!(
        bytes_of_400 <= 2 * bytes + 100_000,
        "{bytes} and {bytes_of_400} bytes"
    );
}
