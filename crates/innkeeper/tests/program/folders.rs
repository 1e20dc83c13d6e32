//! Directories, and descriptions of guests with the disks beside them.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;

use crate::support::transcript::assert_snapshot;
use crate::support::{Ran, Room, disk, write_sparse};

/// The room with `root.img` and `data.img`, and their content.
fn disks() -> (Room, Vec<u8>, Vec<u8>) {
    let room = Room::new();
    let (root, data) = (disk(4 << 20), disk(2 << 20));
    write_sparse(&room.path("root.img"), &root);
    write_sparse(&room.path("data.img"), &data);
    fs::create_dir(room.path("vm")).unwrap();
    (room, root, data)
}

/// An OVF whose disks are in `files`; what stands behind a bar are further attributes of the file.
fn ovf(files: &[&str]) -> String {
    let (mut references, mut disks, mut items) = (String::new(), String::new(), String::new());
    for (number, file) in files.iter().enumerate() {
        let (href, more) = file.split_once('|').unwrap_or((file, ""));
        write!(
            references,
            "<File ovf:id='f{number}' ovf:href='{href}' {more}/>"
        )
        .unwrap();
        write!(
            disks,
            "<Disk ovf:diskId='d{number}' ovf:fileRef='f{number}' ovf:capacity='1'/>"
        )
        .unwrap();
        write!(
            items,
            "<Item><rasd:InstanceID>{number}</rasd:InstanceID>\
             <rasd:HostResource>ovf:/disk/d{number}</rasd:HostResource>\
             <rasd:ResourceType>17</rasd:ResourceType></Item>"
        )
        .unwrap();
    }
    format!(
        "<?xml version='1.0'?>\n<Envelope xmlns='http://schemas.dmtf.org/ovf/envelope/1' \
         xmlns:ovf='http://schemas.dmtf.org/ovf/envelope/1' \
         xmlns:rasd='http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData'>\
         <References>{references}<File ovf:id='cd' ovf:href='cd.iso'/></References>\
         <DiskSection><Info>Disks</Info>{disks}</DiskSection>\
         <VirtualSystem ovf:id='web01'><Info>A guest</Info><Name>web01</Name>\
         <VirtualHardwareSection><Info>Hardware</Info>{items}</VirtualHardwareSection>\
         </VirtualSystem></Envelope>"
    )
}

/// A VMX with these disks and an empty CD drive.
fn vmx(files: &[&str]) -> String {
    let mut text =
        "config.version = \"8\"\nvirtualHW.version = \"10\"\ndisplayName = \"web01\"\n".to_owned();
    for (number, file) in files.iter().enumerate() {
        writeln!(
            text,
            "scsi0:{number}.present = \"TRUE\"\nscsi0:{number}.fileName = \"{file}\""
        )
        .unwrap();
    }
    text + "ide1:0.present = \"TRUE\"\nide1:0.deviceType = \"cdrom-image\"\nide1:0.fileName = \"cd.iso\"\n"
}

/// Imports `source` and sees that the guest's disks are these, in this order.
#[track_caller]
fn gives(room: &Room, source: &str, expected: &[&[u8]]) {
    let json = room
        .run(&format!("import {source} --to out-{{disk}} --json"))
        .ok()
        .json();
    let count = json["disks"].as_array().unwrap().len();
    assert_eq!(count, expected.len(), "{source}");
    for (number, disk) in expected.iter().enumerate() {
        assert!(
            room.read(&format!("out-{number}")) == *disk,
            "{source}: disk {number}"
        );
    }
    room.sh("rm out-*");
}

/// What is said of importing `source`, which fails with this status and leaves nothing.
#[track_caller]
fn refused(room: &Room, source: &str, status: i32) -> Ran {
    let before = room.names();
    let ran = room.run(&format!("import {source} --to out-{{disk}}"));
    assert_eq!(room.names(), before);
    ran.failed(status)
}

