#!/bin/bash
# Boots Debian's kernels under software emulation and tests pytop there.
#
#   testdata/kernels.sh [6.1] [6.12] [5.10] [sid]     without a word: all of them
#
# Each boot runs testdata/kernels/init as the first process, on a Debian held in memory with the interpreters below in it. What it has to come to is a line of
# the table here; anything else makes the exit status 1. PYTOP_KERNELS_TABLE names a file that is written from what was seen (docs/kernels.md).
# Needs root (the interpreters lie in chroots) and make pythons; qemu and cpio are installed when they may be. Packages and logs are kept in .cache/kernels.
set -u -o pipefail
export LC_ALL=C.UTF-8

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$here/.." && pwd)
pythons=$(realpath -m "${PYTOP_PYTHONS:-$repository/.cache/pythons}")
cache=${PYTOP_KERNELS:-$repository/.cache/kernels}
mkdir -p "$cache" || exit 1
cache=$(cd "$cache" && pwd)
exec 9>"$cache/.lock"
flock 9 # one at a time

# kernel, suite that has it, what must come of it: counting by multi (uprobe_multi), by perf (perf event uprobes), or a refusal.
kernels='6.1 bookworm perf
6.12 trixie multi
5.10 bullseye refuse
sid sid multi'

# What the tests count there: an eval function (3.10), and tables of handlers of three ages.
interpreters='debian-bookworm-3.11 debian-trixie-3.13 debian-sid-3.15 standalone-3.10.16'

say() { printf '%s %s\n' "$(date +%T)" "$*" >&2; }
die() { say "$*"; exit 1; }

# apt runs a program of apt on sources of its own: the suites that have the kernels, from where this machine has its Debian.
apt() {
	local dir=$cache/apt program=$1
	shift
	"$program" -q -o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::status=/dev/null \
		-o Dir::State::lists="$dir/lists" -o Dir::Cache="$dir" -o Acquire::Languages=none -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User=root "$@"
}

sources() {
	local from suite signed=
	[ -d "$cache/apt/lists/partial" ] && return
	from=$(apt-get indextargets --format '$(REPO_URI)' 'Label: Debian' 'Created-By: Packages' | head -n 1)
	[ -n "$from" ] || from=$(sed -nE 's/^deb ([^ ]+) .*/\1/p' "$pythons/debian-sid/etc/apt/sources.list" | head -n 1)
	[ ! -e /usr/share/keyrings/debian-archive-keyring.gpg ] || signed=signed-by=/usr/share/keyrings/debian-archive-keyring.gpg
	mkdir -p "$cache/apt/archives/partial"
	while read -r _ suite _; do
		echo "deb [arch=amd64 targets=Packages $signed] $from $suite main"
	done <<<"$kernels" >"$cache/apt/sources.list"
	mkdir -p "$cache/apt/lists/partial"
	apt apt-get update || { rm -rf "$cache/apt/lists"; return 1; }
}

# depends PACKAGE[/SUITE] WORD: what a package depends on that begins with a word.
depends() { apt apt-cache show "$1" | sed -n '/^Depends: /{s/^Depends: //;p;q}' | tr ',|' '\n\n' | sed -nE "s/^ *($2[^ ]*).*/\1/p"; }

