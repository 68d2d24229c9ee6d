#!/bin/sh
# Checks this hand-over with stock tools. It reads, and changes nothing.
# Exit code 0: everything is as it was handed over. 1: something is not.

FIRST=@FIRST@
NUMBER=@NUMBER@
HEAD=@HEAD@
LISTS="@LISTS@"
SUMS=@SUMS@
SEAL=@SEAL@
PAYLOAD=@PAYLOAD@
RECORDINGS=@RECORDINGS@
LISTED=@LISTED@

LC_ALL=C
export LC_ALL
for tool in awk cat comm cut date dirname find grep mktemp rm sed sort tr wc; do
  command -v "$tool" >/dev/null 2>&1 || { echo "This needs $tool. NOTHING was checked."; exit 1; }
done
if command -v sha256sum >/dev/null 2>&1; then
  hash_of() { sha256sum "$@"; }
elif command -v shasum >/dev/null 2>&1; then
  hash_of() { shasum -a 256 "$@"; }
else
  echo "This needs sha256sum or shasum. NOTHING was checked."
  exit 1
fi

CDPATH='' cd -- "$(dirname -- "$0")" || exit 1
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
began=$(date +%s)
bad=0

wrong() {
  echo "WRONG: $1"
  bad=1
}

count() {
  wc -l <"$1" | tr -d ' '
}

# 1. Every file is as the lists of hashes say, and no line of them is passed over.
for list in $LISTS; do
  awk 'length($0) < 67 || substr($0, 1, 64) ~ /[^0-9a-f]/ || substr($0, 65, 2) != "  " { exit 1 }
  ' "$list" || wrong "$list has a line that is no hash and name"
  hash_of -c "$list" >"$scratch/told" 2>&1 || wrong "$list does not fit all files"
  grep -v ': OK$' "$scratch/told"
done

# 2. Nothing was added, taken out, or changed together with its line.
cut -c 67- $LISTS | sort -u >"$scratch/listed" || wrong "the lists cannot be sorted"
{
  cat "$SUMS"
  [ "$SEAL" = "$SUMS" ] || cat "$SEAL"
} | awk -v sums="$SUMS" '{
  name = substr($0, 67)
  if (name != "README.txt" && name != "check.sh" && name != sums) print
}' >"$scratch/handed" || wrong "the lists cannot be read"
[ "$(hash_of "$scratch/handed" | cut -d ' ' -f 1)" = "$LISTED" ] ||
  wrong "the lists do not name the very files that were handed over"
find . ! -type d ! -path "./$SEAL" >"$scratch/found" || wrong "not every folder can be read"
cut -c 3- "$scratch/found" | sort >"$scratch/there" || wrong "the files cannot be sorted"
comm -13 "$scratch/listed" "$scratch/there" >"$scratch/added" || wrong "no lists can be compared"
[ "$(count "$scratch/there")" = "$(count "$scratch/listed")" ] ||
  wrong "there are $(count "$scratch/there") files, and the lists name $(count "$scratch/listed")"
find . ! -type d ! -type f >"$scratch/links" || wrong "not every folder can be read"
while IFS= read -r path; do
  wrong "$path is no file of its own"
done <"$scratch/links"
while IFS= read -r path; do
  wrong "no list names $path"
done <"$scratch/added"

# 3. The manifests form one chain up to the head.
number=$FIRST
below=
identity=
while [ "$number" -le "$NUMBER" ]; do
  manifest=$(printf '%smanifests/%08d.json' "$PAYLOAD" "$number")
  [ -f "$manifest" ] || { wrong "$manifest is missing"; break; }
  said=$(sed -n 's/^"previous":.*"sha256":"\([0-9a-f]*\)".*/\1/p' "$manifest")
  [ -z "$below" ] || [ "$said" = "$below" ] || wrong "$manifest does not follow the one before"
  identity=$(sed -n 's/^"identity":"\([0-9a-f]*\)".*/\1/p' "$manifest")
  below=$(hash_of "$manifest" | cut -d ' ' -f 1)
  cat "$manifest" >>"$scratch/chain" || wrong "$manifest cannot be read"
  number=$((number + 1))
done
[ "$below" = "$HEAD" ] || wrong "the last manifest is not the head $NUMBER:$HEAD"
archive=$(hash_of "${PAYLOAD}manifests/ARCHIVE.json" | cut -d ' ' -f 1)
[ -z "$identity" ] || [ "$identity" = "$archive" ] || wrong "ARCHIVE.json is not of this chain"

# 4. The chain names every recording, sidecar and certificate here, with the same hash.
awk '{
  while (match($0, /"path":"[^"]*","bytes":[0-9]*,"sha256":"[0-9a-f]*"/)) {
    part = substr($0, RSTART, RLENGTH)
    $0 = substr($0, RSTART + RLENGTH)
    split(part, field, "\"")
    print field[10] "  " field[4]
  }
}' "$scratch/chain" | sort -u >"$scratch/named" || wrong "what the chain names cannot be sorted"
prefix=${PAYLOAD#./}
cat $LISTS | awk -v prefix="$prefix" '{
  path = substr($0, 67)
  if (index(path, prefix) == 1) path = substr(path, length(prefix) + 1); else next
  if (path ~ /^(recordings|certificates)\//) print substr($0, 1, 64) "  " path
}' | sort -u >"$scratch/recordings" || wrong "the recordings cannot be sorted"
comm -13 "$scratch/named" "$scratch/recordings" >"$scratch/unproven" ||
  wrong "no lists can be compared"
awk '$2 ~ /^recordings\// && $2 !~ /[.]json$/' "$scratch/recordings" >"$scratch/audio" ||
  wrong "the recordings cannot be counted"
[ "$(count "$scratch/audio")" = "$RECORDINGS" ] ||
  wrong "$(count "$scratch/audio") recordings are listed, and $RECORDINGS were handed over"
while read -r hash path; do
  wrong "the chain does not name $path with the hash $hash"
done <"$scratch/unproven"

echo "Files: $(count "$scratch/there"). Of them, the chain names $(count "$scratch/recordings")."
echo "This is @PART@."
echo "Left out: @LEFT_OUT@."
echo "Head: $NUMBER:$HEAD"
echo "SHA-256 of $SEAL: $(hash_of "$SEAL" | cut -d ' ' -f 1)"
echo "Compare both with what the sender told you by another channel."
echo "Checked in $(($(date +%s) - began)) s."
if [ "$bad" = 0 ]; then
  echo "Everything is as it was handed over."
else
  echo "This is NOT as it was handed over."
fi
exit "$bad"
