#!/bin/bash
# Fetches and builds the CPythons that the tests count, beside those that the machine has anyway (/usr/bin/python3, pyenv's: the tests find these by themselves).
#
#   testdata/pythons.sh [debian] [standalone] [stripped] [freethreaded] [arm64] [variants]     without a word: all but variants
#
# Everything lies in $PYTOP_PYTHONS (.cache/pythons of this repository when that is not set), is kept, and is used again: a second run takes seconds.
# What fails is named at the end and makes the exit status 1; the rest goes on. debian, freethreaded and variants need root (debootstrap, chroot).
#
# manifest.tsv there lists what runs, one interpreter a line, five columns parted by tabs, no header, lines that begin with # are comments:
#
#   name      unique: debian-sid-3.15, debian-sid-3.15-debug, debian-sid-3.15-embed, standalone-3.14.6, stripped-3.8.18, freethreaded-3.13, …
#   chroot    the directory to chroot into before running it, or - for none
#   path      the interpreter: inside the chroot; without one, on this machine
#   version   what it says itself, as 3.13.5
#   notes     words parted by spaces: stripped, debug, embed (a C program over libpython), libpython, standalone, freethreaded,
#             clang, switch (no computed gotos), relr (position independent, packed relocations)
#
# chroot (when not -) and path (when that is -) are relative to the manifest's own directory: the whole can be moved.
set -u -o pipefail
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=${PYTOP_PYTHONS:-$here/../.cache/pythons}
mkdir -p "$root/entries" || exit 1
root=$(cd "$root" && pwd)
exec 9>"$root/.lock"
flock 9 # one at a time
jobs=${JOBS:-$(nproc)}
failures=()

say() { printf '%s %s\n' "$(date +%T)" "$*" >&2; }

# step runs a function in a shell of its own, where the first command that fails ends it; the words of the tools go to a log.
step() {
	local name=$1 log=$root/$1.log
	shift
	( set -e; "$@" ) >"$log" 2>&1 </dev/null
	if [ $? -ne 0 ]; then
		failures+=("$name")
		say "$name: failed; the last lines of $log:"
		tail -n 5 "$log" | sed 's/^/    /' >&2
	fi
}

# ready tells whether what lies in a directory was made by the same recipe; done_with says so.
ready() { [ "$(cat "$1/.pytop-recipe" 2>/dev/null)" = "$2" ]; }
done_with() { printf '%s\n' "$2" >"$1/.pytop-recipe"; }

need_root() { [ "$(id -u)" = 0 ] || { echo "needs root: debootstrap and chroot"; return 1; }; }

# have installs a Debian package for a command that is missing, when it may.
have() {
	command -v "$1" >/dev/null && return
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || { echo "$1 is missing; run: apt-get install $2"; return 1; }
	apt-get install -y -q --no-install-recommends $2 || { apt-get update -q && apt-get install -y -q --no-install-recommends $2; }
}

# in_chroot DIR command…: apt-get there accepts an unreleased suite's expired index (a machine's clock may run ahead of its mirror).
in_chroot() { local dir=$1; shift; env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive chroot "$dir" "$@"; }
apt_in() { local dir=$1; shift; in_chroot "$dir" apt-get -y -q -o Acquire::Check-Valid-Until=false "$@"; }