#[test]
fn an_ovf_gives_the_disks_beside_it_and_its_manifest_is_checked() {
    let (room, root, data) = disks();
    room.write("vm/web.ovf", ovf(&["root.vmdk", "data.qcow2"]).as_bytes());
    room.write("vm/cd.iso", &disk(1 << 20));
    room.write("vm/other.img", &root);
    room.sh(
        "qemu-img convert -f raw -O vmdk -o subformat=streamOptimized root.img vm/root.vmdk
             qemu-img convert -f raw -O qcow2 data.img vm/data.qcow2
             cd vm; sha256sum web.ovf root.vmdk data.qcow2 cd.iso |
                 sed 's/^\\([0-9a-f]*\\)  \\(.*\\)/SHA256(\\2)= \\1/' > web.mf",
    );
    for source in ["vm/web.ovf", "vm", "vm/"] {
        gives(&room, source, &[&root, &data]);
    }
    let json = room
        .run("import vm/web.ovf --to out-{member} --json --strict")
        .ok()
        .json();
    assert_eq!(json["manifest"], "4 files agree (SHA-256)");
    assert_eq!(json["configs"][0]["member"], "web.ovf");
    assert_eq!(json["source"]["name"], "vm/web.ovf");
    assert_eq!(json["source"]["layers"][0], "OVF");
    assert_eq!(json["disks"][1]["disk"]["member"], "data.qcow2");
    room.sh("rm out-*");
    for (file, what) in [
        ("root.vmdk", "root.vmdk"),
        ("data.qcow2", "data.qcow2"),
        ("cd.iso", "cd.iso"),
    ] {
        let right = room.read(&format!("vm/{file}"));
        let mut wrong = right.clone();
        let at = wrong.len() - 1;
        wrong[at] ^= 1;
        room.write(&format!("vm/{file}"), &wrong);
        let run = room.run("import vm --to out-{disk}");
        assert_eq!(run.status, 3, "{file}: {}", run.story());
        assert!(run.stderr.contains(what), "{}", run.stderr);
        assert!(!room.exists("out-0") && !room.exists("out-1"));
        room.write(&format!("vm/{file}"), &right);
    }
}

