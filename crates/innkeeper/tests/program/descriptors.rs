//! VMDKs whose descriptors are written in other ways or not at all, and names that Windows wrote.

use crate::split::{ONCE, gives, small};
use crate::support::Room;

#[test]
fn a_sparse_extent_is_told_by_its_name_where_nothing_else_tells() {
    let room = Room::new();
    let disk = small(&room);
    room.sh("qemu-img convert -f raw -O vmdk -o subformat=twoGbMaxExtentSparse disk.img vm.vmdk");
    let hint = "hint: give the file that has the descriptor, which names this one";
    let refused =
        format!("vm-s001.vmdk: has no descriptor: it is one of several extents of a disk\n{hint}");
    room.run("import vm-s001.vmdk --to out.img")
        .refused(3, &format!("error: {refused}"));
    room.sh("tar -cf packed vm-s001.vmdk");
    room.run("import packed --to out.img")
        .refused(3, &format!("error: packed: {refused}"));
    room.run("inspect packed")
        .refused(3, &format!("error: packed: {refused}"));
    gives(&room, "import vm.vmdk", &disk, "by its descriptor");
    room.sh("mv vm-s001.vmdk whole.vmdk; tar -cf packed whole.vmdk");
    gives(&room, "import whole.vmdk", &disk, "without a descriptor");
    gives(&room, "import packed", &disk, "in an archive");
    let ran = room.run_with_pipe("import - --to out.img", &room.read("whole.vmdk"));
    ran.ok();
    assert!(room.read("out.img") == disk);
    let ran = room.run_with_pipe("import - --to out.img --force", &room.read("packed"));
    ran.ok();
    assert!(room.read("out.img") == disk);
    room.sh(
        "sed -i s/vm-s001.vmdk/whole.vmdk/ vm.vmdk; tar -cf packed whole.vmdk vm.vmdk; rm out.img",
    );
    room.run_with_pipe("import - --to out.img", &room.read("packed"))
        .refused(
            3,
            &format!("error: -: vm.vmdk: comes behind its part whole.vmdk, which was taken for a whole disk, {ONCE}"),
        );
    assert!(!room.exists("out.img"));
    gives(&room, "import packed", &disk, "what can be read twice");
}

#[test]
fn a_descriptor_that_begins_in_another_way_is_never_taken_for_text() {
    let room = Room::new();
    let disk = small(&room);
    room.sh("qemu-img convert -f raw -O vmdk -o subformat=monolithicFlat disk.img vm.vmdk");
    let text = String::from_utf8(room.read("vm.vmdk")).unwrap();
    let rest = text.split_once('\n').unwrap().1;
    for first in [
        "",
        "#Disk Descriptor File\n",
        "# by a tool\n\n",
        "\u{feff}",
        "\r\n \t\r\n",
    ] {
        room.write("odd.vmdk", format!("{first}{rest}").as_bytes());
        let json = gives(&room, "import odd.vmdk", &disk, first);
        assert_eq!(json["disk"]["variant"], "monolithicFlat");
        room.sh("tar -cf packed odd.vmdk vm-flat.vmdk");
        gives(&room, "import packed", &disk, first);
        room.sh("tar -cf packed vm-flat.vmdk odd.vmdk");
        gives(&room, "import packed", &disk, first);
        room.run_with_pipe("import - --to out.img", text.as_bytes()).refused_for(
            3,
            "error: -: is stored in the file \"vm-flat.vmdk\" beside it, which cannot be reached from here",
        );
    }
    for (from, to, message) in [
        (
            "monolithicFlat",
            "partitionedDevice",
            "describes a physical disk (partitionedDevice)",
        ),
        (
            " FLAT ",
            " VMFSSPARSE ",
            "has an extent of type VMFSSPARSE, which is not read here",
        ),
        (
            " FLAT ",
            " SESPARSE ",
            "has an extent of type SESPARSE, which is not read here",
        ),
        (
            "version=1",
            "version=9",
            "has a descriptor of version \"9\"",
        ),
        (
            "RW ",
            "what ",
            "has a descriptor with a line that is not understood",
        ),
    ] {
        room.write("odd.vmdk", rest.replace(from, to).as_bytes());
        let ran = room.run("import odd.vmdk --to out.img");
        assert!(!ran.stderr.contains("--format"), "{}", ran.story());
        ran.refused_for(3, &format!("error: odd.vmdk: {message}"));
        assert!(!room.exists("out.img"));
    }
}

#[test]
fn names_from_windows_are_found_in_any_case() {
    let room = Room::new();
    let disk = small(&room);
    room.sh("mkdir d; qemu-img convert -f raw -O vmdk -o subformat=monolithicFlat disk.img vm.vmdk
             mv vm-flat.vmdk VM-Flat.VMDK
             cp disk.img d/Base.IMG; qemu-img create -q -f qcow2 -u -b 'C:\\VMs\\base.img' -F raw child.qcow2 4M
             cp disk.vmdk d/Parent.VMDK; sed 's/parentCID=ffffffff/parentCID=7/; s/^createType/parentFileNameHint=\"C:\\\\VMs\\\\parent.vmdk\"\\n&/' vm.vmdk > child.vmdk");
    gives(&room, "import vm.vmdk", &disk, "an extent");
    room.sh("tar -cf packed vm.vmdk VM-Flat.VMDK; tar -cf last VM-Flat.VMDK vm.vmdk");
    gives(&room, "import packed", &disk, "an extent in an archive");
    gives(
        &room,
        "import last",
        &disk,
        "an extent before its descriptor",
    );
    gives(
        &room,
        "import child.qcow2 --allow-backing d",
        &disk,
        "a backing file",
    );
    let ran = room.run("import child.vmdk --to out.img --allow-backing d");
    ran.refused_for(3, "needs a parent with the CID 00000007, and ");
    room.sh("cp disk.img d/BASE.img");
    let ran = room.run("import child.qcow2 --to out.img --allow-backing d");
    assert!(
        ran.stderr.contains("d/base.img: is there only as \""),
        "{}",
        ran.story()
    );
    assert_eq!(ran.status, 3, "{}", ran.story());
    room.sh("cp disk.img VM-FLAT.vmdk");
    room.run("import vm.vmdk --to out.img")
        .refused_for(3, "vm-flat.vmdk: is there only as ");
    room.sh("rm V* d/*");
    room.run("import vm.vmdk --to out.img").refused(
        3,
        "error: vm.vmdk: is stored in the file \"vm-flat.vmdk\" beside it, which is missing",
    );
    assert!(!room.exists("out.img"));
}

#[test]
fn no_name_leads_out_of_the_directory() {
    let room = Room::new();
    small(&room);
    room.sh("mkdir d; ln -s ../disk.img d/Secret.img
             qemu-img create -q -f qcow2 -u -b 'C:\\..\\secret.img' -F raw child.qcow2 4M");
    room.run("import child.qcow2 --to out.img --allow-backing d")
        .refused_for(3, "d/secret.img: leads out of its directory");
    assert!(!room.exists("out.img"));
}