# arm64 SUITE: Debian's interpreters and libpythons for arm64, unpacked into arm64-SUITE and never run: tests read them. They are in no manifest.
arm64() {
	local suite=$1 dir=$root/debian-$1 to=$root/arm64-$1 minor deb
	ready "$to" 1 && return
	chroot_of "$suite"
	need_root
	rm -rf "$to" "$to.new" "$dir/arm64"
	mkdir -p "$to.new" "$dir/arm64/lists/partial"
	local options="-o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State::lists=/arm64/lists -o Dir::State::status=/dev/null -o APT::Sandbox::User=root"
	apt_in "$dir" $options update
	for minor in $(minors_in "$dir"); do
		in_chroot "$dir" sh -c 'cd /arm64 && apt-get -q "$@"' sh $options download "python$minor-minimal" "libpython$minor"
	done
	for deb in "$dir"/arm64/*.deb; do dpkg-deb -x "$deb" "$to.new"; done
	rm -rf "$dir/arm64" "$to.new/usr/share"
	mv "$to.new" "$to"
	done_with "$to" 1
}

# entry NAME CHROOT PATH NOTES: one line of the manifest, once the interpreter has run.
entry() {
	local version run=("$root/$3")
	[ "$2" = - ] || run=(chroot "$root/$2" "$3")
	version=$(env -u PYTHONHOME -u PYTHONPATH "${run[@]}" -E -S -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])') || { echo "$1 does not run"; return 1; }
	printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$version" "${4:-}" >"$root/entries/$1"
}

# chroot_of SUITE makes a small Debian.
chroot_of() {
	local dir=$root/debian-$1
	[ -d "$dir" ] && return
	need_root
	have debootstrap debootstrap
	rm -rf "$dir.new"
	debootstrap --variant=minbase "$1" "$dir.new"
	mv "$dir.new" "$dir"
}

# minors_in DIR lists the Pythons a Debian has, of those that pytop counts: 3.8 to 3.15.
minors_in() { in_chroot "$1" apt-cache pkgnames python3. | sed -nE 's/^python(3\.([89]|1[0-5]))$/\1/p' | sort -V; }

# debian SUITE: its executables, their debug variants, and a C program that embeds its libpython.
debian() {
	local suite=$1 dir=$root/debian-$1 minor packages bad=0
	chroot_of "$suite"
	if ! ready "$dir" 1; then
		need_root
		apt_in "$dir" update
		packages=
		for minor in $(minors_in "$dir"); do packages+=" python$minor libpython$minor python$minor-dbg"; done
		apt_in "$dir" install --no-install-recommends $packages
		apt_in "$dir" clean
		done_with "$dir" 1
	fi
	for minor in $(cd "$dir/usr/bin" && ls | sed -nE 's/^python(3\.[0-9]+)$/\1/p'); do
		entry "debian-$suite-$minor" "debian-$suite" "/usr/bin/python$minor" stripped || bad=1
		[ ! -x "$dir/usr/bin/python$minor-dbg" ] || entry "debian-$suite-$minor-debug" "debian-$suite" "/usr/bin/python$minor-dbg" debug || bad=1
	done
	[ $bad = 0 ]
}

# embed SUITE: python's own command line as a C program over each libpython there; built on this machine, needing no header.
embed() {
	local suite=$1 dir=$root/debian-$1 lib minor debug
	need_root
	for lib in "$dir"/usr/lib/x86_64-linux-gnu/libpython3.*.so.1.0; do
		minor=$(sed -E 's/.*libpython(3\.[0-9]+d?)\.so.*/\1/' <<<"$lib")
		debug=stripped
		[ "$minor" = "${minor%d}" ] || debug=debug
		if [ ! -x "$dir/usr/local/bin/embed$minor" ]; then
			command -v gcc >/dev/null || have gcc "gcc libc6-dev"
			gcc -O1 -o "$dir/usr/local/bin/embed$minor" -x c - -x none "$lib" -Wl,--unresolved-symbols=ignore-in-shared-libs <<-'C'
				int Py_BytesMain(int argc, char **argv);
				int main(int argc, char **argv) { return Py_BytesMain(argc, argv); }
			C
		fi
		entry "debian-$suite-$minor-embed" "debian-$suite" "/usr/local/bin/embed$minor" "$debug libpython embed"
	done
}

