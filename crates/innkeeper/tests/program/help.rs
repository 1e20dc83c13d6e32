//! The help of the program and of each command.

use crate::support::Room;
use crate::support::transcript::assert_snapshot;

/// The commands that the program's own help lists.
fn commands(help: &str) -> Vec<&str> {
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let list = list.take_while(|line| !line.is_empty());
    // A description that goes on in the next line stands further to the right.
    let list = list.filter(|line| !line.starts_with("    "));
    list.map(|line| line.split_whitespace().next().unwrap())
        .collect()
}

#[test]
fn the_program_and_every_command_have_help() {
    let room = Room::new();
    let program = room.run("--help").ok();
    let help = program.out();
    assert_snapshot!("program", program);
    let commands = commands(&help);
    assert!(commands.contains(&"import"), "{commands:?}");
    for command in commands {
        let ran = room.run(&format!("{command} --help")).ok();
        assert!(ran.stderr.is_empty(), "{command}: {}", ran.stderr);
        assert_snapshot!(command, ran);
    }
}
