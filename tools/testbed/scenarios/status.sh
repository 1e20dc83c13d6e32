# proves: the testbed brings back a script's exit status, its words and its files
# cpus: 3
# memory: 1536
# nics: 2
# status: 7

[ "$(xl info | sed -n 's/^nr_cpus *: //p')" = 3 ]
[ "$(xl info | sed -n 's/^total_memory *: //p')" = 1535 ]
[ "$(ls -d /sys/class/net/eth* | wc -l)" = 2 ]
echo brought back >/out/words
exit 7
