//! What xl makes of configurations.

use crate::xen::Release;
use crate::xl::{Verdict, judge, parse};

/// A line for each finding in `text` behind a whole guest: verdict, place, length, message, what to write.
fn findings_of(text: &str, release: Release) -> Vec<String> {
    let whole = format!("name = 'a'\nbuilder = 'hvm'\n{text}");
    let config = parse(&whole).unwrap();
    let found = judge(&config, release).into_iter();
    let lines = found.map(|finding| {
        let place = format!(
            "{}:{}+{}",
            finding.position.line, finding.position.column, finding.length
        );
        let instead = finding
            .instead
            .map_or(String::new(), |instead| format!(" -> {instead}"));
        format!(
            "{} {place} {}{instead}",
            finding.verdict.name(),
            finding.message
        )
    });
    lines.collect()
}

fn findings(text: &str) -> Vec<String> {
    findings_of(text, Release::new(4, 17))
}

#[test]
fn a_whole_guest_has_no_findings() {
    let text = "memory = 1024\nvcpus = 2\nmaxvcpus = '4'\nuuid = '12345678-1234-1234-1234-123456789abc'\ncpus = 'all,^0'\n\
        disk = ['/dev/vg/a,raw,xvda,rw', 'format=raw, vdev=hdc, devtype=cdrom, access=ro, target=/a.iso']\n\
        vif = ['', 'mac=00:16:3e:00:00:01,bridge=br0']\npci = ['01:00.0,permissive=1']\nusbdev = ['hostbus=1,hostaddr=2']\n\
        on_crash = 'preserve'\ntsc_mode = 'native'\nbios = 'OVMF'\nserial = ['pty']\nvga = 'stdvga'\naltp2m = 1\n";
    assert_eq!(findings(text), [] as [&str; 0]);
}

#[test]
fn unknown_keys_come_with_the_nearest_known_one() {
    assert_eq!(
        findings("initrd = '/boot/i'\nvcpu = 1\nvncconsole = 1\nwhatever = 2\n"),
        [
            "unknown 3:1+6 xl does not know initrd -> ramdisk",
            "unknown 4:1+4 xl does not know vcpu -> vcpus",
            "deprecated 5:1+10 xl does not know vncconsole, it has no effect",
            "unknown 6:1+8 xl does not know whatever",
        ]
    );
    assert_eq!(
        findings("hvm_pirq = 1\npvh = 1\n"),
        [
            "unknown 3:1+8 xl of Xen 4.17 does not know hvm_pirq, which came with 4.19",
            "unknown 4:1+3 xl of Xen 4.17 does not know pvh any more, the last that did was 4.8",
        ]
    );
}

#[test]
fn values_of_the_wrong_kind_are_ignored() {
    assert_eq!(
        findings(
            "memory = [1]\nvcpus = 'two'\ndisk = 'phy:/a,xvda,w'\nmaxmem = '-1'\nmax_grant_frames = 'x'\ndevice_model_args = '-x'\nacpi += 1\n"
        ),
        [
            "ignored 3:10+1 it is a list but should be a single value",
            "ignored 4:9+5 \"two\" is not a valid number",
            "ignored 5:8+15 it is a single value but should be a list",
            "refused 6:10+4 it is negative",
            "refused 7:20+3 \"x\" is not a valid number",
            "refused 8:21+4 it is a single value but should be a list",
            "ignored 9:9+1 can't use += with numbers",
        ]
    );
}

#[test]
fn a_word_that_is_none_of_the_known_ones_is_refused() {
    assert_eq!(
        findings("on_crash = 'Destroy'\nbios = 'efi'\ntsc_mode = 7\ntimer_mode = 1\nvga = 'std'\n"),
        [
            "refused 3:12+9 unknown value for on_crash: xl knows destroy, restart, rename-restart, preserve, coredump-destroy, coredump-restart, soft-reset -> destroy",
            "refused 4:8+5 unknown value for bios: xl knows rombios, seabios, ovmf, unknown",
            "refused 5:12+1 unknown value for tsc_mode: xl knows default, always_emulate, native, native_paravirt",
            "deprecated 5:12+1 a number is deprecated, write the name of the mode",
            "deprecated 6:14+1 a number is deprecated, write the name of the mode",
            "refused 7:7+5 unknown value for vga: xl knows stdvga, cirrus, none, qxl",
        ]
    );
    let traditional = "device_model_version = 'qemu-xen-traditional'\n";
    assert_eq!(findings(traditional), [] as [&str; 0]);
    assert_eq!(findings_of(traditional, Release::new(4, 21)).len(), 1);
}

