//! What to type about an error: the advice of libraries, in the options of the command that was given.

use error::Error;
use transfer::Advice;

/// The commands whose errors carry advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// `innkeeper import`.
    Import,
    /// `innkeeper convert`.
    Convert,
    /// `innkeeper inspect`.
    Inspect,
}

impl Command {
    /// The option by which it takes the source's format.
    fn source_format(self) -> &'static str {
        match self {
            Command::Import | Command::Inspect => "--format",
            Command::Convert => "--source-format",
        }
    }

    /// How the disk is taken that an error is about.
    fn name(self) -> &'static str {
        match self {
            // What is inspected is going to be imported.
            Command::Import | Command::Inspect => "import",
            Command::Convert => "convert",
        }
    }

    /// `error`, with a hint in the place of the advice that it carries.
    pub(crate) fn worded(self, mut error: Error) -> Error {
        self.word([&mut error]);
        error
    }

    /// Gives each of `errors` a hint in the place of the advice that it carries.
    pub(crate) fn word<'e>(self, errors: impl IntoIterator<Item = &'e mut Error>) {
        for error in errors {
            if let Some(advice) = error.advice::<Advice>() {
                *error = error.clone().hint(words(advice, self));
            }
        }
    }
}

fn words(advice: &Advice, command: Command) -> String {
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
            "pack the parts of a disk one behind the other, or take one disk at a time with --member"
        }
        Advice::SelectGuest => "choose one with --guest",
        Advice::SelectDeployment => "choose one with --deployment, or leave it out for the default",
        Advice::SaveWithDisks => {
            "unpack or download it with the disks beside it, and give its path and neither --keep nor a checksum"
        }
        Advice::AcceptEnd => "give --accept-bad-end to take what there is",
        Advice::AcceptTruncated => {
            "give the whole disk, with all of its parts; --force-truncated takes it as it is"
        }
        Advice::AllowBacking => "give --allow-backing DIR if it lies in DIR and may be read",
        Advice::RaiseMaxSize => "give --max-size if the disk really is that large",
        Advice::RaiseMemory => "give more --memory, or write to a file, a device or a volume",
        Advice::GiveSize => "give --size, for instance --size 8G",
        Advice::RaiseSize => "give a larger --size",
        Advice::ChooseOnePass => {
            "write to a file, or choose --format vmdk or raw, which need no second pass"
        }
        Advice::ChooseVmdk => {
            "write to a file, or give --format vmdk, which can be written in one go"
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

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(command: Command, advice: Advice) -> String {
        let error = Error::refused("is text").advise(advice);
        let hint = command.worded(error).hint_text().map(str::to_owned);
        hint.expect("a hint")
    }

    #[test]
    fn advice_names_the_options_of_the_command() {
        for (command, expected) in [
            (Command::Import, "--format raw"),
            (Command::Inspect, "--format raw"),
            (Command::Convert, "--source-format raw"),
        ] {
            let expected = format!("give {expected} if it is to be written as it is");
            assert_eq!(hint(command, Advice::DeclareRaw), expected);
        }
        let command = "cat a.gz".to_owned();
        assert_eq!(
            hint(Command::Convert, Advice::Pipe { command }),
            "cat a.gz | innkeeper convert - …"
        );
    }

    #[test]
    fn a_member_is_named_as_a_shell_takes_it() {
        for (name, expected) in [
            ("a.img", "a.img"),
            ("a b.img", "'a b.img'"),
            ("a'b", r"'a'\''b'"),
        ] {
            let example = Some(name.to_owned());
            assert_eq!(
                hint(Command::Import, Advice::SelectMember { example }),
                format!("choose one with --member, for instance --member {expected}")
            );
        }
    }

    #[test]
    fn parts_are_joined_in_front_of_the_command() {
        let pattern = Some("d/a.img.[0-9]??".to_owned());
        assert_eq!(
            hint(Command::Import, Advice::JoinParts { pattern }),
            "join them first: cat d/a.img.[0-9]?? | innkeeper import - …; where each is a whole disk: innkeeper import - … <FILE"
        );
        let unknown = Advice::JoinParts { pattern: None };
        assert!(hint(Command::Import, unknown).starts_with("join them first in the order"));
    }

    #[test]
    fn an_error_without_advice_stays_as_it_is() {
        let error = Error::refused("is text").hint("do this");
        assert_eq!(Command::Import.worded(error.clone()), error);
    }
}