#[test]
fn one_disk_is_chosen_as_out_of_an_archive() {
    let (room, root, data) = disks();
    room.write("vm/web.vmx", vmx(&["root.vmdk", "data.vmdk"]).as_bytes());
    room.sh("qemu-img convert -f raw -O vmdk root.img vm/root.vmdk
             qemu-img convert -f raw -O vmdk -o subformat=monolithicFlat data.img vm/data.vmdk
             echo log > vm/vmware.log");
    let sizes = |name: &str| room.read(&format!("vm/{name}")).len();
    let (one, two) = (sizes("root.vmdk"), sizes("data.vmdk"));
    for source in ["vm", "vm/web.vmx"] {
        room.run(&format!("import {source} --to out")).refused(
            3,
            &format!(
                "error: {source}: holds 2 disks: root.vmdk ({one} bytes), data.vmdk ({two} bytes)\n\
                 hint: choose one with --member, for instance --member root.vmdk"
            ),
        );
        room.run(&format!("import {source} --to out --member data.vmdk"))
            .ok();
        assert!(room.read("out") == data);
        room.run(&format!(
            "convert {source} out.qcow2 --format qcow2 --member root*"
        ))
        .ok();
        room.sh("qemu-img convert -f qcow2 -O raw out.qcow2 out.raw");
        assert!(room.read("out.raw") == root);
        room.sh("rm out*");
    }
    // Whoever names a file of a directory gets it, whatever the description says.
    room.run("import vm --to out --member data-flat.vmdk").ok();
    assert!(room.read("out") == data);
}

#[test]
fn a_directory_without_a_description_is_like_an_archive() {
    let (room, root, _) = disks();
    let mut told = Vec::new();
    room.sh(
        "qemu-img convert -f raw -O vmdk -o subformat=twoGbMaxExtentFlat root.img vm/web.vmdk
             echo hello > vm/README; : > vm/empty; mkdir vm/inner vm/vm.lck
             head -c 100000 /dev/urandom > vm/web.nvram",
    );
    gives(&room, "vm", &[&root]);
    let json = room.run("inspect vm --json").ok().json();
    assert_eq!(json["source"]["layers"][0], "directory");
    assert_eq!(json["disks"].as_array().unwrap().len(), 1);
    room.sh("cp root.img vm/inner/copy.img; gzip vm/inner/copy.img");
    gives(&room, "vm --member copy.img.gz", &[&root]);
    gives(&room, "vm", &[&root, &root]);
    room.sh("rm -r vm; mkdir vm; echo hello > vm/README");
    told.push(refused(&room, "vm", 3));
    room.sh("rm vm/README");
    told.push(refused(&room, "vm", 3));
    assert_snapshot!(told);
}

#[test]
fn names_are_found_as_descriptions_write_them() {
    let (room, root, data) = disks();
    fs::create_dir(room.path("vm/Disks")).unwrap();
    room.sh("cp root.img 'vm/my disk.img'; cp data.img 'vm/Disks/Data.img'");
    for (name, text) in [
        ("a.ovf", ovf(&["my%20disk.img", "Disks/Data.img"])),
        ("b.ovf", ovf(&["my disk.img", "./disks/data.img"])),
        ("c.vmx", vmx(&["My Disk.IMG", r"Disks\Data.img"])),
        (
            "d.vmx",
            vmx(&[r"C:\VMs\web\my disk.img", r"C:\VMs\web\Disks\Data.img"]),
        ),
        (
            "e.vmx",
            vmx(&["/vmfs/volumes/x/web/my disk.img", "Disks/../Disks/Data.img"]),
        ),
        (
            "f.vmx",
            vmx(&["my disk.img", "./my disk.img", "Disks/Data.img"]),
        ),
    ] {
        room.write(&format!("vm/{name}"), text.as_bytes());
        gives(&room, &format!("vm/{name}"), &[&root, &data]);
        fs::remove_file(room.path(&format!("vm/{name}"))).unwrap();
    }
    room.write("vm/web.xml", format!(
        "<domain type='kvm'><name>web</name><memory>1024</memory><devices>\
         <disk type='file' device='disk'><source file='{}/vm/my disk.img'/><target dev='vda'/></disk>\
         <disk type='file' device='cdrom'><source file='/iso/x.iso'/><target dev='sda'/></disk>\
         </devices></domain>", room.path("").display()).as_bytes());
    gives(&room, "vm/web.xml", &[&root]);
    room.write(
        "vm/web.cfg",
        b"name = 'web'\nmemory = 512\ndisk = ['file:/srv/xen/web/my disk.img,xvda,w']\n",
    );
    gives(&room, "vm/web.cfg", &[&root]);
}

#[test]
fn packed_disks_beside_a_description_are_unpacked() {
    let (room, root, data) = disks();
    room.write(
        "vm/web.ovf",
        ovf(&["root.img.gz|ovf:compression='gzip'", "data.tar"]).as_bytes(),
    );
    room.sh("gzip -c root.img > vm/root.img.gz; tar -cf vm/data.tar data.img");
    gives(&room, "vm/web.ovf", &[&root, &data]);
    room.sh("head -c 1000 vm/root.img.gz > cut; mv cut vm/root.img.gz");
    let run = room.run("import vm/web.ovf --to out-{disk}");
    assert_eq!(run.status, 3, "{}", run.story());
    assert!(
        run.stderr.contains("vm/web.ovf: root.img.gz: "),
        "{}",
        run.stderr
    );
}

#[test]
fn a_missing_disk_is_named() {
    let (room, root, _) = disks();
    let mut told = Vec::new();
    room.sh("cp root.img vm");
    room.write("vm/web.ovf", ovf(&["root.img", "data.vmdk"]).as_bytes());
    for source in ["vm", "vm/web.ovf"] {
        told.push(refused(&room, source, 3));
        gives(&room, &format!("{source} --member root.img"), &[&root]);
        // Whoever only looks is told what there is.
        let json = room.run(&format!("inspect {source} --json")).ok().json();
        assert_eq!(json["disks"].as_array().unwrap().len(), 1);
    }
    // A description of files that are elsewhere describes none of these.
    room.write("vm/web.ovf", ovf(&["elsewhere.img"]).as_bytes());
    gives(&room, "vm", &[&root]);
    assert_snapshot!(told);
}

#[test]
fn what_lies_outside_is_not_read() {
    let (room, _, _) = disks();
    let mut told = Vec::new();
    symlink("../root.img", room.path("vm/out.img")).unwrap();
    symlink("/etc/passwd", room.path("vm/far.img")).unwrap();
    room.sh("mkfifo vm/pipe.img; mkdir vm/folder.img");
    for name in [
        "../root.img",
        "/dev/vg0/web",
        "https://example.org/x.vmdk",
        "out.img",
        "far.img",
        "pipe.img",
        "folder.img",
    ] {
        room.write("vm/web.vmx", vmx(&[name]).as_bytes());
        told.push(refused(&room, "vm/web.vmx", 3));
    }
    let absolute = room.path("root.img").display().to_string();
    room.write("vm/web.vmx", vmx(&[&absolute]).as_bytes());
    let run = room.run("import vm/web.vmx --to out");
    assert_eq!(run.status, 3, "{}", run.story());
    assert!(!room.exists("out"));
    // In a directory, links and pipes are no disks.
    room.sh("rm vm/web.vmx; cp root.img vm/inside.img; ln -s inside.img vm/link.img");
    gives(&room, "vm", &[&room.read("root.img")]);
    assert_snapshot!(told);
}

#[test]
fn a_link_within_the_directory_is_followed() {
    let (room, root, _) = disks();
    room.sh("mkdir vm/store; cp root.img vm/store/1234; ln -s store/1234 vm/root.img");
    room.write("vm/web.vmx", vmx(&["root.img"]).as_bytes());
    gives(&room, "vm/web.vmx", &[&root]);
    gives(&room, "vm", &[&root]);
}

#[test]
fn two_guests_in_a_directory_are_told_apart() {
    let (room, root, data) = disks();
    room.sh("cp root.img data.img vm");
    room.write("vm/a.vmx", vmx(&["root.img"]).as_bytes());
    room.write("vm/b.vmx", vmx(&["data.img"]).as_bytes());
    assert_snapshot!(refused(&room, "vm", 3));
    gives(&room, "vm/a.vmx", &[&root]);
    gives(&room, "vm --member data.img", &[&data]);
    // Two descriptions of one guest are no matter, nor is what an editor keeps.
    room.write("vm/b.vmx", vmx(&["./root.img"]).as_bytes());
    room.write("vm/c.vmx~", vmx(&["data.img"]).as_bytes());
    gives(&room, "vm", &[&root]);
}

#[test]
fn snapshots_are_read_over_the_disks_below() {
    let (room, _, _) = disks();
    room.write("vm/web.vmx", vmx(&["root-000002.vmdk"]).as_bytes());
    room.sh(
        "cd vm; qemu-img convert -f raw -O vmdk ../root.img root.vmdk
             qemu-img create -q -f vmdk -b root.vmdk -F vmdk root-000001.vmdk
             qemu-io -f vmdk -c 'write -P 9 1M 64k' root-000001.vmdk
             qemu-img create -q -f vmdk -b root-000001.vmdk -F vmdk root-000002.vmdk
             qemu-io -f vmdk -c 'write -P 7 3M 64k' root-000002.vmdk
             qemu-img convert -f vmdk -O raw root-000002.vmdk ../snapshot.img
             qemu-img convert -f raw -O qcow2 ../root.img ../base.qcow2",
    );
    let snapshot = room.read("snapshot.img");
    gives(&room, "vm/web.vmx", &[&snapshot]);
    gives(&room, "vm", &[&snapshot]);
    room.sh("rm vm/web.vmx");
    gives(&room, "vm", &[&snapshot]);
    room.sh("mv vm/root.vmdk .");
    assert_snapshot!(refused(&room, "vm", 3));
    room.sh("rm vm/*; cd vm; mv ../base.qcow2 .; qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 top.qcow2
             qemu-io -f qcow2 -c 'write -P 5 1M 64k' top.qcow2; qemu-img convert -O raw top.qcow2 ../top.img");
    gives(&room, "vm", &[&room.read("top.img")]);
}

#[test]
fn a_snapshot_of_virtualbox_finds_its_parent_by_its_uuid() {
    let (room, root, data) = disks();
    room.sh(
        "mkdir vm/Snapshots; qemu-img convert -f raw -O vdi root.img vm/web.vdi
             cp data.img top.img; truncate -s 4M top.img; qemu-img convert -f raw -O vdi top.img top.vdi",
    );
    let uuid = room.read("vm/web.vdi")[392..408].to_vec();
    let mut top = room.read("top.vdi");
    top[76] = 4;
    top[424..440].copy_from_slice(&uuid);
    room.write("vm/Snapshots/{1}.vdi", &top);
    let mut expected = root;
    expected[..data.len()].copy_from_slice(&data);
    // Blocks of 1 MiB that the snapshot does not have are those of the disk below.
    gives(&room, "vm", &[&expected]);
    gives(
        &room,
        "vm/Snapshots/{1}.vdi --allow-backing vm",
        &[&expected],
    );
    room.sh("mv vm/web.vdi .");
    let run = room.run("import vm --to out");
    assert_eq!(run.status, 3, "{}", run.story());
    assert!(
        run.stderr.contains("and no file there has it"),
        "{}",
        run.stderr
    );
}

#[test]
fn chunks_beside_an_ovf_are_one_file_and_parts_that_nothing_names_are_refused() {
    let (room, root, _) = disks();
    room.write(
        "vm/web.ovf",
        ovf(&["root.img|ovf:chunkSize='1536000' ovf:size='4194304'"]).as_bytes(),
    );
    room.sh("split -b 1536000 -d -a 9 root.img vm/root.img.");
    gives(&room, "vm/web.ovf", &[&root]);
    gives(&room, "vm", &[&root]);
    room.sh("mv vm/root.img.000000002 .");
    assert_snapshot!(refused(&room, "vm/web.ovf", 3));
    room.sh("mv root.img.000000002 vm; rm vm/web.ovf");
    let run = room.run("import vm --to out");
    assert_eq!(run.status, 3, "{}", run.story());
    assert!(
        run.stderr.contains("is one of 3 parts of a file"),
        "{}",
        run.stderr
    );
}

#[test]
fn the_newest_version_of_a_disk_is_taken() {
    let (room, root, data) = disks();
    room.write("vm/web.ovf", ovf(&["disk.vmdk"]).as_bytes());
    room.sh(
        "for n in 0 1; do qemu-img convert -f raw -O vmdk data.img vm/disk.vmdk.00000000$n; done
             qemu-img convert -f raw -O vmdk root.img vm/disk.vmdk.000000002",
    );
    gives(&room, "vm/web.ovf", &[&root]);
    let json = room.run("import vm --to out --json").ok().json();
    assert_eq!(json["warnings"].as_array().unwrap().len(), 2, "{json}");
    assert!(data.len() < root.len());
}

#[test]
fn what_a_description_names_and_is_no_disk_is_refused() {
    let (room, _, _) = disks();
    room.write("vm/web.ovf", ovf(&["root.vmdk"]).as_bytes());
    room.write("vm/root.vmdk", b"Not a disk at all.\n");
    let run = room.run("import vm/web.ovf --to out");
    assert_eq!(run.status, 3, "{}", run.story());
    assert!(run.stderr.contains("root.vmdk: "), "{}", run.stderr);
    assert!(!room.exists("out"));
}

#[test]
fn a_description_whose_disks_cannot_be_reached_says_so() {
    let (room, _, _) = disks();
    let mut told = Vec::new();
    room.sh("cp root.img vm");
    room.write("vm/web.vmx", vmx(&["root.img"]).as_bytes());
    let text = room.read("vm/web.vmx");
    assert_snapshot!(room.run_with_pipe("import - --to out", &text).failed(3));
    let sum = String::from_utf8(room.sh("sha256sum vm/web.vmx | cut -c 1-64")).unwrap();
    for option in [format!("--sha256 {}", sum.trim()), "--keep copy".to_owned()] {
        told.push(refused(&room, &format!("vm/web.vmx {option}"), 3));
        told.push(refused(&room, &format!("vm {option}"), 2));
    }
    assert_snapshot!(told);
}

#[test]
fn what_is_read_is_not_written() {
    let mut told = Vec::new();
    let (room, root, _) = disks();
    room.sh("cp root.img vm");
    room.write("vm/web.vmx", vmx(&["root.img"]).as_bytes());
    for source in ["vm", "vm/web.vmx"] {
        told.push(
            room.run(&format!("import {source} --to vm/root.img --force"))
                .failed(2),
        );
        assert!(room.read("vm/root.img") == root);
    }
    room.run("import vm --to vm/new.img").ok();
    assert!(room.read("vm/new.img") == root);
    assert_snapshot!(told);
}

#[test]
fn a_directory_with_very_many_files_is_bounded() {
    let (room, root, _) = disks();
    room.sh("cp root.img vm; cd vm; seq 100000 | xargs touch");
    assert_snapshot!(refused(&room, "vm", 3));
    room.write("vm/web.vmx", vmx(&["root.img"]).as_bytes());
    gives(&room, "vm/web.vmx", &[&root]);
}
