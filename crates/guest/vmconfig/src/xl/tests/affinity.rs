//! Masks, as xl of each release reads them.

use crate::xen::Release;
use crate::xl::cpus::{self, Affinity, Topology, mask};
use crate::xl::parse;

const OLD: Release = Release::new(4, 3);
const MIDDLE: Release = Release::new(4, 4);
const NEW: Release = Release::new(4, 17);

/// Eight CPUs in two nodes.
fn host() -> Topology {
    Topology {
        cpus: 8,
        nodes: vec![vec![0, 1, 2, 3], vec![4, 5, 6, 7]],
    }
}

fn resolved(text: &str, release: Release) -> Vec<usize> {
    mask(text, release).unwrap().resolve(&host()).cpus
}

fn affinity(value: &str, release: Release) -> Result<Affinity, String> {
    let config = parse(&format!("# a\ncpus = {value}\n")).unwrap();
    let node = &config.get("cpus").unwrap().value;
    cpus::parse(node, release, u64::MAX).map_err(|fault| fault.to_string())
}

#[test]
fn words_are_carried_out_from_left_to_right_since_4_4() {
    assert_eq!(resolved("^1,0-3", NEW), [0, 1, 2, 3]);
    assert_eq!(resolved("0-3,^1", NEW), [0, 2, 3]);
    assert_eq!(resolved("^1,0-3", OLD), [0, 2, 3]);
    assert_eq!(resolved("all,^0,^1", NEW), [2, 3, 4, 5, 6, 7]);
    assert_eq!(resolved("nodes:1,^node:1,^3,2-3", NEW), [2, 3]);
    assert_eq!(
        resolved("nodes:0-9,+8, 9", MIDDLE),
        (0..8).collect::<Vec<_>>()
    );
    assert_eq!(resolved("nodes:all", NEW).len(), 8);
    assert_eq!(resolved(",,5,", NEW), [5]);
}

#[test]
fn an_exclusion_from_nothing_is_an_empty_mask() {
    let empty = mask("^0,^1", NEW).unwrap();
    assert!(empty.is_always_empty());
    assert!(empty.resolve(&host()).is_empty());
    assert_eq!(empty.resolve(&host()).without_effect, [0, 1]);
    assert_eq!(empty.exclusions_without_effect(), [0, 1]);
    assert_eq!(empty.portable().as_deref(), Some("all,^0,^1"));

    let lost = mask("^0,^1,2-7", NEW).unwrap();
    assert!(!lost.is_always_empty());
    assert_eq!(lost.resolve(&host()).without_effect, [0, 1]);
    assert_eq!(lost.portable().as_deref(), Some("2-7,^0,^1"));
    assert_eq!(mask("0-3,^1", NEW).unwrap().portable(), None);

    for text in [
        "",
        "0-1,^0,^1",
        "node:0,^node:0",
        "20000",
        "0,nodes:1,^nodes:0-3,^0",
    ] {
        assert!(mask(text, NEW).unwrap().is_always_empty(), "{text}");
    }
    for text in ["all,^0-7", "node:0,^0-3", "0-1,^0"] {
        assert!(!mask(text, NEW).unwrap().is_always_empty(), "{text}");
    }
}

#[test]
fn what_the_host_does_not_have_has_no_effect() {
    let found = mask("8-12,node:5,3", NEW).unwrap().resolve(&host());
    assert_eq!((found.cpus, found.without_effect), (vec![3], vec![0, 1]));
    let endless = mask("0-18446744073709551614", NEW).unwrap();
    assert_eq!(endless.resolve(&host()).cpus.len(), 8);
}

#[test]
fn a_list_is_a_mask_for_each_vcpu_since_4_5() {
    let list = "[\"0-1\", 2, \"^0,^1\"]";
    let each = affinity(list, NEW).unwrap();
    let cpus = |vcpu| each.of(vcpu).map(|mask| mask.resolve(&host()).cpus);
    assert_eq!(cpus(0), Some(vec![0, 1]));
    assert_eq!(cpus(1), Some(vec![2]));
    assert_eq!(cpus(2), Some(vec![]));
    assert_eq!(cpus(3), None);
    // Before, an element was the number that it begins with.
    let each = affinity(list, MIDDLE).unwrap();
    assert_eq!(each.masks()[0].resolve(&host()).cpus, [0]);
    assert_eq!(each.masks()[2].resolve(&host()).cpus, [0]);
    let all = affinity("'2-3'", NEW).unwrap();
    assert_eq!(all.of(9).unwrap().resolve(&host()).cpus, [2, 3]);
}

#[test]
fn a_refused_word_is_named_with_its_place_in_the_file() {
    let cases = [
        ("'0-3,x'", "line 2, column 13: near `x': Invalid pcpu range"),
        ("'3-1'", "line 2, column 9: near `3-1': Invalid pcpu range"),
        (
            "['0', '1-']",
            "line 2, column 15: near `1-': Invalid pcpu range",
        ),
        (
            "'0,^all'",
            "line 2, column 11: near `^all': Can't combine \"^\" and \"all\".",
        ),
        (
            "'\\'\\\"0'",
            "line 2, column 9: near `'\"0': Invalid pcpu range",
        ),
        ("'-1'", "line 2, column 9: near `-1': Invalid pcpu range"),
        ("'0 '", "line 2, column 9: near `0 ': Invalid pcpu range"),
        (
            "'0, ^1'",
            "line 2, column 11: near ` ^1': Invalid pcpu range",
        ),
    ];
    for (value, message) in cases {
        assert_eq!(affinity(value, NEW).unwrap_err(), message);
    }
    // Older releases do not look behind a number, and know no nodes.
    assert_eq!(resolved("1x,0 ", OLD), [0, 1]);
    assert!(mask("nodes:1", OLD).is_err() && mask("0,all", OLD).is_err());
}
