//! VMDKs whose descriptors are written in other ways or not at all, and names that Windows wrote.

use crate::split::{gives, small};
use crate::support::Room;
use crate::support::transcript::assert_snapshot;

#[test]
fn a_sparse_extent_is_told_by_its_name_where_nothing_else_tells() {
    let room = Room::new();
    let mut told = Vec::new();
    let disk = small(&room);
    room.sh("qemu-img convert -f raw -O vmdk -o subformat=twoGbMaxExtentSparse disk.img vm.vmdk");
    told.push(room.run("import vm-s001.vmdk --to out.img").failed(3));
    room.sh("tar -cf packed vm-s001.vmdk");
    told.push(room.run("import packed --to out.img").failed(3));
    told.push(room.run("inspect packed").failed(3));
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
    told.push(
        room.run_with_pipe("import - --to out.img", &room.read("packed"))
            .failed(3),
    );
    assert!(!room.exists("out.img"));
    gives(&room, "import packed", &disk, "what can be read twice");
    assert_snapshot!(told);
}

#[test]
fn a_descriptor_that_begins_in_another_way_is_never_taken_for_text() {
    let room = Room::new();
    let mut told = Vec::new();
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
        told.push(
            room.run_with_pipe("import - --to out.img", text.as_bytes())
                .failed(3),
        );
    }
    for (from, to) in [
        ("monolithicFlat", "partitionedDevice"),
        (" FLAT ", " VMFSSPARSE "),
        (" FLAT ", " SESPARSE "),
        ("version=1", "version=9"),
        ("RW ", "what "),
    ] {
        room.write("odd.vmdk", rest.replace(from, to).as_bytes());
        let ran = room.run("import odd.vmdk --to out.img");
        assert!(!ran.stderr.contains("--format"), "{}", ran.story());
        told.push(ran.failed(3));
        assert!(!room.exists("out.img"));
    }
    assert_snapshot!(told);
}

#[test]
fn names_from_windows_are_found_in_any_case() {
    let room = Room::new();
    let mut told = Vec::new();
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
    ran.refused_for(3, "one of them was changed");
    room.sh("cp disk.img d/BASE.img");
    let ran = room.run("import child.qcow2 --to out.img --allow-backing d");
    assert!(
        ran.stderr.contains("d/base.img: is there only as \""),
        "{}",
        ran.story()
    );
    assert_eq!(ran.status, 3, "{}", ran.story());
    room.sh("cp disk.img VM-FLAT.vmdk");
    told.push(room.run("import vm.vmdk --to out.img").failed(3));
    room.sh("rm V* d/*");
    told.push(room.run("import vm.vmdk --to out.img").failed(3));
    assert!(!room.exists("out.img"));
    assert_snapshot!(told);
}

#[test]
fn no_name_leads_out_of_the_directory() {
    let room = Room::new();
    small(&room);
    room.sh("mkdir d; ln -s ../disk.img d/Secret.img
             qemu-img create -q -f qcow2 -u -b 'C:\\..\\secret.img' -F raw child.qcow2 4M");
    assert_snapshot!(
        room.run("import child.qcow2 --to out.img --allow-backing d")
            .failed(3)
    );
    assert!(!room.exists("out.img"));
}
