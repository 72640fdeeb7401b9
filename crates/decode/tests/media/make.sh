#!/bin/sh
# Makes the small coded files beside it: a fifth of a second of two sines, so
# that nobody owns them. Needs ffmpeg, flac, metaflac, vorbiscomment, id3v2.
# `tagged-*` hold the same audio as their plain partners, with other tags.
set -eu
cd "$(dirname "$0")"
t=$(mktemp -d); trap 'rm -rf "$t"' EXIT
q="-hide_banner -loglevel error -y -bitexact"
ffmpeg $q -f lavfi -i "aevalsrc=0.4*sin(2*PI*440*t)|0.3*sin(2*PI*660*t):s=22050:d=0.2" -c:a pcm_s16le "$t/s.wav"
ffmpeg $q -i "$t/s.wav" -c:a adpcm_ima_wav sine-ima.wav
ffmpeg $q -i "$t/s.wav" -c:a alac sine-alac.m4a
flac -s -f --no-padding -b 1024 -o sine.flac "$t/s.wav"
ffmpeg $q -i "$t/s.wav" -c:a libvorbis -q:a 0 sine.ogg
ffmpeg $q -i "$t/s.wav" -c:a libmp3lame -b:a 48k sine.mp3
ffmpeg $q -i "$t/s.wav" -c:a libmp3lame -b:a 48k -write_xing 0 -id3v2_version 0 sine-noxing.mp3
ffmpeg $q -i "$t/s.wav" -c:a aac -b:a 48k sine.m4a
ffmpeg $q -i sine.ogg -c copy sine.mka

cp sine.flac tagged.flac; metaflac --set-tag=TITLE=another --add-padding=32 tagged.flac
vorbiscomment -w -t "TITLE=another one, and a comment longer than the first" sine.ogg tagged.ogg
cp sine.mp3 tagged.mp3; id3v2 -t another -a nobody tagged.mp3
ffmpeg $q -i sine.m4a -c copy -metadata title=another tagged.m4a
ls -l
