use super::*;

fn read(texts: &[&str]) -> Assignments {
    let mut all = Assignments::default();
    for (index, text) in texts.iter().enumerate() {
        all.add(&Source::new(format!("/f{index}"), *text));
    }
    all
}

fn value(text: &str, name: &str) -> String {
    let value = read(&[text]).value(name);
    value
        .known()
        .map_or_else(|why| format!("unknown: {why}"), str::to_owned)
}

#[test]
fn quotes_escapes_and_variables_are_read_as_a_shell_does() {
    assert_eq!(value("A=\"a b\"'c \"d'e\\ f # no\n", "A"), "a bc \"de f");
    assert_eq!(value("A=1 B=2", "B"), "2");
    assert_eq!(value("A=x\nB=\"$A ${A}y \\$A\"", "B"), "x xy $A");
    assert_eq!(value("export A=1", "A"), "1");
    assert_eq!(value("A=\"a \\\nb\"", "A"), "a b");
    assert_eq!(value("# A=1\n", "A"), "");
    assert_eq!(value("A=1 command", "A"), "");
    assert_eq!(value("A=a=b,c:d", "A"), "a=b,c:d");
}

#[test]
fn what_needs_a_shell_is_unknown() {
    let printed = "unknown: it is what a command prints or a shell works out";
    assert_eq!(
        value("A=`lsb_release -i -s 2> /dev/null || echo Debian`", "A"),
        printed
    );
    assert_eq!(
        value("A=$(. /etc/os-release; echo ${NAME:-x} ) || true", "A"),
        printed
    );
    assert_eq!(value("A=${B:-1}\nC=2", "A"), printed);
    assert_eq!(
        value("A=$B", "A"),
        "unknown: the variable 'B' is not set in these files"
    );
    let depends = "unknown: the variable 'A' depends on what the shell finds";
    assert_eq!(value("A=1\nif true; then\n A=2\nfi\n", "A"), depends);
    assert_eq!(value("test x && A=2", "A"), depends);
    assert_eq!(value("if true; then B=2; fi; A=3", "A"), "3");
}

#[test]
fn an_assignment_that_is_set_again_has_no_effect() {
    let all = read(&["A=1\nA=\"$A 2\"\n", "A=3\n"]);
    let by: Vec<_> = all
        .all
        .iter()
        .map(|one| one.overridden_by.as_ref())
        .collect();
    let last = all.last("A").unwrap();
    assert_eq!(by, [Some(&last.place), Some(&last.place), None]);
    assert_eq!(last.place.to_string(), "/f1:1:1");
    let all = read(&["A='a b'\n", "A=\"$A c\"\n"]);
    assert_eq!(all.all[0].overridden_by, None);
    let words = all.value("A").words();
    let places: Vec<_> = words
        .iter()
        .map(|word| word.place().unwrap().to_string())
        .collect();
    assert_eq!(places, ["/f0:1:4", "/f0:1:6", "/f1:1:7"]);
}

#[test]
fn what_adds_to_a_variable_does_so_in_bash_only() {
    let added = |shell: Shell| {
        let mut all = Assignments::new(shell);
        all.add(&Source::new(
            "/f",
            "A='a b'\nA+=\" c\" # d\nexport A+=$A\nB+=1\nA+ =2\n",
        ));
        all
    };
    let all = added(Shell::Bash);
    assert_eq!(all.value("A"), "a b ca b c");
    assert_eq!(all.value("A").gaps(), []);
    assert_eq!(all.value("A").place_at(4).unwrap().to_string(), "/f:2:6");
    assert_eq!(all.value("B"), "1");
    assert_eq!(all.all[0].overridden_by, None);
    for (shell, why) in [
        (
            Shell::Other("dash".into()),
            "'A+=' is bash's, and /bin/sh is dash",
        ),
        (
            Shell::Unknown,
            "'A+=' is bash's, and what /bin/sh is is not known",
        ),
    ] {
        let value = added(shell).value("A");
        let unknown = value.known().unwrap_err();
        assert_eq!((value.as_str(), unknown.why.as_str()), ("a b", why));
        assert_eq!(unknown.place.unwrap().to_string(), "/f:2:1");
    }
}

#[test]
fn the_shell_is_what_bin_sh_leads_to() {
    let shell = |links: &[(&str, &str)]| {
        let fake = testkit::machine::FakeHost::new();
        fake.write("bin/dash", "");
        for (link, target) in links {
            fake.link(link, target);
        }
        Shell::of(host::Host::at(fake.root()).unwrap().files())
    };
    assert_eq!(shell(&[]), Shell::Unknown);
    assert_eq!(
        shell(&[("bin/sh", "bash")]),
        Shell::Bash,
        "a copy without it"
    );
    let alternatives = [
        ("bin/sh", "/etc/alternatives/sh"),
        ("etc/alternatives/sh", "/bin/dash"),
    ];
    assert_eq!(shell(&alternatives), Shell::Other("dash".into()));
}

#[test]
fn assignments_take_a_bounded_amount_of_memory() {
    let long = format!("A={}\n", "x".repeat(60_000));
    let doubled = "A=1\n".to_owned() + &"B=$C$C$C$C\n".repeat(90_000);
    for text in [
        long.clone() + &"B=$A\n".repeat(190_000),
        long + &"B=$A$A\n".repeat(140_000),
        doubled,
        "A=1\n".repeat(250_000),
    ] {
        let all = read(&[&text, "D=1\n"]);
        let doubt = all.doubt().unwrap();
        assert_eq!(doubt.why, "the assignments take more than 4.0 MiB");
        let place = doubt.place.as_ref().unwrap();
        assert_eq!(&*place.file, std::path::Path::new("/f0"));
        let taken: usize = all.all.iter().map(|one| one.value.weight()).sum();
        assert!(taken <= MOST && all.all.len() < 20_000, "{taken}");
        assert_eq!(all.value("A").known().as_ref(), Err(doubt));
        assert_eq!(all.value("D").known().as_ref(), Err(doubt));
    }
}