# standalone VERSION: python-build-standalone (what uv installs), as a Go module ships it: small files as they are, large ones packed by gzip,
# symbolic links and permissions in files.json.
standalone() {
	local version=$1 dir python
	python=$(sed -E 's/^v0\.0\.0-([0-9.]+)-.*/\1/' <<<"$version")
	dir=$root/standalone-$python
	have readelf binutils
	if ! ready "$dir" 1; then
		have go golang
		have perl perl
		rm -rf "$dir" "$dir.new"
		export GOMODCACHE=$dir.new/mod GOFLAGS=-modcacherw
		mkdir -p "$GOMODCACHE"
		(cd / && go mod download "github.com/kluctl/go-embed-python@$version")
		cp -r "$dir.new/mod/github.com/kluctl/go-embed-python@$version/python/internal/data/linux-amd64" "$dir.new/prefix"
		(cd "$dir.new/prefix" && perl -0777 -ne '
			while (/"name": "(.*?)",\s*"size": \d+,\s*"perm": (\d+)(,\s*"compressed": true)?(?:,\s*"symlink": "(.*?)")?\s*\}/g) {
				my ($name, $mode, $packed, $to) = ($1, $2, $3, $4);
				if (defined $to) { unlink $name; symlink $to, $name or die "$name: $!"; next }
				next if -d $name;
				system("gunzip", "$name.gz") == 0 or die "$name.gz" if $packed;
				chmod $mode & 0777, $name or die "$name: $!";
			}' files.json)
		mv "$dir.new/prefix" "$dir"
		rm -rf "$dir.new"
		done_with "$dir" 1
	fi
	local notes="clang standalone" code=bin/python${python%.*}
	if ldd "$dir/$code" | grep libpython >/dev/null; then
		notes+=" libpython" code=lib/libpython${python%.*}.so.1.0
	fi
	readelf -SW "$dir/$code" | grep '\.symtab' >/dev/null || notes+=" stripped"
	entry "standalone-$python" - "standalone-$python/bin/python${python%.*}" "$notes"
}

# stripped PREFIX: pyenv's build without its symbols; the standard library stays where it is.
stripped() {
	local from=$1 version minor dir lib
	version=$(basename "$from")
	minor=${version%.*}
	dir=$root/stripped-$version
	if ! ready "$dir" "$from"; then
		have strip binutils
		have perl perl
		rm -rf "$dir" "$dir.new"
		mkdir -p "$dir.new/bin" "$dir.new/lib"
		strip -o "$dir.new/bin/python$minor" "$from/bin/python$minor"
		lib=$from/lib/libpython$minor.so.1.0
		if [ -e "$lib" ]; then
			strip -o "$dir.new/lib/libpython$minor.so.1.0" "$lib"
			# The executable names its library's directory: a shorter name fits into the same bytes.
			from=$from perl -0777 -pi -e 's/\0\Q$ENV{from}\E\/lib\0/"\0" . pack("a" . (length($ENV{from}) + 5), "\$ORIGIN\/..\/lib")/ge == 1 or die "no RUNPATH"' "$dir.new/bin/python$minor"
		fi
		ln -s "$from/lib/python$minor" "$dir.new/lib/python$minor"
		mv "$dir.new" "$dir"
		done_with "$dir" "$from"
	fi
	entry "stripped-$version" - "stripped-$version/bin/python$minor" "stripped$([ ! -e "$dir/lib/libpython$minor.so.1.0" ] || echo " libpython")"
}

