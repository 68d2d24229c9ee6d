#!/bin/bash
# What a careful user would write: list the day page by page, download, hash, compare durations,
# and write a manifest. Uses curl, jq, aria2c, sha256sum and ffprobe.
set -euo pipefail
endpoint=$1 token=$2 day=$3 folder=$4 ca=$5
mkdir -p "$folder"
cd "$folder"
page=1
: >rows.jsonl
while :; do
  curl --silent --show-error --fail --globoff --header "Authorization: Bearer $token" \
    "${endpoint}voice/recordings?datetime[r.created_at]=$day%2000:00:00%20-%20$day%2023:59:59&page=$page" >page.json
  count=$(jq '.data.data | length' page.json)
  [ "$count" -gt 0 ] || break
  jq -c '.data.data[]' page.json >>rows.jsonl
  page=$((page + 1))
done
jq -r '"\(.audio)\n  out=\(.id).mp3"' rows.jsonl >links.txt
aria2c --quiet --max-concurrent-downloads=16 --auto-file-renaming=false ${ca:+--ca-certificate="$ca"} --input-file=links.txt
jq -r '"\(.id) \(.duration)"' rows.jsonl | while read -r id said; do
  hash=$(sha256sum "$id.mp3" | cut -d' ' -f1)
  seconds=$(ffprobe -v error -show_entries format=duration -of csv=p=0 "$id.mp3")
  jq -nc --arg id "$id" --arg said "$said" --arg sha256 "$hash" --arg seconds "$seconds" \
    '{id: $id, said: $said, sha256: $sha256, seconds: $seconds}'
done >manifest.jsonl
sync -f manifest.jsonl
