#!/bin/bash
# Makes the seeds of the fuzz target "packages" and the fixtures of crates/host/packages, which are the same files:
# fuzz/seeds/packages. Their first byte says what the rest is (tools/properties/src/packages.rs).
#
# Needs rpmbuild and rpm (Debian: rpm), db5.3_load (db5.3-util) and python3, of which rpm and db5.3-util are not among what the
# tests need: so `cargo xtask seeds` does not call it. The headers are those that rpm itself writes; SQLite and Berkeley DB
# write their formats, with pages of 512 bytes so that everything that has to be split is; the ndb format, which Debian's rpm
# cannot write, is laid out here.
set -euo pipefail
seeds=$(realpath "$(dirname "$0")")/../../../../fuzz/seeds/packages
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$seeds" && cd "$scratch"
export SOURCE_DATE_EPOCH=1700000000

# NAME VERSION RELEASE EPOCH FILE…: builds a package.
package() {
    local name=$1 version=$2 release=$3 epoch=$4
    shift 4
    {
        printf 'Name: %s\nVersion: %s\nRelease: %s\n' "$name" "$version" "$release"
        [ "$epoch" = - ] || echo "Epoch: $epoch"
        printf 'Summary: %s\nLicense: MIT\nBuildArch: x86_64\n%%description\n%%install\n' "$name"
        for file in "$@"; do echo "mkdir -p %{buildroot}${file%/*}; echo $file >%{buildroot}$file"; done
        echo '%files'
        printf '%s\n' "$@"
    } >spec
    rpmbuild -bb --quiet --define "_topdir $PWD/top" --define '_buildhost host' --define '_build_id_links none' \
        --define 'use_source_date_epoch_as_buildtime 1' --define 'debug_package %{nil}' spec >/dev/null 2>&1
}
package xen-hypervisor 4.17.5 13.xcpng8.3 - /boot/xen.gz /boot/xen-4.17.5-13.gz /usr/lib/xen/boot/hvmloader
package xen-tools 4.17.5 13.xcpng8.3 2 /usr/sbin/xl /usr/bin/xentop /etc/xen/xl.conf
package kernel 4.19.19 8.0.37.xcpng8.3 - /boot/vmlinuz-4.19.19 /boot/config-4.19.19
package kernel 4.19.325 1.xcpng8.3 - /boot/vmlinuz-4.19.325 /boot/config-4.19.325
package xcp-ng-deps 8.3 13 -
rpm=(rpm --root "$PWD/root" --dbpath /var/lib/rpm --define '_db_backend sqlite')
mkdir root
"${rpm[@]}" --initdb
for file in top/RPMS/x86_64/*.rpm; do
    "${rpm[@]}" -i --justdb --nodeps --noscripts --ignorearch --ignoreos --force-debian "$file" 2>/dev/null
done
"${rpm[@]}" -qa | sort

python3 - "$seeds" <<'PYTHON'
import sqlite3, struct, subprocess, sys, zlib
from pathlib import Path

seeds = Path(sys.argv[1])
whole = sqlite3.connect("root/var/lib/rpm/rpmdb.sqlite")
headers = whole.execute("select hnum, blob from Packages order by hnum").fetchall()

small = sqlite3.connect("small", isolation_level=None)
small.execute("pragma page_size = 512")
for (sql,) in whole.execute("select sql from sqlite_master where name in ('Packages', 'Name')"):
    small.execute(sql)
small.executemany("insert into Packages values (?, ?)", headers)
small.close()

slots = b"RpmP" + struct.pack("<4I12x", 0, 9, 1, headers[-1][0] + 1)
blobs = b""
for number, header in headers:
    blob = b"BlbS" + struct.pack("<3I", number, 9, len(header)) + header
    blob += bytes(-(len(blob) + 12) % 16)
    blob += struct.pack("<2I", zlib.adler32(blob), len(header)) + b"BlbE"
    slots += b"Slot" + struct.pack("<3I", number, (4096 + len(blobs)) // 16, len(blob) // 16)
    blobs += blob
slots += b"Slot".ljust(16, b"\0") * ((4096 - len(slots)) // 16)

text = "VERSION=3\nformat=bytevalue\ntype=hash\ndb_pagesize=512\nHEADER=END\n"
for number, value in [(0, struct.pack("<I", headers[-1][0])), *headers]:
    text += f" {struct.pack('<I', number).hex()}\n {value.hex()}\n"
subprocess.run(["db5.3_load", "-f", "/dev/stdin", "berkeley"], input=text + "DATA=END\n", text=True, check=True)

for first, name, content in [
    (2, "rpm-sqlite", Path("small").read_bytes()),
    (3, "rpm-ndb", slots + blobs),
    (4, "rpm-berkeley", Path("berkeley").read_bytes()),
]:
    (seeds / name).write_bytes(bytes([first]) + content)
PYTHON
ls -l "$seeds"
