"""The media process: who may publish, one ffmpeg a show, and the show's state as its picture comes and goes.

`supervisor` is the process, `doors` its ways in, `show` one show with a publisher, `publication` the packets between
the door and ffmpeg, `intake` what is learnt of a source beforehand, `run` one life of ffmpeg, `silence` its sound
where the source has none, `keeping` what stays on disk, `carrier` what brings that to a bucket, `thumbnails` what is
drawn afterwards. `owner` is the lock on a show, `child` how ffmpeg is started, `remux` ffmpeg as a translator,
`database` the way to the ORM. `files` serves what was made, on one machine.
"""
