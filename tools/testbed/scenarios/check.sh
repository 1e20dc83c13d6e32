# proves: check finds why a guest does not start, corrects it, and changes nothing that it was not asked to
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
ends 0 innkeeper undo
cmp /tmp/greeter.cfg /etc/xen/greeter.cfg || fail 'undo has not restored the configuration'