# unpack PACKAGE[/SUITE] DIR
unpack() {
	local into=$cache/packages/${1//\//-}
	if ! ls "$into"/*.deb >/dev/null 2>&1; then
		mkdir -p "$into"
		(cd "$into" && apt apt-get download "$1") || return 1
	fi
	mkdir -p "$2"
	dpkg-deb -x "$into"/*.deb "$2"
}

# kernel NAME SUITE: the newest cloud kernel of a suite. Newer packages have it in one that this one depends on, among the modules.
kernel() {
	local dir=$cache/kernel-$1 package deeper image=
	[ -e "$dir/name" ] && return
	rm -rf "$dir"
	for package in $(depends "linux-image-cloud-amd64/$2" linux-image-); do
		for deeper in "$package" $(depends "$package" linux-binary-); do
			unpack "$deeper" "$dir" || return 1
			image=$(find "$dir" -type f -name 'vmlinuz*' | head -n 1)
			[ -z "$image" ] || break 2
		done
	done
	mv "$image" "$dir/vmlinuz" || return 1
	rm -rf "$dir/usr" "$dir/lib" "$dir/boot"
	echo "${package#linux-image-}" >"$dir/name"
}

# copy FROM TO PATH…: files and directories below FROM, without what a test never imports.
copy() {
	local from=$1 to=$2
	shift 2
	tar -C "$from" -cf - --exclude=test --exclude=tests --exclude=idlelib --exclude=ensurepip --exclude=lib2to3 --exclude=tkinter --exclude=pydoc_data \
		--exclude=site-packages --exclude=dist-packages --exclude='config-3*' --exclude='*.a' --exclude=turtledemo "$@" | tar -C "$to" -xf -
}

# root makes the Debian: sid's, whose C library serves the older interpreters too.
root() {
	local dir=$cache/root recipe sid=$pythons/debian-sid name chroot path version notes file
	recipe="2 $(for name in $interpreters; do grep "^$name	" "$pythons/manifest.tsv"; done)"
	[ "$(cat "$dir/.recipe" 2>/dev/null)" = "$recipe" ] && return
	rm -rf "$dir"
	mkdir -p "$dir"/{usr/bin,usr/lib/x86_64-linux-gnu,usr/lib64,proc,sys,dev,tmp,etc,pythons,root}
	for name in bin lib lib64; do ln -s "usr/$name" "$dir/$name"; done
	ln -s bin "$dir/usr/sbin"
	for name in sh dash bash cat ls sleep env chmod chown mkdir rm ln cp mv id uname grep sed head tail cut tr sort wc seq date stat readlink mknod timeout tee true touch; do
		cp "$sid/usr/bin/$name" "$dir/usr/bin/" || return 1
	done
	for name in mount umount setsid setarch script unshare stty ps pgrep; do
		[ ! -e "$sid/usr/bin/$name" ] || cp "$sid/usr/bin/$name" "$dir/usr/bin/"
	done
	unpack tmux/sid "$dir/.tmux" && unpack libevent-core-2.1-7t64/sid "$dir/.tmux" && unpack libjemalloc2/sid "$dir/.tmux" && unpack libsystemd0/sid "$dir/.tmux" || return 1
	cp "$dir/.tmux/usr/bin/tmux" "$dir/usr/bin/"
	cp -a "$dir"/.tmux/usr/lib/x86_64-linux-gnu/*.so* "$dir/usr/lib/x86_64-linux-gnu/"
	rm -rf "$dir/.tmux"
	copy "$sid" "$dir" etc/passwd etc/group usr/share/terminfo usr/lib/terminfo 2>/dev/null
	copy "$sid" "$dir" usr/lib/locale/C.utf8 2>/dev/null

	for name in $interpreters; do
		IFS=$'\t' read -r _ chroot path version notes < <(grep -P "^\Q$name\E\t" "$pythons/manifest.tsv") || { echo "$name is missing: make pythons"; return 1; }
		if [ "$chroot" = - ]; then
			copy "$pythons" "$dir/pythons" "${path%%/*}"
		else
			copy "$pythons/$chroot" "$dir" "${path#/}" "usr/lib/${path##*/}"
			path=..$path
		fi
		printf '%s\t-\t%s\t%s\t%s\n' "$name" "$path" "$version" "$notes" >>"$dir/pythons/manifest.tsv"
	done
	ln -s python3.13 "$dir/usr/bin/python3"
	cp -a "$sid"/usr/lib/x86_64-linux-gnu/{ld-linux*,libc.so*,libm.so*} "$dir/usr/lib/x86_64-linux-gnu/"
	cp -a "$sid"/usr/lib64/* "$dir/usr/lib64/"
	# The libraries that all these name, until none is missing.
	local before=-1 after=0 library
	while [ "$before" != "$after" ]; do
		before=$after
		find "$dir/usr" "$dir/pythons" -type f \( -perm -u+x -o -name '*.so*' \) -exec readelf -d {} + 2>/dev/null | sed -nE 's/.*\(NEEDED\).*\[(.*)\]/\1/p' | sort -u |
			while read -r library; do
				file=$sid/usr/lib/x86_64-linux-gnu/$library
				if [ -e "$file" ] && [ ! -e "$dir/usr/lib/x86_64-linux-gnu/$library" ]; then cp -L "$file" "$dir/usr/lib/x86_64-linux-gnu/$library"; fi
			done
		after=$(ls "$dir/usr/lib/x86_64-linux-gnu" | wc -l)
	done
	(cd "$dir" && find . -xdev | cpio -o -H newc --quiet) >"$cache/root.cpio" || return 1
	printf '%s\n' "$recipe" >"$dir/.recipe"
}

# tests builds what is tested, as a second archive: the later file wins.
tests() {
	local dir=$cache/tests
	rm -rf "$dir"
	mkdir -p "$dir/pytop/collect/live/calls" "$dir/pytop/collect/live/gil" "$dir/pytop/bin"
	cp "$here/kernels/init" "$dir/init"
	cp -r "$here" "$dir/pytop/testdata"
	(
		cd "$repository" && export CGO_ENABLED=0
		go build -trimpath -buildvcs=false -o "$dir/pytop/bin/pytop" . &&
			go test -c -trimpath -o "$dir/pytop/bin/live.test" ./collect/live &&
			go test -c -trimpath -o "$dir/pytop/bin/calls.test" ./collect/live/calls &&
			go test -c -trimpath -o "$dir/pytop/bin/gil.test" ./collect/live/gil &&
			go test -c -trimpath -o "$dir/pytop/bin/main.test" .
	) || return 1
	(cd "$dir" && find . | cpio -o -H newc --quiet) >"$cache/tests.cpio"
}

# boot NAME EXPECTED: what the first process says about its steps comes through a second serial line. The processor has no cmpxchg16b: with QEMU 7.2's, Linux 6.12
# died in kmalloc with flags that were half of an address.
boot() {
	local log=$cache/$1.log results=$cache/$1.results began=$SECONDS wrong
	: >"$results"
	cat "$cache/root.cpio" "$cache/tests.cpio" >"$cache/initrd"
	nice -n 10 timeout "${PYTOP_KERNELS_TIME:-1500}" qemu-system-x86_64 -accel tcg,thread=multi -cpu max,-cx16 -m "${PYTOP_KERNELS_MEMORY:-3G}" -smp 2 -display none -no-reboot -monitor none \
		-serial "file:$log" -serial "file:$results" -kernel "$cache/kernel-$1/vmlinuz" -initrd "$cache/initrd" \
		-append "console=ttyS0 quiet rdinit=/init panic=-1 pytop.expect=$2 pytop.only=${PYTOP_KERNELS_ONLY:-}" </dev/null >/dev/null 2>"$cache/$1.qemu"
	sed -i 's/\r$//' "$log" "$results"
	printf 'took\t%d s\n' $((SECONDS - began)) >>"$results"
	wrong=$(grep -c $'^wrong\t' "$results")
	grep -q $'^end\t' "$results" || { say "$1: did not come to its end"; wrong=$((wrong + 1)); }
	sed 's/^/    /' "$results" >&2
	if [ "$wrong" != 0 ]; then
		say "$1: FAILED; see $log"
		grep -E '^ *(--- FAIL|.*_test\.go:|wrong)' "$log" | head -n 40 | sed 's/^/    /' >&2
		return 1
	fi
}

# table: what all boots came to, as docs/kernels.md has it.
table() {
	local name suite expected results
	cat <<-'MD'
		# Kernels on which counting was tried
		Written by `make kernels` (`PYTOP_KERNELS_TABLE=docs/kernels.md make kernels`): Debian's cloud kernels, booted under software emulation on a small Debian held in memory. What is tried at each boot
		is in `testdata/kernels/init`; a step is here when it came out as it must.

		| Linux | from | counted by | right | wrong |
		|---|---|---|---|---|
	MD
	while read -r name suite expected; do
		results=$cache/$name.results
		[ -e "$results" ] || continue
		case $expected in multi) expected=uprobe_multi ;; perf) expected="perf event uprobes" ;; refuse) expected="not: refused, naming 5.15, exit status 5" ;; esac
		printf '| %s | %s | %s | %s | %s |\n' "$(sed -n 's/^kernel\t//p' "$results")" "$suite" "$expected" "$(steps right "$results")" "$(steps wrong "$results")"
	done <<<"$kernels"
	cat <<-'MD'

		Once, not in the table, a boot of 6.12.117 ended in the guest's kernel, in `__schedule`, at a breakpoint that the kernel had put there itself while it changed an instruction of its own, and had already taken
		back: of two emulated processors one still met it. That is taken for the emulator's doing. It was not proven, and has not come again.

		The steps:
		- *refusal*: `pytop -p`, on a screen and without, `pytop doctor -p` and `pytop -- command` end with the status that the manual says, and name Linux 5.15.
		- *doctor*: every check is well, and says by what is counted. *batch*: `--batch` of a made-up shop with six threads. *command*: a function is counted from a command's first call on, and its exit status handed on.
		- *screen*: in tmux: functions come, a filter hides others, `e` writes a file, `q` leaves the terminal as it was.
		- *known*: `known.py`, compared function by function with the interpreter's own account; the table below. *own*: `switching.py` and `edges.py`, whose counts are known.
		- *ways*: the same by perf event uprobes over preallocated hashes, as the oldest kernels need it, and of two processes of one file with four threads each, only the watched one is counted and patched.
		- *gil*: who takes and drops the GIL, of the made-up programs of the GIL's own tests (not how long: an emulated processor's time says little).
		- *robust*: collections, brakes, full maps, bursts, ends while reading, focus, nothing left attached.

		| Linux | build | version | | how | functions | calls | resumes | equal |
		|---|---|---|---|---|---|---|---|---|
	MD
	while read -r name _; do
		results=$cache/$name.results
		[ ! -e "$results" ] || sed -n 's/^compared\t|//p' "$results" | while read -r row; do printf '| %s | %s\n' "$(sed -n 's/^kernel\t//p' "$results")" "$row"; done
	done <<<"$kernels"
}

# steps WORD RESULTS: which steps came out so.
steps() { sed -nE "s/^$1\t([a-z]+).*/\1/p" "$2" | tr '\n' ' ' | sed 's/ $//'; }

main() {
	local want=${*:-$(cut -d' ' -f1 <<<"$kernels")} failed= name suite expected
	[ "$(id -u)" = 0 ] || die "needs root: the interpreters lie in chroots"
	(cd "$repository" && .ci/need go qemu-system-x86_64=qemu-system-x86 cpio readelf=binutils) || exit 1
	[ -e "$pythons/manifest.tsv" ] || "$here/pythons.sh" debian standalone || die "no interpreters to count: make pythons"
	sources >"$cache/apt.log" 2>&1 || die "no package lists; see $cache/apt.log"
	root >"$cache/root.log" 2>&1 || die "no root; see $cache/root.log"
	tests || exit 1
	for name in $want; do
		read -r _ suite expected < <(grep "^$name " <<<"$kernels") || die "unknown: $name ($(cut -d' ' -f1 <<<"$kernels" | tr '\n' ' '))"
		kernel "$name" "$suite" >"$cache/$name.fetch" 2>&1 || { failed+=" $name"; say "$name: no kernel; see $cache/$name.fetch"; continue; }
		say "Linux $(cat "$cache/kernel-$name/name"), expecting $expected"
		boot "$name" "$expected" || failed+=" $name"
	done
	rm -f "$cache/initrd"
	[ -z "${PYTOP_KERNELS_TABLE:-}" ] || table >"$repository/$PYTOP_KERNELS_TABLE"
	[ -z "$failed" ] || die "failed:$failed"
	say "all as expected"
}

main "$@"; exit # on one line: bash has then read all of it, and a change of this file meanwhile does no harm
