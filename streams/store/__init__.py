"""Where viewers' files lie: a folder of ours, or a bucket of an S3 store that a CDN reads. docs/video.md tells more.

`headers` says what a file is served as, `tokens` who may read a playlist of ours, `bucket` speaks S3, `playlists`
lists what is there, and `progress` and `behind` say how far a show's journal has been brought there, which
`streams.media.uploader` does.
"""
