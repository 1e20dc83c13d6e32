//! Advice about taking a disk out of something and writing it.

use transfer::Advice;

use super::Command;

/// `advice` in the options of `command`.
pub(super) fn words(advice: &Advice, command: Command) -> String {
    let format = command.source_format();
    let name = command.name();
    let words = match advice {
        Advice::SelectMember {
            example: Some(example),
        } => {
            let example = quoted(example);
            return format!("choose one with --member, for instance --member {example}");
        }
        Advice::DeclareRaw => {
            return format!("give {format} raw if it is to be written as it is");
        }
        Advice::DeclareMemberRaw => {
            return format!(
                "give --member NAME and {format} raw if one of them is a disk all the same"
            );
        }
        Advice::Pipe { command } => return format!("{command} | innkeeper {name} - …"),
        Advice::JoinParts { pattern } => {
            let join = match pattern {
                Some(pattern) => format!("join them first: cat {pattern} | innkeeper {name} - …"),
                None => "join them first in the order of their numbers".to_owned(),
            };
            return format!("{join}; where each is a whole disk: innkeeper {name} - … <FILE");
        }
        Advice::DeclareVhd => {
            return format!("unpack it and give it as a file, or give {format} vhd");
        }
        Advice::SaveWithDisks => {
            let without = command.without_whole_source();
            return format!(
                "unpack or download it with the disks beside it, and give its path{without}"
            );
        }
        Advice::PlaceEach => "write {disk} into the place, so that every disk has one",
        Advice::SelectMember { example: None } => "choose one with --member and a pattern",
        Advice::SelectFewer => "choose some with --member and a pattern",
        Advice::SelectOneOfThese => "choose one of them with --member",
        Advice::SelectOrGiveDescription => {
            "give one of them as the source, or choose a disk with --member"
        }
        Advice::SelectOrPutThere => "put it there, or choose a disk that is there with --member",
        Advice::SelectOrPackDescription => {
            "choose the disk with --member, or pack the description first"
        }
        Advice::SelectOrPackDescriptors => {
            "pack descriptors first, or take one disk at a time with --member"
        }
        Advice::SelectOrPackParts => {
            "pack the parts of a disk one after the other, or take one disk at a time with --member"
        }
        Advice::SelectGuest => "choose one with --guest",
        Advice::SelectDeployment => "choose one with --deployment, or leave it out for the default",
        Advice::AcceptEnd => "give --accept-bad-end to take what there is",
        Advice::AcceptTruncated => {
            "give the whole disk, with all of its parts; --force-truncated takes it as it is"
        }
        Advice::RaiseMaxSize => "give --max-size if the disk really is that large",
        Advice::RaiseMemory => "give more --memory, or write to a file, a device or a volume",
        Advice::ChooseOnePass => {
            "write to a file, or choose --format vmdk or raw, which need no second pass"
        }
        Advice::ChooseQcow2 => "write to a file, or give --format qcow2",
        Advice::DescribeGuest => "give --config-from FILE",
        Advice::SkipVerify => "leave --verify out",
        Advice::SkipDigest => {
            "unpack it first and give the file, or make no digest: --quiet without --json"
        }
    };
    words.to_owned()
}

/// `name` as a shell takes it.
fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%".contains(c);
    if name.chars().all(plain) {
        return name.to_owned();
    }
    format!("'{}'", name.replace('\'', r"'\''"))
}