#[test]
fn faults_in_devices_are_where_they_are_in_the_file() {
    assert_eq!(
        findings(
            "disk = [\n  'file:/a,hda:cdrom,r',\n  '/a,QCOW2,xvda,w',\n  '/a' ]\nvif = ['bridge = br0', 'rate=x']\npci = ['01:00']\nusbdev = ['vendor=1']\n"
        ),
        [
            "deprecated 4:4+5 file: is deprecated, and not needed",
            "deprecated 4:15+6 this spelling is deprecated -> devtype=cdrom",
            "refused 5:7+5 unknown value for format",
            "refused 6:3+2 no vdev specified",
            "ignored 7:9+12 unrecognized argument",
            "refused 7:30+1 invalid rate",
            "refused 8:9+5 unable to parse PCI_SPEC_STRING for passthrough",
            "refused 9:12+8 Unknown string in usbdev spec",
        ]
    );
}

#[test]
fn empty_masks_are_refused_and_lost_exclusions_named() {
    assert_eq!(
        findings("vcpus = 3\ncpus = ['^0,^1', '^0,2-3', '0-']\n"),
        ["refused 4:29+2 Invalid pcpu range"]
    );
    assert_eq!(
        findings("maxvcpus = 2\ncpus = ['^0,^1', '^0,2-3', '0-']\ncpus_soft = '0,^0'\n"),
        [
            "refused 4:9+7 the mask is empty, the guest does not start -> all,^0,^1",
            "ignored 4:19+2 it excludes from an empty mask and has no effect -> 2-3,^0",
            "ignored 5:13+6 the mask is empty and has no effect",
        ]
    );
    assert_eq!(
        findings_of("cpus = '^0,2-3'\n", Release::new(4, 3)),
        [] as [&str; 0]
    );
}

#[test]
fn settings_are_judged_together() {
    assert_eq!(
        findings(
            "type = 'pv'\nvcpus = 4\nmaxvcpus = 2\nuuid = '1234'\ncmdline = 'x'\nextra = 'y'\nkernel = '/usr/lib/xen/boot/hvmloader'\ndevice_model = '/x'\n"
        ),
        [
            "refused 2:11+5 Contradicting \"builder\" and \"type\" options specified.",
            "refused 5:12+1 maxvcpus < vcpus, which is 4",
            "refused 6:8+6 Failed to parse UUID",
            "ignored 8:1+5 it is ignored in favour of cmdline=",
            "ignored 9:1+6 hvmloader is ignored as the kernel of an HVM guest",
            "ignored 10:1+12 it is ignored; device_model_override names another device model",
        ]
    );
    let config = parse("memory = True\n").unwrap();
    let found = judge(&config, Release::NEWEST);
    let messages: Vec<_> = found
        .iter()
        .map(|finding| finding.message.as_str())
        .collect();
    assert_eq!(
        messages,
        ["lexical error"],
        "what comes behind a fault is not missing"
    );
    let config = parse("memory = 1\nkernel = 'k'\n").unwrap();
    let found = judge(&config, Release::NEWEST);
    assert_eq!(found[0].message, "Domain name must be specified.");
    let config = parse("name = 'a'\ntype = 'pvh'\n").unwrap();
    assert_eq!(
        judge(&config, Release::NEWEST)[0].message,
        "Neither kernel nor bootloader specified"
    );
}

#[test]
fn masks_without_virtual_cpus_have_no_effect() {
    let text = "cpus = '^1'\n";
    assert_eq!(
        findings(text),
        ["ignored 3:1+4 neither vcpus nor maxvcpus is set: xl applies it to no virtual CPU"]
    );
    assert_eq!(findings(&format!("vnuma = []\n{text}")).len(), 1);
    assert!(findings(&format!("vcpus = 1\n{text}"))[0].starts_with("refused"));
}

