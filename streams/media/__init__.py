"""The media process: who may publish, one ffmpeg a show, and the show's state as its picture comes and goes.

`supervisor` is the process, `show` one show with a publisher, `run` one life of ffmpeg, `intake` what is learnt of a
source before that, `publication` the packets between the door and ffmpeg, `owner` the lock on a show, `child` how
ffmpeg is started. `files` serves what was made, on one machine.
"""
