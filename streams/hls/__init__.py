"""An HLS origin: from finished segments to the playlists that viewers read (RFC 8216). It knows no Django.

docs/video.md tells the whole way. In the order of the picture's travel: `ladder` decides the renditions, `encoder`
names ffmpeg's command, `watcher` sees what it finished (`mp4` reads its files), `clock` ties its time to ours,
`recording` is what a show is made of, `journal` keeps that on disk, `playlist` writes it for players, and `origin`
does the last three for one show. `captions` and `thumbnails` belong to a replay.
"""