#[test]
fn what_a_release_does_not_read_it_does_not_refuse() {
    let old = Release::new(4, 4);
    assert_eq!(
        findings_of("passthrough = 'whatever'\n", old),
        ["unknown 3:1+11 xl of Xen 4.4 does not know passthrough, which came with 4.13"]
    );
    let config = parse("name = 'a'\nbuilder = 'linux'\nkernel = 'k'\n").unwrap();
    assert_eq!(judge(&config, Release::new(4, 9)), []);
    assert_eq!(
        judge(&config, Release::new(4, 10))[0].verdict,
        Verdict::Refused
    );
    // `type` came with 4.10, and without it the guest is PV.
    let config = parse("name = 'a'\ntype = 'hvm'\n").unwrap();
    let found = judge(&config, Release::new(4, 9)).into_iter();
    let messages: Vec<_> = found.map(|finding| finding.message).collect();
    assert!(messages.contains(&"Neither kernel nor bootloader specified".to_owned()));
    assert_eq!(judge(&config, Release::new(4, 10)), []);
}

#[test]
fn words_and_numbers_of_lists_are_checked() {
    assert_eq!(
        findings(
            "gfx_passthru = 'amd'\nmmio_hole = 1\nviridian = ['defaults', '!STIMER', 'nope']\nmca_caps = ['lmce', 'x']\n\
             ioports = ['2f8-2ff', '3F8', 'zz', '1-x']\nirqs = ['5', '5x']\nvnclisten = '0.0.0.0:3'\nvncdisplay = 2\ntimer_mode = 4\n\
             vif = ['', []]\n"
        ),
        [
            "refused 3:16+5 unknown value for gfx_passthru: xl knows default, igd",
            "refused 4:13+1 1 MiB: it must be from 256 to 3840",
            "refused 5:37+4 unknown viridian enlightenment",
            "refused 6:22+1 unrecognized MCA capability",
            "refused 7:31+2 Invalid argument parsing ioport",
            "refused 7:37+3 Invalid argument parsing ioport",
            "refused 8:15+2 Invalid argument parsing irq",
            "refused 9:13+11 the display is specified in vnclisten and in vncdisplay",
            "refused 11:14+1 unknown value for timer_mode: xl knows delay_for_missed_ticks, no_delay_for_missed_ticks, no_missed_ticks_pending, one_missed_tick_pending, unknown",
            "deprecated 11:14+1 a number is deprecated, write the name of the mode",
            "ignored 12:12+1 xl ends the list at an element that is a list itself",
        ]
    );
    assert_eq!(
        findings("gfx_passthru = 7\nrtc_timeoffset = '-3600'\nviridian = 1\nmmio_hole = 512\n"),
        [] as [&str; 0]
    );
}

#[test]
fn guests_that_are_not_hvm_have_limits_of_their_own() {
    let messages = |text: &str| -> Vec<String> {
        let config = parse(&format!("name = 'a'\n{text}")).unwrap();
        let found = judge(&config, Release::NEWEST).into_iter();
        found.map(|finding| finding.message).collect()
    };
    let pv = "type = 'pv'\nkernel = 'k'\n";
    assert_eq!(
        messages(&format!("{pv}timer_mode = 'no_delay_for_missed_ticks'\n")),
        ["it is not supported for PV guests"]
    );
    assert_eq!(
        messages("type = 'pvh'\nfirmware = 'uefi'\ntimer_mode = 'no_delay_for_missed_ticks'\n"),
        ["only pvgrub32 and pvgrub64 are supported for guests that are not HVM"]
    );
    assert_eq!(
        messages("type = 'pvh'\nfirmware = 'pvgrub64'\n"),
        [] as [&str; 0]
    );
    assert_eq!(
        messages(&format!(
            "{pv}passthrough = 'disabled'\npci = ['01:00.0']\n"
        )),
        ["passthrough is disabled, and devices are specified"]
    );
}
