//! Advice about reading and writing images.

use diskimage::Advice;

use super::Command;

/// `advice` in the options of `command`.
pub(super) fn words(advice: Advice, command: Command) -> String {
    let without = command.without_whole_source();
    let words = match advice {
        Advice::GiveFile => return format!("give it as a file{without}"),
        Advice::SaveTogether => {
            return format!("unpack or download both, and give the descriptor's path{without}");
        }
        Advice::AllowBacking if command.writes() => {
            "give --allow-backing DIR if it is in DIR and may be read"
        }
        Advice::AllowBacking => {
            "to import it, give --allow-backing DIR if it is in DIR and may be read"
        }
        Advice::RaiseMemory => "give more --memory, or unpack it first",
        Advice::ChooseSnapshotById => "give one of these ids with --snapshot",
        Advice::NoSnapshot => "leave --snapshot out",
        Advice::ChooseVmdk => {
            "write to a file, or give --format vmdk, which is written in one pass"
        }
        Advice::ChooseQcow2 => "give --format qcow2, which has no such limit",
        Advice::ChooseQcow2OrVmdk => "give --format qcow2 or vmdk",
        Advice::RaiseClusterSize => "give a larger -o cluster_size, at most 2M",
        Advice::RaiseClusterSizeOrWriteFile => {
            "give a larger -o cluster_size, at most 2M, or write to a file"
        }
        Advice::ChooseCompression => "give -o compression=zlib or zstd as well",
    };
    words.to_owned()
}