# source SUITE MINOR PACKAGES…: Debian's source of a Python and a compiler, in that Debian's chroot; /src/pythonMINOR there is the source.
source_in() {
	local suite=$1 minor=$2 dir=$root/debian-$1
	shift 2
	chroot_of "$suite"
	need_root
	if ! [ -e "$dir/src/.packages-$minor" ]; then
		printf 'deb-src %s %s main\n' "$(sed -nE "s/^deb ([^ ]+) .*/\1/p" "$dir/etc/apt/sources.list" | head -n 1)" "$suite" >"$dir/etc/apt/sources.list.d/source.list"
		apt_in "$dir" update
		apt_in "$dir" install --no-install-recommends dpkg-dev gcc libc6-dev make pkgconf zlib1g-dev libffi-dev libbz2-dev
		mkdir -p "$dir/src"
		in_chroot "$dir" sh -c "cd /src && rm -rf python$minor* && apt-get source -q python$minor && mv python$minor-*/ python$minor"
		touch "$dir/src/.packages-$minor"
	fi
	[ $# -eq 0 ] || apt_in "$dir" install --no-install-recommends "$@"
}

# build SUITE MINOR NAME NOTES CONFIGURE…: configures, compiles and installs into /opt/NAME of the chroot.
build() {
	local suite=$1 minor=$2 name=$3 notes=$4 dir=$root/debian-$1 python
	shift 4
	if ! [ -e "$dir/opt/$name/.pytop-recipe" ]; then
		rm -rf "$dir/src/$name" "$dir/opt/$name"
		mkdir -p "$dir/src/$name"
		in_chroot "$dir" sh -c 'cd "/src/$1" && shift && "$@"' sh "$name" "../python$minor/configure" -q --prefix="/opt/$name" --without-ensurepip --disable-test-modules "$@"
		in_chroot "$dir" nice -n 19 make -s -C "/src/$name" -j "$jobs"
		in_chroot "$dir" nice -n 19 make -s -C "/src/$name" install
		rm -rf "$dir/src/$name"
		done_with "$dir/opt/$name" 1
	fi
	python=$(cd "$dir/opt/$name/bin" && ls | grep -E '^python3\.[0-9]+t?$' | tail -n 1)
	entry "$name" "debian-$suite" "/opt/$name/bin/$python" "$notes"
}

freethreaded() {
	source_in trixie 3.13
	build trixie 3.13 freethreaded-3.13 freethreaded --disable-gil
}

# The compiler's choices that change where a function starts: clang, a switch rather than computed gotos, packed relocations; all
# position independent and without a profile, as a configure without options builds them.
variants() {
	local relr="-Xlinker -export-dynamic -Wl,-z,pack-relative-relocs"
	source_in bookworm 3.11 clang-14
	build bookworm 3.11 clang-3.11 clang CC=clang-14
	build bookworm 3.11 relr-3.11 relr LINKFORSHARED="$relr"
	source_in trixie 3.13
	build trixie 3.13 switch-3.13 switch --without-computed-gotos
	build trixie 3.13 relr-3.13 relr LINKFORSHARED="$relr"
}

main() {
	local want=${*:-debian standalone stripped freethreaded arm64}
	for what in $want; do
		case $what in
		debian)
			for suite in bookworm trixie sid; do
				say "debian $suite"
				step "debian-$suite" debian "$suite"
				step "debian-$suite-embed" embed "$suite"
			done ;;
		standalone)
			for version in v0.0.0-3.10.16-20241219-1 v0.0.0-3.11.11-20241219-1 v0.0.0-3.14.6-20260610-1; do
				say "standalone $version"
				step "standalone-$version" standalone "$version"
			done ;;
		stripped)
			for prefix in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.{8..15}.*; do
				[ -d "$prefix" ] || continue
				say "stripped $(basename "$prefix")"
				step "stripped-$(basename "$prefix")" stripped "$prefix"
			done ;;
		freethreaded) say "freethreaded 3.13 (the first time: several minutes)"; step freethreaded freethreaded ;;
		arm64)
			for suite in bookworm trixie sid; do
				say "arm64 $suite"
				step "arm64-$suite" arm64 "$suite"
			done ;;
		variants) say "variants (the first time: ten minutes or more)"; step variants variants ;;
		*) say "unknown: $what (debian, standalone, stripped, freethreaded, arm64, variants)"; exit 2 ;;
		esac
	done

	{
		echo "# name	chroot	path	version	notes; what these mean: testdata/pythons.sh"
		sort -V "$root"/entries/* 2>/dev/null
	} >"$root/manifest.tsv.new" && mv "$root/manifest.tsv.new" "$root/manifest.tsv"
	say "$(grep -vc '^#' "$root/manifest.tsv") interpreters in $root/manifest.tsv"
	[ ${#failures[@]} -eq 0 ] || { say "failed: ${failures[*]}"; exit 1; }
}

main "$@"; exit # on one line: bash has then read all of it, and a change of this file meanwhile does no harm
