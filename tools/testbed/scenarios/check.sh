# proves: check finds why a guest does not start, corrects it, predicts memory to the MiB, and changes nothing unasked
# disk: data 1G
# cpus: 3

volume_group vg0 data
ends 0 innkeeper import /testbed/images/guest.tar.gz --to lv:vg0/guest --config /etc/xen/greeter.cfg
echo 'cpus = ["^0,^1"]' >>/etc/xen/greeter.cfg

# everything: the host's files and domains, as far as they change by themselves only.
everything() {
    find /boot /etc /root /usr/lib/xen-4.17 /var/lib/innkeeper /var/lib/xen -xdev -type f -exec cksum {} + 2>/dev/null | sort
    xl list | awk '{ print $1, $2, $3, $4 }'
}

everything >/tmp/before
ends 5 innkeeper check
says 'etc/xen/greeter.cfg'
says 'guest-cpus-empty'
everything >/tmp/after
cmp /tmp/before /tmp/after || fail 'check has changed something'

ends 1 xl create -p /etc/xen/greeter.cfg
ends 5 innkeeper check --fix --dry-run
everything >/tmp/after
cmp /tmp/before /tmp/after || fail 'a dry run has changed something'

cp /etc/xen/greeter.cfg /tmp/greeter.cfg
ends 0 innkeeper check --fix --fail-on error
greets /etc/xen/greeter.cfg 'greetings from a PV guest, payload intact'
# sized TYPE MIB: a guest of this type and size.
sized() {
    sed "s/^memory.*/memory = $2/; s/^maxmem.*/maxmem = $2/; s/^type = .*/type = \"$1\"/; /^cpus/d" /etc/xen/greeter.cfg >/root/edge.cfg
}

# checked: what check finds about that guest's memory, in a word.
checked() {
    innkeeper check --vm /root/edge.cfg --fail-on never --json >/tmp/report
    python3 -c 'import json; print(*[f["severity"] for f in json.load(open("/tmp/report"))["findings"] if f["rule"] == "guest-memory-free"])'
}

# edge TYPE: with as much memory as is free a guest may start; one MiB less starts, one more does not.
edge() {
    memory=$(($(xl info | sed -n 's/^free_memory *: //p') + 1))
    until sized "$1" "$memory" && [ "$(checked)" = warning ]; do
        [ "$memory" -gt 256 ] || fail "check warns of no size"
        memory=$((memory - 1))
    done
    say "a guest of type $1 needs all that is free with $memory MiB"
    sized "$1" "$((memory - 1))"
    [ -z "$(checked)" ] || fail 'check finds something with a MiB less'
    ends 0 xl create -p /root/edge.cfg
    ends 0 xl destroy greeter
    sized "$1" "$((memory + 1))"
    [ "$(checked)" = error ] || fail 'check finds nothing with a MiB more'
    ends 3 xl create -p /root/edge.cfg
}
edge pv
edge pvh

ends 0 innkeeper undo
cmp /tmp/greeter.cfg /etc/xen/greeter.cfg || fail 'undo has not restored the configuration'
