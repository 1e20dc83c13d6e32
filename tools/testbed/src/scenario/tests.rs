use super::*;

fn parse(text: &str) -> Result<Scenario> {
    Scenario::parse("it", text.to_owned())
}

#[test]
fn a_scenario_says_what_machine_it_wants() {
    let text = "#!/bin/sh\n# proves: that directives count\n# hosts: 2\n# disk: data 2G\n\
                # disk: big 4M 4096\n# nics: 3\n# memory: 4096\n# cpus: 4\n# limit: 60\n# status: 7\n\
                \n# Only a comment.\ntrue\n";
    assert_eq!(
        parse(text).unwrap(),
        Scenario {
            name: "it".into(),
            proves: "that directives count".into(),
            hosts: 2,
            disks: vec![
                Disk {
                    name: "data".into(),
                    size: 2 << 30,
                    sector: 512
                },
                Disk {
                    name: "big".into(),
                    size: 4 << 20,
                    sector: 4096
                },
            ],
            nics: 3,
            memory: 4096,
            cpus: 4,
            limit: Duration::from_secs(60),
            status: 7,
            script: text.into(),
        }
    );
}

#[test]
fn most_directives_have_defaults() {
    let one = parse("# proves: little\ntrue").unwrap();
    assert_eq!((one.hosts, one.nics, one.memory, one.cpus), (1, 0, 2048, 1));
    assert_eq!((one.limit, one.status), (Duration::from_secs(1200), 0));
    let two = parse("# proves: more\n# hosts: 2\n").unwrap();
    assert_eq!(two.nics, 1, "two hosts have a wire between them");
}

#[test]
fn invalid_directives_are_named() {
    let cases = [
        ("true\n", "does not say what it proves"),
        ("# proves:\n", "does not say what it proves"),
        ("# just words\n", "line 1: is no directive 'KEY: VALUE'"),
        (
            "# proves: x\n# moon: 1\n",
            "line 2: 'moon' is an unknown directive",
        ),
        ("# hosts: 3\n", "line 1: '3' is no number from 1 to 2"),
        ("# cpus: many\n", "line 1: 'many' is no number from 1 to 64"),
        (
            "# disk: data\n",
            "line 1: 'data' is no disk NAME SIZE [SECTOR]",
        ),
        (
            "# disk: a-b 1G\n",
            "line 1: 'a-b' is no name of up to 20 letters and digits",
        ),
        (
            "# disk: data 1G 520\n",
            "line 1: sectors have 512 or 4096 bytes, not 520",
        ),
        (
            "# disk: data 1000\n",
            "line 1: 1000 bytes are not whole sectors of 512",
        ),
        (
            "# disk: data 0\n",
            "line 1: 0 bytes are not whole sectors of 512",
        ),
        ("# disk: data x\n", "line 1: invalid size 'x'"),
        ("# disk: out 1G\n", "line 1: there is a disk out already"),
        (
            "# disk: a 1G\n# disk: a 1G\n",
            "line 2: there is a disk a already",
        ),
        (
            "# proves: x\n# hosts: 2\n# nics: 0\n",
            "two hosts without a wire between them",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(parse(text).unwrap_err().to_string(), message, "{text}");
    }
}
